import numpy as np
import pytest

from labtools.analysis.forecast.scores import score_counts, weighted_interval_scores
from labtools.errors import AnalysisError


@pytest.fixture
def told(reference):
    return reference("proper_scores.json")


@pytest.mark.parametrize("law", ["poisson", "negative_binomial"])
@pytest.mark.parametrize(
    ("score", "name"), [("log_score", "logs"), ("crps", "crps"), ("dss", "dss")]
)
def test_scores_are_those_of_direct_summation(told, law, score, name):
    size = [np.array(told["size"])] if law == "negative_binomial" else []

    scores = score_counts(np.array(told["y"]), np.array(told["mu"]), *size)

    assert scores[score].to_list() == pytest.approx(told[law][name], rel=told["tolerance"])


def test_the_weighted_interval_score_is_that_of_direct_summation(told):
    law = (np.array(told[name]) for name in ("y", "mu", "size"))

    scores = weighted_interval_scores(*law, levels=1 - np.array(told["wis_alpha"]))

    expected = told["negative_binomial"]["wis"]
    assert scores == pytest.approx(expected, rel=told["tolerance"])


def test_the_transform_of_a_true_forecast_is_even():
    rng = np.random.default_rng(1)
    counts = rng.poisson(3.0, 1000)

    scores = score_counts(counts, np.full(1000, 3.0))

    drawn = rng.uniform(scores["pit_lower"], scores["pit_upper"])
    assert np.histogram(drawn, 5, (0, 1))[0] == pytest.approx(200, abs=45)


def test_a_missing_count_has_missing_scores_and_spoils_no_other():
    scores = score_counts(np.array([np.nan, 2.0]), np.array([1.0, 2.0]))

    assert scores.loc[0].isna().all()
    assert scores.loc[1].notna().all()


def test_a_mean_of_zero_is_refused_with_its_place():
    with pytest.raises(AnalysisError, match="number 1"):
        score_counts(np.array([0.0, 0.0]), np.array([1.0, 0.0]))
