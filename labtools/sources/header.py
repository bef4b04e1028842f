"""The columns of a supplier's table: named once each, and all there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from labtools.errors import SourceError


def column_names(path: Path, header: Sequence[object]) -> list[str]:
    """Return the names in a header row; a column without one goes by its position, "(3)".

    Raises
    ------
    SourceError
        If two columns have the same name.
    """
    written = [str(name).strip() for name in header]
    names = pd.Index([name or f"({at})" for at, name in enumerate(written, start=1)])
    twice = names[names.duplicated()]
    if len(twice):
        raise SourceError(
            "{path} has two columns called “{column}”. Ask the supplier which one is meant.",
            path=path.name,
            column=str(twice[0]),
        )
    return list(names)


def require_columns(path: Path, table: pd.DataFrame, wanted: Mapping[str, str]) -> None:
    """Refuse a table that lacks a column (`wanted`: our name → the supplier's, "" for none).

    Raises
    ------
    SourceError
        Names the first missing column, how many are missing, and those there are.
    """
    absent = [theirs for theirs in wanted.values() if theirs and theirs not in table.columns]
    if absent:
        raise SourceError(
            "{path} has no column “{column}” ({n} missing). Its columns are: {found}. Correct "
            "the columns in lab.toml or in the descriptor.",
            path=path.name,
            column=absent[0],
            n=len(absent),
            found=tuple(map(str, table.columns[:40])),
        )
