import numpy as np
import pytest
from scipy import special, stats

from labtools.analysis.risk.reshaping import LevelLaw, reshape
from labtools.analysis.risk.wandering import memory_of_means

SHARES = np.array([0.025, 0.25, 0.5, 0.75, 0.975])
LEVELS = np.linspace(-30, 10, 40_001)


def gaussian_law(events, prior_variance, own=0.0):
    """The best Gaussian law of a level whose prior is normal around zero, one event expected."""
    mean, variance = 0.0, prior_variance
    for _ in range(500):
        weight = np.exp(mean + variance / 2)
        variance = 1 / (1 / prior_variance + weight)
        mean += 0.2 * variance * (events - weight - mean / prior_variance)
    told = [np.array([x]) for x in (mean, variance, events - weight, weight, own)]
    return LevelLaw(*told)


def reshaped(law):
    draws = law.mean[:, None] + np.sqrt(law.variance)[:, None] * special.ndtri(SHARES)
    return (draws + reshape(draws, law))[0]


def exact(prior, events):
    """Quantiles of the level by brute force: prior times Poisson, one event expected."""
    density = prior(LEVELS) * np.exp(events * LEVELS - np.exp(LEVELS))
    passed = np.cumsum(density) / density.sum()
    return np.interp(SHARES, passed, LEVELS)


@pytest.mark.parametrize("events", [0, 1, 5])
def test_a_normal_level_with_few_events_gets_the_law_of_brute_force(events):
    law = gaussian_law(events, prior_variance=1.0)

    found = reshaped(law)

    assert found == pytest.approx(exact(stats.norm().pdf, events), abs=0.03)


def test_no_event_leaves_room_for_a_level_far_below_all_others():
    # Nearly all of the deviation is the area's own: its prior is Student's law of four degrees.
    law = gaussian_law(0, prior_variance=1.0, own=np.sqrt(0.999))

    found = reshaped(law)

    assert found == pytest.approx(exact(stats.t(4).pdf, 0), abs=0.1)
    assert found[0] < exact(stats.norm().pdf, 0)[0] - 0.3


def test_a_level_that_many_events_tell_stays_where_it_was():
    law = gaussian_law(500, prior_variance=40.0, own=0.3)

    found = reshaped(law)

    gaussian = law.mean + np.sqrt(law.variance) * special.ndtri(SHARES)
    assert found == pytest.approx(gaussian, abs=0.01)


def test_quarters_remember_less_than_months():
    # Closed form: covariances of sums of three steps of an autoregression.
    phi = 0.7
    beside = phi + 2 * phi**2 + 3 * phi**3 + 2 * phi**4 + phi**5
    within = 3 + 4 * phi + 2 * phi**2

    assert memory_of_means(phi, 3) == pytest.approx(beside / within)
    assert memory_of_means(phi, 1) == pytest.approx(phi)
