"""One series for the whole municipality: this year against the last, season and chance apart.

When to use it: monthly counts that are large (a municipality's, not a colonia's).  When not:
small counts, where the normal approximation fails (use ``change``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import scipy

from labtools.messages import Sentence, mark
from labtools.tables.shown import Shown

MONTHS = 12
_MOST_YEARS = 5


@dataclass(frozen=True, slots=True)
class YearRatio(Shown):
    """The last twelve months over the twelve before.

    Attributes
    ----------
    ratio, lower, upper : float
        Missing where two whole years are not known, or one has no event.
    p_value : float
        Two-sided, of "no change".
    dispersion : float
        Variance over mean that remains after level and season, at least 1.
    """

    told_as: ClassVar[Sentence] = mark("This year over the one before, without the season")
    ratio: float
    lower: float
    upper: float
    p_value: float
    dispersion: float


_UNKNOWN = YearRatio(np.nan, np.nan, np.nan, np.nan, np.nan)


def compare_years(
    counts: pd.Series,
    end: pd.Timestamp,
    *,
    noise_variance: float = 0.0,
    level: float = 0.95,
    complete: float = 1.0,
) -> YearRatio:
    """Compare the twelve months before `end` with the twelve before those.

    Quasi-Poisson regression on the calendar month and on the year counted back from `end`,
    over the last five years at most: the season is estimated from all of them, and what is
    left over gives the dispersion that the interval uses.

    Parameters
    ----------
    counts : pandas.Series
        Events by month (first days), missing where not known.
    end : pandas.Timestamp
        First day after the last month.
    noise_variance : float
        Variance of rounding noise in one month's count.
    complete : float
        Share of the events of the last twelve months that was recorded when they were counted.

    References
    ----------
    McCullagh, P. & Nelder, J. A. (1989). Generalized Linear Models, 2nd ed., ch. 6 and 9.
    """
    months = pd.date_range(end=end, periods=MONTHS * _MOST_YEARS + 1, freq="MS")[:-1]
    known = counts.reindex(months).astype(float)
    years_back = (np.arange(len(months))[::-1]) // MONTHS
    whole = {k for k in range(_MOST_YEARS) if known[years_back == k].notna().all()}
    if not {0, 1} <= whole or any(known[years_back == k].sum() == 0 for k in (0, 1)):
        return _UNKNOWN
    used = np.isin(years_back, list(whole))
    # One row for each year, the last one last; one column for each calendar month.
    return _fit(known[used].to_numpy().reshape(-1, MONTHS), noise_variance, level, complete)


def _fit(counts: np.ndarray, noise_variance: float, level: float, complete: float) -> YearRatio:
    # With whole years the fit has a closed form: each expected count is its year's total
    # times its month's share, and the year's effect is the logarithm of a ratio of totals.
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    years = counts.sum(axis=1)
    expected = np.outer(years, counts.sum(axis=0)) / counts.sum()
    freedom = (counts.shape[0] - 1) * (counts.shape[1] - 1)
    if not freedom:
        return _UNKNOWN
    pearson = float(((counts - expected) ** 2 / expected).sum())
    scale = max(1.0, pearson / freedom) + noise_variance / counts.mean()
    effect = float(np.log(years[-1] / years[-2] / complete))
    error = float(np.sqrt(scale * (1 / years[-1] + 1 / years[-2])))
    reach = float(scipy.stats.t.ppf((1 + level) / 2, freedom)) * error
    p_value = float(2 * scipy.stats.t.sf(abs(effect) / error, freedom))
    ratio, lower, upper = np.exp([effect, effect - reach, effect + reach])
    return YearRatio(float(ratio), float(lower), float(upper), p_value, scale)
