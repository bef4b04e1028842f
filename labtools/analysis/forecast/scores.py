"""Proper scores of count forecasts: the smaller, the better, and honesty pays.

When to use it: to compare forecasts that are whole distributions (Poisson where `size` is
infinite, else negative binomial of that size).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from labtools.errors import AnalysisError

_TAIL = 1e-12


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
    variance = mu + np.where(np.isinf(r), 0.0, mu**2 / r)
    rows = [_score(*one) for one in zip(y, mu, r, strict=True)]
    table = pd.DataFrame(rows, columns=["log_score", "crps", "pit_lower", "pit_upper"])
    table.insert(2, "dss", (y - mu) ** 2 / variance + np.log(variance))
    return table


def _score(y: float, mu: float, size: float) -> tuple[float, float, float, float]:
    if np.isnan(y):
        return np.nan, np.nan, np.nan, np.nan
    law = stats.poisson(mu) if np.isinf(size) else stats.nbinom(size, size / (size + mu))
    last = int(max(law.isf(_TAIL), y)) + 1
    k = np.arange(last + 1)
    below = law.cdf(k)
    crps = ((below - (k >= y)) ** 2).sum()
    return float(-law.logpmf(y)), float(crps), float(law.cdf(y - 1)), float(law.cdf(y))
