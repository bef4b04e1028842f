"""Recorded crime in the council's briefing: the municipality, and the colonias that changed."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from labtools.charts.change import change_chart
from labtools.charts.figures import change_words, named, summed_words
from labtools.messages import text
from labtools.publish import wording
from labtools.publish.changes import change_heads, change_rows
from labtools.publish.figures import Cell
from labtools.publish.sections import Rows, Section
from labtools.tables import vocabulary as words
from labtools.tables.records import records

Tables = Mapping[str, pd.DataFrame]

_MOST_CHANGES = 40
_MONTHS = 12
_GROUPS = (words.TOTAL, *words.GROUPS, words.SENSITIVE)


def municipality_section(tables: Tables) -> Section | None:
    """Return the groups of the whole municipality: both counts, change and reading."""
    table = tables.get("municipality_crime", pd.DataFrame())
    if table.empty:
        return None
    base = int(tables["period"]["rounding_base"].iloc[0])
    rows = tuple(
        (
            Cell(named(str(row["group"]))),
            _counted(row, "before", base),
            _counted(row, "now", base),
            Cell(changed_words(row)),
            Cell(words.label(str(row["verdict"]))),
        )
        for row in by_group(table)
    )
    said = wording.changes_words()
    heads = (text("Group"), said["before"], said["now"], said["ratio"], text("Reading"))
    title = text("Recorded crime in the municipality")
    drawn = _as_one_place(table)
    return Section(
        "municipality",
        title,
        layout="full",
        tables=(Rows(title, heads, rows, "wide"),),
        pictures=(change_chart(drawn, title=title),) if len(drawn) else (),
        notes=(
            text(
                "The groups share one error of 5 %: a change whose own interval leaves out nil may "
                "still not be distinguishable."
            ),
        ),
        made_of=("municipality_crime",),
    )


def _as_one_place(table: pd.DataFrame) -> pd.DataFrame:
    """Return the municipality's changes as the chart of a place reads them."""
    shown = table[table["group"] != words.SENSITIVE]
    ends = {"ratio_lower": "lower", "ratio_upper": "upper"}
    shown = shown.drop(columns=[*ends.values()], errors="ignore").rename(columns=ends)
    return shown.assign(state=words.SHOWN, colonia_id="")


def by_group(table: pd.DataFrame) -> list[dict[str, object]]:
    """Return the rows of the municipality, the total first."""
    return sorted(records(table), key=lambda row: _GROUPS.index(str(row["group"])))


def changed_words(row: Mapping[str, object]) -> str:
    """Return the change of a row of the municipality with its interval."""
    return change_words(row["ratio"], row["ratio_lower"], row["ratio_upper"], _state(row))


def changes_section(tables: Tables) -> Section | None:
    """Return the colonias with a change that can be told apart, in alphabetical order."""
    rows = change_rows(tables)
    if not rows:
        return None
    said = wording.changes_words()
    notes = [said["note"]]
    if len(rows) > _MOST_CHANGES:
        notes.insert(
            0,
            text(
                "Here are the first {shown} of {n} in alphabetical order; all of them stand in "
                "the page of changes of the site.",
                shown=_MOST_CHANGES,
                n=len(rows),
            ),
        )
    table = Rows(said["changes"], tuple(change_heads()), tuple(rows[:_MOST_CHANGES]), "wide")
    return Section(
        "changes", said["changes"], "full", tables=(table,), notes=tuple(notes), made_of=("change",)
    )


def _counted(row: Mapping[str, object], period: str, base: int) -> Cell:
    told = summed_words(row[period], str(row["group"]), _MONTHS, base)
    return Cell(told, words.MISSING if pd.isna(row[period]) else words.SHOWN)


def _state(row: Mapping[str, object]) -> str:
    return words.MISSING if pd.isna(row["ratio"]) else words.SHOWN
