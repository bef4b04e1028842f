"""Counts against scipy, their derivatives by small differences, their means by quadrature."""

import numpy as np
import pytest
from scipy import integrate, stats

from labtools.analysis.risk.likelihood import Counts

EVENTS = np.array([0.0, 3.0, 7.0, 0.0])
EXPOSURE = np.array([2.0, 1.5, 4.0, 0.0])  # of the last nothing is known
ETA = np.array([0.3, -0.4, 0.9, 1.7])
SIZES = [np.inf, 2.5, np.array([1.0, 4.0, 9.0, 3.0])]


def scipys(eta, size):
    mean = (EXPOSURE * np.exp(eta))[:3]
    if np.all(np.isinf(size)):
        return stats.poisson(mean).logpmf(EVENTS[:3]).sum()
    of = np.broadcast_to(size, 4)[:3]
    return stats.nbinom(of, of / (of + mean)).logpmf(EVENTS[:3]).sum()


@pytest.mark.parametrize("size", SIZES)
def test_likelihoods_differ_as_scipys_do(size):
    counts = Counts(EVENTS, EXPOSURE, size)
    other = ETA + np.array([0.5, -0.2, 0.1, 5.0])

    found = counts.log_likelihood(np.array([ETA, other]))

    assert found[1] - found[0] == pytest.approx(scipys(other, size) - scipys(ETA, size))


def test_sizes_are_compared_by_the_whole_law():
    few, many = (Counts(EVENTS, EXPOSURE, size).log_likelihood(ETA) for size in (1.0, 6.0))

    assert many - few == pytest.approx(scipys(ETA, 6.0) - scipys(ETA, 1.0))


@pytest.mark.parametrize("size", SIZES)
def test_slope_and_bend_are_those_of_small_differences(size):
    counts, h = Counts(EVENTS, EXPOSURE, size), 1e-4

    slope, bend = counts.slope_and_bend(ETA)

    for k, step in enumerate(h * np.eye(4)):
        ahead, here, behind = (counts.log_likelihood(ETA + s) for s in (step, 0 * step, -step))
        assert slope[k] == pytest.approx((ahead - behind) / (2 * h), abs=1e-6)
        assert bend[k] == pytest.approx(-(ahead - 2 * here + behind) / h**2, abs=1e-5)


@pytest.mark.parametrize("size", SIZES)
def test_expected_slope_and_bend_are_their_means_over_a_normal_law(size):
    counts, variance = Counts(EVENTS, EXPOSURE, size), np.array([0.1, 0.3, 0.05, 0.2])

    found = counts.expected_slope_and_bend(ETA, variance)

    for part in (0, 1):
        for k in range(4):

            def weighed(x, part=part, k=k):
                at = ETA + np.sqrt(variance) * x
                return counts.slope_and_bend(at)[part][k] * stats.norm.pdf(x)

            by_hand = integrate.quad(weighed, -9, 9)[0]
            assert found[part][k] == pytest.approx(by_hand, rel=1e-4, abs=1e-9)
