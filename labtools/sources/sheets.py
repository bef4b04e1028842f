"""Tables in workbooks (XLSX, ODS): one sheet, no merged cells, no formula without its result."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from xml.etree.ElementTree import ParseError

import pandas as pd
from python_calamine import CalamineError, CalamineWorkbook

from labtools.errors import SourceError
from labtools.forms import FileFormat
from labtools.sources.header import column_names
from labtools.sources.opening import check_archive
from labtools.sources.spreadsheet_xml import Span, Told, address, sheets_told

#: What the readers of workbooks raise for a file that is none, or is damaged.
_NO_WORKBOOK = (
    CalamineError,
    zipfile.BadZipFile,
    zlib.error,
    RuntimeError,
    EOFError,
    KeyError,
    ParseError,
)
#: Cells of a sheet, laid out; a row for each second of a fortnight and nineteen columns have fewer.
MAXIMUM_CELLS = 20_000_000


def read_sheet(path: Path, content: bytes, form: FileFormat) -> pd.DataFrame:
    """Return the table of one sheet, every cell as text; dates in ISO.

    Raises
    ------
    SourceError
        If it is no workbook, expands too far, has several sheets of which none is named (or
        the same table goes on in another one), merged cells, formulas without result, error
        values, or no header.
    """
    book, told = _opened(path, content)
    name = _chosen(path, book.sheet_names, form)
    sheet = book.get_sheet_by_name(name)
    rows = sheet.to_python(skip_empty_area=False)
    if len(rows) <= form.header_row:
        raise SourceError(
            "{path} has {n} rows, and its descriptor expects the header in row {row}. Correct "
            "header_row (the number of rows above the header).",
            path=path.name,
            n=len(rows),
            row=form.header_row + 1,
        )
    known = told.get(name, Told(0, 0, [], []))
    _refuse_merged(path, name, sheet.merged_cell_ranges or known.merged, form)
    _refuse_continued(path, name, book, rows[form.header_row], form)
    _refuse_unknown_values(path, name, known.unknown)
    header, body = rows[form.header_row], rows[form.header_row + 1 :]
    cells = [[_cell_text(value) for value in row] for row in body]
    table = pd.DataFrame(cells, columns=range(len(header)), dtype="str")
    return table.set_axis(column_names(path, header), axis=1)


def _opened(path: Path, content: bytes) -> tuple[CalamineWorkbook, dict[str, Told]]:
    told: dict[str, Told] = {}
    try:
        if content.startswith(b"PK"):
            check_archive(path, content)
            told = sheets_told(content)
            _refuse_large(path, told)
        return CalamineWorkbook.from_filelike(io.BytesIO(content)), told
    except _NO_WORKBOOK as wrong:
        raise SourceError(
            "{path} is not a spreadsheet that can be read ({reason}). Ask for it as XLSX.",
            path=path.name,
            reason=str(wrong),
        ) from wrong


def _refuse_large(path: Path, told: dict[str, Told]) -> None:
    for name, sheet in told.items():
        if sheet.rows * sheet.columns > MAXIMUM_CELLS:
            raise SourceError(
                "{path}, sheet “{sheet}”: its cells reach down to {last}, and at most {limit} "
                "cells are read. Delete what stands far from the table, or ask for it as CSV.",
                path=path.name,
                sheet=name,
                last=address(sheet.rows - 1, sheet.columns - 1),
                limit=f"{MAXIMUM_CELLS:,}",
            )


def _chosen(path: Path, names: list[str], form: FileFormat) -> str:
    if (form.sheet and form.sheet not in names) or (not form.sheet and len(names) > 1):
        raise SourceError(
            "{path} has the sheets {sheets}, and its descriptor names “{sheet}”. Write which "
            "one holds the table.",
            path=path.name,
            sheets=tuple(names),
            sheet=form.sheet,
        )
    return form.sheet or names[0]


def _refuse_merged(path: Path, name: str, ranges: Sequence[Span], form: FileFormat) -> None:
    merged = sorted(span for span in ranges if span[1][0] >= form.header_row)
    if merged:
        (top, left), (bottom, right) = merged[0]
        raise SourceError(
            "{path}, sheet “{sheet}”: the cells {first}:{last} are merged ({n} such groups), and "
            "only the first of them holds its value. Ask for the table without merged cells, each "
            "row with its own values.",
            path=path.name,
            sheet=name,
            first=address(top, left),
            last=address(bottom, right),
            n=len(merged),
        )


def _refuse_continued(
    path: Path, name: str, book: CalamineWorkbook, header: list[object], form: FileFormat
) -> None:
    for other in book.sheet_names:
        if other == name:
            continue
        sheet = book.get_sheet_by_name(other)
        rows = sheet.to_python(skip_empty_area=False, nrows=form.header_row + 2)
        if len(rows) > form.header_row + 1 and _trimmed(rows[form.header_row]) == _trimmed(header):
            raise SourceError(
                "{path}: the sheets “{sheet}” and “{other}” have the same columns, and the "
                "descriptor names only one. Ask the supplier for one table with all the rows.",
                path=path.name,
                sheet=name,
                other=other,
            )


def _refuse_unknown_values(path: Path, name: str, wrong: Sequence[str]) -> None:
    """Refuse formulas that nobody calculated, and cells with an error (#REF!)."""
    if wrong:
        raise SourceError(
            "{path}, sheet “{sheet}”: {cell} holds a formula without its result, or an error such "
            "as #REF! ({n} such cells). Open the file in a spreadsheet program, correct it, and "
            "save it with values in place of formulas.",
            path=path.name,
            sheet=name,
            cell=wrong[0],
            n=len(wrong),
        )


def _trimmed(header: list[object]) -> list[str]:
    names = [str(name).strip() for name in header]
    while names and not names[-1]:
        names.pop()
    return names


def _cell_text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime) and value.time() == datetime.min.time():
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    return str(value)
