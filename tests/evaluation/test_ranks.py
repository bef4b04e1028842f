"""What placebos and permutations tell: ranks, limits and edges, by hand and by the normal law."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from labtools.errors import AnalysisError
from labtools.evaluation.estimate import error_within
from labtools.evaluation.grouped import _most, _rank
from labtools.evaluation.one_start import OneStart
from labtools.evaluation.permuted_ratio import _edge, _estimate


def test_of_nineteen_placebos_the_largest_is_the_limit_of_95_and_none_is_of_more():
    size = pd.Series(np.arange(19.0, 0, -1))

    assert _most(size, 0.95) == 19
    assert _most(size, 0.9) == 18
    assert _most(size, 0.96) == np.inf


def test_a_rank_counts_the_treated_and_those_as_large():
    size = pd.Series([1.0, 2, 3, 3, 4])

    assert _rank(size, 3.0) == pytest.approx(4 / 6)
    assert _rank(size, 9.0) == pytest.approx(1 / 6)


@pytest.mark.parametrize("value", [0.3, -0.05])
def test_the_edges_of_a_normal_test_are_1_96_errors_away(value):
    def p_of(effect):
        return float(2 * stats.norm.sf(abs(effect - value) / 0.1))

    found = [_edge(p_of, value, sign, 0.05) for sign in (-1, 1)]

    assert found == pytest.approx([value - 0.196, value + 0.196], abs=1e-4)


def test_a_test_that_never_rejects_has_no_edges():
    assert [_edge(lambda _: 1.0, 0.2, sign, 0.05) for sign in (-1, 1)] == [-np.inf, np.inf]


def test_a_test_that_rejects_at_once_has_its_edge_at_the_value():
    def p_of(effect):
        return 1.0 if abs(effect) < 1e-3 else 0.0

    assert _edge(p_of, 0.0, 1, 0.05) == pytest.approx(1e-3, abs=1e-5)


def test_the_error_within_limits_is_that_of_a_normal_law():
    assert error_within(-1.96, 1.96, 0.95) == pytest.approx(1.0, abs=1e-4)
    assert error_within(0.0, 1.0, 0.9) == pytest.approx(1 / (2 * stats.norm.ppf(0.95)))


def start(counts, at=4):
    counts = pd.DataFrame(counts, dtype=float)
    treated = pd.Series(np.arange(len(counts)) < 2)
    nobody = pd.Series(np.zeros(len(counts), bool))
    beside = pd.DataFrame(np.zeros((len(counts), len(counts)), bool))
    return OneStart(counts, at, treated, nobody, beside, "otherwise")


def test_whole_years_before_a_start_are_counted_backwards_from_it():
    one = start(np.arange(22.0) * np.ones((5, 1)), at=10)

    years = one.years_before(3)

    assert years.columns.to_list() == [6, 10]
    assert years.loc[0].to_list() == [2 + 3 + 4 + 5, 6 + 7 + 8 + 9]
    assert one.years_before(1).columns.to_list() == [10]
    assert one.after[0] == sum(range(10, 22))
    assert one.others.to_list() == [False, False, True, True, True]
    with pytest.raises(AnalysisError, match="3 quarters before"):
        start(np.ones((5, 8)), at=3).years_before(2)
    with pytest.raises(AnalysisError, match="0 from it on"):
        start(np.ones((5, 8)), at=8).years_before(2)


def test_a_year_earlier_ends_where_it_began_and_needs_two_years():
    earlier = start(np.ones((5, 12)), at=8).a_year_earlier()

    assert earlier is not None
    assert (earlier.start, earlier.counts.shape[1]) == (4, 8)
    assert start(np.ones((5, 12)), at=7).a_year_earlier() is None


def test_a_ratio_is_that_of_four_sums_and_its_test_is_asked_of_what_each_place_changed():
    counts = np.array([[1.0] * 4 + [2.0] * 4, [3.0] * 4 + [3.0] * 4, *[[2.0] * 8] * 2])
    asked = []

    def rare(change):
        asked.append(change)
        return 0.5 if len(asked) > 60 else 0.0

    found = _estimate(start(counts), rare, 0.95)

    # 20 after and 16 before in the programme; 16 and 16 outside it.
    assert found.log_ratio == pytest.approx(np.log(20 * 16 / (16 * 16)))
    assert (found.observed, found.places, found.compared) == (20, 2, 2)
    # Without effect: 36 events after for 32 before, so that each is expected 9/8 of its own.
    assert asked[-1] == pytest.approx([8 - 4.5, 12 - 13.5, 8 - 9, 8 - 9])


@pytest.mark.parametrize("row", [0, 2])
@pytest.mark.parametrize("part", [slice(0, 4), slice(4, 8)])
def test_where_one_of_the_four_sums_is_nothing_there_is_no_ratio(row, part):
    counts = np.ones((4, 8))
    counts[row : row + 2, part] = 0

    with pytest.raises(AnalysisError, match="no ratio"):
        _estimate(start(counts), lambda _: 1.0, 0.95)


def test_one_other_place_compares_nothing():
    with pytest.raises(AnalysisError, match="no ratio"):
        _estimate(start(np.ones((3, 8))), lambda _: 1.0, 0.95)


@pytest.mark.parametrize(("edge", "found"), [(1.2, 1.2), (1.549, 1.549), (1.56, np.inf)])
def test_edges_are_looked_for_up_to_a_ratio_of_nearly_five(edge, found):
    def p_of(effect):
        return 1.0 if abs(effect) < edge else 0.0

    assert _edge(p_of, 0.0, 1, 0.05) == pytest.approx(found, abs=1e-3)
    assert _edge(p_of, 0.0, -1, 0.05) == pytest.approx(-found, abs=1e-3)


def test_an_effect_whose_p_is_the_error_itself_is_rejected():
    def p_of(effect):
        return 0.5 if abs(effect) < 0.1 else 0.05

    assert _edge(p_of, 0.0, 1, 0.05) == pytest.approx(0.1, abs=1e-4)
