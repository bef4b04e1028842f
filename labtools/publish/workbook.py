"""Released tables as a workbook for spreadsheets, with their codebook; nothing in it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import xlsxwriter

from labtools.messages import text
from labtools.publish.codebook import codebook

_SAFE = {
    "strings_to_formulas": False,  # a text that begins with = stays a text
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
    "default_date_format": "yyyy-mm-dd",
}
_MADE = datetime(2000, 1, 1, tzinfo=UTC)  # the same tables give the same bytes
_WIDEST = 48


def write_workbook(tables: Mapping[str, pd.DataFrame], path: Path) -> None:
    """Write tables as sheets of one workbook, after a sheet that tells what each column holds.

    Numbers are numbers and days are days; what is missing is an empty cell; every text is
    stored as a text, whatever it begins with.
    """
    with xlsxwriter.Workbook(str(path), _SAFE) as book:
        book.set_properties({"created": _MADE.replace(tzinfo=None)})
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        _write(book.add_worksheet(text("codebook")), head, *_codebook_rows(tables))
        for name, table in tables.items():
            plain = table.drop(columns="geometry", errors="ignore")
            rows = [[_plain(value) for value in row] for row in _rows_of(plain)]
            _write(book.add_worksheet(name[:31]), head, list(map(str, plain.columns)), rows)


def _codebook_rows(tables: Mapping[str, pd.DataFrame]) -> tuple[list[str], list[list[object]]]:
    heads = [
        text("Table"),
        text("Column"),
        text("Kind"),
        text("What it holds"),
        text("Only these words"),
    ]
    rows: list[list[object]] = [
        [it.table, it.column, it.kind, it.means, ", ".join(it.allowed)] for it in codebook(tables)
    ]
    return heads, rows


def _write(
    sheet: xlsxwriter.worksheet.Worksheet,
    head: object,
    heads: Sequence[str],
    rows: Sequence[Sequence[object]],
) -> None:
    for place, name in enumerate(heads):
        longest = max((len(str(row[place])) for row in rows[:200]), default=0)
        sheet.set_column(place, place, min(max(len(name), longest) + 2, _WIDEST))
        sheet.write_string(0, place, name, head)
    sheet.freeze_panes(1, 0)
    for line, row in enumerate(rows, start=1):
        for place, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(line, place, value)
            elif value is not None:
                sheet.write(line, place, value)
    sheet.autofilter(0, 0, max(len(rows), 1), max(len(heads) - 1, 0))


def _rows_of(table: pd.DataFrame) -> list[tuple[object, ...]]:
    return list(zip(*(table[column].tolist() for column in table.columns), strict=True))


def _plain(value: object) -> object:
    """Return a value as a cell may hold it; None where it is missing."""
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    if isinstance(value, float) and value in {float("inf"), float("-inf")}:
        return str(value)
    return value
