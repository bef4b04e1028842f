"""Displacement asked of a start: how many years compare."""

from types import SimpleNamespace

import numpy as np
import pytest

from labtools.evaluation.displaced import _ratio, _years


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
