"""First paint: a dashboard's page as the site already tells it, while its kernel gets ready.

It costs a file read and no kernel, so that every reader sees their colonia at once, however
many there are; the living page takes its place when there is room for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from urllib.parse import urljoin

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from labtools import messages
from labtools.dashboards.boards import BOARDS, Board
from labtools.dashboards.data import open_released
from labtools.messages import say, speaking, text
from labtools.privacy.cards import EXPIRED
from labtools.tables.released import slug

SITE = "site"
ASSETS = Path(__file__).parent / "template" / "still"
#: A colonia as an address may name it; anything else is refused before it is looked up.
SLUG = re.compile(r"[a-z0-9-]{1,40}")
#: How an address names a language.
LANGUAGES: Mapping[str, str] = {"es": "es_MX", "en": "en"}

_MOST_KEPT = 1_000  # pages of one edition, which never change
_MAIN = re.compile(r"<main\b[^>]*>(.*)</main>", re.DOTALL)
_LINK = re.compile(r'(<(?:a|img)\b[^>]*?\b(?:href|src)=")(?![#/]|data:)([^"]*)(")')


@dataclass(frozen=True)
class Stills:
    """The still pages of one released edition.

    Attributes
    ----------
    public : pathlib.Path
        Released folder, which holds the site.
    """

    public: Path
    _slugs: dict[str, str] = field(default_factory=dict, repr=False, compare=False)
    _made: dict[tuple[str, str, str, str], str] = field(
        default_factory=dict, repr=False, compare=False
    )

    @property
    def site(self) -> Path:
        """Folder of the site."""
        return self.public / SITE

    @cached_property
    def lab(self) -> str:
        """Name of the laboratory: read once, as checking a table costs more than its page."""
        return str(open_released(self.public).period["lab"])

    def slugs(self) -> Mapping[str, str]:
        """Return the colonias with a ficha by the name that addresses give them, in order."""
        if not self._slugs:
            colonias = open_released(self.public).colonias
            shown = colonias[colonias["has_ficha"]].sort_values(["name", "colonia_id"])
            self._slugs.update(zip(map(slug, shown["colonia_id"]), shown["name"], strict=True))
        return self._slugs

    def is_known(self, named: str) -> bool:
        """Return whether an address may name this colonia: none, or one of the register."""
        return not named or (bool(SLUG.fullmatch(named)) and named in self.slugs())

    @cached_property
    def held_until(self) -> Mapping[str, str]:
        """Day from which each released table tells nothing any more: read once."""
        return open_released(self.public).held_until

    def past(self, board: Board, today: date) -> str:
        """Return the day until which the figures of a dashboard held, if it has come; else ""."""
        ends = sorted(self.held_until[name] for name in board.tells if name in self.held_until)
        return ends[0] if ends and ends[0] <= today.isoformat() else ""

    def page(self, board: Board, named: str, language: str, today: date) -> str:
        """Return the still page of a dashboard, in a language.

        Past the day until which its figures held it tells that, and no figure.

        Parameters
        ----------
        named : str
            Colonia that `is_known`; empty takes the first.
        """
        past = self.past(board, today)
        key = (board.name, named, language, past)
        if key not in self._made:
            if len(self._made) >= _MOST_KEPT:
                self._made.clear()
            self._made[key] = self._page(board, named, language, past)
        return self._made[key]

    def _page(self, board: Board, named: str, language: str, past: str) -> str:
        with speaking(language):
            shown = named or next(iter(self.slugs()), "")
            place = board.still[language].format(slug=shown)
            live = f"/live/{board.name}" + (f"?colonia={named}" if named else "")
            return (
                _environment()
                .get_template("still.html")
                .render(
                    lang=language.replace("_", "-"),
                    title=board.shown_title(),
                    lab=self.lab,
                    menu=[(f"/{it.name}", it.shown_title(), it is board) for it in BOARDS],
                    site="/site/" if language == messages.DEFAULT_LANGUAGE else "/site/en/",
                    live="" if past else live,
                    past=say(EXPIRED, day=past) if past else "",
                    main="" if past else Markup(self._main(place)),  # noqa: S704 - our own site's
                    words=_words(),
                )
            )

    def _main(self, place: str) -> str:
        file = self.site / place
        if not file.is_file():
            return ""
        found = _MAIN.search(file.read_text(encoding="utf-8"))
        base = f"/site/{place}"
        return _LINK.sub(lambda it: it[1] + urljoin(base, it[2]) + it[3], found[1]) if found else ""


def _words() -> dict[str, str]:
    return {
        "skip": text("Skip to the content"),
        "expired": say(EXPIRED, day="{day}"),
        "boards": text("Dashboards"),
        "site": text("All colonias"),
        "getting_ready": text("These are the published figures. The interactive page is opening…"),
        "ready": text("The interactive page is ready."),
        "open": text("Open the interactive page"),
        "full": text(
            "Many people are reading now: these are the same published figures, without the "
            "controls. The interactive page will open when there is room."
        ),
        "live": text("Interactive dashboard"),
    }


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(ASSETS),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        auto_reload=False,
    )
