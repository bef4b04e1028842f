"""Alerts across many areas, with a budget of false ones that is declared beforehand.

A month is an alert where its count is so far above what was expected before it that, if
nothing had changed, no more than the budget of such alerts would be seen a month in the whole
municipality.

When to use it: to look again at a few areas each month.  When not: as proof of a change (the
change table has its interval), nor about a month whose records are still coming in: late
records can hide an alert, never make one, unless `complete` says how many are there.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy

from labtools.analysis.forecast.baselines import CountForecast
from labtools.errors import AnalysisError


def alerts_within(
    observed: pd.Series, expected: CountForecast, *, budget: float, complete: float = 1.0
) -> pd.DataFrame:
    """Return which counts are alerts.

    Counts are whole numbers, so fewer false alerts than the budget are to be expected.

    Parameters
    ----------
    observed : pandas.Series
        Counts of one month, by area; a missing one is no alert.
    expected : CountForecast
        One step, made before the month.
    budget : float
        False alerts expected in one month over all areas together, if nothing changed.
    complete : float
        Share of the month's records that are already there.

    Returns
    -------
    pandas.DataFrame
        By area: ``observed``, ``expected``, ``upper`` (greatest count that is no alert),
        ``p_value`` (of so many or more) and ``alert``.

    Raises
    ------
    AnalysisError
        If the budget or the share is not above zero, or the share is above one.
    """
    if not (budget > 0 and 0 < complete <= 1):
        raise AnalysisError(
            "Alerts need a budget above zero and a share of records in (0, 1]; given were "
            "{budget} and {complete}. Correct them.",
            budget=budget,
            complete=complete,
        )
    mean, size = expected.mean[:, 0] * complete, expected.size[:, 0]
    known = observed.notna().to_numpy()
    each = min(0.5, budget / max(1, int(known.sum())))
    count = observed.to_numpy(float, na_value=np.nan)
    p_value = np.where(known, at_least(count, mean, size), np.nan)
    return pd.DataFrame(
        {
            "observed": count,
            "expected": mean,
            "upper": _greatest_quiet(mean, size, each),
            "p_value": p_value,
            "alert": known & (p_value <= each),
        },
        index=observed.index,
    )


def at_least(count: np.ndarray, mean: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Return the probability of a count or more; Poisson where the size is infinite."""
    known = np.nan_to_num(count)
    k = np.maximum(known, 1.0)
    is_poisson = np.isinf(size)
    r = np.where(is_poisson, 1.0, size)
    mixed = scipy.special.betaincc(r, k, r / (r + mean))
    chance = np.where(is_poisson, scipy.special.gammainc(k, mean), mixed)
    return np.asarray(np.where(known < 1, 1.0, chance))


def _greatest_quiet(mean: np.ndarray, size: np.ndarray, each: float) -> np.ndarray:
    """Return the greatest count whose tail is still above `each`, by doubling and halving."""
    low, high = np.zeros(len(mean)), np.maximum(4.0, np.ceil(4 * mean))
    while (loud := at_least(high + 1, mean, size) > each).any():
        high = np.where(loud, 2 * high, high)
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2)
        quiet = at_least(middle + 1, mean, size) <= each
        low, high = np.where(quiet, low, middle), np.where(quiet, middle, high)
    return np.where(at_least(low + 1, mean, size) <= each, low, high)
