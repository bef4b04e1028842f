"""Slices of a table that was cut once are those that each colonia would get by itself."""

import numpy as np
import pandas as pd
import pytest

from labtools.tables import cuts
from labtools.tables.cuts import Cut, with_light_words
from labtools.tables.released import lines_of


@pytest.fixture
def table():
    """Two colonias by month, with a word, a count and a day that are missing."""
    words = pd.Series(["robbery", "theft", None, "theft", "robbery", "theft"], dtype="str")
    days = pd.date_range("2025-01-01", periods=6, freq="MS").to_series(index=range(6))
    days[5] = pd.NaT
    return pd.DataFrame(
        {
            "colonia_id": pd.Series(["99001_0001", "99001_0002"] * 3, dtype="str"),
            "group": words,
            "events": pd.array([0, 1, None, 3, 4, 5], dtype="Int64"),
            "rate": [0.0, -0.0, 1 / 3, np.nan, 1.0, 2.0],
            "month": days,
        }
    )


def test_rows_are_those_of_the_table_whatever_is_written_at_a_time(table, monkeypatch):
    monkeypatch.setattr(cuts, "_PIECE", 4)
    cut, own = Cut(table), table[table["colonia_id"] == "99001_0002"]

    assert cut.lines == lines_of(table)
    assert cut.lines_of("99001_0002") == lines_of(own)
    assert cut.lines_of("99001_0009") == []
    assert Cut(table[:0]).lines == []


def test_the_rows_of_few_are_written_without_those_of_all_and_are_the_same(table):
    few, all_of_them = Cut(table), Cut(table)

    assert all_of_them.lines
    for colonia in ("99001_0001", "99001_0002", "99001_0009"):
        assert few.lines_of(colonia) == all_of_them.lines_of(colonia)
    assert "lines" not in vars(few)


def test_light_words_are_the_same_words_each_held_once(table):
    light = with_light_words(table)

    pd.testing.assert_frame_equal(light, table, check_dtype=False)
    assert light["group"].dtype == pd.StringDtype("python", na_value=np.nan)
    assert light.dtypes.drop(["colonia_id", "group"]).equals(
        table.dtypes.drop(["colonia_id", "group"])
    )
    assert len({id(word) for word in light["group"].dropna()}) == 2
    assert light["group"].isna().tolist() == [False, False, True, False, False, False]


def test_slices_of_light_words_are_slices_of_the_table(table):
    pd.testing.assert_frame_equal(
        Cut(with_light_words(table)).of("99001_0001"),
        table[table["colonia_id"] == "99001_0001"].reset_index(drop=True),
        check_dtype=False,
    )
    assert Cut(with_light_words(table[:0])).of("99001_0001").empty
