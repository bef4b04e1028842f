"""A released table as a workbook for spreadsheets, with its codebook; nothing in it runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from types import MappingProxyType

import pandas as pd
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from labtools.messages import LANGUAGES, speaking, text
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


def write_workbook(name: str, table: pd.DataFrame, file: Path | BytesIO) -> None:
    """Write a table as the first sheet of a workbook, before those that tell what its columns hold.

    There is one of these in each language, that of most readers first.  Numbers are numbers and
    days are days; what is missing is an empty cell; every text is stored as a text, whatever it
    begins with.
    """
    with xlsxwriter.Workbook(file, _SAFE) as book:
        book.set_properties({"created": _MADE.replace(tzinfo=None)})
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        plain = table.drop(columns="geometry", errors="ignore")
        columns = [_cells(plain[column]) for column in plain.columns]
        _write(book.add_worksheet(name[:31]), head, list(map(str, plain.columns)), columns)
        for language in LANGUAGES:
            with speaking(language):
                _write(book.add_worksheet(text("codebook")), head, *_codebook_columns(name, table))


def _codebook_columns(name: str, table: pd.DataFrame) -> tuple[list[str], list[list[object]]]:
    heads = [text("Column"), text("Kind"), text("What it holds"), text("Only these words")]
    rows = [[it.column, it.kind, it.means, ", ".join(it.allowed)] for it in codebook({name: table})]
    return heads, [list(column) for column in zip(*rows, strict=True)]


def _write(
    sheet: Worksheet,
    head: object,
    heads: Sequence[str],
    columns: Sequence[Sequence[object]],
) -> None:
    for place, (name, cells) in enumerate(zip(heads, columns, strict=True)):
        longest = max((len(str(value)) for value in cells[:200]), default=0)
        sheet.set_column(place, place, min(max(len(name), longest) + 2, _WIDEST))
        sheet.write_string(0, place, name, head)
        for line, value in enumerate(cells, start=1):
            if value is not None:
                _WRITERS.get(type(value), Worksheet.write)(sheet, line, place, value)
    sheet.freeze_panes(1, 0)
    rows = len(columns[0]) if columns else 0
    sheet.autofilter(0, 0, max(rows, 1), max(len(heads) - 1, 0))


def _cells(column: pd.Series) -> list[object]:
    """Return the values of a column as cells hold them; None where one is missing."""
    values = column.astype(object).where(column.notna(), None).tolist()
    return [_plain(value) for value in values]


def _plain(value: object) -> object:
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    if isinstance(value, float) and math.isinf(value):
        return str(value)
    return value


#: Kind of value → what writes it; the writer of any kind asks a value for its kind once more.
_WRITERS = MappingProxyType(
    {str: Worksheet.write_string, int: Worksheet.write_number, float: Worksheet.write_number}
)
