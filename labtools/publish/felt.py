"""Crime beside fear in the whole municipality, for the briefing of the council."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from labtools.messages import number, text
from labtools.narrative.felt import asks_words
from labtools.publish.figures import Cell
from labtools.publish.sections import Rows, Section
from labtools.tables import vocabulary as words


def fear_gap_in_short(tables: Mapping[str, pd.DataFrame]) -> Section | None:
    """Return how many colonias lie in each combination of crime and fear, and what each asks.

    No colonia is named: which one it is stands in its own ficha.
    """
    table = tables.get("fear_gap", pd.DataFrame())
    told = table[table["state"] == words.SHOWN] if len(table) else table
    if told.empty:
        return None
    title = text("Crime beside fear")
    counted = told["verdict"].value_counts()
    rows = tuple(
        (
            Cell(words.label(quadrant)),
            Cell(number(int(counted.get(quadrant, 0)))),
            Cell(asks_words(quadrant)),
        )
        for quadrant in words.QUADRANTS
    )
    apart = int(told["verdict"].isin(words.QUADRANTS).sum())
    said = text(
        "Of {n} colonias with figures, {apart} can be placed with enough certainty; of the other "
        "{rest} these data cannot tell.",
        n=number(len(told)),
        apart=number(apart),
        rest=number(len(told) - apart),
    )
    heads = (text("Combination"), text("Colonias"), text("What it asks for"))
    notes = (text("Released tables: {tables}.", tables="fear_gap.csv"),)
    table_of = Rows(title, heads, rows, "wide")
    return Section("fear_gap", title, "full", sentences=(said,), tables=(table_of,), notes=notes)
