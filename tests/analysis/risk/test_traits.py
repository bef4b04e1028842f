from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from labtools.analysis.risk.space_time import CountPanel, fit_space_time, space_time_model
from labtools.analysis.risk.space_time_ahead import counts_ahead, learn_ahead
from labtools.analysis.risk.space_time_integration import SpaceTimeOptions, at_one_point
from labtools.analysis.risk.space_time_laplace import Parameters, find_mode
from labtools.analysis.risk.traits import traits_of_level
from tests.simulation.risk_cities import MONTHS, risk_city


@pytest.fixture(scope="module")
def city():
    return risk_city(60, 11, mean=1.0)


def quarters_of(city):
    months = city.counts[:, :MONTHS].reshape(len(city.exposure), -1, 3)
    return pd.DataFrame(months.sum(axis=2), city.exposure.index)


def fitted(city, traits, events=None):
    events = quarters_of(city) if events is None else events
    panel = CountPanel(events, city.exposure * 3, season=4, traits=traits)
    return fit_space_time(panel, city.neighbours, rng=np.random.default_rng(1))


def planted(city, slope, seed=3):
    """Return a trait, and counts of which it tells the level."""
    rng = np.random.default_rng(seed)
    trait = pd.Series(rng.standard_normal(len(city.exposure)), city.exposure.index)
    mean = np.outer(3 * city.exposure * np.exp(slope * trait), np.ones(20))
    return trait, pd.DataFrame(rng.poisson(mean).astype(float), city.exposure.index)


def test_gaps_are_filled_with_the_mean_and_told_by_a_trait_of_their_own():
    keys = pd.Index(list("abcdef"))
    values = pd.DataFrame(
        {"poor": [1.0, 2, 3, np.nan, 5, 6], "rare": [1.0, 2, *[np.nan] * 4], "same": 1.0}, keys
    )

    found = traits_of_level(values.iloc[::-1], pd.Series([10, 20, 40, 80, 160, 320], keys))

    assert list(found.columns) == ["poor", "residents", "not_known"]
    assert list(found.index) == list(keys)
    assert found.loc["d", "poor"] == 0
    assert found["not_known"].idxmax() == "d"
    assert found["not_known"].nunique() == 2
    assert found.mean().to_numpy() == pytest.approx(0, abs=1e-12)


def test_a_colonia_nobody_lives_in_has_no_residents_trait_and_stays():
    keys = pd.Index(["a", "b", "c"])

    found = traits_of_level(pd.DataFrame(index=keys), pd.Series([0, 20, 40], keys))

    assert found.loc["a", "residents"] == 0
    assert found["not_known"].idxmax() == "a"


def test_where_nothing_tells_colonias_apart_there_are_no_traits():
    keys = pd.Index(["a", "b"])
    assert traits_of_level(pd.DataFrame(index=keys), pd.Series([5, 5], keys)) is None


def test_traits_of_a_deviation_are_covariates_of_deviation_one_times_it(city):
    """A coefficient of deviation s on x is one of deviation 1 on s x: the same law throughout."""
    table = city.covariates
    values = Parameters(*(np.array([v]) for v in (0.5, 0.4, 0.2, 0.5, 20.0, 0.3)))

    def law(panel):
        model, _ = space_time_model(panel, city.neighbours)
        return find_mode(model, values, np.zeros((20, 1, model.graph.rows)))

    base = CountPanel(quarters_of(city), city.exposure * 3, season=4)
    drawn, evidence = law(replace(base, traits=table))
    scaled, same = law(replace(base, covariates=0.3 * table))

    # Solutions stop within 2e-3 of their mode.
    assert drawn.eta == pytest.approx(scaled.eta, abs=1e-6)
    assert evidence == pytest.approx(same, abs=1e-6)


def test_a_trait_that_tells_the_level_is_found_and_its_twin_shares_what_it_says(city):
    trait, counts = planted(city, 0.6)

    one = fitted(city, trait.to_frame("x"), counts).parameters["mean"]
    two = fitted(city, pd.DataFrame({"x": trait, "y": trait}), counts).parameters["mean"]

    assert one["x"] == pytest.approx(0.6, abs=0.1)
    assert two["x"] == pytest.approx(two["y"], rel=1e-3)
    assert two["x"] + two["y"] == pytest.approx(one["x"], abs=0.03)


def test_a_colonia_without_counts_is_told_by_its_traits(city):
    trait, counts = planted(city, 0.6)
    trait.iloc[:2] = [2.0, -2.0]
    counts.iloc[:2] = np.nan

    rate = fitted(city, trait.to_frame("x"), counts).table["rate"]

    assert rate.iloc[0] / rate.iloc[1] == pytest.approx(np.exp(2.4), rel=0.4)


def test_traits_that_say_nothing_change_nothing(city):
    rng = np.random.default_rng(5)
    noise = pd.DataFrame(rng.standard_normal((len(city.exposure), 8)), city.exposure.index)

    without, with_noise = fitted(city, None), fitted(city, noise)

    moved = with_noise.table["log_rate"] - without.table["log_rate"]
    # By much less than what is not known of it.
    assert moved.std() < 0.35 * without.table["log_sd"].median()
    assert with_noise.parameters.loc[noise.columns, "mean"].abs().max() < 0.1
    width = with_noise.table["log_sd"].median() / without.table["log_sd"].median()
    assert width == pytest.approx(1, abs=0.08)


def test_months_to_come_have_the_mean_of_the_truth_and_counts_vary_around_it(city):
    events = pd.DataFrame(city.counts[:, :MONTHS], city.exposure.index)
    panel = CountPanel(events, city.exposure, city.covariates)
    learnt = learn_ahead(replace(panel, events=events.iloc[:, :48]), city.neighbours)

    mean, size = counts_ahead(panel, city.neighbours, learnt, steps=6, rng=np.random.default_rng(1))

    assert mean.shape == size.shape == (60, 6)
    assert mean.sum() / city.mean[:, MONTHS:].sum() == pytest.approx(1, abs=0.15)
    away = (city.counts[:, MONTHS:] - mean) / np.sqrt(mean + mean**2 / size)
    assert away.std() == pytest.approx(1, abs=0.12)
    # The law told has the moments of rates drawn afresh, and of counts that clump around them.
    model, base = space_time_model(panel, city.neighbours)
    wanted = SpaceTimeOptions(recent=1, ahead=6, n_draws=3_000)
    drawn = at_one_point(model, learnt).draw(model, wanted, panel.season, np.random.default_rng(2))
    rates = np.exp(model.graph.take(drawn.ahead.swapaxes(1, 2)).swapaxes(1, 2) + base)
    rates = rates * panel.exposure.to_numpy()[:, None]
    assert mean == pytest.approx(rates.mean(axis=0), rel=0.12)
    apart = rates.var(axis=0) / rates.mean(axis=0) ** 2
    assert np.median(size * ((1 + apart) / drawn.sizes[0] + apart)) == pytest.approx(1, abs=0.03)
