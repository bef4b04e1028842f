import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats

from labtools.analysis.smoothing import (
    GammaPoissonFit,
    fit_gamma_poisson,
    local_rates,
    marshall_rates,
)
from labtools.errors import AnalysisError

AREAS = [f"c{i}" for i in range(400)]


def gamma_city(rng, shape=4.0, mean=0.02, areas=AREAS):
    exposure = pd.Series(rng.lognormal(7.3, 0.8, len(areas)), index=areas)
    rates = pd.Series(rng.gamma(shape, mean / shape, len(areas)), index=areas)
    events = pd.Series(rng.poisson(rates * exposure), index=areas, dtype=float)
    return events, exposure, rates


def test_marshalls_rates_are_those_of_spdep(reference, oracle):
    expected, counties = reference("marshall_nc_sids.json"), oracle("nc_sids.csv")

    rates = marshall_rates(counties["SID74"].astype(float), counties["BIR74"].astype(float))

    assert rates.to_numpy() == pytest.approx(expected["rates"], rel=expected["relative_tolerance"])


def test_the_gamma_fit_is_that_of_spatialepi(reference, oracle):
    expected, districts = reference("gamma_poisson_scotland.json"), oracle("scotland_lip.csv")
    near = {"rel": expected["relative_tolerance"]}
    cases, at_risk = districts["cases"].astype(float), districts["expected"]

    fit = fit_gamma_poisson(cases, at_risk)
    table = fit.posterior(cases, at_risk, level=0.0)

    assert fit.shape == pytest.approx(expected["shape"], **near)
    assert fit.shape / fit.inverse_scale == pytest.approx(np.exp(expected["log_mean"]), **near)
    assert table["rate"].to_numpy() == pytest.approx(expected["relative_risks"], **near)
    # An interval of level 0 closes on the median.
    assert table["lower"].to_numpy() == pytest.approx(expected["medians"], **near)


def test_marshalls_rate_lies_between_its_own_and_the_common_one_by_the_closed_form():
    events = pd.Series([0.0, 10.0], index=["a", "b"])
    exposure = pd.Series([100.0, 100.0], index=["a", "b"])

    rates = marshall_rates(events, exposure)

    # mean 0.05, raw 0 and 0.1: between = 0.0025 - 0.05 / 100 = 0.002; weight = 0.002 / 0.0025.
    assert rates.to_list() == pytest.approx([0.01, 0.09])


def test_marshalls_rates_without_difference_beyond_chance_are_the_common_one():
    events = pd.Series([4.0, 6.0, 5.0])

    rates = marshall_rates(events, pd.Series([100.0] * 3))

    assert rates.to_list() == pytest.approx([0.05] * 3)


@pytest.mark.parametrize("method", [marshall_rates, lambda n, e: fitted(n, e)["rate"]])
def test_a_colonia_without_population_or_count_is_missing_and_spoils_no_other(method):
    events, exposure, _ = gamma_city(np.random.default_rng(1))
    events["empty"], exposure["empty"] = 3.0, 0.0
    events["unknown"], exposure["unknown"] = np.nan, 900.0

    rates = method(events, exposure)

    pd.testing.assert_series_equal(rates[AREAS], method(events[AREAS], exposure[AREAS]))
    assert rates[["empty", "unknown"]].isna().all()


def fitted(events, exposure):
    return fit_gamma_poisson(events, exposure).posterior(events, exposure, level=0.95)


def test_the_order_of_the_population_table_does_not_matter():
    events, exposure, _ = gamma_city(np.random.default_rng(2))

    shuffled = fitted(events, exposure.sample(frac=1, random_state=1))

    pd.testing.assert_frame_equal(shuffled, fitted(events, exposure))


def test_the_fit_finds_the_law_that_made_the_rates():
    found = [fit_gamma_poisson(*gamma_city(np.random.default_rng(seed))[:2]) for seed in range(20)]

    # 400 areas: the standard error of log shape is about 0.08, of the mean of 20 about 0.02.
    assert np.mean([np.log(f.shape) for f in found]) == pytest.approx(np.log(4), abs=0.08)
    assert np.mean([f.shape / f.inverse_scale for f in found]) == pytest.approx(0.02, rel=0.02)


def test_intervals_hold_the_true_rates_as_often_as_they_say():
    held = []
    for seed in range(20):
        events, exposure, rates = gamma_city(np.random.default_rng(seed))
        table = fitted(events, exposure)
        held.append(((table["lower"] <= rates) & (rates <= table["upper"])).mean())

    # 8,000 areas: the standard error of the share is 0.0025; the plug-in costs a little.
    assert np.mean(held) == pytest.approx(0.95, abs=0.01)


def test_smoothed_rates_are_nearer_the_truth_than_plain_ones():
    events, exposure, rates = gamma_city(np.random.default_rng(3))

    smoothed = fitted(events, exposure)["rate"]

    assert ((smoothed - rates) ** 2).sum() < ((events / exposure - rates) ** 2).sum()


def test_a_municipality_without_events_has_rate_zero_with_the_limit_of_its_whole_population():
    events = pd.Series(0.0, index=list("abcde"))
    exposure = pd.Series(200.0, index=list("abcde"))

    table = fitted(events, exposure)

    assert (table[["rate", "lower"]] == 0).all(axis=None)
    assert table["upper"].to_list() == pytest.approx([-np.log(0.025) / 1_000] * 5)


def test_areas_that_do_not_differ_share_one_rate_as_uncertain_as_their_common_count():
    # Twenty equal counts vary less than chance: the shape is infinite.
    events = pd.Series(2.0, index=range(20))
    exposure = pd.Series(100.0, index=range(20))

    fit = fit_gamma_poisson(events, exposure)
    table = fit.posterior(events, exposure, level=0.95)

    assert fit.shape == np.inf
    assert table["rate"].to_list() == pytest.approx([0.02] * 20)
    assert stats.poisson.sf(39, table["lower"][0] * 2_000) == pytest.approx(0.025)
    assert stats.poisson.cdf(40, table["upper"][0] * 2_000) == pytest.approx(0.025)


def test_draws_of_areas_that_do_not_differ_are_one_common_rate():
    fit = GammaPoissonFit(np.inf, np.inf, mean=0.02, exposure=2_000)
    exposure = pd.Series([100.0, 0.0, 50.0])

    draws = fit.draws(np.ones((4_000, 3)), exposure, rng=np.random.default_rng(4))

    assert np.isnan(draws[:, 1]).all()
    assert (draws[:, 0] == draws[:, 2]).all()
    assert draws[:, 0].std() == pytest.approx(np.sqrt(40) / 2_000, rel=0.05)


def test_draws_have_the_mean_and_spread_of_the_posterior():
    events, exposure, _ = gamma_city(np.random.default_rng(5))
    fit = fit_gamma_poisson(events, exposure)

    draws = fit.draws(np.tile(events, (4_000, 1)), exposure, rng=np.random.default_rng(6))

    table = fit.posterior(events, exposure, level=0.95)
    assert draws.mean(axis=0) == pytest.approx(table["rate"].to_numpy(), rel=0.05)
    inside = (draws >= table["lower"].to_numpy()) & (draws <= table["upper"].to_numpy())
    assert inside.mean() == pytest.approx(0.95, abs=0.002)


def test_too_few_areas_are_refused_with_their_number():
    events = pd.Series([1.0, 2, 3, 4, np.nan])

    with pytest.raises(AnalysisError, match=r"at least 5 areas.*there are 4"):
        fit_gamma_poisson(events, pd.Series(100.0, index=events.index))


def test_marshalls_rates_of_nothing_known_are_missing():
    nobody = pd.Series([0.0, 0.0])

    assert marshall_rates(pd.Series([1.0, 2.0]), nobody).isna().all()


def test_where_all_are_neighbours_the_local_rates_are_the_global_ones():
    rng = np.random.default_rng(3)
    exposure = pd.Series(rng.lognormal(6, 0.5, 30))
    events = pd.Series(rng.poisson(0.02 * exposure * rng.gamma(3, 1 / 3, 30)).astype(float))
    events[4], exposure[7] = np.nan, 0.0

    found = local_rates(events, exposure, sparse.csr_array(np.ones((30, 30)) - np.eye(30)))

    pd.testing.assert_series_equal(found, marshall_rates(events, exposure), check_names=False)


def test_local_rates_are_drawn_to_the_neighbours_and_not_to_the_city():
    line = sparse.csr_array(np.eye(40, k=1) + np.eye(40, k=-1))
    exposure = pd.Series(1_000.0, range(40))
    events = pd.Series([4.0] * 20 + [40.0] * 20)
    events[30] = 20.0

    found = local_rates(events, exposure, line)

    assert found[5] == pytest.approx(0.004)
    assert 0.02 < found[30] < 100 / 3_000
