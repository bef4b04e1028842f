import csv

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest

from labtools.messages import speaking
from labtools.publish.codebook import MEANS, codebook
from labtools.publish.open_data import ENDINGS, HOLDS, file_of, open_tables, write_csv
from labtools.publish.workbook import write_workbook
from labtools.tables.contracts import empty_table
from labtools.tables.noting import Noting
from tests.publish.poisoned import (
    HOSTILE,
    guarded_columns,
    is_refused,
    poisoned_tables,
    written_columns,
)

RANGES = ("before_low", "before_high", "now_low", "now_high")


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
    ranges = RANGES if name in ("change", "municipality_crime") else ()

    told = [column for column in tables[name].columns if column != "geometry"]
    assert [column for column in rows[0] if column not in ranges] == told
    assert set(rows[0]) - set(told) == set(ranges)
    assert len(rows) - 1 == len(tables[name])


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_text_in_the_workbook_never_becomes_a_formula(tmp_path, start):
    hostile = f'{start}HYPERLINK("x")'
    write_workbook("t", pd.DataFrame({"name": [hostile, "Centro"]}), tmp_path / "t.xlsx")

    cells = openpyxl.load_workbook(tmp_path / "t.xlsx")["t"]["A"]

    assert [cell.data_type for cell in cells] == ["s", "s", "s"]
    assert str(cells[1].value).replace("_x000D_", "").strip() == hostile.strip()


@pytest.mark.parametrize("name", sorted(HOLDS))
def test_every_table_has_a_workbook_that_tells_every_column_in_each_language(site, tables, name):
    book = openpyxl.load_workbook(site / "data" / f"{name}.xlsx", read_only=True)
    told = [list(sheet.iter_rows(min_row=2, values_only=True)) for sheet in book.worksheets[1:]]

    assert book.sheetnames == [name[:31], "diccionario", "codebook"]
    assert len(list(book[name[:31]].iter_rows(min_row=2))) == len(tables[name])
    for rows in told:
        assert [row[0] for row in rows] == list(open_tables(tables)[name].columns)
    assert {row[2] for row in told[0]}.isdisjoint(row[2] for row in told[1])


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("name", ["change", "colonias_shown"])
def test_the_same_table_gives_the_same_file(tables, name, ending):
    assert file_of(tables, name, ending) == file_of(tables, name, ending)


@pytest.mark.parametrize("name", ["series", "change"])
def test_a_file_is_made_of_its_own_table_and_of_no_other(tables, name):
    asked = Noting(tables)

    file_of(asked, name, "xlsx")

    assert asked.asked == ({name} if name == "series" else {name, "period"})


def test_every_column_of_a_figure_has_its_meaning(tables):
    columns = {column for table in open_tables(tables).values() for column in table.columns}

    assert columns - set(MEANS) == set()


@pytest.mark.parametrize(
    # Of 4 quarters 1.96 √(4 · 4/3) gives 5, of the total's 16 cells 10; of 12 months 8 and 16.
    ("name", "alone", "together"),
    [("change", 5, 10), ("municipality_crime", 8, 16)],
)
@pytest.mark.parametrize("count", ["before", "now"])
def test_the_counts_of_a_change_are_offered_with_the_range_of_the_true_ones(
    site, name, alone, together, count
):
    told = pd.read_csv(site / "data" / f"{name}.csv")
    reach = told["group"].eq("total").map({True: together, False: alone})

    low, high = told[f"{count}_low"], told[f"{count}_high"]
    pd.testing.assert_series_equal(low, (told[count] - reach).clip(lower=0), check_names=False)
    pd.testing.assert_series_equal(high, told[count] + reach, check_names=False)
    assert told[count].notna().any()


def test_true_counts_are_offered_without_any_range(tables):
    true = open_tables({**tables, "period": tables["period"].assign(rounding_base=1)})["change"]

    assert true["now_low"].equals(true["now"])
    assert true["now_high"].equals(true["now"])


def test_the_same_name_is_told_otherwise_where_it_means_something_else():
    tables = {name: empty_table(name) for name in ("change", "fear_gap", "evaluation")}

    with speaking("en"):
        told = {(it.table, it.column): it.means for it in codebook(tables)}

    assert "apart from chance" in told["change", "verdict"]
    assert "combination" in told["fear_gap", "verdict"]
    assert "95 %" not in told["evaluation", "lower"]


def test_the_workbook_holds_the_figures_of_the_tables(site, tables):
    book = openpyxl.load_workbook(site / "data" / "crime.xlsx", read_only=True)
    rows = list(book["crime"].iter_rows(values_only=True))

    read_back = pd.DataFrame(rows[1:], columns=rows[0])

    for column in ("events", "rate", "lower", "upper"):
        expected = tables["crime"][column].astype("float64")
        pd.testing.assert_series_equal(
            read_back[column].astype("float64"), expected, check_names=False
        )


def test_the_boundaries_of_the_colonias_are_offered_as_geoparquet(site, tables):
    read_back = gpd.read_parquet(site / "data" / "colonias_shown.parquet")

    assert read_back.crs == "EPSG:4326"
    assert read_back.geometry.geom_equals(tables["colonias_shown"].geometry).all()


@pytest.mark.parametrize("name", HOLDS)
def test_every_text_of_a_released_table_is_kept_to_a_list_or_to_keys_or_is_attacked(name):
    attacked = poisoned_tables()[name]

    assert [c for c in guarded_columns(name) if not is_refused(name, c)] == []
    for column in written_columns(name):
        texts = attacked[column].dropna()
        assert texts.str.endswith(HOSTILE).any(), column
