"""Surveys and areas as they come at their worst: nothing is made up, nothing falls over."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from labtools.analysis.perception.area_estimates import smoothed_variances
from labtools.analysis.perception.area_level import fay_herriot, spatial_fay_herriot
from labtools.analysis.perception.area_shares import (
    effective_answers,
    fit_area_shares,
    neighbour_covariance,
)
from labtools.analysis.perception.design import survey_design
from labtools.analysis.perception.estimates import estimate_mean, estimate_quantile
from labtools.analysis.perception.poststratify import poststratified_shares
from labtools.analysis.perception.unit_level import fit_unit_level
from labtools.analysis.perception.waves import Wave, compare_waves
from labtools.analysis.reporting import ReportingPrior, crime_draws, reporting_draws
from labtools.errors import AnalysisError

PEOPLE = pd.DataFrame(
    {"w": 1.5, "s": np.repeat(["a", "b"], 10), "c": np.arange(20) // 2, "y": [0, 1, 1, 1] * 5}
)
AREAS = pd.DataFrame({"x": np.linspace(-1, 1, 12)})
DIRECT = pd.Series(0.5 + 0.2 * AREAS["x"] + np.tile([0.1, -0.1, 0.05], 4))
NOISE = pd.Series(0.01, AREAS.index)


@pytest.fixture
def rng():
    return np.random.default_rng(8)


@pytest.fixture
def design():
    return survey_design(PEOPLE, weight="w", stratum="s", clusters=("c",))


@pytest.mark.parametrize("weight", [-1.0, np.inf, "mucho"])
def test_a_weight_that_is_no_number_of_people_is_refused(weight):
    wrong = PEOPLE.astype({"w": object})
    wrong.loc[3, "w"] = weight

    with pytest.raises(AnalysisError, match="3"):
        survey_design(wrong, weight="w")


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(AnalysisError, match="factor"):
        survey_design(PEOPLE, weight="factor")


def test_an_infinite_answer_and_an_impossible_quantile_are_refused(design):
    endless = PEOPLE["y"].astype(float).where(PEOPLE.index != 4, np.inf)

    with pytest.raises(AnalysisError, match="4"):
        estimate_mean(design, endless)
    with pytest.raises(AnalysisError):
        estimate_quantile(design, PEOPLE["y"], 1.0)


@pytest.mark.parametrize("answers", [PEOPLE["y"] * 0 + 1, PEOPLE["y"]])
def test_waves_in_which_nothing_varies_are_no_proof_that_nothing_changed(design, answers):
    wave = Wave(design, answers, PEOPLE["s"], PEOPLE["c"])

    found = compare_waves(wave, wave)

    assert found.value == 0
    assert np.isnan([found.lower, found.upper, found.p_value]).all()


def test_an_unanimous_area_is_refused_as_certain_and_has_a_smoothed_variance():
    shares, asked = pd.Series([1.0, 0.4, 0.6, np.nan]), pd.Series([5, 10, 10, 0])

    smooth = smoothed_variances(shares, asked, effect=1.5)

    with pytest.raises(AnalysisError, match="2"):
        fay_herriot(DIRECT, NOISE.where(NOISE.index != 2, 0.0), AREAS)
    drawn = (5 * 1.0 + 4 * 0.6) / 9  # of all, 15 of 25 said yes
    assert smooth[0] == pytest.approx(1.5 * drawn * (1 - drawn) / 5)
    assert (smooth[:3] > 0).all()
    assert np.isnan(smooth[3])
    with pytest.raises(AnalysisError):
        smoothed_variances(shares * 0 + 1, asked)


def test_an_unknown_method_and_an_infinite_estimate_are_refused():
    with pytest.raises(AnalysisError, match="reml"):
        fay_herriot(DIRECT, NOISE, AREAS, method="bayes")
    with pytest.raises(AnalysisError, match="5"):
        fay_herriot(DIRECT.where(DIRECT.index != 5, np.inf), NOISE, AREAS)


def test_neighbours_may_come_as_a_table_or_sparse_and_a_city_in_pieces():
    pairs = np.kron(np.eye(5), [[0.0, 1.0], [1.0, 0.0]])
    near = np.zeros((12, 12))
    near[:10, :10] = pairs  # five pairs, and two islands

    plain = spatial_fay_herriot(DIRECT, NOISE, AREAS, near)
    table = spatial_fay_herriot(DIRECT, NOISE, AREAS, pd.DataFrame(near))
    packed = spatial_fay_herriot(DIRECT, NOISE, AREAS, sparse.csr_array(near))

    pd.testing.assert_series_equal(plain.value, table.value)
    pd.testing.assert_series_equal(plain.mse, packed.mse)
    assert (plain.mse > 0).all()


def test_each_piece_of_a_city_has_neighbours_that_vary_alike():
    near = np.zeros((9, 9), bool)
    near[0, 1] = True
    near[2:8, 2:8] = True

    law = np.diag(neighbour_covariance(near))

    assert np.exp(np.log(law[:2]).mean()) == pytest.approx(1)
    assert np.exp(np.log(law[2:8]).mean()) == pytest.approx(1)
    assert law[8] == 1


def test_neighbours_of_other_areas_are_refused(rng):
    asked = pd.Series(5.0, AREAS.index)

    with pytest.raises(AnalysisError, match="12"):
        fit_area_shares(asked, asked, AREAS, rng=rng, neighbours=np.eye(3))


def test_people_of_no_weight_stand_for_nobody():
    found, _ = effective_answers(
        pd.Series([1.0, 0.0, 1.0]),
        pd.Series([0.0, 0.0, 2.0]),
        pd.Series(list("aab")),
        PEOPLE["c"][:3],
    )

    assert found.index.tolist() == ["b"]
    assert found.loc["b"].tolist() == [1, 1]


@pytest.mark.parametrize("answers", ["same", "line", "area"])
def test_answers_without_variance_inside_areas_are_refused(answers):
    area = pd.Series(np.repeat(range(6), 4))
    x = pd.DataFrame({"x": np.sin(np.arange(24.0))})
    given = {"same": area * 0.0 + 1, "line": 2 * x["x"], "area": area * 1.0}[answers]

    with pytest.raises(AnalysisError):
        fit_unit_level(given, area, x, pd.DataFrame({"x": [0.0]}))


@pytest.mark.parametrize(
    ("sample", "census"),
    [
        ({"y": 2}, {}),
        ({"y": np.nan}, {}),
        ({"k": np.nan}, {}),
        ({}, {"people": np.nan}),
        ({}, {"people": -3}),
    ],
)
def test_answers_or_people_that_cannot_be_added_up_are_refused(rng, sample, census):
    asked = pd.DataFrame({"area": ["a", "b"] * 5, "k": 1, "y": [0, 1] * 5}).assign(**sample)
    counted = pd.DataFrame({"area": ["a", "b"], "k": 1, "people": 50}).assign(**census)

    with pytest.raises(AnalysisError):
        poststratified_shares(asked, counted, area="area", kinds=["k"], rng=rng)


def test_victims_of_whom_it_is_not_known_whether_they_reported_say_nothing(rng):
    prior = ReportingPrior(0.929, 0.75, 0.98, 0.3, {})
    victims = pd.Series(10.0, AREAS.index)

    unknown = reporting_draws(victims * np.nan, victims, AREAS, prior=prior, rng=rng, size=400)

    assert unknown.to_numpy().mean() > 0.05  # the prior's 7 %, not "none of 120 reported"


@pytest.mark.parametrize("count", [-1.0, np.inf])
def test_a_count_that_is_none_is_refused(rng, count):
    reporting = pd.DataFrame(0.1, range(10), ["a", "b"])

    with pytest.raises(AnalysisError, match="b"):
        crime_draws(np.array([3.0, count]), np.ones((10, 2)), reporting, rng=rng)
