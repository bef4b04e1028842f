"""What people answered besides fear itself: what protects and what worries, each of its area."""

from __future__ import annotations

import pandas as pd

from labtools.messages import text
from labtools.publish import figures
from labtools.publish.sections import Rows, Section, Source
from labtools.publish.wording import ficha_words
from labtools.tables.batteries import PROTECTS, battery_of, is_told_by_colonia


def answers_section(source: Source) -> Section | None:
    """Return the answers to other questions, what protects first; None where there are none.

    Batteries are of the borough and the city: their table has no column of the colonia.  The two
    sides of paper leave it, and what is neither, to the page.
    """
    perception = source.tables["perception"]
    rest = perception.loc[~is_beside_crime(perception)]
    battery = rest["indicator"].map(battery_of)
    near = rest["indicator"].map(is_told_by_colonia).astype(bool)
    worries = ~battery.isin([PROTECTS, ""])
    tables = (
        *_table(text("What protects, with its 95 % interval"), rest[battery == PROTECTS]),
        *_table(text("What worries, with its 95 % interval"), rest[worries & near]),
        *_table(
            text("What worries in the borough and the city, with its 95 % interval"),
            rest[worries & ~near],
            printed=False,
        ),
        *_table(
            text("Other answers, with their 95 % interval"), rest[battery == ""], printed=False
        ),
    )
    if not tables:
        return None
    title = ficha_words()["answers"]
    return Section("answers", title, "full", sentences=source.told("around"), tables=tables)


def is_beside_crime(perception: pd.DataFrame) -> pd.Series:
    """Say which rows stand beside recorded crime: the feeling of insecurity, if it was asked."""
    insecurity = perception["indicator"] == "insecurity"
    return insecurity if insecurity.any() else insecurity | True


def _table(caption: str, perception: pd.DataFrame, *, printed: bool = True) -> tuple[Rows, ...]:
    areas, rows = figures.perception_table(perception)
    heads = (ficha_words()["indicator"], *areas)
    made = Rows(caption, heads, tuple(rows), "wide", unseen=False, printed=printed)
    return (made,) if rows else ()
