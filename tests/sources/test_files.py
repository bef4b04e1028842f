import bz2
import csv
import gzip
import io
import lzma
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labtools.errors import SourceError
from labtools.forms import FileFormat
from labtools.messages import speaking
from labtools.sources import delimited, files
from labtools.sources.files import read_bytes, read_cells, require_columns
from tests.sources.supplied import EVENTS_HEADER, written


@pytest.fixture(autouse=True)
def _in_english():
    with speaking("en"):
        yield


def workbook(path, **sheets):
    with xlsxwriter.Workbook(path) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                sheet.write_row(at, 0, row)
    return path


XLSX = FileFormat(format="xlsx")


def test_every_cell_arrives_as_it_was_written(tmp_path):
    path = written(tmp_path, "clave,nombre,n\n007,NA,1e3\n08,None,\n9,null,1.0\n")

    cells = read_cells(path, FileFormat())

    assert cells.to_dict("list") == {
        "clave": ["007", "08", "9"],
        "nombre": ["NA", "None", "null"],
        "n": ["1e3", "", "1.0"],
    }


def test_a_cell_that_is_not_there_is_missing_and_a_blank_one_is_not(tmp_path):
    cells = read_cells(written(tmp_path, "a,b,c\n1,,3\n1\n"), FileFormat())

    assert cells.isna().to_numpy().tolist() == [[False] * 3, [False, True, True]]


def test_a_declared_latin_1_file_is_read_with_its_accents(tmp_path):
    path = written(tmp_path, "Año;Peña\n2024;sí\n".encode("latin-1"))

    cells = read_cells(path, FileFormat(encoding="latin-1", delimiter=";"))

    assert list(cells.columns) == ["Año", "Peña"]


def test_a_file_declared_latin_1_that_is_utf_8_is_read_as_utf_8(tmp_path):
    path = written(tmp_path, "Año\n2024\n")

    assert list(read_cells(path, FileFormat(encoding="latin-1")).columns) == ["Año"]


def test_the_byte_order_mark_is_no_part_of_the_first_column(tmp_path):
    path = written(tmp_path, b"\xef\xbb\xbffolio,b\n1,2\n")

    assert list(read_cells(path, FileFormat()).columns) == ["folio", "b"]


def test_an_undeclared_encoding_is_refused_with_its_line(tmp_path):
    path = written(tmp_path, b"a,b\n1,2\n3,Pe\xf1a\n")

    with pytest.raises(SourceError, match=r"hechos\.csv is not UTF-8: line 3 .*encoding = "):
        read_cells(path, FileFormat())


def test_an_encoding_that_does_not_fit_is_refused(tmp_path):
    path = written(tmp_path, b"a,b\n1,Pe\xf1a\n")

    with pytest.raises(SourceError, match="is neither UTF-8 nor ascii"):
        read_cells(path, FileFormat(encoding="ascii"))


def test_an_encoding_that_nobody_knows_is_refused(tmp_path):
    path = written(tmp_path, b"a,b\n1,Pe\xf1a\n")

    with pytest.raises(SourceError, match="Correct the encoding in its descriptor"):
        read_cells(path, FileFormat(encoding="latin-one"))


@pytest.mark.parametrize(
    ("text", "row", "n"),
    [
        ("a,b,c\n1,2,3\n1,2,3,\n", 3, ""),
        ("a,b,c\n1,2,3,\n4,5,6,\n", 2, "in 2 rows"),
        ("a,b,c\n1,2,3,9\n4,5,6\n", 2, ""),
    ],
    ids=["one trailing comma", "a trailing comma everywhere", "the first row is longer"],
)
def test_a_row_with_more_cells_than_the_header_is_never_cut(tmp_path, text, row, n):
    with pytest.raises(
        SourceError, match=f"row {row}: there are 4 cells and the header has 3.*{n}"
    ):
        read_cells(written(tmp_path, text), FileFormat())


def test_a_quote_that_is_never_closed_is_refused(tmp_path):
    with pytest.raises(SourceError, match=r"is not a table .*EOF inside string"):
        read_cells(written(tmp_path, 'a,b\n"x,1\n2,3\n'), FileFormat())


@pytest.mark.parametrize("header", ["folio,fecha,folio", "folio,fecha, folio "])
def test_a_repeated_column_is_named(tmp_path, header):
    path = written(tmp_path, f"{header}\n1,2,3\n")

    with pytest.raises(SourceError, match="two columns called “folio”"):
        read_cells(path, FileFormat())


def test_columns_without_a_name_go_by_their_position(tmp_path):
    cells = read_cells(written(tmp_path, "a,,\n1,2,3\n"), FileFormat())

    assert cells.to_dict("list") == {"a": ["1"], "(2)": ["2"], "(3)": ["3"]}


def test_an_empty_file_is_refused(tmp_path):
    with pytest.raises(SourceError, match=r"hechos\.csv is empty"):
        read_cells(written(tmp_path, ""), FileFormat())


def test_a_file_with_only_its_header_has_no_rows(tmp_path):
    assert read_cells(written(tmp_path, "a,b\n"), FileFormat()).shape == (0, 2)


@pytest.mark.parametrize("page", ["<!DOCTYPE html>\n<p>Error 404</p>", "\n <HTML><body>x"])
def test_a_web_page_in_place_of_a_table_is_told_apart(tmp_path, page):
    with pytest.raises(SourceError, match="is a web page and not a table"):
        read_cells(written(tmp_path, page), FileFormat())


def test_a_wrong_delimiter_is_named_with_the_one_that_seems_right(tmp_path):
    path = written(tmp_path, "folio;fecha\n1;2024-01-01\n")

    with pytest.raises(SourceError, match=r"seem to be separated by “;” and .* says “,”"):
        read_cells(path, FileFormat())


@pytest.mark.parametrize(
    ("name", "pack"),
    [("a.csv.gz", gzip.compress), ("a.csv.bz2", bz2.compress), ("A.CSV.XZ", lzma.compress)],
)
def test_packed_files_are_expanded(tmp_path, name, pack):
    path = written(tmp_path, pack(b"a\n1\n"), name)

    assert read_bytes(path) == b"a\n1\n"


@pytest.mark.parametrize(
    ("name", "pack"),
    [("a.csv.gz", gzip.compress), ("a.csv.bz2", bz2.compress), ("a.csv.xz", lzma.compress)],
)
def test_a_packed_file_cut_short_is_refused(tmp_path, name, pack):
    path = written(tmp_path, pack(b"a\n1\n" * 500)[:-20], name)

    with pytest.raises(SourceError, match="cannot be opened"):
        read_bytes(path)


def test_a_damaged_packed_file_is_refused(tmp_path):
    packed = bytearray(gzip.compress(b"a\n1\n" * 500))
    packed[12] ^= 0xFF

    with pytest.raises(SourceError, match="cannot be opened"):
        read_bytes(written(tmp_path, bytes(packed), "a.csv.gz"))


def test_a_zip_with_one_file_is_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.mkdir("carpeta")
        archive.writestr("carpeta/a.csv", "a\n1\n")

    assert read_bytes(tmp_path / "a.zip") == b"a\n1\n"


def test_a_zip_with_two_files_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.csv", "a\n1\n")
        archive.writestr("b.csv", "a\n1\n")

    with pytest.raises(SourceError, match=r"a\.zip holds 2 files and one was expected"):
        read_bytes(tmp_path / "a.zip")


def test_a_file_that_is_no_zip_is_refused(tmp_path):
    with pytest.raises(SourceError, match="cannot be opened"):
        read_bytes(written(tmp_path, "a\n1\n", "a.zip"))


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.zip"])
def test_a_file_that_expands_beyond_the_limit_is_not_read(tmp_path, monkeypatch, name):
    monkeypatch.setattr(files, "MAXIMUM_BYTES", 1_000)
    content = b"0" * 1_001
    path = tmp_path / name
    if name == "a.zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.csv", content)
    else:
        path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)

    with pytest.raises(SourceError, match="expands to more than 1,000 bytes"):
        read_bytes(path)


def test_a_file_of_exactly_the_limit_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MAXIMUM_BYTES", 1_000)

    assert len(read_bytes(written(tmp_path, b"0" * 1_000))) == 1_000


def test_a_missing_file_is_refused_with_its_path(tmp_path):
    with pytest.raises(SourceError, match=r"nada\.csv cannot be opened .*Check the path"):
        read_cells(tmp_path / "nada.csv", FileFormat())


def test_a_missing_column_is_named_with_those_there_are(tmp_path):
    cells = read_cells(written(tmp_path, "Fecha,Delito\n1,2\n"), FileFormat())

    with pytest.raises(
        SourceError, match=r"no column “fecha” \(2 missing\)\. Its columns are: Fecha and Delito"
    ):
        require_columns(tmp_path / "a.csv", cells, {"date": "fecha", "lon": "x", "s": "Delito"})


def test_a_column_that_the_file_is_said_not_to_have_is_not_asked_for(tmp_path):
    require_columns(tmp_path / "a.csv", pd.DataFrame({"a": ["1"]}), {"date": "a", "hour": ""})


def test_a_sheet_with_title_rows_is_read_from_its_header(tmp_path):
    rows = [
        ["Juzgado Cívico"],
        [],
        ["FECHA", "CLAVE", "N"],
        ["2024-01-31", "007", 3],
        ["x", "", 2.5],
    ]
    path = workbook(tmp_path / "a.xlsx", Hoja1=rows)

    cells = read_cells(path, FileFormat(format="xlsx", header_row=2))

    assert cells.to_dict("list") == {
        "FECHA": ["2024-01-31", "x"],
        "CLAVE": ["007", ""],
        "N": ["3", "2.5"],
    }


def test_blank_columns_of_a_sheet_do_not_count_as_repeated(tmp_path):
    path = workbook(tmp_path / "a.xlsx", Hoja1=[["A", "", ""], ["1", "", "nota"]])

    assert read_cells(path, XLSX).to_dict("list") == {"A": ["1"], "(2)": [""], "(3)": ["nota"]}


def test_a_sheet_that_is_not_there_is_refused_with_those_there_are(tmp_path):
    path = workbook(tmp_path / "a.xlsx", Datos=[["A"]], Notas=[["B"]])

    with pytest.raises(SourceError, match=r"has the sheets Datos and Notas, .* names “Hoja1”"):
        read_cells(path, FileFormat(format="xlsx", sheet="Hoja1"))


def test_one_of_several_sheets_is_never_chosen_in_silence(tmp_path):
    path = workbook(tmp_path / "a.xlsx", Datos=[["A"], ["1"]], Notas=[["B"]])

    with pytest.raises(SourceError, match="Write which one holds the table"):
        read_cells(path, XLSX)
    named = read_cells(path, FileFormat(format="xlsx", sheet="Datos"))
    assert named.to_dict("list") == {"A": ["1"]}


def test_a_sheet_shorter_than_its_title_rows_is_refused(tmp_path):
    path = workbook(tmp_path / "a.xlsx", Hoja1=[["A"]])

    with pytest.raises(SourceError, match="expects the header in row 4"):
        read_cells(path, FileFormat(format="xlsx", header_row=3))


def test_a_file_that_is_no_spreadsheet_is_refused(tmp_path):
    with pytest.raises(SourceError, match="is not a spreadsheet that can be read"):
        read_cells(written(tmp_path, "a,b\n", "a.xlsx"), XLSX)


def test_title_lines_and_blank_lines_are_no_rows(tmp_path):
    path = written(tmp_path, "Corte, a junio\n\nclave,n\n1,2\n\n3,4\n")

    cells = read_cells(path, FileFormat(header_row=1))

    assert cells.to_numpy().tolist() == [["1", "2"], ["3", "4"]]
    assert list(cells.index) == [0, 2]  # where they stand below the header


def test_a_line_break_inside_quotes_stays_in_its_cell(tmp_path):
    cells = read_cells(written(tmp_path, 'a,b\r\n"uno\ndos",3\r\n4\r\n'), FileFormat())

    assert cells.fillna("·").to_numpy().tolist() == [["uno\ndos", "3"], ["4", "·"]]


def test_a_quoted_blank_cell_is_a_row_and_a_blank_line_is_none(tmp_path):
    cells = read_cells(written(tmp_path, 'a\n""\n\nx\n'), FileFormat())

    assert cells["a"].tolist() == ["", "x"]
    assert cells.index.tolist() == [0, 2]


def test_cells_quoted_whole_on_one_line_are_read_as_those_with_a_line_break_are(tmp_path):
    plain = 'a,b\n"uno, dos","dice ""ya"""\n"",3\n'
    unusual = read_cells(written(tmp_path, plain + '"l\nm",\n', "unusual.csv"), FileFormat())

    cells = read_cells(written(tmp_path, plain), FileFormat())

    assert cells.to_numpy().tolist() == [["uno, dos", 'dice "ya"'], ["", "3"]]
    pd.testing.assert_frame_equal(cells, unusual.iloc[:2], check_index_type=False)


#: Pieces of lines of which only some are a table as it should be written.
PIECE = st.sampled_from(['"', '""', ",", "\n", "\r\n", "a", " ", '"r,s"', '"q"', "é"])


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(pieces=st.lists(PIECE, max_size=12))
def test_the_quick_way_reads_what_the_way_cell_by_cell_reads(monkeypatch, pieces):
    text = "h,i\n" + "".join(pieces)

    def read():
        try:
            batches = delimited.read_batches(Path("x"), io.StringIO(text, newline=""), FileFormat())
            return pd.concat(batches).astype(object).to_dict("index")
        except SourceError as refused:
            return str(refused)

    quick = read()
    with monkeypatch.context() as patch:
        patch.setattr(delimited, "_plain_table", lambda *_: None)
        assert repr(quick) == repr(read())


CELL = st.sampled_from(["", "a", "NA", 'x"y', "1,5", "né", " ", "l\nm", "007", "1e3"])


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(st.lists(CELL, max_size=3), max_size=9),
    end=st.sampled_from(["\n", "\r\n"]),
    size=st.integers(1, 4),
)
def test_whatever_is_written_in_a_table_is_read_in_batches_of_any_size(tmp_path, rows, end, size):
    sheet = io.StringIO(newline="")
    csv.writer(sheet, lineterminator=end).writerows([["a", "b", "c"], *rows])
    path = written(tmp_path, sheet.getvalue())

    cells = pd.concat(files.batches(path, FileFormat(), rows=size))

    # A list without cells is a blank line: it is no row, and counts where rows stand.
    said = {at: row + [None] * (3 - len(row)) for at, row in enumerate(rows) if row}
    found = cells.astype(object).where(cells.notna(), None)
    assert dict(zip(found.index, found.to_numpy().tolist(), strict=True)) == said


READ_WITHIN = """
import resource, sys
from pathlib import Path
import pandas as pd
from labtools.sources.protocol import read_rows
from tests.sources.supplied import EVENTS, intake
list(pd.Series(["a"]).str.strip())
given = intake(Path(sys.argv[1]), EVENTS, where={"colonia": "Centro"})
held = next(line for line in open("/proc/self/status") if line.startswith("VmData"))
limit = int(held.split()[1]) * 1024 + int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
rows = read_rows(given)
print(rows.read, len(rows.cells))
"""


def test_a_file_larger_than_the_memory_is_read_within_it(tmp_path):
    row = "F{at:07},2024-05-06,08:30:00,ROBO A TRANSEUNTE,-100.4,20.6,{where}\n"
    block = "".join(row.format(at=at, where="Centro" if at % 1_000 == 0 else "Peñuelas")
                    for at in range(100_000))  # fmt: skip
    path = tmp_path / "grande.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(EVENTS_HEADER + "\n")
        file.writelines(block for _ in range(40))
    room = 96 * 1024**2

    told = subprocess.run(
        [sys.executable, "-c", READ_WITHIN, str(path), str(room)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )

    assert path.stat().st_size > 2 * room
    assert told.stdout.split() == ["4000000", "4000"], told.stderr
