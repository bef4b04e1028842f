import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from labtools.analysis.rates import crude_rates, poisson_interval
from labtools.errors import AnalysisError
from labtools.findings import Severity


def series(**values: float) -> pd.Series:
    return pd.Series(values, dtype=float)


@pytest.mark.parametrize("events", [1, 3, 10, 250])
def test_each_limit_leaves_one_tail_of_the_poisson_law_outside(events):
    row = crude_rates(series(a=events), series(a=1), per=1, level=0.90).table.loc["a"]

    assert stats.poisson.sf(events - 1, row["lower"]) == pytest.approx(0.05)
    assert stats.poisson.cdf(events, row["upper"]) == pytest.approx(0.05)


def test_ten_events_have_the_limits_of_garwoods_table():
    # Garwood 1936, table 1, 95 %: 4.795 and 18.390; none: 0 and 3.689 (one tail of 2.5 %).
    lower, upper = poisson_interval(np.array([0.0, 10.0]))

    assert lower == pytest.approx([0, 4.795], abs=0.0005)
    assert upper == pytest.approx([3.689, 18.390], abs=0.0006)


def test_a_colonia_with_no_events_has_rate_zero_and_a_positive_upper_limit():
    row = crude_rates(series(a=0), series(a=2_000)).table.loc["a"]

    assert (row["rate"], row["lower"]) == (0, 0)
    assert row["upper"] == pytest.approx(-np.log(0.025) / 2)


def test_a_colonia_without_population_has_no_rate_and_spoils_no_other():
    rates = crude_rates(series(a=3, b=4), series(a=0, b=1_000))

    assert rates.table.loc["a", ["rate", "lower", "upper"]].isna().all()
    assert rates.table.loc["b", "rate"] == 4
    assert [f.severity for f in rates.findings] == [Severity.CAUTION]
    assert str(rates.findings[0]) == "One colonia has no registered population and gets no rate: a."


def test_unknown_counts_stay_unknown():
    row = crude_rates(series(a=np.nan), series(a=100)).table.loc["a"]

    assert row[["rate", "lower", "upper"]].isna().all()


def test_the_order_of_the_population_table_does_not_matter():
    events, exposure = series(a=1, b=2), series(a=1_000, b=9_000)

    shuffled = crude_rates(events, exposure[["b", "a"]]).table

    pd.testing.assert_frame_equal(shuffled, crude_rates(events, exposure).table)


def test_colonias_that_do_not_match_are_named_in_the_error():
    with pytest.raises(AnalysisError, match="only in events, b; only in exposure, c"):
        crude_rates(series(a=1, b=1), series(a=1, c=1))


def test_a_negative_count_is_refused_with_its_place():
    with pytest.raises(AnalysisError, match="events has a negative value, at b"):
        crude_rates(series(a=1, b=-1), series(a=1, b=1))


def test_errors_survive_the_trip_between_processes():
    with pytest.raises(AnalysisError) as caught:
        crude_rates(series(a=1, b=-1), series(a=1, b=1))

    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@given(
    events=st.integers(0, 10_000),
    exposure=st.floats(1, 1e6),
    level=st.floats(0.5, 0.999),
)
def test_the_interval_always_holds_the_rate(events, exposure, level):
    row = crude_rates(series(a=events), series(a=exposure), level=level).table.loc["a"]

    assert row["lower"] <= row["rate"] <= row["upper"]
