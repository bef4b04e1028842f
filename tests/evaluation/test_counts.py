"""Imputed counts against statsmodels' Poisson regression, and a truth that is known."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from labtools.errors import AnalysisError
from labtools.evaluation.counts import (
    BESIDE,
    CountPanel,
    borders_between,
    clustered_variance,
    imputed_effects,
    nearness,
)

PLACES, PERIODS = 40, 8


def frame(values):
    return pd.DataFrame(values, range(PLACES), range(PERIODS))


@pytest.fixture
def staggered():
    """Places that enter in the fourth or sixth period or never; some have neighbours that did."""
    rng = np.random.default_rng(5)
    first = np.repeat([4, 6, 99, 99], 10)
    treated = np.arange(PERIODS) >= first[:, None]
    beside = np.zeros((PLACES, PERIODS), bool)
    beside[30:, 4:] = True
    mean = rng.gamma(3, 2, PLACES)[:, None] * np.exp(-0.3 * treated + 0.2 * beside)
    counts = rng.poisson(mean * np.linspace(1, 1.4, PERIODS))
    return CountPanel(frame(counts), frame(~treated), frame(beside)), frame(treated)


def regression(panel, treated):
    """Poisson regression with a dummy for each treated cell: what imputation solves at once."""
    place, period = np.indices(panel.counts.shape)
    cells = np.flatnonzero(treated.to_numpy().ravel())
    dummies = np.zeros((PLACES * PERIODS, len(cells)))
    dummies[cells, range(len(cells))] = 1
    design = np.column_stack(
        [
            pd.get_dummies(place.ravel(), dtype=float),
            pd.get_dummies(period.ravel(), dtype=float).iloc[:, 1:],
            panel.exposed.to_numpy(float).ravel(),
        ]
    )
    kept = panel.used.to_numpy().ravel()
    fit = sm.GLM(
        panel.counts.to_numpy().ravel()[kept], design[kept], family=sm.families.Poisson()
    ).fit(tol=1e-12)
    expected = np.exp(design @ np.where(np.arange(design.shape[1]) == 47, 0, fit.params))
    return fit.params[-1], expected[cells].sum()


def test_the_expected_counts_are_those_of_a_poisson_regression(staggered):
    panel, treated = staggered

    got = imputed_effects(panel, {"all": treated}).effects

    beside, expected = regression(panel, treated)
    assert got.loc[BESIDE, "log_ratio"] == pytest.approx(beside, abs=1e-7)
    assert got.loc["all", "expected"] == pytest.approx(expected, rel=1e-7)
    assert got.loc["all", "observed"] == panel.counts.to_numpy()[treated.to_numpy()].sum()


def test_with_one_period_before_and_after_the_ratio_is_that_of_four_sums():
    counts = pd.DataFrame({0: np.arange(10, 50), 1: np.arange(50, 10, -1)})
    treated = pd.DataFrame({0: [False] * 40, 1: [True] * 15 + [False] * 25})
    panel = CountPanel(counts, ~treated, treated & False)

    got = imputed_effects(panel, {"all": treated}).effects.loc["all", "log_ratio"]

    sums = counts.groupby(treated[1]).sum()
    assert got == pytest.approx(
        np.log(sums.loc[True, 1] / sums.loc[True, 0] * sums.loc[False, 0] / sums.loc[False, 1])
    )


def test_influences_are_those_of_leaving_each_place_out(staggered):
    panel, treated = staggered
    whole = imputed_effects(panel, {"all": treated})

    left_out = np.empty((PLACES, 2))
    for place in range(PLACES):
        kept = panel.counts.index != place
        part = CountPanel(panel.counts[kept], panel.used[kept], panel.exposed[kept])
        got = imputed_effects(part, {"all": treated[kept]}).effects["log_ratio"]
        left_out[place] = whole.effects["log_ratio"] - got

    jackknife = (left_out**2).sum(axis=0) * (PLACES - 1) / PLACES
    assert np.corrcoef(left_out[:, 0], whole.influence[:, 0])[0, 1] > 0.98
    assert clustered_variance(whole.influence) == pytest.approx(jackknife, rel=0.1)


def test_the_interval_covers_a_known_effect_and_its_displacement():
    rng = np.random.default_rng(11)
    covered = []
    first = np.repeat([4, 6, 99, 99], 30)
    treated = np.arange(PERIODS) >= first[:, None]
    beside = np.zeros_like(treated)
    beside[90:, 4:] = True
    for _ in range(200):
        mean = rng.gamma(3, 2, 120)[:, None] * np.exp(-0.3 * treated + 0.2 * beside)
        counts = rng.poisson(mean * rng.gamma(5, 0.2, mean.shape))
        panel = CountPanel(pd.DataFrame(counts), pd.DataFrame(~treated), pd.DataFrame(beside))
        got = imputed_effects(panel, {"all": pd.DataFrame(treated)}).effects
        covered.append((got["lower"] < [-0.3, 0.2]) & (got["upper"] > [-0.3, 0.2]))

    # Within three binomial standard errors of 95 %.
    assert np.mean(covered, axis=0) == pytest.approx(0.95, abs=0.046)


def test_a_target_without_comparison_in_its_period_is_left_aside(staggered):
    panel, treated = staggered
    used = panel.used.copy()
    used[7] = False

    got = imputed_effects(CountPanel(panel.counts, used, panel.exposed), {"all": treated})

    seen = panel.counts.where(treated)[list(range(7))].sum().sum()
    assert got.effects.loc["all", "observed"] == seen


def test_few_places_are_refused_with_what_to_do_instead(staggered):
    panel, treated = staggered
    few = treated & (treated.index.to_numpy() < 3)[:, None]

    with pytest.raises(AnalysisError, match=r"3 treated.*[Pp]ool.*permute"):
        imputed_effects(panel, {"all": few})


def test_missing_counts_are_refused(staggered):
    panel, treated = staggered
    holed = panel.counts.astype(float)
    holed.iloc[3, 2] = np.nan

    with pytest.raises(AnalysisError, match="1 counts"):
        imputed_effects(CountPanel(holed, panel.used, panel.exposed), {"all": treated})


def test_errors_shared_by_neighbours_widen_the_interval():
    steps = np.abs(np.subtract.outer(np.arange(60), np.arange(60)))
    shared = np.repeat(np.random.default_rng(2).normal(size=15), 4)[:, None]

    alone, near = (clustered_variance(shared, w) for w in (None, nearness(steps, reach=4)))

    assert near > 1.5 * alone


@pytest.mark.parametrize("order", ["C", "F"])
def test_places_that_all_touch_are_one_border_apart_and_an_island_has_no_way(order):
    beside = np.ones((6, 6), order=order) - np.eye(6)
    beside[5], beside[:, 5] = 0, 0

    got = borders_between(np.asarray(beside, order=order))

    assert (got[:5, :5] == 1 - np.eye(5)).all()
    assert np.isinf(got[5, :5]).all()
