"""Against dense algebra: the covariance of an autoregression is known, and so is what follows."""

import numpy as np
import pytest

from labtools.analysis.risk.wandering import Wandering, memory_of_means

PERIODS, AREAS = 4, 3
LAWS = ((0.7, 0.6), (1.3, -0.2))  # standard deviation and memory of each batch


def covariance(sd, phi, periods=PERIODS):
    at = np.arange(periods)
    return sd**2 * phi ** np.abs(at[:, None] - at[None])


@pytest.fixture
def wandering():
    sd, phi = np.array(LAWS).T
    return Wandering(sd[:, None], phi[:, None])


@pytest.fixture
def bend():
    return np.random.default_rng(4).uniform(0.2, 3.0, (PERIODS, len(LAWS), AREAS))


def dense(bend, batch, area):
    return np.linalg.inv(covariance(*LAWS[batch])) + np.diag(bend[:, batch, area])


@pytest.mark.parametrize("phi", [0.0, 0.4, 0.9])
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_means_of_several_steps_remember_as_the_covariance_of_the_steps_says(phi, steps):
    whole = covariance(1.0, phi, 2 * steps) if phi else np.eye(2 * steps)
    mean = np.kron(np.eye(2), np.full((1, steps), 1 / steps))
    of_means = mean @ whole @ mean.T

    assert memory_of_means(phi, steps) == pytest.approx(of_means[0, 1] / of_means[0, 0])


def test_the_energy_of_a_path_is_its_quadratic_form(wandering):
    path = np.random.default_rng(2).normal(size=(PERIODS, len(LAWS), AREAS))
    by_hand = [
        sum(path[:, b, a] @ np.linalg.solve(covariance(*law), path[:, b, a]) for a in range(AREAS))
        for b, law in enumerate(LAWS)
    ]

    assert wandering.energy(path) == pytest.approx(by_hand)


@pytest.mark.parametrize("periods", [1, 2, 5])
def test_the_determinant_of_the_precision_is_that_of_dense_matrices(wandering, periods):
    by_hand = [-AREAS * np.linalg.slogdet(covariance(*law, periods))[1] for law in LAWS]

    assert wandering.log_determinant(periods, AREAS) == pytest.approx(by_hand)


def test_one_sweep_gives_determinants_solutions_and_variances_of_dense_matrices(wandering, bend):
    swept = wandering.given(bend)
    right = np.random.default_rng(5).normal(size=(*bend.shape, 2))
    kept = right.copy()
    solved, variances = swept.solve(right), swept.variances()

    assert (right == kept).all()
    for b in range(len(LAWS)):
        told = sum(np.linalg.slogdet(dense(bend, b, a))[1] for a in range(AREAS))
        assert swept.log_determinant()[b] == pytest.approx(told)
        for a in range(AREAS):
            whole = dense(bend, b, a)
            assert solved[:, b, a] == pytest.approx(np.linalg.solve(whole, right[:, b, a]))
            assert variances[:, b, a] == pytest.approx(np.diag(np.linalg.inv(whole)))


def test_a_single_period_has_the_stationary_deviation_alone(wandering):
    swept = wandering.given(np.full((1, len(LAWS), AREAS), 0.5))

    assert swept.pivots[0, :, 0] == pytest.approx([1 / sd**2 + 0.5 for sd, _ in LAWS])


@pytest.mark.parametrize("last", [1, 3, PERIODS])
def test_draws_of_the_last_periods_have_the_mean_and_the_covariance_of_their_law(bend, last):
    sd, phi = LAWS[0]
    swept = Wandering(np.array([[sd]]), np.array([[phi]])).given(bend[:, :1])
    right = np.random.default_rng(6).normal(size=(PERIODS, AREAS, 1))
    # A draw is linear in its noise: none tells the mean, each alone a column of the root.
    noise = np.zeros((last, AREAS, last + 1))
    for k in range(last):
        noise[k, :, k + 1] = 1.0

    found = swept.draw_last(np.broadcast_to(right, (PERIODS, AREAS, last + 1)), last, noise)

    for a in range(AREAS):
        inverse = np.linalg.inv(dense(bend, 0, a))
        mean = found[:, a, 0]
        root = found[:, a, 1:] - mean[:, None]
        assert mean == pytest.approx((inverse @ right[:, a, 0])[-last:])
        assert root @ root.T == pytest.approx(inverse[-last:, -last:])
