"""One table, whatever it comes in: the same cells, as they were written."""

import datetime as dt
import gzip
from decimal import Decimal

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest

from labtools.errors import SourceError
from labtools.forms import FileFormat
from labtools.messages import speaking
from labtools.sources import columnar, dbase
from labtools.sources.areas import read_areas
from labtools.sources.files import batches, read_cells
from tests.sources.packed import (
    as_json,
    as_json_lines,
    as_parquet,
    dbf,
    ods,
    ods_row,
    parquet,
    text_dbf,
    zipped,
)
from tests.sources.supplied import (
    EVENTS,
    EVENTS_HEADER,
    clean,
    events_file,
    intake,
    square,
    written,
)

TABLE = [
    ["clave", "nombre", "n"],
    ["007", "Peñuelas", "12"],
    ["08", "NA", ""],
    ["1e3", "Niños Héroes, 2.ª", "3.50"],
]
CSV = 'clave,nombre,n\n007,Peñuelas,12\n08,NA,\n1e3,"Niños Héroes, 2.ª",3.50\n'
ODS = ods("".join(ods_row(*row) for row in TABLE))
FORMATS = {
    "csv": ("t.csv", CSV.encode(), FileFormat()),
    "ods": ("t.ods", ODS, FileFormat(format="ods")),
    "dbf": ("t.dbf", text_dbf(TABLE), FileFormat(format="dbf", encoding="latin-1")),
    "json": ("t.json", as_json(TABLE), FileFormat(format="json")),
    "json inside": (
        "t.json",
        as_json(TABLE, "result", "records"),
        FileFormat(format="json", sheet="result.records"),
    ),
    "jsonl": ("t.jsonl", as_json_lines(TABLE), FileFormat(format="jsonl")),
    "parquet": ("t.parquet", as_parquet(TABLE), FileFormat(format="parquet")),
    "zip of csv": (
        "t.zip",
        zipped(**{"leeme.txt": b"x", "datos/t.csv": CSV.encode()}),
        FileFormat(member="*.csv"),
    ),
    "zip of dbf": (
        "t.zip",
        zipped(**{"t.dbf": text_dbf(TABLE)}),
        FileFormat(format="dbf", encoding="latin-1"),
    ),
    "zip of ods": ("t.zip", zipped(**{"t.ods": ODS}), FileFormat(format="ods")),
    "gzip of parquet": (
        "t.parquet.gz",
        gzip.compress(as_parquet(TABLE)),
        FileFormat(format="parquet"),
    ),
}


@pytest.fixture(autouse=True)
def _in_english():
    with speaking("en"):
        yield


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_table_has_the_same_cells_in_every_format(tmp_path, name):
    file, content, form = FORMATS[name]

    cells = read_cells(written(tmp_path, content, file), form)

    assert [list(cells.columns), *cells.to_numpy().tolist()] == TABLE


@pytest.mark.parametrize("name", ["csv", "dbf", "jsonl", "parquet"])
def test_batches_of_any_size_put_together_are_the_table(tmp_path, name):
    file, content, form = FORMATS[name]

    parts = list(batches(written(tmp_path, content, file), form, rows=2))

    assert [len(part) for part in parts] == [2, 1]
    assert pd.concat(parts)["clave"].tolist() == ["007", "08", "1e3"]
    assert pd.concat(parts).index.tolist() == [0, 1, 2]


def test_a_dbf_of_another_program_is_read_as_it_was_written(tmp_path):
    table = pd.DataFrame({"CVE": ["00714", "9"], "N": [12, -3], "X": [1.5, np.nan]})
    pyogrio.write_dataframe(table, tmp_path / "t.dbf", driver="ESRI Shapefile")

    cells = read_cells(tmp_path / "t.dbf", FileFormat(format="dbf"))

    assert cells["CVE"].tolist() == ["00714", "9"]
    assert cells["N"].tolist() == ["12", "-3"]
    assert float(cells["X"][0]) == 1.5
    assert cells["X"][1] == "*"


def test_what_is_no_number_in_a_dbf_stays_what_it_is(tmp_path):
    content = dbf([("N", "N", 6), ("F", "D", 8)], [["12x", "20240506"], ["****", "        "]])

    cells = read_cells(written(tmp_path, content, "t.dbf"), FileFormat(format="dbf"))

    assert cells.to_numpy().tolist() == [["12x", "2024-05-06"], ["*", ""]]


def test_deleted_records_of_a_dbf_are_left_out_and_told(tmp_path):
    path = written(tmp_path, text_dbf(TABLE, marks=b" * "), "t.dbf")
    form = FileFormat(format="dbf", encoding="latin-1")

    cells = read_cells(path, form)

    assert cells["clave"].tolist() == ["007", "1e3"]
    assert cells.index.tolist() == [0, 2]
    assert cells.attrs == {"row_deleted": 1}


def test_deleted_records_stand_in_the_account(tmp_path):
    header, row = ["s", "c"], ["Robo", "fraud"]
    path = written(tmp_path, text_dbf([header, row, row, row], marks=b"  *"), "t.dbf")
    said = {
        "kind": "codings",
        "columns": {"subject": "s", "crime_code": "c"},
        "file": {"format": "dbf"},
    }

    account = clean(intake(path, said)).account

    assert (account.read, account.kept) == (3, 2)
    assert dict(account.rejected) == {"row_deleted": 1}


def test_a_dbf_in_another_encoding_is_refused_with_its_record(tmp_path):
    path = written(tmp_path, text_dbf(TABLE), "t.dbf")

    with pytest.raises(SourceError, match=r"t\.dbf is not UTF-8: line 2"):
        read_cells(path, FileFormat(format="dbf"))


def test_a_dbf_without_records_has_its_columns(tmp_path):
    cells = read_cells(written(tmp_path, text_dbf(TABLE[:1]), "t.dbf"), FileFormat(format="dbf"))

    assert list(cells.columns) == TABLE[0]
    assert cells.empty


def test_typed_cells_of_parquet_are_written_as_a_person_would(tmp_path):
    content = parquet(
        {
            "whole": [1, None],
            "half": [12.0, 1.5],
            "money": [Decimal("12.00"), Decimal("3.25")],
            "day": [dt.date(2024, 5, 6), None],
            "moment": [dt.datetime(2024, 5, 6), dt.datetime(2024, 5, 6, 8, 30)],  # noqa: DTZ001
            "zoned": [dt.datetime(2024, 5, 6, 3, tzinfo=dt.UTC), None],
            "hour": [dt.time(8, 30), None],
            "said": [True, None],
        }
    )

    cells = read_cells(written(tmp_path, content, "t.parquet"), FileFormat(format="parquet"))

    assert cells.to_numpy().tolist() == [
        ["1", "12", "12", "2024-05-06", "2024-05-06", "2024-05-06 03:00:00Z", "08:30:00", "true"],
        ["", "1.5", "3.25", "", "2024-05-06 08:30:00", "", "", ""],
    ]


def test_text_of_parquet_is_never_shortened(tmp_path):
    content = parquet({"clave": ["001.00", "2024-05-06 00:00:00"]})

    cells = read_cells(written(tmp_path, content, "t.parquet"), FileFormat(format="parquet"))

    assert cells["clave"].tolist() == ["001.00", "2024-05-06 00:00:00"]


def test_a_parquet_file_whose_text_would_fill_the_memory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(columnar, "MAXIMUM_BATCH_BYTES", 10_000_000)
    content = parquet({"relato": ["x" * 1_000] * 20_000})
    path = written(tmp_path, content, "t.parquet")

    assert len(content) < 20_000
    with pytest.raises(SourceError, match=r"t\.parquet expands to more rows, or more text"):
        read_cells(path, FileFormat(format="parquet"))


def test_a_parquet_file_of_too_many_rows_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(columnar, "MAXIMUM_ROWS", 1_000)
    path = written(tmp_path, parquet({"n": np.zeros(1_001, int)}), "t.parquet")

    with pytest.raises(SourceError, match=r"t\.parquet expands to more rows"):
        read_cells(path, FileFormat(format="parquet"))


def test_records_of_json_may_leave_cells_out_and_hold_records(tmp_path):
    content = b'[{"a": 1.10, "at": {"lon": -100.40}}, {"a": null, "b": true, "c": [1, "x"]}]'

    cells = read_cells(written(tmp_path, content, "t.json"), FileFormat(format="json"))

    assert list(cells.columns) == ["a", "at.lon", "b", "c"]
    assert cells.to_numpy().tolist() == [
        ["1.10", "-100.40", "", ""],
        ["", "", "true", '["1", "x"]'],
    ]


def test_blank_lines_between_json_records_are_no_rows(tmp_path):
    path = written(tmp_path, b'{"a": 1}\n\n{"a": 2}\n', "t.jsonl")

    cells = read_cells(path, FileFormat(format="jsonl"))

    assert cells["a"].tolist() == ["1", "2"]
    assert cells.index.tolist() == [0, 2]


def test_areas_in_geoparquet_are_read(tmp_path):
    path = tmp_path / "padron.parquet"
    gpd.GeoDataFrame({"clave": ["1"]}, geometry=[square(0, 0)], crs="EPSG:4326").to_parquet(path)

    assert read_areas(path, FileFormat(format="geo"))["clave"].tolist() == ["1"]


def test_a_parquet_file_without_polygons_is_refused(tmp_path):
    path = written(tmp_path, as_parquet(TABLE), "padron.parquet")

    with pytest.raises(SourceError, match=r"padron\.parquet cannot be read as polygons"):
        read_areas(path, FileFormat(format="geo"))


def test_the_layout_of_a_dbf_needs_no_more_memory_than_a_batch(tmp_path):
    path = written(tmp_path, text_dbf([TABLE[0], *([TABLE[1]] * 7)]), "t.dbf")
    with path.open("rb") as file:
        form = FileFormat(format="dbf", encoding="latin-1")

        sizes = [len(part) for part in dbase.read_dbf(path, file, form, 3)]

    assert sizes == [3, 3, 1]


ROWS = [
    EVENTS_HEADER.split(","),
    ["A1", "2024-05-06", "08:30", "ROBO", "-100.41", "20.61", "Centro"],
    ["A1", "2024-05-07", "", "ROBO", "", "", ""],
    ["A2", "2024-02-30", "25:00", "", "0", "0", "NA"],
    ["A3", "2031-01-01", "08:30", "Niño", "-100.41", "20.61", "Peñuelas"],
    ["", "2024-05-08", "12:00:00", "ROBO", "-100.41", "20.61", "None"],
]
CARRIERS = {
    "ods": lambda: ods("".join(ods_row(*row) for row in ROWS)),
    "dbf": lambda: text_dbf(ROWS),
    "json": lambda: as_json(ROWS),
    "jsonl": lambda: as_json_lines(ROWS),
    "parquet": lambda: as_parquet(ROWS),
}


@pytest.mark.parametrize("form", CARRIERS)
def test_the_same_events_have_the_same_table_and_account_in_every_format(tmp_path, form):
    plain = clean(intake(events_file(tmp_path, *map(",".join, ROWS[1:])), EVENTS))
    said = {**EVENTS, "file": {"format": form, "encoding": "latin-1"}}

    found = clean(intake(written(tmp_path, CARRIERS[form](), f"h.{form}"), said))

    assert found.account == plain.account
    assert dict(plain.account.rejected) == {
        "date_not_valid": 1,
        "after_cutoff": 1,
        "folio_repeated": 1,
    }
    pd.testing.assert_frame_equal(found.tables["events"], plain.tables["events"])
