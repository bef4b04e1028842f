import math

import pytest

from labtools.errors import AnalysisError
from labtools.evaluation.cost import averted, unit_cost


def test_events_averted_follow_from_the_ratio_and_its_limits():
    got = averted(200, (math.log(0.8), math.log(0.7), math.log(0.95)))

    assert got == pytest.approx((40, 10, 60))


def test_a_fifth_of_200_averted_for_a_thousand_costs_25_each():
    got = unit_cost(1_000, (40, 10, 60))

    assert (got.value, got.lower, got.upper) == pytest.approx((25, 1_000 / 60, 100))


def test_where_the_effect_may_be_nil_the_cost_has_no_upper_limit():
    got = unit_cost(1_000, (40, -5, 60))

    assert got.value == 25
    assert got.upper == math.inf


def test_where_nothing_was_averted_there_is_no_cost_of_one():
    got = unit_cost(1_000, (-10, -30, -2))

    assert math.isnan(got.value)
    assert math.isnan(got.lower)


def test_a_cost_of_nothing_is_refused():
    with pytest.raises(AnalysisError, match="positive cost"):
        unit_cost(0, (40, 10, 60))


@pytest.mark.parametrize("good", [(40.0, 41.26, 60.0), (40.0, 10.0, 39.04)])
def test_limits_that_do_not_hold_the_estimate_are_refused_with_one_decimal(good):
    with pytest.raises(AnalysisError, match=rf"for {good[1]:.1f} to {good[2]:.1f} cannot"):
        unit_cost(1_000, good)


def test_limits_may_lie_at_the_estimate_and_one_event_has_a_cost():
    got = unit_cost(0.5, (1, 1, 1))

    assert (got.value, got.lower, got.upper) == (0.5, 0.5, 0.5)
    nothing = unit_cost(1, (0, 0, 0))
    assert math.isnan(nothing.value)
    assert math.isnan(nothing.lower)
    assert nothing.upper == math.inf
