"""Rows of a small table as records: each value is of the kind that its column holds."""

import pandas as pd
import pytest

from labtools.tables.records import record_where, records


@pytest.fixture
def table():
    return pd.DataFrame(
        {
            "group": pd.Series(["theft", "robbery", "theft"], dtype="str"),
            "events": pd.array([0, None, 7], dtype="Int64"),
            "rows": [1, 2, 3],
            "rate": [0.5, 2.0, float("nan")],
            "shown": [True, False, True],
            "month": pd.to_datetime(["2025-01-01", None, "2025-03-01"]),
        }
    )


def test_numbers_truths_and_days_stay_what_they_are_beside_one_another(table):
    first, second, third = records(table)

    kinds = [type(value) for value in first.values()]
    assert kinds == [str, int, int, float, bool, pd.Timestamp]
    assert first == {
        "group": "theft", "events": 0, "rows": 1, "rate": 0.5, "shown": True,
        "month": pd.Timestamp("2025-01-01"),
    }  # fmt: skip
    assert second["events"] is pd.NA
    assert second["month"] is pd.NaT
    assert pd.isna(third["rate"])
    assert records(table[:0]) == []


def test_columns_of_one_kind_stay_whole_numbers(table):
    assert [type(row["rows"]) for row in records(table[["rows"]])] == [int, int, int]


def test_the_first_of_the_rows_is_found_and_none_where_there_is_none(table):
    assert record_where(table, "group", "theft")["rows"] == 1
    assert record_where(table, "group", "fraud") is None
    assert record_where(table[:0], "group", "theft") is None
