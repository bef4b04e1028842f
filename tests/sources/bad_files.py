"""Bad containers: workbooks, archives, and files that expand without end."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import xlsxwriter

from tests.sources.bad_case import (
    NO_FOLIO,
    Bad,
    Found,
    events_text,
    fifty,
    located,
    read_events,
)
from tests.sources.bad_counts import KNOWN, MUNICIPAL, ROWS, TOP, told_by
from tests.sources.supplied import EVENTS, EVENTS_HEADER, clean, intake

XLSX = {**EVENTS, "file": {"format": "xlsx"}}
MUNICIPAL_XLSX = {**MUNICIPAL, "file": {"format": "xlsx"}}
TRUE = {"001": 30, "002": 20}
CELLS = [EVENTS_HEADER.split(","), *(row.split(",") for row in fifty())]
COUNTS = [TOP.split(","), *(row.split(",") for row in ROWS)]


def sheet(rows: list[list[Any]], **more: list[list[Any]]) -> bytes:
    """Return a workbook with `rows` in Hoja1, and one more sheet for each name."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        for name, cells in {"Hoja1": rows, **more}.items():
            made = book.add_worksheet(name)
            for at, row in enumerate(cells):
                made.write_row(at, 0, row)
    return buffer.getvalue()


def changed(change: Callable[[Any], None], rows: list[list[Any]] = CELLS) -> bytes:
    """Return a workbook with `rows` whose sheet was changed by hand."""
    book = openpyxl.Workbook()
    made = book.active
    for row in rows:
        made.append(row)
    change(made)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def put(**cells: Any) -> Callable[[Any], None]:
    def change(made: Any) -> None:
        for address, value in cells.items():
            made[address] = value

    return change


def merged(*ranges: str) -> Callable[[Any], None]:
    def change(made: Any) -> None:
        for span in ranges:
            made.merge_cells(span)

    return change


def error_cell(made: Any) -> None:
    made["F2"].value, made["F2"].data_type = "#REF!", "e"


def calculated_cell(content: bytes) -> bytes:
    """Give the formula in F2 a result and the mark of a program that calculates."""
    return patched(
        content,
        {
            "xl/worksheets/sheet1.xml": (rb"<f>5\+5</f><v ?(/>|></v>)", b"<f>5+5</f><v>10</v>"),
            "xl/workbook.xml": (b' fullCalcOnLoad="1"', b""),
        },
    )


def patched(content: bytes, changes: dict[str, tuple[bytes, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for member in old.namelist():
            part = old.read(member)
            if member in changes:
                before, after = changes[member]
                part, n = re.subn(before, after, part)
                assert n
            new.writestr(member, part)
    return buffer.getvalue()


def book(name: str, content: bytes, said: Any = XLSX, **verdict: Any) -> Bad:
    return Bad(
        "Excel",
        name,
        lambda folder: located(folder, read_events(folder, content, said, "hechos.xlsx")),
        **verdict,
    )


def counts_book(name: str, content: bytes, said: Any = MUNICIPAL_XLSX, **verdict: Any) -> Bad:
    def run(folder: Path) -> Found:
        path = folder / "idm.xlsx"
        path.write_bytes(content)
        cleaned = clean(intake(path, said))
        table = cleaned.tables["official_counts"]
        mine = table[table["area"] == "22014"]
        january = mine[mine["month"].dt.month == 1]["events"].sum()
        return Found(
            {"enero 2024": int(january), "año": int(mine["events"].sum())}, told_by(cleaned)
        )

    return Bad("Excel", name, run, **verdict)


def typed(value: str) -> Any:
    return float(value) if value.lstrip("-").replace(".", "").isdigit() else value


NAMED = {**EVENTS, "file": {"format": "xlsx", "sheet": "Hoja1"}}
DAY_FIRST = {**XLSX, "date_format": "%d/%m/%Y"}


def real_dates(made: Any) -> None:
    import datetime as dt  # noqa: PLC0415 - only this case needs it

    for at in range(2, 52):
        made[f"B{at}"] = dt.datetime.fromisoformat(made[f"B{at}"].value)  # noqa: DTZ007, RUF100


EXCEL = [
    book("clean", sheet(CELLS), truth=TRUE),
    counts_book("text digits", sheet(COUNTS), truth=KNOWN),
    counts_book("true numbers", sheet([[typed(c) for c in row] for row in COUNTS]), truth=KNOWN),
    counts_book(
        "a formula that nobody calculated",
        changed(put(F2="=5+5"), COUNTS),
        told=("idm.xlsx", "“Sheet”", "F2", "formula"),
    ),
    counts_book(
        "formulas that a program wrote as zero",
        sheet([COUNTS[0], [*COUNTS[1][:5], "=5+5", *COUNTS[1][6:]], *COUNTS[2:]]),
        told=("idm.xlsx", "“Hoja1”", "F2", "formula"),
    ),
    counts_book(
        "a formula with its result", calculated_cell(changed(put(F2="=5+5"), COUNTS)), truth=KNOWN
    ),
    counts_book("an error value", changed(error_cell, COUNTS), told=("idm.xlsx", "F2", "#REF!")),
    book(
        "two sheets, and none is named",
        sheet(CELLS[:20], Hoja2=[CELLS[0], *CELLS[20:]]),
        told=("hechos.xlsx", "Hoja1 and Hoja2"),
    ),
    book(
        "a table that goes on in a second sheet",
        sheet(CELLS[:20], Hoja2=[CELLS[0], *CELLS[20:]]),
        NAMED,
        told=("hechos.xlsx", "“Hoja1”", "“Hoja2”", "same columns"),
    ),
    book(
        "a second sheet of notes", sheet(CELLS, Notas=[["Fuente", "Fiscalía"]]), NAMED, truth=TRUE
    ),
    book(
        "merged names",
        changed(merged("G2:G31")),
        told=("hechos.xlsx", "G2:G31", "merged"),
    ),
    book("a merged header", changed(merged("E1:F1")), told=("hechos.xlsx", "E1:F1", "merged")),
    book(
        "a merged title above the header",
        changed(merged("A1:G1"), [["Carpetas"], *CELLS]),
        {**EVENTS, "file": {"format": "xlsx", "header_row": 1}},
        truth=TRUE,
    ),
    book("dates of the program among a form for text", changed(real_dates), DAY_FIRST, truth=TRUE),
    book(
        "serial numbers in place of dates",
        sheet([CELLS[0], *([r[0], 45300 + n, *r[2:]] for n, r in enumerate(CELLS[1:]))]),
        told=("hechos.xlsx", "“fecha”", "“45300”"),
    ),
    book("text with the name of a workbook", events_text(fifty()).encode(), told=("hechos.xlsx",)),
    book(
        "a web page with the name of a workbook",
        b"<html><table><tr><td>1</table>",
        told=("hechos.xlsx",),
    ),
    book("a workbook cut short", sheet(CELLS)[:-900], told=("hechos.xlsx",)),
    book(
        "the same rows pasted twice",
        sheet([*CELLS, *CELLS[1:]]),
        {**NO_FOLIO, "file": XLSX["file"]},
        told=("row 2", "row 52", "50 rows"),
    ),
]


def packed(
    name: str, file: str, make: Callable[[], bytes], said: Any = EVENTS, **verdict: Any
) -> Bad:
    return Bad(
        "size",
        name,
        lambda folder: located(folder, read_events(folder, make(), said, file)),
        **verdict,
    )


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def bomb(size: int = 80 * 1024**2) -> bytes:
    return zipped(
        **{"hechos.csv": EVENTS_HEADER.encode() + b"\nA1,2024-05-06,,ROBO,,," * (size // 22)}
    )


def sheet_bomb() -> bytes:
    content, row = sheet(CELLS), b"<row></row>" * (80 * 1024**2 // 11)
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for member in old.namelist():
            part = old.read(member)
            is_sheet = member == "xl/worksheets/sheet1.xml"
            new.writestr(
                member, part.replace(b"</sheetData>", row + b"</sheetData>") if is_sheet else part
            )
    return buffer.getvalue()


TEXT = events_text(fifty()).encode()

SIZE = [
    packed("a zip", "hechos.zip", lambda: zipped(**{"hechos.csv": TEXT}), truth=TRUE),
    packed("a gzip", "hechos.csv.gz", lambda: gzip.compress(TEXT), truth=TRUE),
    packed("a zip that expands without end", "hechos.zip", bomb, told=("hechos.zip", "250 times")),
    packed(
        "a gzip that expands without end",
        "hechos.csv.gz",
        lambda: gzip.compress(b"0," * (40 * 1024**2)),
        told=("hechos.csv.gz", "250 times"),
    ),
    packed(
        "a workbook that expands without end",
        "hechos.xlsx",
        sheet_bomb,
        XLSX,
        told=("hechos.xlsx", "250 times"),
    ),
    packed(
        "a zip with two files",
        "hechos.zip",
        lambda: zipped(**{"a.csv": TEXT, "b.csv": TEXT}),
        told=("hechos.zip", "2 files"),
    ),
    packed(
        "a name that climbs out of the zip",
        "hechos.zip",
        lambda: zipped(**{"../../etc/hechos.csv": TEXT}),
        told=("hechos.zip", "../../etc"),
    ),
    packed(
        "a gzip cut short",
        "hechos.csv.gz",
        lambda: gzip.compress(TEXT)[:-30],
        told=("hechos.csv.gz",),
    ),
    packed("an empty file", "hechos.csv", lambda: b"", told=("hechos.csv", "empty")),
    packed(
        "a pickle",
        "hechos.pkl",
        lambda: b"\x80\x04cos\nsystem\n(S'true'\ntR.",
        told=("hechos.pkl", "line 1"),
    ),
    packed(
        "one cell without end",
        "hechos.csv",
        lambda: TEXT + b'F9,2024-01-01,,"' + b"x" * 200_000 + b'",,,\n',
        told=("row 52",),
    ),
]

CASES = [*EXCEL, *SIZE]
