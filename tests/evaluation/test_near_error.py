"""The error of a ratio of few, unequal places that share their shocks: Welch's test, simulation."""

import numpy as np
import pytest
from scipy import stats

from labtools.evaluation.counts import nearness
from labtools.evaluation.near_error import near_error
from labtools.evaluation.ratio_effect import ratio_effect


def test_of_unrelated_places_of_one_size_it_is_welchs():
    rng = np.random.default_rng(1)
    first, second = rng.normal(0, 1, 15), rng.normal(0, 3, 15)
    group = np.repeat([1, 0], 15)
    influence = np.concatenate([first - first.mean(), second.mean() - second]) / 15

    got = near_error(influence, group, np.ones(30), np.eye(30))

    welch = stats.ttest_ind(first, second, equal_var=False)
    assert got.error == pytest.approx((first.mean() - second.mean()) / welch.statistic)
    assert got.freedom == pytest.approx(welch.df)
    assert got.factor == 1


def test_of_three_groups_the_errors_of_their_means_add_up():
    rng = np.random.default_rng(3)
    parts = [rng.normal(0, sd, n) for sd, n in ((1, 8), (2, 12), (3, 20))]
    influence = np.concatenate([(it - it.mean()) / len(it) for it in parts])
    group = np.repeat([0, 1, 2], [8, 12, 20])

    got = near_error(influence, group, np.ones(40), np.eye(40))

    each = np.array([it.var(ddof=1) / len(it) for it in parts])
    free = np.array([7, 11, 19])
    assert got.freedom == pytest.approx(each.sum() ** 2 / (each**2 / free).sum(), rel=0.1)
    assert got.error == pytest.approx(np.sqrt(each.sum()), rel=0.02)


def test_one_large_place_leaves_few_degrees_of_freedom():
    influence = np.tile([1.0, -1.0], 20) / 40
    group = np.repeat([0, 1], 20)
    size = np.where(np.arange(40) == 0, 200.0, 1.0)
    size[20] = 200.0
    influence[[0, 20]] *= 20

    alike, apart = (near_error(influence, group, s, np.eye(40)) for s in (np.ones(40), size))

    assert alike.freedom > 30
    assert apart.freedom < alike.freedom / 4


@pytest.mark.parametrize("shared", [0.0, 0.4])
def test_a_ratio_of_unequal_places_errs_as_often_as_it_says(shared):
    side = 10
    at = np.array([(i, j) for i in range(side) for j in range(side)])
    steps = np.abs(at[:, None] - at[None]).max(axis=2).astype(float)
    near = nearness(steps, reach=5)
    root = np.linalg.cholesky(np.exp(-steps / 2) + 1e-9 * np.eye(side**2))
    rng, p = np.random.default_rng(2), []
    for _ in range(250):
        level = rng.lognormal(3, 1, side**2)
        treated = np.isin(np.arange(side**2), rng.choice(side**2, 30, replace=False))
        before, after = (
            rng.negative_binomial(
                level * np.exp(shared * root @ rng.standard_normal(side**2)), 0.5
            ).astype(float)
            for _ in range(2)
        )
        value, influence = ratio_effect(before, after, treated, np.ones((side**2, 1)))
        told = near_error(influence / side**2, treated, before + after, near)
        p.append(2 * stats.t.sf(abs(value) / told.error, told.freedom))

    # An exact test rejects 4 to 22 of 250 in 99 of 100 times; more than 7 % is not promised.
    assert 0.016 <= np.mean(np.array(p) < 0.05) <= 0.07


def test_two_places_that_share_their_events_have_one_degree_of_freedom():
    found = near_error(np.array([0.1, -0.1]), np.array([1, 1]), np.array([5.0, 5.0]), np.eye(2))

    # Each pulls the mean of both by a half, so that half of the variance is seen.
    assert found.freedom == pytest.approx(1.0)
    assert found.error == pytest.approx(np.sqrt(0.02 / 0.5))
    assert found.factor == 1.0


def test_influences_that_are_nil_have_no_error_and_the_factor_of_unrelated_places():
    found = near_error(
        np.array([1.0, -1.0, 0.5, -0.5]),
        np.array([1, 1, 0, 0]),
        np.full(4, 5.0),
        np.eye(4) * 4.0,
    )

    assert found.factor == pytest.approx(1.0)
