"""The dashboards there are: one entry for each, from which menu, routes and warm kernels follow.

A new dashboard is a notebook in ``notebooks/dashboards/``, a page of the site that tells the
same without a kernel, and an entry here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from labtools.messages import mark, say

#: In the still page of a dashboard of colonias, where the colonia's file name stands.
BY_COLONIA = "colonias/{slug}.html"


@dataclass(frozen=True, slots=True)
class Board:
    """One dashboard.

    Attributes
    ----------
    name : str
        Of its address and its notebook.
    title : str
        English sentence, translated where it is shown.
    still : mapping of language to str
        The page of the site that shows the same, without a kernel; `BY_COLONIA` where there is
        one for each colonia.
    tells : tuple of str
        Released tables without which it says nothing: past the day until which one of them holds
        it is shown to nobody.
    """

    name: str
    title: str
    still: Mapping[str, str]
    tells: tuple[str, ...] = ("crime",)

    @property
    def is_of_colonias(self) -> bool:
        """Whether it shows one colonia at a time."""
        return BY_COLONIA in self.still.values()

    def shown_title(self) -> str:
        """Return its title in the language in force."""
        return say(self.title)


def _of_colonias() -> Mapping[str, str]:
    return MappingProxyType({"es_MX": BY_COLONIA, "en": f"en/{BY_COLONIA}"})


def _of_page(spanish: str, english: str) -> Mapping[str, str]:
    return MappingProxyType({"es_MX": spanish, "en": f"en/{english}"})


BOARDS: tuple[Board, ...] = (
    Board("colonia_explorer", mark("Colonia explorer"), _of_colonias()),
    Board("municipal_map", mark("Map of the municipality"), _of_page("mapa.html", "map.html")),
    Board(
        "alerts",
        mark("Distinguishable changes"),
        _of_page("cambios.html", "changes.html"),
        ("change",),
    ),
    Board(
        "perception",
        mark("Crime beside fear"),
        _of_colonias(),
        ("crime", "fear_gap", "municipality_dark_figure"),
    ),
    Board(
        "targeting", mark("Budgets"), _of_page("propuestas.html", "proposals.html"), ("proposals",)
    ),
    Board(
        "evaluation",
        mark("Evaluations"),
        _of_page("evaluaciones.html", "evaluations.html"),
        ("evaluation",),
    ),
)


def board_of(name: str) -> Board | None:
    """Return the dashboard of that name, the first where none is named, None where none has it."""
    if not name:
        return BOARDS[0]
    return next((board for board in BOARDS if board.name == name), None)
