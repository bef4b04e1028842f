from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from labtools.analysis.risk.space_time import (
    CountPanel,
    SpaceTimeOptions,
    _table,
    fit_space_time,
    space_time_model,
)
from labtools.analysis.risk.space_time_design import (
    prior_precision,
    shared_ahead,
    shared_columns,
)
from labtools.analysis.risk.space_time_integration import (
    Mixed,
    _bend,
    _log_prior,
    _parameters,
    _points,
)
from labtools.analysis.risk.wandering import Wandering
from labtools.errors import AnalysisError
from tests.simulation.risk_cities import MONTHS, risk_city


def panel_of(city, **more):
    events = pd.DataFrame(city.counts[:, :MONTHS], city.exposure.index)
    return CountPanel(events, city.exposure, city.covariates, **more)


@pytest.fixture(scope="module")
def city():
    return risk_city(128, 7, mean=2.5)


@pytest.fixture(scope="module")
def fitted(city):
    ever = pd.Series(city.treated.any(axis=1).astype(float), city.exposure.index)
    force = pd.DataFrame(city.treated.astype(float), city.exposure.index)
    panel = CountPanel(
        pd.DataFrame(city.counts[:, :MONTHS], city.exposure.index),
        city.exposure,
        city.covariates.assign(ever=ever),
        {"programme": force},
    )
    options = SpaceTimeOptions(ahead=6, n_draws=600)
    rng = np.random.default_rng(1)
    return fit_space_time(panel, city.neighbours, rng=rng, options=options)


def test_a_wandering_path_given_its_counts_has_the_law_of_dense_algebra():
    rng = np.random.default_rng(2)
    sd, phi, bend = 0.4, 0.7, rng.gamma(2, 1, (6, 1, 2))
    lag = np.abs(np.subtract.outer(np.arange(6), np.arange(6)))
    prior = np.linalg.inv(sd**2 * phi**lag)
    right = rng.normal(size=(6, 1, 2, 3))
    wandering = Wandering(np.array([[sd]]), np.array([[phi]]))

    swept = wandering.given(bend)

    for area in range(2):
        dense = prior + np.diag(bend[:, 0, area])
        assert swept.solve(right)[:, 0, area] == pytest.approx(
            np.linalg.solve(dense, right[:, 0, area])
        )
        assert swept.variances()[:, 0, area] == pytest.approx(np.diag(np.linalg.inv(dense)))
    both = sum(np.linalg.slogdet(prior + np.diag(bend[:, 0, k]))[1] for k in range(2))
    assert swept.log_determinant() == pytest.approx(both)
    assert wandering.log_determinant(6, 1) == pytest.approx(np.linalg.slogdet(prior)[1])
    path = rng.normal(size=(6, 1, 1))
    assert wandering.energy(path) == pytest.approx(path[:, 0, 0] @ prior @ path[:, 0, 0])


def test_draws_of_the_last_periods_have_the_mean_and_variance_of_the_path():
    rng = np.random.default_rng(3)
    bend, right = rng.gamma(2, 1, (6, 1, 1)), rng.normal(size=(6, 1, 1))
    swept = Wandering(np.array([[0.4]]), np.array([[0.7]])).given(bend)

    drawn = swept.draw_last(
        np.broadcast_to(right, (6, 1, 20_000)), 3, rng.standard_normal((3, 1, 20_000))
    )

    # Four standard errors of 20,000 draws of a deviation of at most 0.4.
    expected = swept.solve(right[..., None])[3:, 0, 0, 0]
    assert drawn.mean(axis=2)[:, 0] == pytest.approx(expected, abs=0.012)
    assert drawn.var(axis=2)[:, 0] == pytest.approx(swept.variances()[3:, 0, 0], rel=0.05)


def test_of_several_laws_the_path_of_the_first_is_drawn():
    rng = np.random.default_rng(5)
    bend, right = rng.gamma(2, 1, (6, 1, 1)), rng.normal(size=(6, 1, 4))
    noise = rng.standard_normal((3, 1, 4))
    alone = Wandering(np.array([[0.4]]), np.array([[0.7]])).given(bend)
    two = Wandering(np.array([[0.4], [0.9]]), np.array([[0.7], [0.2]])).given(
        np.repeat(bend, 2, axis=1)
    )

    assert two.draw_last(right, 3, noise) == pytest.approx(alone.draw_last(right, 3, noise))


@pytest.mark.parametrize("season", [4, 12])
def test_no_shared_column_is_empty_or_told_by_the_others(season):
    columns, roughness = shared_columns(5 * season, season)

    with_one = np.column_stack([np.ones(5 * season), columns])
    assert np.linalg.matrix_rank(with_one) == with_one.shape[1]
    assert np.linalg.eigvalsh(roughness).min() > 0


def test_the_levels_are_nearer_the_truth_than_twelve_months_and_their_intervals_hold_it(
    city, fitted
):
    truth = pd.Series(city.log_risk, city.exposure.index)
    raw = np.log((city.counts[:, 48:60].sum(axis=1) + 0.5) / (12 * city.exposure))

    table = fitted.table

    def far(answer):
        away = answer - truth
        return np.sqrt(((away - away.mean()) ** 2).mean())

    # The study of 24 such cities: about 0.2 against 0.45.
    assert far(table["log_rate"]) < 0.27 < far(raw)
    held = (np.log(table["lower"]) <= truth) & (truth <= np.log(table["upper"]))
    # 128 hits: three standard errors are 6 points.
    assert held.mean() > 0.88


def test_the_parameters_behind_the_city_are_found(fitted):
    told = fitted.parameters

    def apart(name, truth):
        return abs(told.loc[name, "mean"] - truth) / told.loc[name, "sd"]

    assert apart("memory", 0.7) < 3
    assert apart("wandering_sd", 0.25) < 3
    assert abs(np.log(told.loc["size", "mean"] / 10)) < 0.7
    # A fall of 20 % that comes in over six months: on average about 15 %.
    assert -0.36 < told.loc["programme", "mean"] < 0.05


def test_months_to_come_are_expected_where_they_fall(city, fitted):
    expected = (np.exp(fitted.ahead).mean(axis=0) * city.exposure.to_numpy()[:, None]).sum()

    assert expected / city.mean[:, MONTHS:].sum() == pytest.approx(1, abs=0.12)
    assert fitted.ahead.shape == (600, 128, 6)


def test_an_area_without_people_a_gap_and_an_island_are_not_dropped_and_spoil_no_other(city):
    panel = panel_of(city)
    people, events = panel.exposure.copy(), panel.events.copy()
    people.iloc[0] = 0.0
    events.iloc[1, 50:] = np.nan
    cut = city.neighbours.toarray()
    cut[2], cut[:, 2] = 0, 0
    holed = CountPanel(events, people, city.covariates)
    alone = type(city.neighbours)(cut)

    found = fit_space_time(holed, alone, rng=np.random.default_rng(1)).table

    assert np.isfinite(found.to_numpy()).all()
    assert found["log_sd"].iloc[0] > found["log_sd"].iloc[3:].median()


def test_less_than_two_years_are_refused(city):
    short = CountPanel(pd.DataFrame(city.counts[:, :20], city.exposure.index), city.exposure)

    with pytest.raises(AnalysisError, match="there are 20 periods"):
        fit_space_time(short, city.neighbours, rng=np.random.default_rng(1))


@pytest.mark.parametrize(
    ("place", "above"),
    [(0, 0.0), (2, 0.0), (4, -2 * np.log(0.5))],
    ids=["deviation of levels", "deviation of wandering", "clumping"],
)
def test_the_prior_gives_one_in_a_hundred_to_what_it_says_it_does(place, above):
    """A deviation above one; a clumping (one over the root of the size) above one half."""
    grid = np.linspace(-12.0, 40.0, 200_001)
    points = np.zeros((len(grid), 5))
    points[:, 3] = 0.3
    points[:, place] = grid

    density = np.exp(_log_prior(points, 0.3) - _log_prior(points, 0.3).max())

    beyond = grid < above if place == 4 else grid > above
    assert density[beyond].sum() / density.sum() == pytest.approx(0.01, abs=2e-4)


CENTRE = np.array([-0.6, 0.8, -1.2, 0.9, 2.5])


def precise():
    """Return a precision of five parameters, none of which is alone."""
    half = np.random.default_rng(4).normal(size=(5, 5))
    return 60 * np.eye(5) + 20 * half @ half.T


def test_the_bends_of_a_normal_law_are_its_precision():
    precision = precise()

    def normal(points):
        away = points - CENTRE
        return 7.0 - np.einsum("ni,ij,nj->n", away, precision, away) / 2

    assert _bend(normal, CENTRE) == pytest.approx(precision, rel=1e-6, abs=1e-6)


def test_points_around_the_mode_of_a_normal_law_have_its_mean_and_covariance():
    precision = precise()

    def normal(points):
        away = points - CENTRE
        return 7.0 - np.einsum("ni,ij,nj->n", away, precision, away) / 2

    points, weight = _points(normal, CENTRE)

    weight = weight / weight.sum()
    mean = weight @ points
    assert len(points) == 11
    assert weight[0] == pytest.approx(1 - 1 / 1.1**2)
    assert mean == pytest.approx(CENTRE)
    away = points - mean
    assert (weight[:, None] * away).T @ away == pytest.approx(np.linalg.inv(precision), rel=1e-4)


def test_of_a_law_that_is_long_on_one_side_the_points_lie_as_deep_on_both():
    def lopsided(points):
        away = points - CENTRE
        first = np.where(away[:, 0] > 0, away[:, 0] * 8, away[:, 0] * 12)
        return -(first**2) / 2 - 50 * (away[:, 1:] ** 2).sum(axis=1)

    points, _ = _points(lopsided, CENTRE)

    depth = -lopsided(points[1:])
    assert depth == pytest.approx(1.1**2 * 5 / 2, rel=0.02)


def test_parameters_are_told_on_their_own_scales():
    told = _parameters(np.array([[np.log(0.5), np.pi / 6, np.log(0.3), 0.0, np.log(12.0)]]))

    assert (told.sigma, told.rho, told.sd) == (
        pytest.approx(0.5),
        pytest.approx(0.25),
        pytest.approx(0.3),
    )
    assert (told.phi, told.size) == (pytest.approx(0.5), pytest.approx(12.0))


def test_a_mixture_varies_by_its_parts_and_by_what_lies_between_them():
    mixed = Mixed(np.zeros((2, 5)), np.array([0.25, 0.75]), ())

    mean, sd = mixed._summary(np.array([1.0, 5.0]), np.array([2.0, 4.0]))

    # By hand: 0.25 × 1 + 0.75 × 5; variances 3.5 inside and 3 between.
    assert mean == pytest.approx(4.0)
    assert sd == pytest.approx(np.sqrt(6.5))


def test_shared_columns_are_two_yearly_waves_and_a_line_bent_each_half_year():
    columns, roughness = shared_columns(25, 12)

    t = np.arange(25)
    for k in (1, 2):
        angle = 2 * np.pi * k * t / 12
        assert columns[:, 2 * k - 2] == pytest.approx(np.cos(angle))
        assert columns[:, 2 * k - 1] == pytest.approx(np.sin(angle))
    hats = columns[:, 4:]
    assert hats.shape == (25, 4)
    assert hats[0].tolist() == [0, 0, 0, 0]
    assert hats[6].tolist() == [1, 0, 0, 0]
    assert hats[15].tolist() == [0, 0.5, 0.5, 0]
    # Waves vary by a half; each knot is a step of a tenth from the one before, the first from nil.
    assert np.diag(roughness)[:4] == pytest.approx([4.0] * 4)
    steps = np.linalg.inv(roughness[4:, 4:])
    assert steps == pytest.approx(0.01 * np.minimum.outer(np.arange(1, 5), np.arange(1, 5)))
    assert roughness[:4, 4:] == pytest.approx(0)


def test_quarters_have_no_second_sine_and_what_comes_has_the_season_of_a_year_before():
    columns, _ = shared_columns(10, 4)

    angle = np.pi * np.arange(10) / 2
    assert columns[:, :3] == pytest.approx(
        np.column_stack([np.cos(angle), np.sin(angle), np.cos(2 * angle)])
    )
    ahead = shared_ahead(columns, 4, 6)
    assert ahead.shape == (6, columns.shape[1])
    assert ahead[:, :3] == pytest.approx(columns[[6, 7, 8, 9, 6, 7], :3])
    assert ahead[:, 3:] == pytest.approx(np.repeat(columns[-1:, 3:], 6, axis=0))


def test_what_is_believed_of_coefficients_is_told_by_their_precision():
    told = prior_precision(4, np.array([[2.0, 1.0], [1.0, 3.0]]), 1, traits=2)

    assert np.diag(told) == pytest.approx([0.01, 1.0, 0.0, 0.0, 2.0, 3.0, 1.0])
    assert told[4, 5] == 1.0
    assert np.count_nonzero(told) == 7
    assert np.diag(prior_precision(2, np.zeros((0, 0)), 2)) == pytest.approx([0.01, 1, 1, 1])


def small(areas=5, periods=8, **more):
    counts = pd.DataFrame(np.full((areas, periods), 2.0), [f"a{k}" for k in range(areas)])
    return CountPanel(counts, pd.Series(10.0, counts.index), season=4, **more)


def test_five_areas_with_people_and_counts_in_two_years_have_a_model():
    model, base = space_time_model(small(), sparse.csr_array((5, 5)))

    assert base == pytest.approx(np.log(2 / 10))
    # What is expected at the common rate is what there was.
    assert model.exposure.sum() == pytest.approx(5 * 8 * 2)
    assert model.events.sum() == 5 * 8 * 2
    assert (model.traits, model.drivers.shape[2], model.fixed.shape[1]) == (0, 0, 1)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("no people", "needs two years (8 periods).* there are 8 periods and 4 such areas"),
        ("no counts", "there are 8 periods and 4 such areas"),
        ("short", "there are 7 periods and 5 such areas"),
        ("no event", "there are 8 periods and 5 such areas"),
    ],
)
def test_less_than_that_is_refused_with_what_there_is(wrong, told):
    panel = small(periods=7 if wrong == "short" else 8)
    if wrong == "no people":
        panel.exposure.iloc[2] = 0.0
    if wrong == "no counts":
        panel.events.iloc[3] = np.nan
    if wrong == "no event":
        panel.events.iloc[:] = 0.0

    with pytest.raises(AnalysisError, match=told.replace("(", r"\(").replace(")", r"\)")):
        space_time_model(panel, sparse.csr_array((5, 5)))


def test_as_many_recent_periods_as_there_are_may_be_told_and_no_more():
    assert space_time_model(small(), sparse.csr_array((5, 5)), recent=8)
    with pytest.raises(AnalysisError, match="8 periods and 5"):
        space_time_model(small(), sparse.csr_array((5, 5)), recent=9)


def test_the_common_rate_is_that_of_what_is_known_and_recorded():
    panel = small(recorded=pd.Series({7: 0.5}))
    panel.events.iloc[0, 0] = np.nan
    panel.events.iloc[1, 7] = 7.0

    _, base = space_time_model(panel, sparse.csr_array((5, 5)))

    # Of 40 cells one is unknown, and the five of the last period are recorded by half.
    assert base == pytest.approx(np.log((39 * 2 + 5) / (10 * (39 - 2.5))))
    assert small().shares_recorded().tolist() == [1.0] * 8
    assert panel.shares_recorded().tolist() == [1.0] * 7 + [0.5]


def test_what_is_told_of_areas_stands_as_the_counts_do_whatever_their_order():
    areas = [f"a{k}" for k in range(5)]
    told = pd.Series(np.arange(5.0), areas)[::-1]
    force = pd.DataFrame(np.add.outer(np.arange(5.0), np.arange(8) / 8), areas)[::-1]
    panel = small(
        covariates=told.to_frame("x"), traits=(told * 2).to_frame("y"), doubt=told.iloc[:-1] / 10
    )
    panel = replace(panel, drivers={"force": force})

    model, _ = space_time_model(panel, sparse.csr_array((5, 5)))

    # The model has an order of its own, which its map takes back.
    back = model.graph.take
    assert back(model.fixed.T).T.tolist() == [[1.0, k, 2.0 * k] for k in range(5)]
    assert back(model.drivers[:, :, 0]).T.tolist() == force[::-1].to_numpy().tolist()
    assert back(model.doubt[None])[0].tolist() == [0.0, 0.1, 0.2, 0.3, 0.4]
    assert model.traits == 1


def test_a_table_of_draws_has_their_means_and_the_limits_of_the_next_one():
    draws = pd.DataFrame({"a": np.log(np.arange(1.0, 40.0)), "b": np.zeros(39)})

    found = _table(draws)

    assert found.columns.to_list() == ["log_rate", "log_sd", "rate", "lower", "upper"]
    # Of 39 draws the next lies below the first with a chance of 1 in 40.
    assert found.loc["a", ["lower", "upper"]].to_list() == pytest.approx([1.0, 39.0])
    assert found.loc["a", "rate"] == pytest.approx(20.0)
    assert found.loc["a", "log_sd"] == pytest.approx(np.log(np.arange(1, 40)).std(ddof=1))
    assert found.loc["b"].to_list() == [0.0, 0.0, 1.0, 1.0, 1.0]
