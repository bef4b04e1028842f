import numpy as np
import pandas as pd
import pytest

from labtools.analysis.risk.discount import discounted

PEOPLE = pd.Series({"a": 400.0, "b": 100.0})


def test_a_count_nine_months_older_weighs_half():
    counts = pd.DataFrame(
        {1: [8.0, 0.0], 2: [0.0, 0.0], 3: [0.0, 0.0], 4: [8.0, 0.0]}, PEOPLE.index
    )

    told = discounted(counts, PEOPLE, period_months=3)

    newest = 2 ** (-1.5 / 9)
    assert told.loc["a", "events"] == pytest.approx(8 * newest * 1.5)
    assert told.loc["b", "events"] == 0


def test_constant_counts_give_the_plain_rate():
    counts = pd.DataFrame(np.full((2, 12), 5.0), index=PEOPLE.index)

    told = discounted(counts, PEOPLE, period_months=3)

    assert (told["events"] / told["exposure"]).to_dict() == pytest.approx({"a": 0.05, "b": 0.2})


def test_an_unknown_period_weighs_nothing_and_nothing_known_is_missing():
    counts = pd.DataFrame({1: [4.0, np.nan], 2: [np.nan, np.nan]}, index=PEOPLE.index)

    told = discounted(counts, PEOPLE, period_months=3)

    assert told.loc["a", "events"] / told.loc["a", "exposure"] == pytest.approx(4 / 400 * 4)
    assert np.isnan(told.loc["b", "events"])
    assert told.loc["b", "exposure"] == 0


def test_a_period_half_recorded_counts_half_its_person_years():
    counts = pd.DataFrame({1: [6.0, 3.0], 2: [3.0, 1.5]}, index=PEOPLE.index)

    told = discounted(counts, PEOPLE, period_months=3, recorded=pd.Series({2: 0.5}))

    assert (told["events"] / told["exposure"]).to_dict() == pytest.approx(
        {"a": 6 / 400 * 4, "b": 3 / 100 * 4}
    )
