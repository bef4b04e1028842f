import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from labtools.analysis.risk.bym2 import Bym2Options, fit_bym2
from labtools.analysis.risk.priors import Priors
from labtools.errors import AnalysisError


def fit(events, exposure, neighbours, seed=1, **more):
    return fit_bym2(events, exposure, neighbours, rng=np.random.default_rng(seed), **more)


def city(chart, n, seed, *, sigma=0.5, rho=0.6, mean=8.0):
    """Counts whose log rates are half smooth, half independent."""
    rng = np.random.default_rng(seed)
    places, neighbours = chart(n, rng)
    field = np.sin(5 * places[:, 0] + 1) + np.cos(6 * places[:, 1])
    smooth = (field - field.mean()) / field.std()
    eta = sigma * (np.sqrt(rho) * smooth + np.sqrt(1 - rho) * rng.standard_normal(n))
    areas = [f"c{k:04d}" for k in range(n)]
    exposure = pd.Series(rng.lognormal(0, 0.7, n), index=areas)
    events = pd.Series(rng.poisson(mean * exposure * np.exp(eta)).astype(float), index=areas)
    return events, exposure, neighbours, pd.Series(np.log(mean) + eta, index=areas)


@pytest.fixture(scope="module")
def scotland(oracle, matrix):
    lips, edges = oracle("scotland_bugs.csv"), oracle("scotland_bugs_edges.csv")
    priors = Priors("half_normal", scale=1.0, intercept=1.0)
    return fit(
        lips["y"],
        lips["E"],
        matrix(edges.to_numpy(), 56),
        covariates=pd.DataFrame({"beta": lips["x"] / 10}),
        options=Bym2Options(priors=priors, n_draws=4_000),
    )


def test_the_parameters_of_scotland_are_those_of_a_long_chain(reference, scotland):
    told = reference("bym2_scotland.json")
    expected = pd.DataFrame(told["parameters"]).T.rename(index={"b0": "intercept"})
    near = told["tolerance"]

    found = scotland.parameters.loc[expected.index]

    assert ((found["mean"] - expected["mean"]).abs() / expected["sd"]).max() < near["mean_in_sd"]
    assert (found["sd"] / expected["sd"] - 1).abs().max() < near["sd_relative"]


def test_the_rates_of_scotland_and_their_limits_are_those_of_a_long_chain(reference, scotland):
    expected = reference("bym2_scotland.json")
    near = expected["tolerance"]

    table, draws = scotland.table, scotland.draws

    assert table["log_rate"].to_numpy() == pytest.approx(expected["log_rate"], abs=near["log_rate"])
    for side in ("lower", "upper"):
        assert np.log(table[side].to_numpy()) == pytest.approx(expected[side], abs=near["limit"])
    # 4,000 draws: 0.05 is three standard errors of the mean and more of a share.
    assert draws.mean().to_numpy() == pytest.approx(expected["log_rate"], abs=near["log_rate"])
    assert (draws > 0).mean().to_numpy() == pytest.approx(expected["above_one"], abs=0.05)


def test_the_tracts_of_new_york_are_those_of_the_published_posterior(reference, oracle, matrix):
    expected, tracts = reference("bym2_new_york.json"), oracle("nyc_ped.csv")
    near, edges = expected["tolerance"], oracle("nyc_ped_edges.csv")
    exposure = tracts["pop"].clip(lower=10).astype(float)
    priors = Priors("half_normal", scale=1.0)

    found = fit(
        tracts["events"].astype(float),
        exposure,
        matrix(edges.to_numpy(), len(tracts)),
        options=Bym2Options(priors=priors, n_draws=50),
    )

    mean = found.parameters["mean"]
    assert mean["intercept"] == pytest.approx(expected["beta0"][0], abs=near["beta0"])
    assert mean["rho"] == pytest.approx(expected["rho"][0], abs=near["rho"])
    assert mean["sigma"] == pytest.approx(expected["sigma"][0], rel=near["sigma_relative"])
    for place, (count, _) in expected["mu_1based"].items():
        k = int(place) - 1
        assert found.table["rate"][k] * exposure[k] == pytest.approx(count, rel=near["mu_relative"])


def test_intervals_hold_the_true_rates_95_times_in_100(chart):
    events, exposure, neighbours, truth = city(chart, 600, 3)

    table = fit(events, exposure, neighbours).table

    held = (np.log(table["lower"]) <= truth) & (truth <= np.log(table["upper"]))
    # Two standard errors of 600 independent hits are 1.8 points.
    assert held.mean() == pytest.approx(0.95, abs=0.025)
    raw = np.log((events + 0.5) / exposure)
    assert ((table["log_rate"] - truth) ** 2).mean() < 0.5 * ((raw - truth) ** 2).mean()


def test_draws_tell_the_same_as_the_table(chart):
    events, exposure, neighbours, _ = city(chart, 60, 4)

    found = fit(events, exposure, neighbours, options=Bym2Options(n_draws=4_000))

    draws, table = found.draws, found.table
    assert (draws.index.name, list(draws.columns)) == ("draw", list(events.index))
    # Four standard errors of 4,000 draws.
    assert (draws.mean() - table["log_rate"]).abs().max() < 4 * table["log_sd"].max() / 63
    assert draws.std().to_numpy() == pytest.approx(table["log_sd"].to_numpy(), rel=0.06)
    assert np.exp(draws).mean().to_numpy() == pytest.approx(table["rate"].to_numpy(), rel=0.04)


def test_an_area_without_people_or_without_a_count_is_not_dropped_and_spoils_no_other(chart):
    events, exposure, neighbours, _ = city(chart, 120, 5)
    nobody, unknown = exposure.index[:2]
    holed = exposure.copy()
    holed[nobody] = 0.0
    gaps = events.copy()
    gaps[unknown] = np.nan

    found, whole = fit(gaps, holed, neighbours), fit(events, exposure, neighbours)

    rest = exposure.index[2:]
    moved = found.table.loc[rest, "log_rate"] - whole.table.loc[rest, "log_rate"]
    assert moved.abs().max() < 0.25
    assert found.table["seen"].tolist() == [False, False] + [True] * 118
    assert np.isfinite(found.table.drop(columns="seen").to_numpy()).all()
    wider = found.table.loc[[nobody, unknown], "log_sd"]
    assert (wider > whole.table.loc[[nobody, unknown], "log_sd"]).all()
    assert any(nobody in str(finding) for finding in found.findings)


def test_an_island_keeps_its_own_and_the_findings_name_it(chart):
    events, exposure, neighbours, _ = city(chart, 80, 6)
    cut = neighbours.toarray()
    cut[0], cut[:, 0] = 0, 0

    found = fit(events, exposure, type(neighbours)(cut))

    assert any("c0000" in str(finding) for finding in found.findings)
    assert np.isfinite(found.table.loc["c0000", "log_rate"])


def test_a_map_of_islands_is_the_log_normal_model_by_numerical_integration(matrix):
    # Twelve areas alike in exposure: the marginal of one is a two-dimensional integral that
    # quadrature can do when the deviation and the intercept are fixed by strong priors.
    rng = np.random.default_rng(7)
    events = pd.Series(rng.poisson(6.0, 40).astype(float))
    events[0] = 0.0
    exposure = pd.Series(1.0, index=events.index)
    nothing = matrix(np.empty((0, 2), int), 40)
    found = fit(events, exposure, nothing)
    base, sigma = found.parameters.loc["intercept", "mean"], found.parameters.loc["sigma", "mean"]

    def weigh(eta, power):
        told = stats.poisson.pmf(0, np.exp(eta)) * stats.norm.pdf(eta, base, sigma)
        return eta**power * told

    parts = [integrate.quad(weigh, base - 8, base + 8, args=(k,), limit=200)[0] for k in (0, 1)]

    # The parameters are a little uncertain; 0.05 is a tenth of the posterior deviation.
    assert found.table["log_rate"][0] == pytest.approx(parts[1] / parts[0], abs=0.05)


def test_the_order_of_the_areas_does_not_matter(chart):
    events, exposure, neighbours, _ = city(chart, 50, 8)
    turned = np.random.default_rng(1).permutation(50)

    one = fit(events, exposure, neighbours).table
    other = fit(events.iloc[turned], exposure, neighbours[turned][:, turned]).table

    pd.testing.assert_frame_equal(one, other.loc[one.index], rtol=1e-4)


def test_thousandfold_exposure_is_a_thousandth_of_the_rate(chart):
    events, exposure, neighbours, _ = city(chart, 50, 9)

    one = fit(events, exposure, neighbours)
    other = fit(events, exposure * 1_000, neighbours)

    pd.testing.assert_series_equal(other.table["rate"] * 1_000, one.table["rate"])
    pd.testing.assert_frame_equal(other.draws + np.log(1_000), one.draws)


def test_a_covariates_effect_is_found(chart):
    events, exposure, neighbours, truth = city(chart, 400, 10, sigma=0.3)
    rng = np.random.default_rng(2)
    x = pd.Series(rng.standard_normal(400), index=events.index)
    pulled = pd.Series(rng.poisson(exposure * np.exp(truth + 0.4 * x)).astype(float), events.index)

    found = fit(pulled, exposure, neighbours, covariates=pd.DataFrame({"x": x}))

    told = found.parameters.loc["x"]
    assert told["lower"] < 0.4 < told["upper"]
    assert told["sd"] < 0.05
    assert found.coefficient_draws["x"].mean() == pytest.approx(told["mean"], abs=0.01)


def test_a_negative_binomial_count_tells_less(chart):
    events, exposure, neighbours, _ = city(chart, 100, 11)

    poisson = fit(events, exposure, neighbours).table
    clumped = fit(events, exposure, neighbours, options=Bym2Options(size=3.0)).table

    assert clumped["log_sd"].mean() > poisson["log_sd"].mean()
    # As the size grows the law becomes Poisson's.
    nearly = fit(events, exposure, neighbours, options=Bym2Options(size=1e7)).table
    assert (nearly["log_rate"] - poisson["log_rate"]).abs().max() < 1e-3


def test_the_same_seed_gives_the_same_draws(chart):
    events, exposure, neighbours, _ = city(chart, 50, 12)

    first, second = (fit(events, exposure, neighbours, seed=5).draws for _ in range(2))

    pd.testing.assert_frame_equal(first, second)


def test_what_no_map_can_be_made_of_is_refused_with_what_to_do(chart):
    events, exposure, neighbours, _ = city(chart, 20, 13)
    holes = pd.DataFrame({"x": [np.nan, *range(19)]}, index=events.index)

    with pytest.raises(AnalysisError, match="20 areas and the counts are of 19"):
        fit(events.iloc[1:], exposure, neighbours)
    with pytest.raises(AnalysisError, match="there are 20 areas and 0"):
        fit(events * 0, exposure, neighbours)
    with pytest.raises(AnalysisError, match="x has no value in 1 areas; the first is c0000"):
        fit(events, exposure, neighbours, covariates=holes)


def test_the_default_prior_gives_one_percent_to_a_deviation_above_one():
    log_sigma = np.linspace(-12, 3, 40_001)
    flat = np.full_like(log_sigma, np.pi / 4)

    density = np.exp(Priors().log_density(log_sigma, flat))

    above = np.trapezoid(np.where(log_sigma > 0, density, 0), log_sigma)
    assert above / np.trapezoid(density, log_sigma) == pytest.approx(0.01, rel=0.01)


def test_the_beta_law_of_mixing_is_that_of_scipy():
    share = np.array([0.1, 0.4, 0.8])
    angle = np.arcsin(np.sqrt(share))

    told = np.exp(Priors(mixing=(2.0, 3.0)).log_density(np.zeros(3), angle))

    # Density of the angle: that of the share times its derivative, 2 sin cos.
    expected = stats.beta.pdf(share, 2, 3) * np.sin(2 * angle)
    assert told / told[0] == pytest.approx(expected / expected[0])


def test_a_strong_belief_that_a_covariate_tells_nothing_outweighs_the_counts(chart):
    events, exposure, neighbours, truth = city(chart, 60, 14, sigma=0.2)
    x = pd.Series(np.random.default_rng(2).standard_normal(60), index=events.index)
    rng = np.random.default_rng(3)
    pulled = pd.Series(rng.poisson(exposure * np.exp(truth + 0.4 * x)).astype(float), events.index)

    def told(belief):
        priors = Priors(coefficients=belief)
        options = Bym2Options(priors=priors, n_draws=50)
        found = fit(
            pulled, exposure, neighbours, covariates=pd.DataFrame({"x": x}), options=options
        )
        return found.parameters.loc["x"]

    # Beside a prior of 0.01 sixty areas tell little: its deviation is nearly the prior's own.
    sure, open_minded = told(0.01), told(1.0)
    assert sure["sd"] == pytest.approx(0.01, rel=0.05)
    assert abs(sure["mean"]) < 0.03
    assert open_minded["lower"] < 0.4 < open_minded["upper"]
