"""Proper scores of count forecasts: the smaller, the better, and honesty pays.

When to use it: to compare forecasts that are whole distributions (Poisson where `size` is
infinite, else negative binomial of that size).  When not: to choose places; see
:mod:`labtools.analysis.forecast.place_based`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy

from labtools.errors import AnalysisError

_TAIL = 1e-10
_MOST_COUNTS = 100_000


def score_counts(
    observed: np.ndarray, mean: np.ndarray, size: np.ndarray | float = np.inf
) -> pd.DataFrame:
    """Return scores of each forecast, one row for each count.

    Parameters
    ----------
    observed, mean : numpy.ndarray, shape (n,)
        What happened, and the mean forecast; a missing count has missing scores.
    size : numpy.ndarray or float
        Of the negative binomial: the variance is ``mean + mean**2 / size``.

    Returns
    -------
    pandas.DataFrame
        ``log_score``; ``crps``, the ranked probability score of a count; ``dss`` (Dawid and
        Sebastiani); ``pit_lower`` and ``pit_upper``, between which the probability integral
        transform lies.

    Raises
    ------
    AnalysisError
        If a mean or a size is not above zero.

    References
    ----------
    Czado, C., Gneiting, T. & Held, L. (2009). Predictive model assessment for count data.
    Biometrics 65, 1254-1261. doi:10.1111/j.1541-0420.2009.01191.x
    """
    y, mu = np.asarray(observed, float), np.asarray(mean, float)
    r = np.broadcast_to(np.asarray(size, float), mu.shape)
    wrong = ~((mu > 0) & (r > 0))
    if wrong.any():
        raise AnalysisError(
            "A count forecast needs a mean and a size above zero, and {n} lack one; the first is "
            "number {first}. Correct the forecast.",
            n=int(wrong.sum()),
            first=int(wrong.argmax()),
        )
    known = ~np.isnan(y)
    variance = mu + np.where(np.isinf(r), 0.0, mu**2 / r)
    below = np.where(known & (y > 0), cumulative(np.where(known, y, 0) - 1, mu, r), 0.0)
    scores = {
        "log_score": -log_mass(np.where(known, y, 0), mu, r),
        "crps": ranked_scores(np.where(known, y, 0), mu, r),
        "dss": (y - mu) ** 2 / variance + np.log(variance),
        "pit_lower": below,
        "pit_upper": cumulative(np.where(known, y, 0), mu, r),
    }
    return pd.DataFrame(scores).where(pd.Series(known), np.nan)


def log_mass(counts: np.ndarray, mean: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Return the logarithm of the probability of each count; Poisson where size is infinite."""
    is_poisson = np.isinf(size)
    r = np.where(is_poisson, 1.0, size)
    common = scipy.special.xlogy(counts, mean) - scipy.special.gammaln(counts + 1)
    mixed = (
        scipy.special.gammaln(counts + r)
        - scipy.special.gammaln(r)
        - scipy.special.xlogy(counts, r)
    )
    mixed += common - (counts + r) * np.log1p(mean / r)
    return np.asarray(np.where(is_poisson, common - mean, mixed))


def cumulative(counts: np.ndarray, mean: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Return the probability of a count or less; of a negative count it is zero."""
    is_poisson = np.isinf(size)
    r = np.where(is_poisson, 1.0, size)
    k = np.floor(np.maximum(counts, 0))
    mixed = scipy.special.betainc(r, k + 1, r / (r + mean))
    simple = scipy.special.gammaincc(k + 1, mean)
    return np.where(np.asarray(counts) < 0, 0.0, np.where(is_poisson, simple, mixed))


def quantiles(share: float, mean: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Return the smallest count that is reached with probability `share` or more."""
    is_poisson = np.isinf(size)
    r = np.where(is_poisson, 1.0, size)
    mixed = scipy.stats.nbinom.ppf(share, r, r / (r + mean))
    return np.asarray(np.where(is_poisson, scipy.stats.poisson.ppf(share, mean), mixed))


def ranked_scores(observed: np.ndarray, mean: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Return the ranked probability score of each count: ``sum((F(k) - 1(y <= k)) ** 2)``.

    All forecasts are summed together, one count at a time; those whose sum is complete leave.
    """
    is_poisson = np.isinf(size)
    r = np.where(is_poisson, 1.0, size)
    ratio = np.where(is_poisson, mean, mean / (r + mean))
    mass = np.exp(np.where(is_poisson, -mean, -r * np.log1p(mean / r)))
    # Where the mass at zero vanishes the recursion has nothing to start from.
    lost = mass < 1e-280  # noqa: PLR2004 - near the smallest number there is
    score, alive = np.zeros(len(mean)), np.flatnonzero(~lost)
    below = mass[alive]
    mass = mass[alive]
    y, steady, away, grow = observed[alive], is_poisson[alive], ratio[alive], r[alive]
    for k in range(_MOST_COUNTS):
        part = (below - (y <= k)) ** 2
        score[alive] += part
        going = (1 - below > _TAIL) | (y > k)
        if not going.all():
            alive, below, mass = alive[going], below[going], mass[going]
            y, steady, away, grow = y[going], steady[going], away[going], grow[going]
        if not len(alive):
            break
        mass = mass * away * np.where(steady, 1.0, k + grow) / (k + 1)
        below = np.minimum(below + mass, 1.0)
    for i in np.flatnonzero(lost):
        score[i] = _summed_score(observed[i], mean[i], size[i])
    return score


def _summed_score(y: float, mean: float, size: float) -> float:
    law = (
        scipy.stats.poisson(mean)
        if np.isinf(size)
        else scipy.stats.nbinom(size, size / (size + mean))
    )
    low = int(min(law.ppf(_TAIL), y)) - 1
    k = np.arange(max(low, 0), int(max(law.isf(_TAIL), y)) + 2)
    return float(((law.cdf(k) - (k >= y)) ** 2).sum())


def weighted_interval_scores(
    observed: np.ndarray, mean: np.ndarray, size: np.ndarray, levels: np.ndarray
) -> np.ndarray:
    """Return the weighted interval score of each count: absolute errors of medians and intervals.

    When to use it: to compare with forecasts that were published as quantiles only.  When not:
    where the whole distribution is at hand; the ranked score uses all of it.

    Parameters
    ----------
    observed, mean, size : numpy.ndarray, shape (n,)
        As in :func:`score_counts`; `size` is infinite for Poisson.
    levels : numpy.ndarray
        Of the central intervals, between 0 and 1.

    References
    ----------
    Bracher, J., Ray, E. L., Gneiting, T. & Reich, N. G. (2021). Evaluating epidemic forecasts in
    an interval format. PLOS Computational Biology 17, e1008618.
    doi:10.1371/journal.pcbi.1008618
    """
    y = np.asarray(observed, float)
    score = np.abs(y - quantiles(0.5, mean, size)) / 2
    for level in levels:
        outside = 1 - level
        low, high = (quantiles(q, mean, size) for q in (outside / 2, 1 - outside / 2))
        missed = np.clip(low - y, 0, None) + np.clip(y - high, 0, None)
        score = score + outside / 2 * (high - low) + missed
    return np.asarray(score / (len(levels) + 0.5))
