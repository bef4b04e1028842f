"""Binomial answers with a Gaussian prior on their log-odds: the engine of small-area shares.

When to use it: through :mod:`labtools.analysis.perception.area_shares`,
:mod:`labtools.analysis.perception.poststratify` or :mod:`labtools.analysis.reporting`.  When
not: with thousands of cells; the algebra is dense.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from labtools.analysis.one_thread import one_thread

_ROUNDS = 50
_HALVINGS, _STILL = 30, 1e-9
_JITTER = 1e-9
_NEGLIGIBLE = 1e-4


@dataclass(frozen=True, slots=True)
class Candidate:
    """One setting of the unknown spreads, with what is believed of it beforehand.

    Attributes
    ----------
    covariance : numpy.ndarray, shape (n_cells, n_cells)
        Of the log-odds, before any answer.
    log_prior : float
        Of the setting, up to a constant.
    """

    covariance: np.ndarray
    log_prior: float


@dataclass(frozen=True, slots=True)
class Posterior:
    """What answers leave to believe.

    Attributes
    ----------
    draws : numpy.ndarray, shape (size, n_cells)
        Of the log-odds.
    weights : numpy.ndarray, shape (n_candidates,)
        Probability of each setting.
    """

    draws: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True, slots=True)
class _Fitted:
    gradient: np.ndarray
    root_weight: np.ndarray
    factor: np.ndarray
    log_likelihood: float


# Matrices are small: several threads would wait for each other, and sums depend on how many.
@one_thread()
def draw_log_odds(
    yes: np.ndarray,
    asked: np.ndarray,
    mean: np.ndarray,
    candidates: Sequence[Candidate],
    *,
    size: int,
    rng: np.random.Generator,
) -> Posterior:
    """Return draws of the log-odds of every cell, those where nobody was asked included.

    Laplace's approximation for each candidate, weighted by its marginal likelihood.

    Parameters
    ----------
    yes, asked : numpy.ndarray, shape (n_cells,)
        Answers; they need not be whole (effective numbers), and `asked` may be zero.
    mean : numpy.ndarray, shape (n_cells,)
        Prior mean of the log-odds.
    size : int
        Draws.

    References
    ----------
    Rasmussen, C. E. & Williams, C. K. I. (2006). Gaussian Processes for Machine Learning, ch. 3.
    doi:10.7551/mitpress/3206.001.0001
    """
    seen = asked > 0
    fits: list[_Fitted] = []
    start = np.zeros(int(seen.sum()))
    for candidate in candidates:
        inside = candidate.covariance[np.ix_(seen, seen)]
        fits.append(_laplace(yes[seen], asked[seen], mean[seen], inside, start))
        start = fits[-1].gradient
    scores = np.array(
        [fit.log_likelihood + one.log_prior for fit, one in zip(fits, candidates, strict=True)]
    )
    weights = np.exp(scores - scores.max())
    weights = np.where(weights < _NEGLIGIBLE * weights.sum(), 0.0, weights)
    weights /= weights.sum()
    shares = rng.multinomial(size, weights)
    parts = [
        _draws(mean, one.covariance, seen, fit, rng.standard_normal((n, len(mean))))
        for n, fit, one in zip(shares, fits, candidates, strict=True)
        if n
    ]
    # Candidates come in order; whoever pairs draws with others' must not pair the order.
    return Posterior(rng.permutation(np.vstack(parts), axis=0), weights)


def _laplace(
    yes: np.ndarray,
    asked: np.ndarray,
    mean: np.ndarray,
    covariance: np.ndarray,
    gradient: np.ndarray,
) -> _Fitted:
    """Return Laplace's approximation (Rasmussen & Williams, algorithm 3.1), from a start."""

    def score(slope: np.ndarray) -> float:
        found = mean + covariance @ slope
        told = yes * scipy.special.log_expit(found) + (asked - yes) * scipy.special.log_expit(
            -found
        )
        return float(told.sum() - slope @ (found - mean) / 2)

    reached = score(gradient)
    for _ in range(_ROUNDS):
        found = mean + covariance @ gradient
        p = scipy.special.expit(found)
        root = np.sqrt(asked * p * (1 - p))
        inner = np.eye(len(yes)) + root[:, None] * covariance * root
        factor = scipy.linalg.cholesky(inner, lower=True)
        right = root**2 * (found - mean) + yes - asked * p
        step = right - root * scipy.linalg.cho_solve((factor, True), root * (covariance @ right))
        gradient, before = _uphill(score, gradient, step, reached), reached
        reached = score(gradient)
        if reached - before < _STILL:
            break
    return _Fitted(gradient, root, factor, reached - float(np.log(np.diag(factor)).sum()))


def _uphill(
    score: Callable[[np.ndarray], float], start: np.ndarray, goal: np.ndarray, reached: float
) -> np.ndarray:
    """Return the goal, or a point on the way to it, that is no worse than the start."""
    for _ in range(_HALVINGS):
        if score(goal) >= reached:
            return goal
        goal = (start + goal) / 2
    return start


def _draws(
    mean: np.ndarray, covariance: np.ndarray, seen: np.ndarray, fit: _Fitted, noise: np.ndarray
) -> np.ndarray:
    across = covariance[:, seen]
    middle = mean + across @ fit.gradient
    told = scipy.linalg.solve_triangular(
        fit.factor, fit.root_weight[:, None] * across.T, lower=True
    )
    left = covariance - told.T @ told + _JITTER * np.eye(len(mean))
    return np.asarray(middle + noise @ scipy.linalg.cholesky(left, lower=True).T)
