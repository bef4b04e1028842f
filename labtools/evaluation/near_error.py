"""The error of a ratio of groups' events, whose places differ in size and share their shocks.

When to use it: a few dozen places against others, in one town.  A few large ones make most of the
sums, and neighbours go through the same: the mean square of the influences falls short then, and
varies much by itself.  When not: hundreds of places of about one size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy


@dataclass(frozen=True, slots=True)
class NearError:
    """An error and how sure it is.

    Attributes
    ----------
    error : float
        Standard error of the sum of influences; never the smaller one of unrelated places.
    freedom : float
        Its degrees of freedom.
    factor : float
        How many times that of unrelated places it is.
    """

    error: float
    freedom: float
    factor: float


def near_error(
    influence: np.ndarray, group: np.ndarray, size: np.ndarray, near: np.ndarray
) -> NearError:
    """Return the error of a sum of influences of groups, each over its own events.

    Influences of a group sum to nil, each place pulling its group's mean by its share of the
    events: sums of squares, and over near pairs, are divided by the share of the variance that they
    then see.  The freedom is that of a chi-square with their mean and variance (Satterthwaite),
    where each place varies as its events and their square do, as the influences tell.

    Parameters
    ----------
    influence : numpy.ndarray, shape (n_places,)
    group : numpy.ndarray, shape (n_places,)
        Treated or not, or the wave of each place.
    size : numpy.ndarray, shape (n_places,)
        Events of each place.
    near : numpy.ndarray, shape (n_places, n_places)
        Weight of each pair's shared error, 1 on the diagonal.

    References
    ----------
    Bell, R. M. & McCaffrey, D. F. (2002). Bias reduction in standard errors for linear regression
    with multi-stage samples. Survey Methodology 28, 169-181.
    Conley, T. G. (1999). GMM estimation with cross sectional dependence. Journal of
    Econometrics 92, 1-45. doi:10.1016/S0304-4076(98)00084-0
    """
    left, spread = np.eye(len(influence)), np.empty(len(influence))
    for one in np.unique(group):
        rows = np.flatnonzero(group == one)
        share = size[rows] / size[rows].sum()
        left[np.ix_(rows, rows)] -= share[:, None]
        spread[rows] = _spread(influence[rows], share)
    alone = _of(influence, left, spread, np.eye(len(near)))
    together = _of(influence, left, spread, near)
    told = max(alone, together)
    factor = max(1.0, together[0] / alone[0]) if alone[0] > 0 else 1.0
    return NearError(told[0], told[1], factor)


def _of(
    influence: np.ndarray, left: np.ndarray, spread: np.ndarray, near: np.ndarray
) -> tuple[float, float]:
    """Return the error by sums over near pairs, and its degrees of freedom."""
    root = np.sqrt(spread)
    seen = root[:, None] * (left.T @ near @ left) * root
    share = float(np.trace(seen) / spread.sum())
    freedom = float(np.trace(seen) ** 2 / (seen**2).sum())
    variance = max(0.0, float(influence @ near @ influence))
    return float(np.sqrt(variance / share)), max(freedom, 1.0)


def _spread(influence: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return how each place varies: as its share of the events, and as the square of it."""
    known = share > 0
    by_share = np.sqrt(share[known])
    design = np.column_stack([np.ones(known.sum()), share[known]]) * by_share[:, None]
    seen = influence[known] ** 2 / share[known] * by_share
    parts, _ = scipy.optimize.nnls(design, seen)
    return np.asarray(parts[0] * share + parts[1] * share**2)
