import geopandas as gpd
import pandas as pd
import pytest
import shapely

from labtools.errors import TableError
from labtools.tables.contracts import CONTRACTS, check_table, empty_table


def test_a_table_that_holds_passes_as_it_is(programme):
    pd.testing.assert_frame_equal(check_table("programme", programme), programme)


def test_the_table_given_is_left_alone(programme):
    before = programme.copy()

    check_table("programme", programme)

    pd.testing.assert_frame_equal(programme, before)


@pytest.mark.parametrize("name", CONTRACTS)
def test_every_canonical_table_may_be_empty(name):
    table = empty_table(name)

    assert list(table.columns) == list(CONTRACTS[name].columns)
    assert len(table) == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.drop(columns="stage"),
        lambda t: t.assign(folio="A1"),
        lambda t: t[["entered_on", "colonia_id", "left_on", "stage"]],
    ],
    ids=["missing", "extra", "out of order"],
)
def test_columns_must_be_those_of_the_contract_in_its_order(programme, change):
    expected = "must have the columns colonia_id, entered_on, left_on,? and stage, in this order"

    with pytest.raises(TableError, match=f"The table programme {expected}"):
        check_table("programme", change(programme))


@pytest.mark.parametrize(
    ("column", "cells", "told"),
    [
        (
            "colonia_id",
            ["22014_1", None],
            "expected not_nullable, found nan in row 1, the first of 1",
        ),
        ("colonia_id", ["La Sierrita", "a/b"], "found La Sierrita in row 0, the first of 2"),
        ("colonia_id", ["22014_1", "x" * 41], "found x{41} in row 1"),
        ("entered_on", ["2024-01-15", "mañana"], "found mañana in row 1"),
    ],
)
def test_a_wrong_cell_is_refused_with_the_first_case_and_their_number(
    programme, column, cells, told
):
    with pytest.raises(TableError, match=f"contract in column {column}: .*{told}"):
        check_table("programme", programme.assign(**{column: cells}))


def account(**changed):
    row = {"step": "clean", "source": "s", "read": 3, "kept": 1, "reason": "x", "rejected": 2}
    return pd.DataFrame([{**row, **changed}])


@pytest.mark.parametrize("kept", [-1, 1.5, "uno"])
def test_a_count_is_a_whole_number_from_zero(kept):
    with pytest.raises(TableError, match="table account breaks its contract in column kept"):
        check_table("account", account(kept=kept))


def panel(**changed):
    row = {
        "colonia_id": "1",
        "month": pd.Timestamp("2024-01-01"),
        "record_type": "case_file",
        "group": "robbery",
        "events": 0,
    }
    return pd.DataFrame([{**row, **changed}])


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("group", "robo"),
        ("group", "total"),
        ("record_type", "carpeta"),
        ("month", pd.Timestamp("2024-01-02")),
    ],
)
def test_a_word_outside_the_vocabulary_is_refused(column, value):
    with pytest.raises(TableError, match=f"table panel breaks its contract in column {column}"):
        check_table("panel", panel(**{column: value}))


def test_a_count_that_is_not_known_is_missing_and_not_zero():
    table = check_table("panel", panel(events=None))

    assert table["events"].isna().all()


def test_sensitive_crime_has_no_place_in_a_result_by_colonia():
    table = empty_table("series")
    row = {
        "colonia_id": ["1"],
        "quarter": [pd.Timestamp("2024-01-01")],
        "group": ["sensitive"],
        "events": [3],
        "events_low": [3],
        "events_high": [3],
        "state": ["shown"],
    }

    with pytest.raises(TableError, match=r"in column group: .* found sensitive"):
        check_table("series", pd.DataFrame(row)[list(table.columns)])


def test_two_colonias_may_not_share_a_key():
    square = shapely.box(0, 0, 1, 1)
    table = gpd.GeoDataFrame({"ageb_id": ["1", "1"]}, geometry=[square, square], crs="EPSG:4326")

    with pytest.raises(TableError, match=r"in column ageb_id: .* found 1 in row 0"):
        check_table("ageb", table)


def test_a_table_that_nobody_defined_is_refused_with_those_there_are():
    with pytest.raises(TableError, match=r"no canonical table called tabla\. Those .*panel"):
        check_table("tabla", pd.DataFrame())
