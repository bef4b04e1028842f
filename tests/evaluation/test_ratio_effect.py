"""A group's events over those expected of it: closed form, regression, leaving one out."""

import numpy as np
import pytest
import statsmodels.api as sm

from labtools.errors import AnalysisError
from labtools.evaluation.ratio_effect import ratio_effect


@pytest.fixture
def counts():
    rng = np.random.default_rng(4)
    level = rng.gamma(2, 6, 60)
    before = rng.negative_binomial(level, 0.5).astype(float)
    after = rng.negative_binomial(1.3 * level, 0.5).astype(float)
    return before, after, np.arange(60) < 20, np.column_stack([np.ones(60), np.log(level)])


def test_without_covariates_it_is_the_ratio_of_four_sums(counts):
    before, after, treated, x = counts

    got, _ = ratio_effect(before, after, treated, x[:, :1])

    sums = [side[rows].sum() for side in (after, before) for rows in (treated, ~treated)]
    assert got == pytest.approx(np.log(sums[0] * sums[3] / (sums[1] * sums[2])))


def test_the_growth_of_the_others_is_that_of_a_poisson_regression_with_a_level_for_each(counts):
    before, after, treated, x = counts
    other = np.flatnonzero(~treated)
    levels = np.tile(np.eye(len(other)), (2, 1))
    growth = np.vstack([np.zeros_like(x[other]), x[other]])
    y = np.concatenate([before[other], after[other]])
    held = y[: len(other)] + y[len(other) :] > 0  # a place without events has no level
    kept = np.tile(held, 2)
    design = np.hstack([levels[:, held], growth])[kept]

    slope = sm.GLM(y[kept], design, family=sm.families.Poisson()).fit().params[-2:]

    got, _ = ratio_effect(before, after, treated, x)
    expected = (before * np.exp(x @ slope))[treated].sum()
    assert got == pytest.approx(np.log(after[treated].sum() / expected), abs=1e-6)


def test_the_error_is_that_of_leaving_each_place_out(counts):
    before, after, treated, x = counts
    _, influence = ratio_effect(before, after, treated, x)
    kept = ~np.eye(60, dtype=bool)

    without = [ratio_effect(before[k], after[k], treated[k], x[k])[0] for k in kept]

    jackknife = 59 / 60 * ((np.array(without) - np.mean(without)) ** 2).sum()
    assert influence.mean() == pytest.approx(0, abs=1e-8)
    assert (influence**2).mean() / 60 == pytest.approx(jackknife, rel=0.15)


def test_groups_without_events_are_refused(counts):
    before, after, treated, x = counts

    with pytest.raises(AnalysisError, match="no ratio can be told"):
        ratio_effect(before, np.where(treated, 0.0, after), treated, x)


@pytest.mark.parametrize("side", ["treated after", "treated before", "other before", "other after"])
def test_which_of_the_four_sums_is_nothing_is_told_in_events(counts, side):
    before, after, treated, x = counts
    emptied = np.where(treated == side.startswith("treated"), 0.0, 1.0)
    if side.endswith("after"):
        after = after * emptied
    else:
        before = before * emptied
    expected = {"treated before": "0.0", "other before": "0.0", "other after": "0.0"}

    with pytest.raises(AnalysisError, match="“after”") as refused:
        ratio_effect(before, after, treated, x[:, :1])

    if side in expected:
        told = f"there were {int(after[treated].sum())} events and {expected[side]} were"
        assert told in str(refused.value)
    else:
        grown = before[treated].sum() * after[~treated].sum() / before[~treated].sum()
        told = min(grown, before[~treated].sum(), after[~treated].sum())
        assert f"there were 0 events and {told:.1f} were" in str(refused.value)
