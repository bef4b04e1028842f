"""The few rows of a ficha's table as plain records: what pages and pictures are made from."""

from __future__ import annotations

from typing import Any

import pandas as pd

Record = dict[str, Any]


def records(table: pd.DataFrame) -> list[Record]:
    """Return the rows of a table by column, several times faster than pandas does for few rows."""
    names = [str(column) for column in table.columns]
    rows = table.to_numpy(object).tolist()
    return [dict(zip(names, row, strict=True)) for row in rows]


def record_where(table: pd.DataFrame, column: str, value: object) -> Record | None:
    """Return the first row whose `column` holds `value`; None if there is none."""
    return next((row for row in records(table) if row[column] == value), None)
