"""One group's events over those to be expected of it, from the growth of others of its level.

When to use it: counts of two periods, as a cell of :mod:`labtools.evaluation.staggered`.  The
logarithm of each place's count would hide a part of the effect where places have few events; the
ratio of sums does not.  When not: one place, or groups without events.
"""

from __future__ import annotations

import numpy as np

from labtools.errors import AnalysisError

_STEPS = 50
_CLOSE = 1e-10
_FARTHEST = 30.0


def ratio_effect(
    before: np.ndarray, after: np.ndarray, treated: np.ndarray, x: np.ndarray
) -> tuple[float, np.ndarray]:
    """Return the logarithm of the ratio, and its influence function.

    The growth of the others is that of a Poisson regression with a level for each place, which two
    periods make a binomial one of the later share; the treated would have grown as others of their
    covariates did.

    Parameters
    ----------
    before, after : numpy.ndarray, shape (n_places,)
        Events.
    treated : numpy.ndarray of bool, shape (n_places,)
    x : numpy.ndarray, shape (n_places, n_covariates)
        With a column of ones.

    Returns
    -------
    effect : float
    influence : numpy.ndarray, shape (n_places,)
        Its mean square over the number of places is the variance.

    Raises
    ------
    AnalysisError
        If treated or other places had no events.

    References
    ----------
    Wooldridge, J. M. (2023). Simple approaches to nonlinear difference-in-differences with panel
    data. Econometrics Journal 26, C31-C66. doi:10.1093/ectj/utad016
    """
    n, other = len(before), ~treated
    slope, scores = _growth(before[other], after[other], x[other])
    expected = np.where(treated, before * np.exp(np.clip(x @ slope, -_FARTHEST, _FARTHEST)), 0.0)
    seen = np.where(treated, after, 0.0)
    _refuse_none(seen.sum(), expected.sum(), min(before[other].sum(), after[other].sum()))
    influence = n * (seen / seen.sum() - expected / expected.sum())
    influence[other] = -n * (scores @ (x.T @ expected / expected.sum()))
    return float(np.log(seen.sum() / expected.sum())), influence


def _growth(before: np.ndarray, after: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the slopes of the log growth, and what each place adds to their error."""
    slope, both = np.zeros(x.shape[1]), before + after
    for _ in range(_STEPS):
        share = 1 / (1 + np.exp(-np.clip(x @ slope, -_FARTHEST, _FARTHEST)))
        inverse = np.linalg.pinv(x.T @ (x * (both * share * (1 - share))[:, None]))
        step = inverse @ (x.T @ (after - both * share))
        slope = slope + np.clip(step, -1, 1)
        if np.abs(step).max() < _CLOSE:
            break
    return slope, ((after - both * share)[:, None] * x) @ inverse


def _refuse_none(seen: float, expected: float, others: float) -> None:
    if min(seen, expected, others) <= 0:
        raise AnalysisError(
            "In the cells “{key}” there were {observed} events and {expected} were to be "
            "expected: no ratio can be told. Pool more places or more months.",
            key="after",
            observed=int(seen),
            expected=round(float(min(expected, others)), 1),
        )
