"""How much more counts vary than chance alone makes them, in areas of every size.

Crimes come in series and in company: counts of equal risk vary more than Poisson's, and
the more so the larger they are.  One figure for all areas would cry wolf in the large ones
and see nothing in the small ones.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

_ROUNDS = 3


def estimate_dispersion(counts: pd.DataFrame, *, noise_variance: float = 0.0) -> float:
    """Return the variance over the mean of counts by area (rows) and period (columns).

    Pearson's statistic against "each area its level, each period its share", which leaves
    out season and city-wide trend.  Periods must be of equal kind.  Never below 1.

    Parameters
    ----------
    noise_variance : float
        Variance of noise added on purpose to each count (rounding), taken out here.
    """
    known = _known(counts)
    if known is None:
        return 1.0
    squares, expected = _squares_and_expected(known, noise_variance)
    # Ratio of sums, not sum of ratios: one expected count near zero must not decide.
    return max(1.0, float(squares.sum() / expected.sum()))


def dispersion_by_size(counts: pd.DataFrame, *, noise_variance: float = 0.0) -> pd.Series:
    """Return each area's variance over mean: a straight line in the mean of its counts.

    A line holds both usual laws: the same dispersion everywhere (slope zero), and negative
    binomial counts of one shape (intercept one).  Least squares over the areas, weighted by
    how well each one's variance is known; never below 1, never falling with size.

    Parameters
    ----------
    counts, noise_variance
        As in :func:`estimate_dispersion`.  Areas with no whole series get the line's value
        for what is known of their size, or the least one.
    """
    known = _known(counts)
    size = counts.mean(axis=1)
    if known is None:
        return pd.Series(1.0, index=counts.index)
    squares, expected = _squares_and_expected(known, noise_variance)
    intercept, slope = fit_line(known.mean(axis=1), squares / expected)
    return (intercept + slope * size).fillna(intercept)


def _known(counts: pd.DataFrame) -> np.ndarray | None:
    """Return the rows of areas known throughout and with events; None where nothing varies."""
    whole = counts.dropna(axis=1, how="all").dropna()
    known = np.asarray(whole[whole.sum(axis=1) > 0].to_numpy(float))
    two_ways = 2
    return known if min(known.shape) >= two_ways else None


def _squares_and_expected(
    known: np.ndarray, noise_variance: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return by area the sum of squared residuals, and what it would be by chance alone."""
    total = known.sum()
    by_area, by_period = known.sum(axis=1) / total, known.sum(axis=0) / total
    squares = ((known - np.outer(by_area, by_period) * total) ** 2).sum(axis=1)
    areas, periods = known.shape
    noise = noise_variance * (1 - 1 / areas) * (periods - 1)
    # Fitting the margins takes away each area's and each period's own share of the variance.
    left = total * by_area * (1 - by_area) * (1 - (by_period**2).sum())
    return squares - noise, left


def fit_line(size: np.ndarray, ratio: np.ndarray) -> tuple[float, float]:
    """Return intercept and slope of variance over mean as a line in the mean of the counts.

    Neither falls below what chance alone gives: an intercept of one, a slope of zero.
    """
    intercept, slope = 1.0, 0.0
    for _ in range(_ROUNDS):
        level = intercept + slope * size
        # The variance of a squared residual over its mean, up to a factor.
        weight = 1 / (2 * level**2 + level / size)
        away = size - np.average(size, weights=weight)
        spread = (weight * away**2).sum()
        slope = max(0.0, (weight * away * ratio).sum() / spread) if spread > 0 else 0.0
        intercept = float(np.average(ratio - slope * size, weights=weight))
        if intercept < 1:
            intercept = 1.0
            slope = max(0.0, (weight * size * (ratio - 1)).sum() / (weight * size**2).sum())
    return intercept, float(slope)
