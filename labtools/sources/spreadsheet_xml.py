"""What the XML of a workbook tells before its sheets are laid out in memory.

A workbook of five kilobytes can name the cell in its last row and last column: laid out, it takes
more memory than there is, and the process ends without a word.  So the cells that each sheet would
take are counted first.  XLSX and ODS say in different words which cells are merged, and which
hold a formula that nobody calculated.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from types import MappingProxyType
from xml.etree import ElementTree as ET

#: Corners of merged cells, as (row, column) from 0.
Span = tuple[tuple[int, int], tuple[int, int]]

_CELL = re.compile(rb'<c\b([^>]*\br="([A-Z]+[0-9]+)"[^>]*)(?:/>|>(.*?)</c>)', re.DOTALL)
_PLACE = re.compile(rb"<(?:\w+:)?c\b[^>]*?\br\s*=\s*[\"']([A-Za-z]+)([0-9]+)[\"'][^>]*[^/>]>")
_ROW = re.compile(rb"<(?:\w+:)?row\b[^>]*?\br\s*=\s*[\"']([0-9]+)[\"']")
_CELLS = re.compile(rb"<(?:\w+:)?c[\s/>]")
_SHEET = re.compile(rb"<sheet\b[^>]*>")
_LINK = re.compile(rb"<Relationship\b[^>]*>")
_VALUE = re.compile(rb"<v>[^<]")
_ERROR = re.compile(r"^(#\S+[!?]|#N/[AD]|Err:\d+)$")

_NAMES = MappingProxyType(
    {
        "office": "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}",
        "table": "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}",
        "text": "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}",
        "calcext": "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}",
    }
)


@dataclass(slots=True)
class Told:
    """What the XML of one sheet tells.

    Attributes
    ----------
    rows, columns : int
        Of the ground that its cells take, from the first one of the sheet.
    merged : list of Span
        Merged cells; empty for XLSX, where the reader of workbooks tells them.
    unknown : list of str
        Addresses of formulas without result, and of errors.
    """

    rows: int
    columns: int
    merged: list[Span]
    unknown: list[str]


def is_workbook(archive: zipfile.ZipFile) -> bool:
    """Tell whether a ZIP file is a workbook in XLSX or ODS, and no other kind (XLSB)."""
    names = set(archive.namelist())
    return "content.xml" in names or "xl/workbook.xml" in names


def sheets_told(content: bytes) -> dict[str, Told]:
    """Return what the XML of each sheet of an XLSX or ODS tells; nothing of it is laid out.

    Raises
    ------
    KeyError
        If a part that the workbook names is not in it.
    xml.etree.ElementTree.ParseError
        If the XML of an ODS is none.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if "content.xml" in archive.namelist():
            return _open_document(archive)
        book = archive.read("xl/workbook.xml")
        names = [unescape(_attribute(tag, "name")) for tag in _SHEET.findall(book)]
        return {name: _told_of(archive.read(_part_of(archive, book, name)), book) for name in names}


def address(row: int, column: int) -> str:
    """Return how a person names a cell: (0, 27) is AB1."""
    letters, left = "", column + 1
    while left:
        left, rest = divmod(left - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row + 1}"


def _told_of(xml: bytes, book: bytes) -> Told:
    places = {(found[1].upper(), found[2]) for found in _PLACE.finditer(xml)}
    columns = max((_column(letters) for letters in {place[0] for place in places}), default=0)
    rows = max((int(row) for _, row in places), default=0)
    if len(places) < sum(1 for _ in _CELLS.finditer(xml)):
        # Cells without an address stand one after the other, in the row that is open.
        rows = max(rows, *(int(found[1]) for found in _ROW.finditer(xml)), 0, 0)
    never_calculated = b"<f" in xml and b'fullCalcOnLoad="1"' in book
    unknown = [
        found[2].decode()
        for found in _CELL.finditer(xml)
        if b't="e"' in found[1]
        or (b"<f" in (found[3] or b"") and (never_calculated or not _VALUE.search(found[3])))
    ]
    return Told(rows, columns, [], unknown)


def _column(letters: bytes) -> int:
    place = 0
    for letter in letters:
        place = 26 * place + letter - ord("A") + 1
    return place


def _part_of(archive: zipfile.ZipFile, book: bytes, name: str) -> str:
    """Return the name of the XML part that holds a sheet."""
    links = archive.read("xl/_rels/workbook.xml.rels")
    for tag in _SHEET.findall(book):
        if unescape(_attribute(tag, "name")) == name:
            wanted = _attribute(tag, "r:id")
            for link in _LINK.findall(links):
                if _attribute(link, "Id") == wanted:
                    target = _attribute(link, "Target").lstrip("/")
                    return target if target.startswith("xl/") else f"xl/{target}"
    raise KeyError(name)


def _attribute(tag: bytes, name: str) -> str:
    found = re.search(rf'\s{name}="([^"]*)"'.encode(), tag)
    return found[1].decode() if found else ""


def _open_document(archive: zipfile.ZipFile) -> dict[str, Told]:
    told: dict[str, Told] = {}
    sheet, at = Told(0, 0, [], []), 0
    with archive.open("content.xml") as stream:
        for event, element in ET.iterparse(stream, events=("start", "end")):  # noqa: S314
            if event == "start" and element.tag == _named("table:table"):
                sheet, at = Told(0, 0, [], []), 0
                told[element.get(_named("table:name"), "")] = sheet
            elif event == "end" and element.tag == _named("table:table-row"):
                at += _read_row(element, sheet, at)
                element.clear()
    return told


def _read_row(row: ET.Element, sheet: Told, at: int) -> int:
    """Add what one row tells, and return how many rows it stands for."""
    times = _times(row, "table:number-rows-repeated")
    for cell, column, n in _cells(row):
        if _is_blank(cell):
            continue
        sheet.rows = max(sheet.rows, at + times)
        sheet.columns = max(sheet.columns, column + n)
        wide, high = (_times(cell, f"table:number-{way}-spanned") for way in ("columns", "rows"))
        if wide > 1 or high > 1:
            sheet.merged.append(((at, column), (at + high - 1, column + wide - 1)))
        if _is_unknown(cell):
            sheet.unknown.append(address(at, column))
    return times


def _cells(row: ET.Element) -> Iterator[tuple[ET.Element, int, int]]:
    """Yield the cells of a row, the column where each begins, and how often it is repeated."""
    column = 0
    for cell in row:
        n = _times(cell, "table:number-columns-repeated")
        yield cell, column, n
        column += n


def _is_blank(cell: ET.Element) -> bool:
    attributes = (_named("office:value-type"), _named("table:formula"))
    return not (any(name in cell.attrib for name in attributes) or "".join(cell.itertext()))


def _is_unknown(cell: ET.Element) -> bool:
    kind = cell.get(_named("office:value-type"), "")
    if cell.get(_named("calcext:value-type")) == "error":
        return True
    return _named("table:formula") in cell.attrib and (
        not kind or bool(_ERROR.match("".join(cell.itertext()).strip()))
    )


def _times(element: ET.Element, name: str) -> int:
    written = element.get(_named(name), "1")
    return int(written) if written.isdecimal() else 1


def _named(name: str) -> str:
    room, word = name.split(":")
    return _NAMES[room] + word
