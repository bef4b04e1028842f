"""Tables in workbooks: one sheet, no merged cells, no formula without its result."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from datetime import date, datetime
from html import unescape
from pathlib import Path

import pandas as pd
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from labtools.errors import SourceError
from labtools.sources.descriptor import FileFormat
from labtools.sources.header import column_names
from labtools.sources.opening import check_archive

_CELL = re.compile(rb'<c\b([^>]*\br="([A-Z]+[0-9]+)"[^>]*)(?:/>|>(.*?)</c>)', re.DOTALL)
_SHEET = re.compile(rb"<sheet\b[^>]*>")
_VALUE = re.compile(rb"<v>[^<]")


def read_sheet(path: Path, content: bytes, form: FileFormat) -> pd.DataFrame:
    """Return the table of one sheet, every cell as text; dates in ISO.

    Raises
    ------
    SourceError
        If it is no workbook, expands too far, has several sheets of which none is named (or
        the same table goes on in another one), merged cells, formulas without result, error
        values, or no header.
    """
    book = _opened(path, content)
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
    _refuse_merged(path, name, sheet, form)
    _refuse_continued(path, name, book, rows[form.header_row], form)
    _refuse_unknown_values(path, name, content)
    header, body = rows[form.header_row], rows[form.header_row + 1 :]
    cells = [[_cell_text(value) for value in row] for row in body]
    table = pd.DataFrame(cells, columns=range(len(header)), dtype="str")
    return table.set_axis(column_names(path, header), axis=1)


def _opened(path: Path, content: bytes) -> CalamineWorkbook:
    try:
        if content.startswith(b"PK"):
            check_archive(path, content)
        return CalamineWorkbook.from_filelike(io.BytesIO(content))
    except (CalamineError, zipfile.BadZipFile, zlib.error, RuntimeError, EOFError) as wrong:
        raise SourceError(
            "{path} is not a spreadsheet that can be read ({reason}). Ask for it as XLSX.",
            path=path.name,
            reason=str(wrong),
        ) from wrong


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


def _refuse_merged(path: Path, name: str, sheet: CalamineSheet, form: FileFormat) -> None:
    ranges = sheet.merged_cell_ranges or []
    merged = sorted(span for span in ranges if span[1][0] >= form.header_row)
    if merged:
        (top, left), (bottom, right) = merged[0]
        raise SourceError(
            "{path}, sheet “{sheet}”: the cells {first}:{last} are merged ({n} such groups), and "
            "only the first of them holds its value. Ask for the table without merged cells, each "
            "row with its own values.",
            path=path.name,
            sheet=name,
            first=_address(top, left),
            last=_address(bottom, right),
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


def _refuse_unknown_values(path: Path, name: str, content: bytes) -> None:
    """Refuse formulas that nobody calculated, and cells with an error (#REF!)."""
    if not content.startswith(b"PK"):
        return
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if "xl/workbook.xml" not in archive.namelist():
            return
        book = archive.read("xl/workbook.xml")
        xml = archive.read(_part_of(archive, book, name))
    never_calculated = b"<f" in xml and b'fullCalcOnLoad="1"' in book
    wrong = [
        found[2].decode()
        for found in _CELL.finditer(xml)
        if b't="e"' in found[1]
        or (b"<f" in (found[3] or b"") and (never_calculated or not _VALUE.search(found[3])))
    ]
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


def _part_of(archive: zipfile.ZipFile, book: bytes, name: str) -> str:
    """Return the name of the XML part that holds a sheet."""
    links = archive.read("xl/_rels/workbook.xml.rels")
    for tag in _SHEET.findall(book):
        if unescape(_attribute(tag, "name")) == name:
            wanted = _attribute(tag, "r:id")
            for link in re.findall(rb"<Relationship\b[^>]*>", links):
                if _attribute(link, "Id") == wanted:
                    target = _attribute(link, "Target").lstrip("/")
                    return target if target.startswith("xl/") else f"xl/{target}"
    raise KeyError(name)


def _attribute(tag: bytes, name: str) -> str:
    found = re.search(rf'\s{name}="([^"]*)"'.encode(), tag)
    return found[1].decode() if found else ""


def _address(row: int, column: int) -> str:
    letters, left = "", column + 1
    while left:
        left, rest = divmod(left - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row + 1}"


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
