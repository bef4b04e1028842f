"""What figures say of counts, and what one claim at a time tells: by hand and by trying all."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from labtools.errors import AnalysisError
from labtools.privacy.claims import (
    Claims,
    differences_within,
    exact_range,
    hidden_range,
    joined,
    links,
    rate_range,
    ratios_within,
    rounded_range,
    sums_within,
)
from labtools.privacy.near import _is_forest, _once_each, reachable, without_public_cells
from labtools.privacy.propagation import Ranges, binding, components, propagate

CELLS = pd.DataFrame({"colonia": ["a", "a", "b", "b"], "month": [1, 2, 1, 2]})


def claims(weights, low, high):
    return Claims(sparse.csr_array(np.array(weights, float)), np.array(low, float), np.array(high))


def limits(table):
    return list(zip(table["low"], table["high"], strict=True))


def test_ranges_of_figures_are_those_by_hand():
    figures = pd.Series([0, 3, 12, pd.NA], dtype="Int64")

    assert limits(exact_range(figures)) == [(0, 0), (3, 3), (12, 12), (0, np.inf)]
    assert limits(rounded_range(figures)) == [(0, 2), (1, 5), (10, 14), (0, np.inf)]
    assert limits(rounded_range(figures, base=5))[2] == (8, 16)
    assert limits(hidden_range(figures, below=5))[3] == (1, 4)
    assert limits(hidden_range(figures))[3] == (0, np.inf)


def test_a_rate_with_one_decimal_holds_the_counts_within_half_of_its_last_digit():
    rates, people = pd.Series([4.2, 0.0, np.nan]), pd.Series([5_000.0, 2_000.0, 100.0])

    told = rate_range(rates, people, per=1_000, decimals=1)

    assert told.iloc[0].to_list() == pytest.approx([20.75, 21.25])
    assert told.iloc[1].to_list() == pytest.approx([0, 0.1])
    assert limits(told)[2] == (0, np.inf)


def test_sums_have_ones_where_cells_have_their_keys_and_whole_limits():
    release = pd.DataFrame({"colonia": ["b", "a"], "low": [1.2, 2.0], "high": [4.9, 2.0]})

    told = sums_within(CELLS, release, ["colonia"], name="r")

    assert told.weights.toarray().tolist() == [[0, 0, 1, 1], [1, 1, 0, 0]]
    assert (told.low.tolist(), told.high.tolist()) == ([2, 2], [4, 2])


def test_a_figure_of_everything_is_the_sum_of_all_cells_and_keys_left_out_are_not_spoken_of():
    whole = sums_within(CELLS, pd.DataFrame({"low": [7], "high": [9]}), [], name="r")
    some = CELLS.assign(colonia=["a", None, None, "b"])
    part = sums_within(
        some, pd.DataFrame({"colonia": ["a"], "low": 1, "high": 1}), ["colonia"], name="r"
    )

    assert whole.weights.toarray().tolist() == [[1, 1, 1, 1]]
    assert part.weights.toarray().tolist() == [[1, 0, 0, 0]]


def test_differences_are_of_now_less_before():
    release = pd.DataFrame({"month_now": [2], "month_before": [1], "low": [-1.0], "high": [3.0]})

    told = differences_within(CELLS, release, ["month"], name="d")

    assert told.weights.toarray().tolist() == [[-1, 1, -1, 1]]
    assert (told.low.tolist(), told.high.tolist()) == ([-1], [3])


def test_ratios_allow_exactly_the_counts_whose_ratio_lies_within():
    release = pd.DataFrame({"month_now": [2], "month_before": [1], "low": [0.5], "high": [2.0]})
    cells = CELLS[CELLS["colonia"] == "a"].reset_index(drop=True)

    told = ratios_within(cells, release, ["month"], name="q")

    for before, now in itertools.product(range(1, 9), range(9)):
        sums = told.weights @ np.array([before, now])
        held = bool(((sums >= told.low) & (sums <= told.high)).all())
        assert held == (0.5 <= now / before <= 2.0)


def test_two_divisions_of_the_same_events_add_up_alike_and_one_alone_is_refused():
    cells = pd.DataFrame({"quarter": [1, 1, 1, 2, 2], "colonia": ["a", "b", None, "a", None]})
    left = cells["colonia"].notna()

    told = links(cells, left, ["quarter"], name="l")

    assert told.weights.toarray().tolist() == [[1, 1, -1, 0, 0], [0, 0, 0, 1, -1]]
    assert (told.low.tolist(), told.high.tolist()) == ([0, 0], [0, 0])
    with pytest.raises(AnalysisError, match="quarter=2"):
        links(cells[:4], left[:4], ["quarter"], name="l")


def test_the_same_sum_claimed_twice_keeps_what_both_allow():
    one = claims([[1, 1, 0], [0, 1, 1]], [2, 0], [9.0, 5])
    other = claims([[1, 1, 0], [1, 0, 0]], [4, 1], [12.0, 3])

    both = joined([one, other], 3)

    said = {
        tuple(row): (low, high)
        for row, low, high in zip(both.weights.toarray(), both.low, both.high, strict=True)
    }
    assert said == {(1, 1, 0): (4, 9), (0, 1, 1): (0, 5), (1, 0, 0): (1, 3)}
    nothing = joined([], 3)
    assert nothing.weights.shape == (0, 3)
    assert nothing.low.shape == nothing.high.shape == (0,)


def test_one_claim_narrows_each_cell_by_what_the_others_may_be():
    told = claims([[1, 1, 0], [0, 1, -1]], [5, 0], [6.0, 0])

    found = propagate(told, np.array([0, 0, 1]), np.array([2, np.inf, 9]))

    # The first is 2 at most, so the second is 3 to 6; the third is the second.
    assert found.low.tolist() == [0, 3, 3]
    assert found.high.tolist() == [2, 6, 6]
    assert found.settled
    assert found.empty.tolist() == []


def test_a_cell_without_end_is_at_least_what_the_others_leave_of_a_sum():
    # The sum is 8 or more and the second 3 at most; of the difference, 2 at most and 6 at most.
    sums = propagate(claims([[1, 1]], [8], [np.inf]), np.zeros(2), np.array([np.inf, 3]))
    apart = propagate(claims([[1, -1]], [-np.inf], [2.0]), np.array([6, 0]), np.full(2, np.inf))

    assert (sums.low.tolist(), sums.high.tolist()) == ([5, 0], [np.inf, 3])
    assert (apart.low.tolist(), apart.high.tolist()) == ([6, 4], [np.inf, np.inf])


def test_claims_that_contradict_each_other_leave_an_empty_range():
    told = claims([[1, 1], [1, 1]], [5, 0], [9.0, 4])

    assert len(propagate(told, np.zeros(2), np.full(2, np.inf)).empty)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.integers(-1, 1), min_size=3, max_size=3), min_size=1, max_size=3),
    st.lists(st.integers(0, 4), min_size=3, max_size=3),
    st.lists(st.integers(0, 2), min_size=3, max_size=3),
)
def test_ranges_hold_every_table_that_agrees_and_are_as_narrow_where_one_claim_tells_all(
    weights, truth, slack
):
    slack = np.array(slack)[: len(weights)]
    middle = np.array(weights) @ truth
    told = claims(weights, middle - slack, (middle + slack).astype(float))
    tables = np.array(list(itertools.product(range(6), repeat=3)))
    sums = tables @ np.array(weights).T
    agreeing = tables[((sums >= told.low) & (sums <= told.high)).all(axis=1)]

    found = propagate(told, np.zeros(3), np.full(3, 5.0))

    assert (found.low <= agreeing.min(axis=0)).all()
    assert (found.high >= agreeing.max(axis=0)).all()
    if len(weights) == 1:
        assert found.low.tolist() == agreeing.min(axis=0).tolist()
        assert found.high.tolist() == agreeing.max(axis=0).tolist()


def test_claims_that_ranges_alone_fulfil_bind_nothing():
    ranges = Ranges(np.array([1.0, 0]), np.array([2.0, 3]), settled=True)
    weights = [[1, 1], [1, 1], [1, 1], [1, -1], [1, -1], [1, -1]]

    told = claims(weights, [1, 2, 1, -2, -1, -2], [5.0, 5, 4, 2, 2, 1])

    # The sum lies from 1 to 5 anyway, the difference from -2 to 2.
    assert binding(told, ranges).tolist() == [False, True, True, False, True, True]


def test_cells_that_claims_tie_are_of_one_group():
    group = components(claims([[1, 1, 0, 0, 0], [0, 0, 1, -1, 0]], [0, 0], [1.0, 1]))

    assert group[0] == group[1]
    assert group[2] == group[3]
    assert len(set(group.tolist())) == 3


def test_a_public_cell_of_one_claim_is_told_by_its_range():
    told = claims([[1, 1, -1, 0], [0, 1, 0, 1], [0, 0, 0, 1]], [0, 2, 1], [4.0, 6, 5])
    ranges = Ranges(np.array([0.0, 0, 2, 1]), np.array([9.0, 9, 3, 5]), settled=True)

    found = without_public_cells(told, ranges, np.array([True, True, False, False]))

    # The third is of the first claim alone, less; the fourth is of two and stays.
    assert found.weights.toarray().tolist() == [[1, 1, 0, 0], [0, 1, 0, 1], [0, 0, 0, 1]]
    assert (found.low.tolist(), found.high.tolist()) == ([2, 2, 1], [7, 6, 5])


def test_a_claim_of_public_cells_alone_goes_with_them():
    told = claims([[1, 0, 0], [0, 1, 1]], [1, 2], [4.0, 6])
    ranges = Ranges(np.zeros(3), np.array([9.0, 9, 3]), settled=True)

    found = without_public_cells(told, ranges, np.array([False, True, False]))

    assert found.weights.toarray().tolist() == [[0, 1, 0]]
    assert (found.low.tolist(), found.high.tolist()) == ([-1], [6])


def test_a_group_is_crowded_where_one_large_sum_counts_two_of_its_cells():
    group = np.array([0, 0, 1, 1, 2])
    large = sparse.csr_array(np.array([[1.0, 1, 1, 0, 0], [0, 0, 0, 1, 1]]))

    assert _once_each(large, group).tolist() == [False, False, True, True, True]
    assert _once_each(large[:, ::-1], group[::-1]).tolist() == [True, True, True, False, False]


def test_sums_without_a_circle_are_a_forest():
    # Two sums with one cell in common are a tree; with two in common, a circle.
    tree = claims([[1, 1, 0, 0], [0, 1, 1, 0]], [0, 0], [1.0, 1])
    circle = claims([[1, 1, 1, 0], [0, 1, 1, 0]], [0, 0], [1.0, 1])
    weighed = claims([[1, 2, 0, 0], [0, 1, 1, 0]], [0, 0], [1.0, 1])

    told = [_is_forest(it, components(it)) for it in (tree, circle, weighed)]

    assert told == [True, False, False]


def large_sum(cells, low, high):
    """Return one sum of all cells, and one of the first two that is 3."""
    pair = [1.0, 1.0, *([0.0] * (cells - 2))]
    return claims([[1.0] * cells, pair], [low, 3], [float(high), 3])


def solved(_):
    return np.array([1.0, 2.0, *([5.0] * 68)])


def test_near_one_table_cells_move_by_four_where_the_large_sum_has_room_for_eight():
    bounds = Ranges(np.zeros(70), np.full(70, np.inf), settled=True)

    told = reachable(large_sum(70, 339, 347), bounds, solved)
    tight = reachable(large_sum(70, 340, 347), bounds, solved)
    none = reachable(large_sum(70, 339, 347), bounds, lambda _: None)
    small = reachable(large_sum(64, 339, 347), bounds, solved)

    # Two of the first group are counted in one large sum: they stay; the others move.
    assert (told.low[:3].tolist(), told.high[:3].tolist()) == ([1, 2, 1], [1, 2, 9])
    assert (tight, none, small) == (None, None, None)


def test_the_table_that_is_looked_for_leaves_room_on_both_sides_of_the_large_sum_only():
    asked = []

    def solve(told):
        asked.append((told.low.tolist(), told.high.tolist()))
        return solved(told)

    reachable(large_sum(70, 330, 350), Ranges(np.zeros(70), np.full(70, 6.0), settled=True), solve)

    assert asked == [([334, 3], [346, 3])]
