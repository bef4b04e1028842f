"""The page of the open data: each file, what it holds and until when, and the list of columns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pandas as pd

from labtools.messages import day, number, text
from labtools.privacy.cards import expiry_of_tables
from labtools.publish import wording
from labtools.publish.codebook import codebook
from labtools.publish.figures import Cell
from labtools.publish.open_data import ENDINGS, HOLDS, holds, open_tables


def data_facts(tables: Mapping[str, pd.DataFrame]) -> dict[str, object]:
    """Return what the page of the open data is filled with, in the language in force."""
    until = expiry_of_tables(tables["cards"])
    files = [
        {
            "name": name,
            "rows": number(len(tables[name])),
            "holds": holds(name),
            "until": day(date.fromisoformat(until[name])) if name in until else text("always"),
        }
        for name in HOLDS
    ]
    return {
        "title": text("Open data"),
        "words": wording.data_words(),
        "offered": files,
        "endings": ENDINGS,
        **_codebook(tables),
    }


def _codebook(tables: Mapping[str, pd.DataFrame]) -> dict[str, object]:
    """Return the list of columns: those that mean the same in several tables stand once."""
    told: dict[tuple[str, str, str, str], list[str]] = {}
    for it in codebook(open_tables(tables)):
        same = (it.column, it.kind, it.means, ", ".join(it.allowed))
        told.setdefault(same, []).append(it.table)
    rows = [(same[0], ", ".join(told[same]), *same[1:]) for same in sorted(told)]
    said = wording.data_words()
    return {
        "columns": [tuple(Cell(words) for words in row) for row in rows],
        "column_heads": [
            said["column"],
            text("Tables"),
            said["kind"],
            said["means"],
            text("Only these words"),
        ],
    }
