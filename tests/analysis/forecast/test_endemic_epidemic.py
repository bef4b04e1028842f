import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from labtools.analysis.forecast.ahead import forecast_steps
from labtools.analysis.forecast.coefficient_errors import coefficient_table
from labtools.analysis.forecast.contagion import borders_apart, rings_of
from labtools.analysis.forecast.endemic_epidemic import (
    fill_gaps,
    fit_endemic_epidemic,
    log_exposure,
)
from labtools.analysis.forecast.endemic_likelihood import Terms
from labtools.analysis.forecast.scores import score_counts
from labtools.errors import AnalysisError

ROWS = 12


@pytest.fixture(scope="module")
def measles(oracle):
    """Measles of 17 districts in 104 weeks, their population shares and their borders."""
    counts = oracle("measles_weserems_counts.csv").T
    people = oracle("measles_weserems_popfrac.csv")["pop"].set_axis(counts.index)
    borders = oracle("measles_weserems_nbOrder.csv").to_numpy()
    return counts, people, rings_of(borders, furthest=1)


@pytest.fixture(scope="module")
def published(reference):
    return reference("endemic_epidemic_measles.json")


def terms(rings, **others):
    return Terms(rings=rings, shared_out=False, season=52, own_level=False, **others)


def square(side):
    """Return which cells of a square grid touch."""
    cells = np.arange(side * side).reshape(side, side)
    across = np.column_stack([cells[:, :-1].ravel(), cells[:, 1:].ravel()])
    down = np.column_stack([cells[:-1].ravel(), cells[1:].ravel()])
    return np.vstack([across, down])


@pytest.fixture(scope="module")
def simulated():
    """Counts of 144 cells in 90 months: 0.25 from the own past, 0.3 from neighbours by 1/o^2."""
    rng = np.random.default_rng(11)
    rings = rings_of(borders_apart(square(ROWS), ROWS**2), furthest=4)
    levels = rng.normal(0, 0.5, ROWS**2)
    passes = 0.25 * np.eye(ROWS**2) + 0.3 * rings.matrix(2.0).toarray()
    last, columns = np.ones(ROWS**2), []
    for month in range(90):
        season = 0.4 * np.sin(2 * np.pi * month / 12)
        mean = passes @ last + np.exp(levels + season)
        last = rng.negative_binomial(1 / 0.2, 1 / (1 + 0.2 * mean)).astype(float)
        columns.append(last)
    return pd.DataFrame(np.column_stack(columns)), rings, levels


def test_measles_have_the_coefficients_of_hhh4(measles, published):
    counts, people, rings = measles

    fit = fit_endemic_epidemic(counts, terms(rings), exposure=people)

    assert fit.coefficients.to_dict() == pytest.approx(published["coefficients"], abs=1e-3)
    assert fit.overdispersion == pytest.approx(published["overdispersion"], abs=1e-3)
    assert fit.log_likelihood == pytest.approx(published["log_likelihood"], abs=0.01)
    assert fit.aic == pytest.approx(published["aic"], abs=0.02)


def test_measles_have_the_standard_errors_of_hhh4(measles, published):
    counts, people, rings = measles
    fit = fit_endemic_epidemic(counts, terms(rings), exposure=people)

    found = coefficient_table(fit, counts, exposure=people)

    assert found["error"].to_dict() == pytest.approx(published["errors"], abs=1e-3)
    below = (found["estimate"] - found["lower"]).to_numpy()
    assert below == pytest.approx(1.959964 * found["error"].to_numpy())


def test_errors_with_levels_of_areas_are_how_far_the_truth_is_missed(simulated):
    counts, rings, _ = simulated
    fit = fit_endemic_epidemic(counts, Terms(rings=rings, trend=False))

    found = coefficient_table(fit, counts)

    truth = {"own_past": np.log(0.25), "neighbours": np.log(0.3), "decay": np.log(2.0)}
    truth |= {"sin_1": 0.4, "cos_1": 0.0, "log_overdispersion": np.log(0.2)}
    away = (found["estimate"] - pd.Series(truth)).dropna() / found["error"].dropna()
    assert len(away.dropna()) == len(truth)
    assert away.abs().max() < 3.5


def test_measles_of_poisson_have_the_published_aic(measles, published):
    counts, people, rings = measles

    fit = fit_endemic_epidemic(counts, terms(rings, family="poisson"), exposure=people)

    assert fit.aic == pytest.approx(published["aic_poisson"], abs=0.5)


def test_weeks_ahead_of_measles_score_as_in_surveillance(measles, published):
    counts, people, rings = measles
    fit, scores, expected = None, [], []

    for last in range(65, 78):
        known = counts.iloc[:, :last]
        fit = fit_endemic_epidemic(known, terms(rings), exposure=people, start=fit)
        ahead = forecast_steps(fit, known, 1, exposure=people)
        observed = counts.iloc[:, last].to_numpy(float)
        scores.append(score_counts(observed, ahead.mean[:, 0], ahead.size[:, 0]))
        expected.append(ahead.mean[:, 0])

    mean = pd.concat(scores)[["log_score", "crps", "dss"]].mean()
    assert mean.to_dict() == pytest.approx(published["rolling_scores"], rel=1e-3)
    means = np.array(expected)
    assert means == pytest.approx(np.array(published["one_step_ahead"]), rel=1e-3)
    errors = counts.to_numpy(float)[:, 65:78].T - means
    assert (errors**2).mean() == pytest.approx(published["squared_error"], rel=1e-3)


def test_a_power_law_and_the_levels_of_areas_are_found_again(simulated):
    counts, rings, levels = simulated

    fit = fit_endemic_epidemic(counts, Terms(rings=rings, trend=False))

    # Tolerances are about three standard errors of 12,960 counts.
    assert np.exp(fit.coefficients["own_past"]) == pytest.approx(0.25, abs=0.05)
    assert np.exp(fit.coefficients["neighbours"]) == pytest.approx(0.3, abs=0.12)
    assert fit.decay == pytest.approx(2.0, abs=1.0)
    assert fit.overdispersion == pytest.approx(0.2, abs=0.05)
    assert fit.own_level_sd == pytest.approx(levels.std(), abs=0.08)
    assert np.corrcoef(fit.own_level, levels)[0, 1] > 0.9


def test_no_neighbouring_coefficients_are_likelier(measles):
    counts, people, rings = measles
    asked = terms(rings, attraction=True)
    best = fit_endemic_epidemic(counts, asked, exposure=people)

    shifted = [best.coefficients.copy() for _ in range(2 * len(best.coefficients))]
    for place, move in enumerate(shifted):
        move.iloc[place // 2] += 0.02 * (-1) ** place

    for move in shifted:
        assert likelihood_at(counts, people, rings, move, best.overdispersion) < best.log_likelihood


def likelihood_at(counts, people, rings, at, overdispersion):
    """Write the likelihood down as in the paper, one term after the other."""
    y, share = counts.to_numpy(float), people.to_numpy()[:, None]
    week = np.arange(1, y.shape[1])
    wave = at["sin_1"] * np.sin(2 * np.pi * week / 52) + at["cos_1"] * np.cos(2 * np.pi * week / 52)
    endemic = share * np.exp(at["level"] + at["trend"] * week + wave)
    touching = rings.rings[0].toarray()
    pull = np.exp(at["neighbours"]) * share ** at["attraction"]
    mean = endemic + np.exp(at["own_past"]) * y[:, :-1] + pull * (touching @ y[:, :-1])
    size = 1 / overdispersion
    return stats.nbinom.logpmf(y[:, 1:], size, size / (size + mean)).sum()


def test_mean_and_variance_two_steps_ahead_are_those_of_simulated_paths(simulated):
    counts, rings, _ = simulated
    fit = fit_endemic_epidemic(counts, Terms(rings=rings, trend=False, own_level=False))

    ahead = forecast_steps(fit, counts, 2)

    rng = np.random.default_rng(5)
    passes = np.exp(fit.coefficients["own_past"]) * np.eye(ROWS**2)
    passes += np.exp(fit.coefficients["neighbours"]) * rings.matrix(fit.decay).toarray()
    last = np.tile(counts.iloc[:, -1].to_numpy(), (20_000, 1))
    for month in (90, 91):
        angle = 2 * np.pi * month / 12
        wave = fit.coefficients[["sin_1", "cos_1"]] @ [np.sin(angle), np.cos(angle)]
        mean = last @ passes.T + np.exp(fit.coefficients["level"] + wave)
        size = 1 / fit.overdispersion
        last = rng.negative_binomial(size, size / (size + mean)).astype(float)
    variance = ahead.mean + ahead.mean**2 / ahead.size
    assert np.abs(last.mean(axis=0) / ahead.mean[:, 1] - 1).max() < 0.03
    assert np.abs(last.var(axis=0) / variance[:, 1] - 1).max() < 0.1


def test_a_missing_count_spoils_no_other(simulated):
    counts, rings, _ = simulated
    gaps = counts.copy()
    gaps.iloc[3, 40] = np.nan

    fit = fit_endemic_epidemic(gaps, Terms(rings=rings, trend=False))

    whole = fit_endemic_epidemic(counts, Terms(rings=rings, trend=False))
    assert fit.coefficients.to_numpy() == pytest.approx(whole.coefficients.to_numpy(), abs=0.1)
    assert np.isfinite(forecast_steps(fit, gaps, 3).mean).all()


def test_a_covariate_that_runs_ahead_is_found():
    rng = np.random.default_rng(2)
    sign = pd.DataFrame(rng.normal(0, 1, (100, 60)))
    counts = pd.DataFrame(rng.poisson(np.exp(0.2 + 0.3 * sign.to_numpy())))

    fit = fit_endemic_epidemic(
        counts, Terms(season=0, trend=False, own_level=False), covariates={"calls": sign}
    )

    assert fit.coefficients["calls"] == pytest.approx(0.3, abs=0.05)


def test_the_slope_of_the_power_law_is_that_of_small_differences(simulated):
    counts, rings, _ = simulated
    y = counts.to_numpy()

    slope = rings.slope(y, 1.5)

    near = (rings.around(y, 1.5 + 1e-5) - rings.around(y, 1.5 - 1e-5)) / 2e-5
    assert np.abs(slope - near).max() < 1e-6


def test_borders_are_counted_along_the_shortest_way_and_islands_are_apart():
    path = np.array([[0, 1], [1, 2]])

    apart = borders_apart(path, 4)

    assert apart.tolist() == [[0, 1, 2, 0], [1, 0, 1, 0], [2, 1, 0, 0], [0, 0, 0, 0]]


@pytest.mark.parametrize("counts", [np.zeros((3, 20)), np.ones((3, 5))])
def test_counts_that_tell_nothing_are_refused(counts):
    with pytest.raises(AnalysisError, match="at least 12 steps"):
        fit_endemic_epidemic(pd.DataFrame(counts), Terms())


def test_an_area_without_exposure_is_refused_by_name():
    counts = pd.DataFrame(np.ones((2, 20)), index=["a", "b"])

    with pytest.raises(AnalysisError, match="first is b"):
        fit_endemic_epidemic(counts, Terms(), exposure=pd.Series({"a": 1.0, "b": 0.0}))


def test_areas_without_neighbours_are_refused():
    with pytest.raises(AnalysisError, match="has a neighbour"):
        rings_of(np.zeros((3, 3), int), furthest=2)


ENDEMIC = {"own_past": False, "rings": None, "own_level": False, "season": 12}


@pytest.fixture(scope="module")
def endemic():
    """Counts of areas with a season and a trend, two of them missing, and their exposure."""
    rng = np.random.default_rng(31)
    people = pd.Series(rng.lognormal(1, 0.5, 25))
    t = np.arange(40)
    level = np.exp(0.3 + 0.01 * t + 0.4 * np.sin(2 * np.pi * t / 12))
    mean = people.to_numpy()[:, None] * level
    counts = pd.DataFrame(rng.negative_binomial(4, 4 / (4 + mean)).astype(float))
    counts.iloc[3, 10] = counts.iloc[8, 39] = np.nan
    return counts, people


def regression(counts, people):
    """Return counts, columns and offset of the steps that are known along with the one before."""
    t = np.tile(np.arange(1.0, 40), (25, 1))
    angle = 2 * np.pi * t / 12
    columns = np.stack([np.ones_like(t), t, np.sin(angle), np.cos(angle)])
    y = counts.to_numpy()
    known = ~np.isnan(y[:, 1:]) & ~np.isnan(y[:, :-1])
    offset = np.broadcast_to(np.log(people.to_numpy())[:, None], t.shape)
    return y[:, 1:][known], columns[:, known].T, offset[known]


def test_without_anything_passed_on_it_is_the_poisson_regression_of_statsmodels(endemic):
    counts, people = endemic
    terms = Terms(family="poisson", **ENDEMIC)
    y, columns, offset = regression(counts, people)
    expected = sm.GLM(y, columns, family=sm.families.Poisson(), offset=offset).fit()

    fit = fit_endemic_epidemic(counts, terms, exposure=people)

    assert list(fit.coefficients.index) == ["level", "trend", "sin_1", "cos_1"]
    assert fit.coefficients.to_numpy() == pytest.approx(expected.params, abs=1e-5)
    assert fit.log_likelihood == pytest.approx(expected.llf, abs=1e-6)
    assert fit.aic == pytest.approx(expected.aic, abs=1e-6)
    told = coefficient_table(fit, counts, exposure=people)
    assert told["error"].to_numpy() == pytest.approx(expected.bse, rel=1e-3)
    assert told["lower"].to_numpy() == pytest.approx(expected.conf_int()[:, 0], abs=1e-4)
    assert told["upper"].to_numpy() == pytest.approx(expected.conf_int()[:, 1], abs=1e-4)


def test_with_dispersion_it_is_the_negative_binomial_regression_of_statsmodels(endemic):
    counts, people = endemic
    y, columns, offset = regression(counts, people)
    law = sm.NegativeBinomial(y, columns, offset=offset)
    expected = law.fit(disp=False, maxiter=200, gtol=1e-8)

    fit = fit_endemic_epidemic(counts, Terms(**ENDEMIC), exposure=people)

    assert fit.coefficients.to_numpy() == pytest.approx(expected.params[:-1], abs=2e-4)
    assert fit.overdispersion == pytest.approx(expected.params[-1], rel=1e-3)
    assert fit.log_likelihood == pytest.approx(expected.llf, abs=1e-5)
    assert fit.aic == pytest.approx(-2 * expected.llf + 2 * 5, abs=1e-4)


def test_levels_of_areas_are_as_uncertain_as_their_counts_and_their_spread_leave_them():
    rng = np.random.default_rng(32)
    people = pd.Series(rng.lognormal(1, 0.5, 40))
    level = rng.normal(0, 0.6, 40)
    mean = np.repeat((people * np.exp(0.2 + level)).to_numpy()[:, None], 24, axis=1)
    counts = pd.DataFrame(rng.poisson(mean).astype(float))
    terms = Terms("poisson", own_past=False, rings=None, season=0, trend=False)

    fit = fit_endemic_epidemic(counts, terms, exposure=people)

    spread = fit.own_level_sd**2
    expected = 23 * people * np.exp(fit.coefficients["level"] + fit.own_level)
    assert list(fit.coefficients.index) == ["level"]
    assert fit.own_level_variance.to_numpy() == pytest.approx(
        (1 / (expected + 1 / spread)).tolist()
    )
    # Each level stands where its counts and the law of levels pull alike.
    pull = counts.iloc[:, 1:].sum(axis=1) - expected
    assert pull.to_numpy() == pytest.approx((fit.own_level / spread).to_numpy(), abs=1e-3)
    assert spread == pytest.approx((fit.own_level**2 + fit.own_level_variance).mean(), rel=1e-3)
    assert np.isnan(fit.aic)


def test_a_search_that_begins_where_another_ended_stands_still_at_once(endemic):
    counts, people = endemic
    terms = Terms(family="poisson", **ENDEMIC)
    fit = fit_endemic_epidemic(counts, terms, exposure=people)

    again = fit_endemic_epidemic(counts, terms, exposure=people, start=fit)

    assert (fit.steps > 1, again.steps) == (True, 1)
    assert again.coefficients.to_numpy() == pytest.approx(fit.coefficients.to_numpy(), abs=1e-6)


def test_twelve_steps_are_enough_and_eleven_are_not_and_what_there_is_is_told():
    counts = pd.DataFrame(np.random.default_rng(33).poisson(4.0, (6, 12)).astype(float))
    alone = Terms("poisson", own_past=False, season=0, trend=False, own_level=False)

    assert fit_endemic_epidemic(counts, alone).coefficients["level"] == pytest.approx(
        np.log(counts.iloc[:, 1:].to_numpy().mean()), abs=1e-4
    )
    total = float(counts.iloc[:, :11].to_numpy().sum())
    with pytest.raises(AnalysisError, match=f"there are 11 steps with {total} events"):
        fit_endemic_epidemic(counts.iloc[:, :11], alone)
    first = counts * 0
    first[0] = 1.0
    with pytest.raises(AnalysisError, match=r"there are 12 steps with 6\.0 events"):
        fit_endemic_epidemic(first, alone)


def test_areas_without_exposure_are_counted_and_the_first_is_named():
    areas = pd.Index(["a", "b", "c", "d"])

    told = log_exposure(pd.Series({"d": 4.0, "a": 1.0, "b": 2.0, "c": 0.5}), areas)

    assert told == pytest.approx(np.log([1.0, 2.0, 0.5, 4.0]))
    assert log_exposure(None, areas).tolist() == [0, 0, 0, 0]
    with pytest.raises(AnalysisError, match="and 3 lack it; the first is b"):
        log_exposure(pd.Series({"a": 1.0, "b": 0.0, "c": -1.0}), areas)


def test_a_gap_is_filled_by_the_mean_of_its_area_and_an_unknown_area_by_none():
    counts = np.array([[1.0, np.nan, 4.0, 4.0], [np.nan] * 4, [2.0, 2.0, np.nan, 0.5]])

    assert fill_gaps(counts).tolist() == [[1, 3, 4, 4], [0, 0, 0, 0], [2, 2, 1.5, 0.5]]
