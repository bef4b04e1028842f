"""An edition in which every text that somebody wrote, in every released table, is an attack."""

from __future__ import annotations

from functools import cache

import pandas as pd
import pandera.pandas as pa

from labtools.publish.open_data import HOLDS
from labtools.tables.contracts import CONTRACTS, check_table, empty_table
from tests.publish.released_example import released_tables

#: A text that tries to leave its place, wherever a page writes it.
HOSTILE = "</script><img src=x onerror=alert(1)>\"'&"


def written_columns(name: str) -> list[str]:
    """Return the columns of a table that may hold any text: neither keys nor words of a list."""
    return [c for c, column in CONTRACTS[name].columns.items() if _is_text(column, guarded=False)]


def guarded_columns(name: str) -> list[str]:
    """Return its columns of text that a contract keeps to a list of words or to keys."""
    return [c for c, column in CONTRACTS[name].columns.items() if _is_text(column, guarded=True)]


@cache
def poisoned_tables() -> dict[str, pd.DataFrame]:
    """Return every released table, with an attack behind every text that somebody wrote."""
    tables = released_tables()
    tables |= {name: _filled(name, row) for name, row in _NOT_IN_THE_EXAMPLE.items()}
    return {name: _attacked(name, tables[name]) for name in HOLDS}


def is_refused(name: str, column: str) -> bool:
    """Return whether the contract of a table lets no attack into a column."""
    row = empty_table(name).reindex([0]).assign(**{column: HOSTILE})
    try:
        CONTRACTS[name].columns[column].validate(row)
    except pa.errors.SchemaError:
        return True
    return False


def _attacked(name: str, table: pd.DataFrame) -> pd.DataFrame:
    kept = {column: table[column] for column in written_columns(name)}
    found = {
        c: texts.where(texts.isna() | _read_by_programs(name, table), texts.astype(str) + HOSTILE)
        for c, texts in kept.items()
    }
    return check_table(name, table.assign(**found))


def _read_by_programs(name: str, table: pd.DataFrame) -> pd.Series:
    """Return the rows whose text is no person's: dates, words of a list, and the like."""
    if name != "evaluation_facts":
        return pd.Series(data=False, index=table.index)
    return ~table["fact"].isin(["title", "question", "comparison", "digest"])


def _filled(name: str, row: dict[str, object]) -> pd.DataFrame:
    empty = empty_table(name)
    table = pd.DataFrame([row]).reindex(columns=empty.columns)
    return table.astype(dict(empty.dtypes))


def _is_text(column: pa.Column, *, guarded: bool) -> bool:
    return str(column.dtype).startswith("str") and bool(column.checks) == guarded


_NOT_IN_THE_EXAMPLE: dict[str, dict[str, object]] = {
    "proposals": {
        "colonia_id": "C000",
        "intervention": "street_lighting",
        "name": "Alumbrado público",
        "need": "crime",
        "indicators": "total",
        "agency": "public_services",
        "agency_name": "Servicios Públicos",
        "strength": 2,
        "evidence": "Revisión inventada",
        "verified_on": pd.Timestamp("2026-01-01"),
        "caveats": "Sólo de noche",
        "conflict": "Ninguno",
        "crime_change": -0.1,
        "crime_lower": -0.2,
        "crime_upper": -0.05,
        "fewer_lower": 0.5,
        "fewer_upper": 2.0,
        "times_done": 0,
        "standing": "proposed",
    },
    "perception_change": {
        "area_kind": "city",
        "area": "Example",
        "indicator": "insecurity",
        "before_period": pd.Timestamp("2024-10-01"),
        "period": pd.Timestamp("2025-10-01"),
        "before": 0.6,
        "now": 0.48,
        "difference": -0.12,
        "lower": -0.16,
        "upper": -0.08,
        "verdict": "decrease",
        "state": "shown",
        "source": "survey",
    },
    "source_files": {"source": "survey", "digest": "0123456789abcdef"},
}
