"""Imputed counts against statsmodels' Poisson regression, and a truth that is known."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

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


@pytest.mark.parametrize(("places", "enough"), [(10, True), (9, False)])
def test_ten_places_on_either_side_are_enough_for_an_error(places, enough):
    rng = np.random.default_rng(12)
    for treated, free in ((places, 15), (15, places)):
        counts = pd.DataFrame(rng.poisson(30.0, (treated + free, 4)))
        inside = np.zeros(counts.shape, bool)
        inside[:treated, 2:] = True
        panel = CountPanel(
            counts, pd.DataFrame(~inside), pd.DataFrame(np.zeros(counts.shape, bool))
        )
        if not enough:
            with pytest.raises(AnalysisError, match=r"rests on 9 treated .* at least 10 are"):
                imputed_effects(panel, {"all": pd.DataFrame(inside)})
            continue
        found = imputed_effects(panel, {"all": pd.DataFrame(inside)}, level=0.9)
        row = found.effects.loc["all"]
        # Student's law with as many degrees of freedom as the smaller side has places, less one.
        assert found.freedom == 9
        reach = stats.t.ppf(0.95, 9) * row["se"]
        assert row["lower"] == pytest.approx(row["log_ratio"] - reach)
        assert row["upper"] == pytest.approx(row["log_ratio"] + reach)
        assert row["p"] == pytest.approx(2 * stats.t.sf(abs(row["log_ratio"]) / row["se"], 9))
        variance = (found.influence**2).sum() * (treated + free) / (treated + free - 1)
        assert row["se"] == pytest.approx(np.sqrt(variance))


def test_a_target_without_events_is_refused_with_what_was_expected_of_it(staggered):
    panel, treated = staggered
    counts = panel.counts.where(~treated, 0)

    with pytest.raises(AnalysisError, match="“all” there were 0 events") as refused:
        imputed_effects(CountPanel(counts, panel.used, panel.exposed), {"all": treated})

    _, expected = regression(panel, treated)
    assert f"and {expected:.1f} were to be expected" in str(refused.value)


@pytest.mark.parametrize("wrong", ["index", "columns"])
@pytest.mark.parametrize("table", ["used", "exposed"])
def test_tables_of_other_places_or_periods_are_refused(staggered, table, wrong):
    panel, treated = staggered
    tables = {"used": panel.used, "exposed": panel.exposed}
    axis = getattr(tables[table], wrong)
    tables[table] = tables[table].set_axis(axis + 1, axis=wrong)

    with pytest.raises(AnalysisError, match="different places or"):
        imputed_effects(CountPanel(panel.counts, **tables), {"all": treated})


@pytest.mark.parametrize("wrong", [-1.0, np.inf])
def test_counts_below_nought_or_without_end_are_refused_and_nought_is_a_count(staggered, wrong):
    panel, treated = staggered
    counts = panel.counts.astype(float)
    counts.iloc[3, 0] = 0.0
    imputed_effects(CountPanel(counts, panel.used, panel.exposed), {"all": treated})
    counts.iloc[3, 0] = wrong

    with pytest.raises(AnalysisError, match="1 counts"):
        imputed_effects(CountPanel(counts, panel.used, panel.exposed), {"all": treated})


def test_paths_by_level_are_those_of_a_poisson_regression_with_a_slope_for_each_later_year():
    rng = np.random.default_rng(13)
    quarters = pd.date_range("2022-01-01", periods=12, freq="QS")
    trait = pd.Series(rng.normal(size=40))
    mean = 20 * np.exp(0.5 * trait.to_numpy()[:, None] * np.linspace(0, 1, 12))
    counts = pd.DataFrame(rng.poisson(mean), columns=quarters)
    inside = counts > np.inf
    inside.iloc[:15, 8:] = True

    panel = CountPanel(counts, ~inside, inside & False, trait)
    got = imputed_effects(panel, {"all": inside}).effects.loc["all"]

    place, time = (axis.ravel() for axis in np.indices(counts.shape))
    slopes = [trait.to_numpy()[place] * (quarters.year[time] == year) for year in (2023, 2024)]
    design = np.column_stack(
        [
            pd.get_dummies(place, dtype=float),
            pd.get_dummies(time, dtype=float).iloc[:, 1:],
            *slopes,
        ]
    )
    kept = ~inside.to_numpy().ravel()
    fit = sm.GLM(counts.to_numpy().ravel()[kept], design[kept], family=sm.families.Poisson()).fit()
    expected = np.exp(design[~kept] @ fit.params).sum()
    assert got["expected"] == pytest.approx(expected, rel=1e-6)


def test_errors_shared_within_reach_are_summed_over_pairs_by_their_weight():
    influence = np.array([[1.0], [2.0], [3.0]])
    steps = np.array([[0.0, 1.0, 4.0], [1.0, 0.0, np.inf], [4.0, np.inf, 0.0]])

    near = nearness(steps, reach=4)

    # Neighbours share three quarters; who is four borders away shares nothing.
    assert near.tolist() == [[1.0, 0.75, 0.0], [0.75, 1.0, 0.0], [0.0, 0.0, 1.0]]
    assert clustered_variance(influence, near) == pytest.approx((14 + 2 * 0.75 * 2) * 3 / 2)
    assert clustered_variance(influence * [[1], [-1], [1]], near) == pytest.approx(14 * 3 / 2)
    assert clustered_variance(influence) == pytest.approx(14 * 3 / 2)


def test_where_events_are_few_expectations_are_still_those_of_the_regression():
    rng = np.random.default_rng(14)
    first = np.repeat([4, 99], [20, 20])
    treated = np.arange(PERIODS) >= first[:, None]
    counts = rng.poisson(np.broadcast_to(rng.gamma(0.5, 1.0, PLACES)[:, None], treated.shape))
    counts[0], counts[25] = [1, 0, 0, 0, 2, 0, 1, 0], [0, 0, 0, 0, 0, 1, 0, 0]
    counts[1, :4] = 0
    panel = CountPanel(frame(counts), frame(~treated), frame(treated & False))

    got = imputed_effects(panel, {"all": frame(treated)})

    # Places without events in the past are expected to have none.
    place, period = np.indices(counts.shape)
    known = counts[:, :].astype(float)
    kept = (~treated & ((known * ~treated).sum(axis=1) > 0)[:, None]).ravel()
    design = np.column_stack(
        [
            pd.get_dummies(place.ravel(), dtype=float),
            pd.get_dummies(period.ravel(), dtype=float).iloc[:, 1:],
        ]
    )
    held = design[kept].any(axis=0)
    fit = sm.GLM(counts.ravel()[kept], design[kept][:, held], family=sm.families.Poisson()).fit(
        tol=1e-12
    )
    some = treated.ravel() & (known * ~treated).sum(axis=1)[place.ravel()].astype(bool)
    expected = np.exp(design[some][:, held] @ fit.params).sum()
    assert got.effects.loc["all", "expected"] == pytest.approx(expected, rel=1e-6)
    # A place of one event pulls its own expectation, and with it the whole.
    without = np.array(
        [
            imputed_effects(
                CountPanel(panel.counts.drop(k), panel.used.drop(k), panel.exposed.drop(k)),
                {"all": frame(treated).drop(k)},
            ).effects.loc["all", "log_ratio"]
            for k in (0, 1)
        ]
    )
    assert got.influence[[0, 1], 0] == pytest.approx(
        got.effects.loc["all", "log_ratio"] - without, rel=0.15, abs=0.01
    )
