"""Against a mode found by a general optimiser, and the dense algebra of Laplace's approximation."""

import numpy as np
import pytest
from scipy import optimize, special, stats

from labtools.analysis.latent_logit import Candidate, draw_log_odds

YES = np.array([3.0, 10.5, 0.0, 0.0])
ASKED = np.array([12.0, 14.0, 5.0, 0.0])  # nobody was asked in the last
MEAN = np.array([-0.5, 0.4, 0.1, 0.8])


def law(spread, likeness):
    return spread**2 * (likeness * np.ones((4, 4)) + (1 - likeness) * np.eye(4))


def by_hand(covariance):
    """Return the mode and covariance of all cells, and the logarithm of the integral over them."""
    prior = stats.multivariate_normal(MEAN, covariance)
    precision = np.linalg.inv(covariance)

    def minus(x):
        told = YES * special.log_expit(x) + (ASKED - YES) * special.log_expit(-x)
        return -told.sum() - prior.logpdf(x)

    def slope(x):
        return ASKED * special.expit(x) - YES + precision @ (x - MEAN)

    mode = optimize.minimize(minus, MEAN, jac=slope, method="BFGS", options={"gtol": 1e-9}).x
    p = special.expit(mode)
    bend = precision + np.diag(ASKED * p * (1 - p))
    score = -minus(mode) + 2 * np.log(2 * np.pi) - np.linalg.slogdet(bend)[1] / 2
    return mode, np.linalg.inv(bend), score


def test_one_law_gives_laplaces_mode_and_covariance_where_nobody_was_asked_too():
    covariance = law(0.9, 0.5)
    mode, around, _ = by_hand(covariance)

    found = draw_log_odds(
        YES, ASKED, MEAN, [Candidate(covariance, 0.0)], size=40_000, rng=np.random.default_rng(1)
    )

    assert found.draws.shape == (40_000, 4)
    assert found.weights.tolist() == [1.0]
    assert found.draws.mean(axis=0) == pytest.approx(mode, abs=0.015)
    assert np.cov(found.draws.T) == pytest.approx(around, abs=0.015)


def test_settings_weigh_as_their_integrals_and_what_was_believed_before():
    laws, before = (law(0.5, 0.3), law(1.0, 0.3), law(1.5, 0.6)), (0.0, -0.7, 0.4)
    scores = np.array([by_hand(it)[2] for it in laws]) + before

    found = draw_log_odds(
        *(YES, ASKED, MEAN),
        [Candidate(it, prior) for it, prior in zip(laws, before, strict=True)],
        size=300,
        rng=np.random.default_rng(2),
    )

    assert found.weights == pytest.approx(special.softmax(scores), rel=1e-6)


def test_a_setting_next_to_impossible_weighs_nothing_and_the_rest_as_one():
    laws, before = (law(0.5, 0.3), law(0.5, 0.3), law(0.5, 0.3)), (0.0, -9.0, -9.4)

    found = draw_log_odds(
        *(YES, ASKED, MEAN),
        [Candidate(it, prior) for it, prior in zip(laws, before, strict=True)],
        size=50,
        rng=np.random.default_rng(3),
    )

    kept = np.exp([0.0, -9.0])  # 1.2 and 0.8 of 10 000: one on each side of what is negligible
    assert found.weights == pytest.approx([*(kept / kept.sum()), 0.0], rel=1e-6)


def test_each_setting_has_its_share_of_the_draws_and_they_come_in_no_order():
    low, high = Candidate(law(0.01, 0.0), 0.0), Candidate(law(3.0, 0.0), 0.0)
    nobody, far = np.zeros(4), np.full(4, 5.0)

    found = draw_log_odds(
        nobody, nobody, far, [low, high], size=4_000, rng=np.random.default_rng(4)
    )

    assert found.weights == pytest.approx([0.5, 0.5])
    narrow = (np.abs(found.draws - 5.0) < 0.06).all(axis=1)
    assert narrow.mean() == pytest.approx(0.5, abs=0.03)
    assert narrow[:2_000].mean() == pytest.approx(0.5, abs=0.04)
    assert found.draws[~narrow].std(axis=0) == pytest.approx(np.full(4, 3.0), rel=0.06)


def test_a_prior_far_from_the_answers_is_left_behind_without_overshooting():
    covariance = np.diag([400.0, 400.0, 400.0, 400.0])
    asked = np.array([500.0, 500.0, 500.0, 0.0])
    yes, mean = np.array([250.0, 400.0, 100.0, 0.0]), np.array([30.0, -30.0, 30.0, 2.0])

    found = draw_log_odds(
        *(yes, asked, mean), [Candidate(covariance, 0.0)], size=4_000, rng=np.random.default_rng(5)
    )

    assert found.draws[:, :3].mean(axis=0) == pytest.approx(
        special.logit([0.5, 0.8, 0.2]), abs=0.02
    )
    assert found.draws[:, :3].std(axis=0) == pytest.approx(
        1 / np.sqrt([125.0, 80.0, 80.0]), rel=0.05
    )
    assert found.draws[:, 3].std() == pytest.approx(20.0, rel=0.05)
