"""Barriers to readers, found by axe-core in a real browser: a grave one keeps a site back.

Every kind of page is looked at once (WCAG 2.2 AA and good practice), of the fichas the heaviest
and the lightest, and of other languages the first page and a ficha: pages of one kind differ in
words only.  Where there is no Chromium, or no
axe-core (``pip install 'labtools[access]'``), nothing is looked at: `can_look` says so.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
GRAVE = ("serious", "critical")

_NEEDED = ("axe_playwright_python", "playwright")
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_PATIENCE = 300  # seconds
#: The words of a page; styles and scripts are found first, and are none.
_WORDS = re.compile(rb"<(style|script)\b.*?</\1>|(?<=>)[^<>]+(?=<)", re.DOTALL | re.IGNORECASE)
_FIGURE = re.compile(rb"[0-9][0-9.,]*")
_ALONE = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@dataclass(frozen=True, slots=True)
class Barrier:
    """Something in a page that keeps readers out.

    Attributes
    ----------
    page : str
        Its place in the site.
    rule, why : str
        What axe-core calls it, and its words.
    where : str
        First element concerned.
    """

    page: str
    rule: str
    why: str
    where: str


def can_look() -> bool:
    """Return whether pages can be looked at on this machine."""
    return bool(_browser()) and all(find_spec(name) is not None for name in _NEEDED)


def pages_of_each_kind(site: Path) -> list[str]:
    """Return the pages to look at: one of each kind, and of fichas the lightest and heaviest."""
    found = [it for it in sorted(site.glob("*.html")) if not it.name.startswith("mapa-")]
    for folder in sorted(it for it in site.iterdir() if it.is_dir()):
        by_weight = sorted(folder.glob("*.html"), key=lambda it: (it.stat().st_size, it))
        found += dict.fromkeys([*by_weight[:1], *by_weight[-1:]])
    for folder in sorted(site.glob("en/*/")):
        found += sorted(folder.glob("*.html"))[:1]
    return [page.relative_to(site).as_posix() for page in found]


def seen_in(page: bytes) -> str:
    """Return a digest of what of a page could be a barrier: all but the figures in its words.

    Another count of rows keeps no reader out; another row, attribute or style may.
    """
    without = _WORDS.sub(lambda it: it[0] if it[1] else _FIGURE.sub(b"0", it[0]), page)
    return hashlib.sha256(without).hexdigest()


def grave_barriers(site: Path, pages: Sequence[str] | None = None) -> tuple[Barrier, ...]:
    """Return the serious and critical barriers of pages of a site.

    The browser has a process of its own, which ends with it.

    Parameters
    ----------
    pages : sequence of str, optional
        Places in the site; by default, `pages_of_each_kind`.
    """
    asked = list(pages_of_each_kind(site) if pages is None else pages)
    command = (sys.executable, "-m", "labtools.publish.barriers", str(site), json.dumps(asked))
    told = subprocess.run(  # noqa: S603 - our own interpreter and module
        command, stdout=subprocess.PIPE, check=True, timeout=_PATIENCE
    )
    return tuple(Barrier(**one) for one in json.loads(told.stdout))


def _look(site: Path, pages: Sequence[str]) -> Iterator[Barrier]:
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 - an optional extra
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - as above

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=_browser(), args=list(_ALONE))
        # The pages' own policy would keep axe-core out.
        page = browser.new_context(bypass_csp=True).new_page()
        for place in pages:
            page.goto((site / place).resolve().as_uri())
            found = Axe().run(page, options={"runOnly": list(RULES)}).response["violations"]
            yield from (_barrier(place, one) for one in found if one["impact"] in GRAVE)
        browser.close()


def _barrier(place: str, found: dict[str, Any]) -> Barrier:
    where = " ".join(map(str, found["nodes"][0]["target"]))
    return Barrier(place, str(found["id"]), str(found["help"]), where)


def _browser() -> str:
    return next(filter(None, map(shutil.which, _BROWSERS)), "") or ""


if __name__ == "__main__":
    told = _look(Path(sys.argv[1]), json.loads(sys.argv[2]))
    sys.stdout.write(json.dumps([asdict(one) for one in told]))
