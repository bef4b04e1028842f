"""Did it change?  An answer with its interval, or "no distinguishable change".

Percentages of small counts mislead: with twelve events a year, 64 % of colonias move by
20 % or more when nothing changed.  Here two windows are compared conditionally on their
sum, with the dispersion that the data show, and many colonias are judged together.

When not to use it: to say *why* something changed, or to judge one colonia's programme.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import scipy

from labtools.errors import AnalysisError
from labtools.messages import Sentence, mark
from labtools.tables.shown import Shown

FALSE_DISCOVERY_RATE = 0.05


@dataclass(frozen=True, slots=True)
class Change(Shown):
    """Now against before, one row per area.

    Attributes
    ----------
    table : pandas.DataFrame
        ``before`` and ``now`` (counts), ``ratio`` (now / before, missing where before is 0),
        its ``lower`` and ``upper`` limits (upper is missing where there is none),
        ``p_value``, ``q_value`` (Benjamini–Hochberg over the areas) and ``verdict``:
        increase, decrease, none ("no distinguishable change") or unknown.
    dispersion : float or pandas.Series
        Variance over mean of the counts, of all areas or of each, at least 1.
    level : float
        Coverage of the intervals.
    """

    told_as: ClassVar[Sentence] = mark("Change between two windows")
    table: pd.DataFrame
    dispersion: float | pd.Series
    level: float


def compare_windows(
    before: pd.Series,
    now: pd.Series,
    *,
    dispersion: float | pd.Series = 1.0,
    noise_variance: float = 0.0,
    level: float = 0.95,
    complete: float = 1.0,
) -> Change:
    """Compare counts of two windows of equal length, area by area.

    Given the sum of both counts, the share that falls now is binomial with one half if
    nothing changed (Przyborowski & Wilenski); Clopper–Pearson limits on the share give the
    limits of the ratio.  Overdispersed counts carry less information: they count as
    ``n / dispersion`` independent events.

    Parameters
    ----------
    before, now : pandas.Series
        Counts by area, same index; a missing one gives the verdict "unknown".
    dispersion : float or pandas.Series
        Of all areas, or of each (same index); see :mod:`labtools.analysis.dispersion`.
    noise_variance : float
        Variance of the noise in each window's count (rounding); widens every interval.
    level : float
        Coverage of the two-sided intervals.
    complete : float
        Share of the events of `now` that were recorded when they were counted.  The ratio and its
        limits are of what will have been recorded, so that late reports do not pass for a fall;
        the counts stay as they were counted.

    Raises
    ------
    AnalysisError
        If the indexes differ, or the share is not above 0 and up to 1.

    References
    ----------
    Przyborowski, J. & Wilenski, H. (1940). Homogeneity of results in testing samples from
    Poisson series. Biometrika 31, 313-323. doi:10.1093/biomet/31.3-4.313
    Benjamini, Y. & Hochberg, Y. (1995). J. R. Stat. Soc. B 57, 289-300.
    """
    if not before.index.equals(now.index):
        raise AnalysisError(
            "The two windows are not of the same areas in the same order: {before} areas before "
            "and {now} now. Align them by colonia_id.",
            before=len(before),
            now=len(now),
        )
    if not 0 < complete <= 1:
        raise AnalysisError(
            "The share of events that were recorded must be above 0 and up to 1, and it is "
            "{complete}. Where it is not known, leave it out and say so.",
            complete=complete,
        )
    x, y = before.to_numpy(float), now.to_numpy(float)
    total = x + y
    each = dispersion.reindex(now.index) if isinstance(dispersion, pd.Series) else dispersion
    scale = np.asarray(each, float) + np.divide(
        noise_variance, total / 2, out=np.zeros_like(total), where=total > 0
    )
    n, k = total / scale, y / scale
    tail = (1 - level) / 2
    low = np.where(k > 0, scipy.stats.beta.ppf(tail, k, n - k + 1), 0.0)
    high = np.where(n - k > 0, scipy.stats.beta.ppf(1 - tail, k + 1, n - k), 1.0)
    table = pd.DataFrame(
        {
            "before": before,
            "now": now,
            "ratio": np.divide(y, x, out=np.full_like(x, np.nan), where=x > 0) / complete,
            "lower": _odds(low) / complete,
            "upper": _odds(high) / complete,
            "p_value": _two_sided(n, k, complete / (1 + complete)),
        },
        index=before.index,
    )
    nothing = ~(total > 0)
    table.loc[nothing, ["ratio", "lower", "upper", "p_value"]] = np.nan
    return Change(_judged(table, complete), dispersion, level)


def _two_sided(n: np.ndarray, k: np.ndarray, share: float) -> np.ndarray:
    at_least = np.where(k > 0, scipy.stats.beta.cdf(share, k, n - k + 1), 1.0)
    at_most = np.where(n - k > 0, scipy.stats.beta.sf(share, k + 1, n - k), 1.0)
    return np.asarray(np.minimum(1.0, 2 * np.minimum(at_least, at_most)))


def _odds(share: np.ndarray) -> np.ndarray:
    odds = np.divide(share, 1 - share, out=np.full_like(share, np.nan), where=share < 1)
    return np.asarray(odds)


def _judged(table: pd.DataFrame, complete: float) -> pd.DataFrame:
    tested = table["p_value"].notna()
    q_value = pd.Series(np.nan, index=table.index)
    if tested.any():
        q_value[tested] = scipy.stats.false_discovery_control(table.loc[tested, "p_value"])
    verdict = pd.Series("none", index=table.index, dtype="str")
    found = q_value <= FALSE_DISCOVERY_RATE
    unchanged = table["before"] * complete
    verdict[found & (table["now"] > unchanged)] = "increase"
    verdict[found & (table["now"] < unchanged)] = "decrease"
    verdict[table["before"].isna() | table["now"].isna()] = "unknown"
    return table.assign(q_value=q_value, verdict=verdict)
