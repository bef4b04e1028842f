"""Bad tables in the other formats: ODS, DBF, JSON, Parquet, and what lies in a ZIP."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import xlsxwriter

from tests.sources.bad_case import Bad, Found, events_text, fifty, located, read_events
from tests.sources.bad_counts import KNOWN, MUNICIPAL, ROWS, TOP, told_by
from tests.sources.bad_files import CELLS, TRUE
from tests.sources.packed import (
    as_json,
    as_json_lines,
    as_parquet,
    dbf,
    ods,
    ods_cell,
    ods_row,
    parquet,
    text_dbf,
    zipped,
)
from tests.sources.supplied import EVENTS, clean, intake

COUNTS = [TOP.split(","), *(row.split(",") for row in ROWS)]


def of(form: str, **more: Any) -> dict[str, Any]:
    return {**EVENTS, "file": {"format": form, "encoding": "latin-1", **more}}


def given(
    family: str, name: str, file: str, make: Callable[[], bytes], said: Any = None, **verdict: Any
) -> Bad:
    """Return fifty events in a file: its ending is its format, unless `said` tells another."""
    told = said or of(file.rsplit(".", 1)[1])
    return Bad(
        family, name, lambda folder: located(folder, read_events(folder, make(), told, file)),
        **verdict,
    )  # fmt: skip


def counted(name: str, file: str, make: Callable[[], bytes], **verdict: Any) -> Bad:
    """Return monthly counts in a file."""

    def run(folder: Path) -> Found:
        path = folder / file
        path.write_bytes(make())
        said = {**MUNICIPAL, "file": {"format": file.rsplit(".", 1)[1], "encoding": "latin-1"}}
        cleaned = clean(intake(path, said))
        table = cleaned.tables["official_counts"]
        mine = table[table["area"] == "22014"]
        january = mine[mine["month"].dt.month == 1]["events"].sum()
        return Found(
            {"enero 2024": int(january), "año": int(mine["events"].sum())}, told_by(cleaned)
        )

    return Bad("numbers", name, run, **verdict)


def sheet_of(rows: list[list[str]]) -> str:
    return "".join(ods_row(*row) for row in rows)


def with_cell(row: int, column: int, cell: str, rows: list[list[str]] = CELLS) -> bytes:
    """Return an ODS one of whose cells is the XML `cell`."""
    changed = [list(cells) for cells in rows]
    changed[row][column] = cell
    return ods(sheet_of(changed))


def far_cell() -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet("Hoja1")
        for at, row in enumerate(CELLS):
            sheet.write_row(at, 0, row)
        sheet.write(1_048_575, 16_383, "x")
    return buffer.getvalue()


def unaddressed() -> bytes:
    """Return a workbook whose last row is far away, and whose cells do not say where they are."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(far_cell())) as old, zipfile.ZipFile(buffer, "w") as new:
        for member in old.namelist():
            part = old.read(member)
            if member.endswith("sheet1.xml"):
                part = part.replace(b'<c r="A2"', b"<c").replace(b'r="XFD1048576"', b'r="XFD2"')
            new.writestr(member, part)
    return buffer.getvalue()


def laughs() -> bytes:
    entities = "".join(f'<!ENTITY {chr(98 + at)} "{f"&{chr(97 + at)};" * 10}">' for at in range(10))
    content = f'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "lol">{entities}]><l>&k;</l>'
    return zipped(**{"content.xml": content.encode()})


FORMULA = '<table:table-cell table:formula="of:=5+5"/>'
BROKEN = (
    '<table:table-cell table:formula="of:=1/0" office:value-type="string" '
    'office:string-value="" calcext:value-type="error"><text:p>#DIV/0!</text:p></table:table-cell>'
)
MERGED = ods_cell("Peñuelas", ' table:number-rows-spanned="3"')
WIDE = ods_row(
    ods_cell("x", ' table:number-columns-repeated="16384"'), repeated="1048576"
)  # fmt: skip

ODS = [
    given("Excel", "an ODS", "h.ods", lambda: ods(sheet_of(CELLS)), truth=TRUE),
    given(
        "Excel",
        "an ODS: a formula that nobody calculated",
        "h.ods",
        lambda: with_cell(1, 3, FORMULA),
        told=("h.ods", "“Hoja1”", "D2", "formula"),
    ),
    given(
        "Excel",
        "an ODS: an error value",
        "h.ods",
        lambda: with_cell(2, 4, BROKEN),
        told=("h.ods", "“Hoja1”", "E3"),
    ),
    given(
        "Excel",
        "an ODS: merged names",
        "h.ods",
        lambda: with_cell(1, 6, MERGED),
        told=("h.ods", "G2:G4", "merged"),
    ),
    given(
        "Excel",
        "an ODS: blank rows without end below the table",
        "h.ods",
        lambda: ods(sheet_of(CELLS) + '<table:table-row table:number-rows-repeated="1048000"/>'),
        truth=TRUE,
    ),
    given(
        "Excel",
        "an ODS with the name and the format of an XLSX",
        "h.xlsx",
        lambda: ods(sheet_of(CELLS)),
        truth=TRUE,
    ),
    given(
        "size",
        "an ODS whose cells are repeated without end",
        "h.ods",
        lambda: ods(sheet_of(CELLS) + WIDE),
        told=("h.ods", "“Hoja1”", "20,000,000"),
    ),
    given(
        "size",
        "a workbook with a cell in its last row and column",
        "h.xlsx",
        far_cell,
        told=("h.xlsx", "XFD1048576", "20,000,000"),
    ),
    given(
        "size",
        "a workbook whose cells do not say where they are",
        "h.xlsx",
        unaddressed,
        told=("h.xlsx", "XFD1048576"),
    ),
    given(
        "size",
        "an ODS that expands entities without end",
        "h.ods",
        laughs,
        told=("h.ods",),
    ),
]


DBF = [
    given("Excel", "a DBF", "h.dbf", lambda: text_dbf(CELLS), truth=TRUE),
    given(
        "shape",
        "a DBF cut short",
        "h.dbf",
        lambda: text_dbf(CELLS)[:-400],
        told=("h.dbf", "50 records", "room for 48"),
    ),
    given(
        "shape",
        "a DBF written to after its header",
        "h.dbf",
        lambda: text_dbf(CELLS, told=45),
        told=("h.dbf", "45 records", "room for 50"),
    ),
    given(
        "shape",
        "a DBF with ten deleted records",
        "h.dbf",
        lambda: text_dbf(
            [*CELLS, *(["X", *row[1:]] for row in CELLS[1:11])], marks=b" " * 50 + b"*" * 10
        ),
        truth=TRUE,
        account={"row_deleted": 10},
    ),
    given(
        "shape",
        "a DBF whose cells are not where its header says",
        "h.dbf",
        lambda: text_dbf(CELLS, marks=b" " * 10 + b"x" + b" " * 39),
        told=("h.dbf", "record 11"),
    ),
    given(
        "encoding",
        "a DBF in Latin-1 that says nothing of it",
        "h.dbf",
        lambda: text_dbf(CELLS),
        {**EVENTS, "file": {"format": "dbf"}},
        told=("h.dbf", "line 2", "encoding"),
    ),
    given(
        "shape",
        "a DBF with text in another file",
        "h.dbf",
        lambda: dbf([("relato", "M", 10)], [["1"]]),
        told=("h.dbf", "“relato”", "type M"),
    ),
    given("shape", "text that says it is a DBF", "h.dbf", lambda: b"a,b\n" * 20, told=("h.dbf",)),
    counted("counts in a DBF", "h.dbf", lambda: counts_dbf("10"), truth=KNOWN),
    counted(
        "letters among the digits of a DBF",
        "h.dbf",
        lambda: counts_dbf("10x"),
        told=("h.dbf", "“10x”", "row 2"),
    ),
    counted(
        "a DBF: a number that did not fit in its cell",
        "h.dbf",
        lambda: counts_dbf("*" * 9),
        told=("h.dbf", "“*”", "row 2", "tokens"),
    ),
]


def counts_dbf(first: str) -> bytes:
    """Return the counts in a DBF with numbers for fields; `first` stands for January."""
    header, *rows = COUNTS
    at = 5  # the first month
    fields = [(name[:10], "C" if n < at else "N", 40 if n < at else 9) for n, name in
              enumerate(header)]  # fmt: skip
    rows = [list(row) for row in rows]
    rows[0][at] = first
    return dbf(fields, rows)


def records(change: Callable[[bytes], bytes]) -> Callable[[], bytes]:
    return lambda: change(as_json(CELLS))


JSON = [
    given("shape", "a list of records", "h.json", lambda: as_json(CELLS), truth=TRUE),
    given("shape", "records line by line", "h.jsonl", lambda: as_json_lines(CELLS), truth=TRUE),
    given(
        "shape",
        "records inside an answer",
        "h.json",
        lambda: as_json(CELLS, "result", "records"),
        of("json", sheet="result.records"),
        truth=TRUE,
    ),
    given(
        "shape",
        "records inside an answer, and nobody says where",
        "h.json",
        lambda: as_json(CELLS, "result", "records"),
        told=("h.json", "result", "“sheet”"),
    ),
    given(
        "shape",
        "a record that says one thing twice",
        "h.json",
        records(lambda text: text.replace(b'"folio": "F000"', b'"folio": "F000", "folio": "Z"')),
        told=("h.json", "folio"),
    ),
    given(
        "shape",
        "JSON cut short",
        "h.json",
        records(lambda text: text[:-40]),
        told=("h.json", "not JSON"),
    ),
    given(
        "shape",
        "a list that is cut between two records",
        "h.jsonl",
        lambda: as_json_lines(CELLS)[:-60],
        told=("h.jsonl", "50"),
    ),
    given(
        "shape",
        "an answer that is a fault",
        "h.json",
        lambda: b'{"error": "quota exceeded"}',
        told=("h.json", "error"),
    ),
    given("shape", "numbers in place of records", "h.json", lambda: b"[1, 2]", told=("record 1",)),
    given(
        "size",
        "JSON that nests without end",
        "h.json",
        lambda: b"[" * 100_000 + b"]" * 100_000,
        told=("h.json", "not JSON"),
    ),
    given(
        "size",
        "records that nest too deep",
        "h.json",
        lambda: b'[{"a":' + b'{"a":' * 8 + b"1" + b"}" * 8 + b"}]",
        told=("h.json", "too deep"),
    ),
    given(
        "encoding",
        "JSON in which letters were lost",
        "h.json",
        records(lambda text: text.replace("ñ".encode(), "�".encode())),
        told=("h.json", "line 1", "lost"),
    ),
]


PARQUET = [
    given("shape", "Parquet", "h.parquet", lambda: as_parquet(CELLS), truth=TRUE),
    given(
        "shape",
        "Parquet cut short",
        "h.parquet",
        lambda: as_parquet(CELLS)[:-30],
        told=("h.parquet",),
    ),
    given(
        "shape",
        "text that says it is Parquet",
        "h.parquet",
        lambda: events_text(fifty()).encode(),
        told=("h.parquet",),
    ),
    given(
        "shape",
        "Parquet with lists in its cells",
        "h.parquet",
        lambda: parquet({"fecha": ["2024-01-01"], "delitos": [["ROBO", "FRAUDE"]]}),
        told=("h.parquet", "“delitos”", "list"),
    ),
    given(
        "size",
        "Parquet whose text is a million times itself",
        "h.parquet",
        lambda: parquet({"fecha": ["x" * 10_000] * 100_000}),
        told=("h.parquet", "more text"),
    ),
]

ZIP = [
    given(
        "size",
        "a zip with notes beside the table",
        "h.zip",
        lambda: zipped(**{"leeme.txt": b"x", "datos/h.csv": events_text(fifty()).encode()}),
        of("csv", member="datos/*.csv"),
        truth=TRUE,
    ),
    given(
        "size",
        "a zip with two tables of the name wanted",
        "h.zip",
        lambda: zipped(**{"a.csv": b"a\n", "b.csv": b"a\n"}),
        of("csv", member="*.csv"),
        told=("h.zip", "2 files", "a.csv and b.csv", "“member”"),
    ),
    given(
        "size",
        "a DBF in a zip that climbs out of it",
        "h.zip",
        lambda: zipped(**{"../h.dbf": text_dbf(CELLS)}),
        of("dbf"),
        told=("h.zip", "../h.dbf"),
    ),
]

CASES = [*ODS, *DBF, *JSON, *PARQUET, *ZIP]
