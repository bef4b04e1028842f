"""Displacement asked of a start: how many years compare, who is paired, and the error of pairs."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from labtools.errors import AnalysisError
from labtools.evaluation.displaced import (
    _estimate,
    _pairs,
    _ratio,
    _spread,
    _windows,
    _years,
    displaced_beside,
    displaced_effect,
)
from labtools.evaluation.displacement import weighted_displacement_difference
from labtools.evaluation.near_error import NearError
from labtools.evaluation.one_start import OneStart


@pytest.mark.parametrize(
    ("quarters", "start", "years"),
    [(16, 12, 1), (20, 12, 2), (40, 12, 2), (16, 8, 1), (60, 40, 3), (15, 12, 0), (12, 4, 0)],
)
def test_as_many_whole_years_compare_as_both_sides_have_and_one_before_them_for_the_level(
    quarters, start, years
):
    assert _years(SimpleNamespace(counts=np.zeros((2, quarters)), start=start)) == years


def test_a_ratio_is_that_of_the_events_over_those_without_the_change():
    assert _ratio(80, -20) == pytest.approx(np.log(0.8))
    assert _ratio(0, -20) == -np.inf
    assert _ratio(80, 80) == np.inf
    assert _ratio(1, 0.5) == pytest.approx(np.log(2))


def start(counts, at, treated=1, ring=0, chosen="by_lottery"):
    counts = pd.DataFrame(counts, [f"p{k}" for k in range(len(counts))])
    place = np.arange(len(counts))
    none = np.zeros((len(counts), len(counts)), bool)
    return OneStart(
        counts,
        at,
        pd.Series(place < treated, counts.index),
        pd.Series((place >= treated) & (place < treated + ring), counts.index),
        pd.DataFrame(none, counts.index, counts.index),
        chosen,
    )


def test_the_level_is_told_by_the_year_before_those_that_compare():
    before, after, first = _windows(start([2.0 ** np.arange(22)], 13))

    # Two years after; so two before, and a third one before them.
    assert before["p0"] == sum(2.0**k for k in range(5, 13))
    assert after["p0"] == sum(2.0**k for k in range(13, 21))
    assert first["p0"] == sum(2.0**k for k in range(1, 5))


def test_too_few_years_are_refused_with_those_there_are():
    with pytest.raises(AnalysisError, match="has 7 quarters before the start and 9 from it on"):
        _windows(start(np.ones((2, 16)), 7))


def test_each_place_is_paired_with_the_nearest_in_logarithms_and_nobody_twice():
    first = pd.Series([10.0, 100.0, 0.0, 9.0, 11.0, 90.0, 111.0, 1.0])
    ours = first.index < 3

    for seed in range(5):
        pairs = _pairs(first, pd.Series(ours), pd.Series(~ours), np.random.default_rng(seed))
        # 111 is nearer to 100 than 90 is, and 11 nearer to 10 than 9, by ratio.
        assert sorted(pairs) == [4, 6, 7]


def test_two_of_one_level_take_the_two_nearest_and_as_many_others_are_enough():
    first = pd.Series([10.0, 10.0, 11.0, 14.0])
    ours = pd.Series([True, True, False, False])

    assert sorted(_pairs(first, ours, ~ours, np.random.default_rng(1))) == [2, 3]
    ours = pd.Series([True, True, True, False])
    with pytest.raises(AnalysisError, match="3 colonias are to be paired, and 1 others"):
        _pairs(first, ours, ~ours, np.random.default_rng(1))


def test_the_dispersion_is_that_which_gives_the_difference_the_error_of_the_ratio():
    # 100 became 60 here and 120 became 90 there: 75 were expected; an error of a fifth is 15.
    told = [(100.0, 60.0), (120.0, 90.0)]

    assert _spread(told, NearError(0.2, 9.0, 1.0)) == 1.0
    assert _spread(told, NearError(0.5, 9.0, 1.0)) == pytest.approx((0.5 * 75) ** 2 / 370)


def test_limits_of_the_difference_are_students_and_told_as_ratios():
    found = weighted_displacement_difference((100, 60), (120, 90), dispersion=2.0)
    among = NearError(0.2, 7.0, 1.0)

    got = _estimate(found, (60.0, 12), (0.9, among))

    # -40 here and -30 there: ten fewer than the 70 that were to be expected.
    se = np.sqrt(2 * 370)
    reach = stats.t.ppf(0.95, 7) * se
    assert got.log_ratio == pytest.approx(np.log(60 / 70))
    assert got.lower == pytest.approx(np.log(60 / (70 + reach)))
    assert got.upper == pytest.approx(np.log(60 / (70 - reach)))
    assert got.se == pytest.approx(se / 70)
    assert got.p == pytest.approx(2 * stats.t.sf(10 / se, 7))
    assert (got.observed, got.places, got.compared) == (60.0, 12, 12)


def town(seed=2):
    """Twelve places of a programme, twelve beside them, and sixty others: unrelated Poisson."""
    rng = np.random.default_rng(seed)
    level = np.tile([8.0, 20.0, 50.0], 28)[:, None] * np.ones(20)
    level[:12, 12:] *= 0.6
    level[12:24, 12:] *= 1.5
    return start(rng.poisson(level).astype(float), 12, treated=12, ring=12)


def test_the_programme_and_the_ring_are_each_compared_with_pairs_of_their_level():
    one = town()

    here = displaced_effect(one, level=0.95, rng=np.random.default_rng(1))
    beside = displaced_beside(one, level=0.95, rng=np.random.default_rng(1))

    assert here.log_ratio == pytest.approx(np.log(0.6), abs=0.1)
    assert here.upper < 0
    assert beside.log_ratio == pytest.approx(np.log(1.5), abs=0.1)
    assert beside.lower > 0
    assert here.observed == one.counts.iloc[:12, 12:].to_numpy().sum()
    assert beside.observed == one.counts.iloc[12:24, 12:].to_numpy().sum()
    assert (here.places, here.compared, beside.places) == (12, 12, 12)


def test_places_chosen_for_their_records_are_not_paired():
    with pytest.raises(AnalysisError, match="imputed_counts"):
        displaced_effect(
            start(np.ones((4, 20)), 12, chosen="by_records"),
            level=0.95,
            rng=np.random.default_rng(1),
        )
