"""Cases in which nothing can be told: each is refused with a reason, none breaks or invents."""

import numpy as np
import pandas as pd
import pytest

from labtools.errors import AnalysisError
from labtools.evaluation.answers import answer_effect
from labtools.evaluation.displacement import estimate_dispersion, weighted_displacement_difference
from labtools.evaluation.interrupted_series import interrupted_series
from labtools.evaluation.micro_synthetic import micro_synthetic
from labtools.evaluation.staggered import Panel, average_effects, group_time_effects
from labtools.evaluation.synthetic_did import placebo_error, synthetic_difference

MONTHS = pd.date_range("2020-01-01", periods=60, freq="MS")


def panel(first):
    outcome = pd.DataFrame(
        np.random.default_rng(2).normal(size=(len(first), 6)), columns=range(2001, 2007)
    )
    return Panel(outcome, pd.Series(first, dtype=float), outcome[[]])


def rng():
    return np.random.default_rng(3)


@pytest.mark.parametrize(
    "first",
    [
        pytest.param([2004] + [0] * 29, id="one treated unit"),
        pytest.param([2004] * 29 + [0], id="one unit to compare with"),
        pytest.param([2001] * 15 + [0] * 15, id="treated from the first period"),
        pytest.param([2004] * 30, id="nobody to compare with"),
    ],
)
def test_groups_that_nobody_can_be_compared_with_are_refused(first):
    with pytest.raises(AnalysisError, match="No group"):
        group_time_effects(panel(first))


def test_without_a_treated_period_left_there_is_no_average():
    effects = group_time_effects(panel([2004] * 15 + [0] * 15), anticipation=5)

    with pytest.raises(AnalysisError, match="No group"):
        average_effects(effects, "simple")


@pytest.mark.parametrize(
    ("treated", "dispersion"), [((-5, 60), 1.0), ((50, 50), np.inf), ((0, 0), 1.0)]
)
def test_a_displacement_of_impossible_counts_is_refused(treated, dispersion):
    with pytest.raises(AnalysisError):
        weighted_displacement_difference(treated, (50, 50), dispersion=dispersion)


def test_the_dispersion_of_one_row_is_refused():
    with pytest.raises(AnalysisError, match="freedom"):
        estimate_dispersion(np.arange(10))


@pytest.mark.parametrize("events", [np.zeros(60), np.r_[np.ones(40), np.zeros(20)]])
def test_a_series_without_events_before_or_after_is_refused(events):
    with pytest.raises(AnalysisError, match="no ratio"):
        interrupted_series(pd.Series(events, MONTHS), MONTHS[40], rng=rng())


def test_a_month_told_twice_is_refused():
    counts = pd.Series(5.0, MONTHS.append(MONTHS[:1]))

    with pytest.raises(AnalysisError, match="1 months"):
        interrupted_series(counts, MONTHS[40], rng=rng())


def test_a_mix_without_events_is_refused():
    matched = pd.DataFrame(rng().poisson(5, (60, 3)).astype(float))

    with pytest.raises(AnalysisError, match="no ratio"):
        micro_synthetic(matched, pd.Series(0.0, range(60)), pd.Series(range(60)) < 15, rng=rng())


def test_a_synthetic_difference_of_unknown_places_is_refused():
    outcome = pd.DataFrame(rng().normal(size=(8, 12)), index=range(2000, 2008))

    with pytest.raises(AnalysisError, match="lacks"):
        synthetic_difference(outcome, ["elsewhere"], 2005)
    with pytest.raises(AnalysisError, match="too few"):
        placebo_error(outcome, [0], 2005, rng=rng(), draws=1)


def test_where_nobody_is_afraid_nothing_changed_and_nothing_is_tested():
    wave = pd.to_datetime(["2022-01-01", "2023-01-01"])
    answers = pd.DataFrame(
        [(f"c{i}", day, 1.0, 0.0) for i in range(40) for day in wave],
        columns=["place", "wave", "weight", "value"],
    )
    entered = pd.Series(pd.Timestamp("2022-06-01"), [f"c{i}" for i in range(20)])

    got = answer_effect(answers, entered)

    assert got.change == pytest.approx(0, abs=1e-12)
    assert np.isnan([got.se, got.lower, got.upper, got.p]).all()
