from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from labtools.errors import AnalysisError
from labtools.evaluation.randomisation import (
    choice_by_odds,
    lottery,
    randomisation_test,
    spatial_permutation,
    studentised,
)


def test_the_p_value_is_that_of_counting_every_choice():
    outcome = pd.Series([1.0, 2.5, 3.1, 4.7, 9.2, 10.4, 11.8, 7.9])
    treated = pd.Series([True, True, True, False, False, False, False, False])

    got = randomisation_test(
        outcome, treated, lottery(treated), rng=np.random.default_rng(1), draws=20_000
    )

    def statistic(inside):
        a, b = outcome[list(inside)], outcome.drop(list(inside))
        spread = a.var(ddof=0) / (len(a) - 1) + b.var(ddof=0) / (len(b) - 1)
        return abs(a.mean() - b.mean()) / np.sqrt(spread)

    seen = statistic((0, 1, 2))
    exact = np.mean([statistic(c) >= seen - 1e-12 for c in combinations(range(8), 3)])
    # Three binomial standard errors of 20,000 draws.
    assert got.p == pytest.approx(exact, abs=3 * np.sqrt(exact * (1 - exact) / 20_000))
    assert got.difference == pytest.approx(outcome[:3].mean() - outcome[3:].mean())


def test_a_lottery_within_strata_keeps_the_number_of_each():
    treated = pd.Series([True] * 3 + [False] * 7 + [True] * 5 + [False] * 5)
    strata = pd.Series(["a"] * 10 + ["b"] * 10)
    draw = lottery(treated, strata)

    drawn = np.array([draw(np.random.default_rng(k)) for k in range(50)])

    assert (drawn[:, :10].sum(axis=1) == 3).all()
    assert (drawn[:, 10:].sum(axis=1) == 5).all()
    assert drawn[:, 0].mean() == pytest.approx(0.3, abs=0.25)


def test_a_choice_by_records_is_drawn_with_its_odds_so_that_bad_luck_is_no_effect():
    rng = np.random.default_rng(4)
    p = []
    for _ in range(200):
        level = rng.gamma(4, 2, 128)
        past = rng.poisson(level)
        liking = pd.Series(1.5 * np.log1p(past))
        draw = choice_by_odds(liking, 30)
        treated = pd.Series(draw(rng))
        change = pd.Series(np.log1p(rng.poisson(level)) - np.log1p(past))
        p.append(
            [
                randomisation_test(change, treated, d, rng=rng, draws=199).p
                for d in (draw, lottery(treated))
            ]
        )

    size, naive = (np.array(p) <= 0.05).mean(axis=0)
    assert size <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)
    assert naive > 0.3


def grid(n):
    at = np.arange(n * n).reshape(n, n)
    near = np.zeros((n * n, n * n), bool)
    near[at[:, 1:].ravel(), at[:, :-1].ravel()] = True
    near[at[1:].ravel(), at[:-1].ravel()] = True
    return near | near.T


def test_maps_alike_next_door_keep_the_size_that_a_plain_permutation_loses():
    rng = np.random.default_rng(5)
    near = grid(12)
    smooth = np.linalg.matrix_power(0.2 * (near + np.eye(144)), 3)
    p = []
    for _ in range(200):
        outcome = pd.Series(smooth @ rng.standard_normal(144))
        place = smooth @ rng.standard_normal(144)
        treated = pd.Series(place >= np.sort(place)[-40])
        p.append(
            [
                spatial_permutation(outcome, treated, pd.DataFrame(near), rng=rng, draws=199).p,
                randomisation_test(outcome, treated, lottery(treated), rng=rng, draws=199).p,
            ]
        )

    size, naive = (np.array(p) <= 0.05).mean(axis=0)
    assert size <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)
    assert naive > 0.12


@pytest.mark.parametrize(
    ("outcome", "treated", "expected"),
    [
        ([1.0, np.nan, 2, 3, 4], [True, True, False, False, False], "1 outcomes"),
        ([1.0, 2, 2, 3, 4], [True, False, False, False, False], "1 of 5"),
    ],
)
def test_holes_and_single_places_are_refused(outcome, treated, expected):
    chosen = pd.Series(treated)

    with pytest.raises(AnalysisError, match=expected):
        randomisation_test(
            pd.Series(outcome), chosen, lottery(chosen), rng=np.random.default_rng(1)
        )


def test_the_signs_of_patterns_give_the_p_value_of_trying_all_of_them():
    near = grid(3)
    rng = np.random.default_rng(6)
    outcome = pd.Series(rng.standard_normal(9))
    treated = pd.Series(np.arange(9) % 3 == 0)

    got = spatial_permutation(
        outcome, treated, pd.DataFrame(near), rng=rng, draws=20_000, chosen="by_lottery"
    )

    difference = outcome[treated].mean() - outcome[~treated].mean()
    centring = np.eye(9) - 1 / 9
    patterns = np.linalg.eigh(centring @ near @ centring)[1]
    weight = treated / 3 - ~treated / 6
    terms = (patterns.T @ weight.to_numpy()) * (patterns.T @ (outcome - outcome.mean()).to_numpy())
    signs = np.array(list(product([-1, 1], repeat=9)))
    exact = (np.abs(signs @ terms) >= abs(terms.sum()) - 1e-12).mean()
    assert got.difference == pytest.approx(difference)
    assert got.p == pytest.approx(exact, abs=3 * np.sqrt(exact * (1 - exact) / 20_000))
    assert got.draws == 20_000


def test_places_are_drawn_with_the_odds_they_are_given():
    odds = np.array([1.0, 2.0, 5.0])
    draw = choice_by_odds(pd.Series(np.log(odds)), 1)
    rng = np.random.default_rng(7)

    drawn = np.array([draw(rng) for _ in range(20_000)])

    # Four standard errors of a share of 20,000 draws are 0.014.
    assert drawn.mean(axis=0) == pytest.approx(odds / 8, abs=0.014)
    assert (drawn.sum(axis=1) == 1).all()


@pytest.mark.parametrize(("treated", "enough"), [(1, False), (2, True), (3, True), (4, False)])
def test_two_places_of_each_and_199_draws_are_enough(treated, enough):
    outcome = pd.Series([1.0, 4, 2, 8, 5])
    chosen = pd.Series(np.arange(5) < treated)

    def test(draws):
        return randomisation_test(
            outcome, chosen, lottery(chosen), rng=np.random.default_rng(1), draws=draws
        )

    if not enough:
        with pytest.raises(AnalysisError, match=rf"0 outcomes are missing.* {treated} of 5"):
            test(199)
        return
    assert test(199).draws == 199
    with pytest.raises(AnalysisError, match=r"198 draws .* Take 199 or more"):
        test(198)


def test_a_choice_so_extreme_that_no_other_is_has_the_least_p_and_equal_outcomes_have_all():
    outcome = pd.Series([9.0, 8.0, 8.5, *np.linspace(0, 1, 40)])
    treated = pd.Series(np.arange(43) < 3)
    rng = np.random.default_rng(8)

    assert randomisation_test(outcome, treated, lottery(treated), rng=rng, draws=199).p == 1 / 200
    assert randomisation_test(outcome * 0, treated, lottery(treated), rng=rng, draws=199).p == 1


def test_the_studentised_difference_is_that_of_unequal_variances_with_their_own_numbers():
    y = np.array([1.0, 3.0, 8.0, 2.0, 2.0, 5.0, 7.0])
    chosen = np.array([[1, 1, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 1, 1]], bool)
    others = np.array([[0, 0, 0, 1, 1, 1, 1], [1, 1, 0, 0, 0, 0, 0]], bool)

    found = studentised(y, chosen, others)

    welch = [
        stats.ttest_ind(y[a], y[b], equal_var=False).statistic
        for a, b in zip(chosen, others, strict=True)
    ]
    assert found == pytest.approx(welch)
