import numpy as np
import pytest
from scipy import optimize, stats

from labtools.analysis.risk.mixture import Mixture, weighted_summary

MEAN = np.array([[0.0, 5.0], [2.0, 5.0], [-4.0, 9.0]])
VARIANCE = np.array([[1.0, 0.25], [0.5, 4.0], [9.0, 1.0]])
WEIGHT = np.array([0.5, 0.3, 0.2])


@pytest.mark.parametrize("share", [0.001, 0.025, 0.5, 0.975])
def test_quantiles_are_where_the_mixed_laws_have_passed_that_share(share):
    found = Mixture(MEAN, VARIANCE, WEIGHT).quantile(share)

    for k in (0, 1):
        laws = stats.norm(MEAN[:, k], np.sqrt(VARIANCE[:, k]))
        by_hand = optimize.brentq(lambda x, laws=laws: WEIGHT @ laws.cdf(x) - share, -60, 60)
        assert found[k] == pytest.approx(by_hand, abs=1e-7)


def test_means_and_deviations_are_those_of_the_mixed_moments():
    mean, sd = Mixture(MEAN, VARIANCE, WEIGHT).mean_and_sd()

    first, second = WEIGHT @ MEAN, WEIGHT @ (VARIANCE + MEAN**2)
    assert mean == pytest.approx(first)
    assert sd == pytest.approx(np.sqrt(second - first**2))


def test_a_value_known_at_points_has_its_limits_between_the_middles_of_their_weights():
    values, weight = np.array([3.0, 1.0, 2.0, 4.0]), np.array([0.4, 0.2, 0.3, 0.1])

    mean, sd, low, high = weighted_summary(values, weight, 0.2)

    assert mean == pytest.approx(0.2 + 0.6 + 1.2 + 0.4)
    assert sd == pytest.approx(np.sqrt(0.2 + 0.3 * 4 + 0.4 * 9 + 0.1 * 16 - mean**2))
    # Middles at 0.1, 0.35, 0.7 and 0.95.
    assert low == pytest.approx(1 + (0.2 - 0.1) / 0.25)
    assert high == pytest.approx(3 + (0.8 - 0.7) / 0.25)


def test_limits_beyond_the_outermost_middles_are_the_outermost_values():
    _, _, low, high = weighted_summary(np.array([1.0, 2.0]), np.array([0.5, 0.5]), 0.025)

    assert (low, high) == (1.0, 2.0)
