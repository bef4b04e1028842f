import csv

import numpy as np
import pandas as pd
import pytest

from labtools.publish.open_data import HOLDS, write_csv


def read(path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_text_that_a_spreadsheet_would_run_is_quoted(tmp_path, start):
    write_csv(pd.DataFrame({"name": [f"{start}1+1", "Centro"]}), tmp_path / "t.csv")

    assert read(tmp_path / "t.csv")[1:] == [[f"'{start}1+1"], ["Centro"]]


def test_negative_numbers_stay_numbers(tmp_path):
    table = pd.DataFrame({"lon": [-100.39], "n": pd.array([-3], dtype="Int64")})

    write_csv(table, tmp_path / "t.csv")

    assert read(tmp_path / "t.csv")[1] == ["-100.39", "-3"]


def test_missing_is_an_empty_cell_and_zero_is_zero(tmp_path):
    table = pd.DataFrame(
        {
            "events": pd.array([0, None], dtype="Int64"),
            "rate": [0.0, np.nan],
            "name": pd.Series(["a", None], dtype="str"),
        }
    )

    write_csv(table, tmp_path / "t.csv")

    assert read(tmp_path / "t.csv")[1:] == [["0", "0", "a"], ["", "", ""]]


def test_dates_are_days_and_accents_open_in_spreadsheets(tmp_path):
    table = pd.DataFrame({"name": ["Ñáñez"], "cutoff": pd.to_datetime(["2025-12-31"])})

    write_csv(table, tmp_path / "t.csv")

    assert (tmp_path / "t.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert read(tmp_path / "t.csv")[1] == ["Ñáñez", "2025-12-31"]


@pytest.mark.parametrize("name", sorted(HOLDS))
def test_every_released_table_can_be_downloaded_whole_without_shapes(site, tables, name):
    rows = read(site / "data" / f"{name}.csv")

    assert rows[0] == [column for column in tables[name].columns if column != "geometry"]
    assert len(rows) - 1 == len(tables[name])
