import pandas as pd
import pytest

from labtools.workflow.programme_past import programme_in_force

STARTS = pd.date_range("2024-01-01", periods=4, freq="QS")
COLONIAS = pd.Index(["a", "b", "c"], name="colonia_id")


def told(*rows):
    table = pd.DataFrame(rows, columns=["colonia_id", "entered_on", "left_on"])
    return table.assign(
        entered_on=pd.to_datetime(table["entered_on"]), left_on=pd.to_datetime(table["left_on"])
    )


def test_a_quarter_counts_as_long_as_the_colonia_was_in_the_programme():
    programme = told(("a", "2024-05-16", None), ("b", "2023-01-01", "2024-04-01"))

    found = programme_in_force(programme, STARTS, COLONIAS, months=3)

    # From 16 May to the end of June are 46 of 91 days.
    assert found.loc["a"].tolist() == pytest.approx([0, 46 / 91, 1, 1])
    assert found.loc["b"].tolist() == [1, 0, 0, 0]
    assert found.loc["c"].tolist() == [0, 0, 0, 0]


def test_a_colonia_that_left_and_came_back_is_inside_in_both_stays_and_unknown_ones_are_left_out():
    programme = told(
        ("a", "2024-01-01", "2024-04-01"), ("a", "2024-07-01", None), ("x", "2024-01-01", None)
    )

    found = programme_in_force(programme, STARTS, COLONIAS, months=3)

    assert found.loc["a"].tolist() == [1, 0, 1, 1]
    assert list(found.index) == ["a", "b", "c"]


def test_without_a_programme_nobody_was_in_one():
    assert not programme_in_force(told(), STARTS, COLONIAS, months=3).to_numpy().any()
