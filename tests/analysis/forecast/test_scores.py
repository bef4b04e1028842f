import numpy as np
import pytest

from labtools.analysis.forecast.scores import score_counts
from labtools.errors import AnalysisError

Y = np.array([0, 1, 0, 6, 7, 12, 130, 0])
MEAN = np.array([0.05, 0.3, 1, 2.5, 7, 20, 80, 0.01])
SIZE = np.array([0.5, 1, 2, 5, 3, 10, 4, 1])


def test_poisson_scores_are_those_of_direct_summation():
    scores = score_counts(Y, MEAN)

    assert scores["log_score"][:3].to_list() == pytest.approx([0.05, 1.50397280432594, 1])
    assert scores["crps"].to_list() == pytest.approx(
        [
            *(0.00238003137044448, 0.550188954577011, 0.476222388197391, 2.67107474820089),
            *(0.606848481503865, 5.56560478603507, 44.9576825166845, 9.90082753481763e-05),
        ],
        rel=1e-8,
    )
    assert scores["dss"][5:7].to_list() == pytest.approx([6.19573227355399, 35.6320266346739])


def test_negative_binomial_scores_are_those_of_direct_summation():
    scores = score_counts(Y, MEAN, SIZE)

    assert scores["log_score"].to_list() == pytest.approx(
        [
            *(0.0476550899021624, 1.72870133326092, 0.810930216216329, 3.27189174183201),
            *(2.52512408209282, 3.26060726124552, 5.66422218813863, 0.00995033085316808),
        ],
        rel=1e-8,
    )
    assert scores["crps"].to_list() == pytest.approx(
        [
            *(0.00217601864903837, 0.594711538461538, 0.390625, 2.60186077413088),
            *(1.12950466042717, 4.45461689790014, 34.7394752629544, 9.80392156862747e-05),
        ],
        rel=1e-8,
    )
    assert scores["dss"][6] == pytest.approx(8.91464431049254)


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
