"""The page of changes: those that can be told apart from chance, in alphabetical order."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

import pandas as pd

from labtools.charts.figures import change_words, named, summed_words
from labtools.messages import plural, say, text
from labtools.narrative.late_records import still_to_come
from labtools.publish import wording
from labtools.publish.figures import Cell
from labtools.tables import vocabulary as words
from labtools.tables.records import records
from labtools.tables.released import slug

TOLD_APART = ("increase", "decrease")
#: Of how many published counts each count of twelve months is the sum, by group.
QUARTERS = 4
_GROUPS = (words.TOTAL, *words.GROUPS)


def changes_facts(tables: Mapping[str, pd.DataFrame]) -> dict[str, object]:
    """Return what the page of changes is filled with, in the language in force."""
    said = wording.changes_words()
    rows = change_rows(tables)
    known = bool(tables["change"]["verdict"].isin((*TOLD_APART, "none")).any())
    return {
        "title": said["changes"],
        "words": said,
        "heads": change_heads(),
        "counted": _counted(len(tables["change"]), len(rows))
        if rows
        else said["none" if known else "unknown"],
        "late": still_to_come(tables["period"]["recorded_share"].iloc[0]) if known else "",
        "change_rows": rows,
    }


def change_heads() -> list[str]:
    """Return the names of the columns of `change_rows`."""
    said = wording.changes_words()
    own = (text("Colonia"), text("Group"), text("Reading"))
    return [*own, said["before"], said["now"], said["ratio"]]


def change_rows(tables: Mapping[str, pd.DataFrame], *, way: str = "") -> list[tuple[Cell, ...]]:
    """Return colonia, group, reading, both counts and their change, in alphabetical order.

    Parameters
    ----------
    way : str, optional
        Way from the page to that of the edition's first page, for links to fichas.
    """
    change, colonias = tables["change"], tables["colonias_shown"]
    base = int(tables["period"]["rounding_base"].iloc[0])
    names = dict(zip(colonias["colonia_id"], colonias["name"].astype(str), strict=True))
    with_ficha = set(colonias.loc[colonias["has_ficha"], "colonia_id"])
    found = records(change[change["verdict"].isin(TOLD_APART) & change["colonia_id"].isin(names)])
    found.sort(
        key=lambda row: (
            _folded(names[str(row["colonia_id"])]),
            str(row["colonia_id"]),
            _GROUPS.index(str(row["group"])),
        )
    )
    return [
        (
            Cell(names[str(row["colonia_id"])], leads_to=_ficha_of(row, with_ficha, way)),
            Cell(named(str(row["group"]))),
            Cell(words.label(str(row["verdict"]))),
            Cell(summed_words(row["before"], str(row["group"]), QUARTERS, base)),
            Cell(summed_words(row["now"], str(row["group"]), QUARTERS, base)),
            Cell(change_words(row["ratio"], row["lower"], row["upper"], str(row["state"]))),
        )
        for row in found
    ]


def _counted(asked: int, found: int) -> str:
    said = plural(
        "One comparison of {asked} can be told apart from chance; in the others there is no "
        "distinguishable change, or no figure.",
        "{n} comparisons of {asked} can be told apart from chance; in the others there is no "
        "distinguishable change, or no figure.",
    )
    return say(said, n=found, asked=asked)


def _ficha_of(row: Mapping[str, object], with_ficha: set[str], way: str) -> str:
    colonia_id = str(row["colonia_id"])
    return f"{way}colonias/{slug(colonia_id)}.html" if colonia_id in with_ficha else ""


def _folded(name: str) -> str:
    apart = unicodedata.normalize("NFD", name)
    return "".join(c for c in apart if not unicodedata.combining(c)).lower()
