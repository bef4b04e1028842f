"""How far from parallel the paths may run before a result is lost.

A test of earlier trends that does not reject proves nothing; this says instead how large a
departure, per period, the conclusion bears, beside the largest one seen before the programme.
When not: with fewer than two periods before, there is nothing to compare the departure with.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from labtools.errors import AnalysisError


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """Intervals under departures, and the one that the conclusion bears.

    Attributes
    ----------
    intervals : pandas.DataFrame
        ``lower`` and ``upper`` by ``multiple`` of the largest change seen before.
    largest_before : float
        Largest change from one period to the next before the programme, in absolute value.
    breakdown : float
        Multiple of it from which the interval holds zero; 0 if it does with none.
    """

    intervals: pd.DataFrame
    largest_before: float
    breakdown: float


def trend_sensitivity(
    effects: pd.DataFrame,
    influence: np.ndarray,
    *,
    multiples: tuple[float, ...] = (0.0, 0.25, 0.5, 1.0, 2.0),
    level: float = 0.95,
) -> Sensitivity:
    """Return intervals of the mean later effect that bear departures from parallel paths.

    The paths may drift apart by at most ``multiple`` times the largest earlier change in
    each period after the start, always in the same direction.  The largest earlier change is
    taken as it was seen; over several periods noise makes it larger, which errs on the safe side.

    Parameters
    ----------
    effects : pandas.DataFrame
        ``effect`` by event time (index); 0 is the first period in the programme.  The
        period before it is the reference, and is nil where it is absent.
    influence : numpy.ndarray, shape (n_places, n_event_times)
        Influence of each place on each effect, summing to its error.

    Raises
    ------
    AnalysisError
        If there are no effects before or after the start.

    References
    ----------
    Rambachan, A. & Roth, J. (2023). A more credible approach to parallel trends. Review of
    Economic Studies 90, 2555-2591. doi:10.1093/restud/rdad018
    Armstrong, T. & Kolesár, M. (2018). Optimal inference in a class of regression models.
    Econometrica 86, 655-683. doi:10.3982/ECTA14434
    """
    times = effects.index.to_numpy(float)
    later = times >= 0
    if later.all() or not later.any():
        raise AnalysisError(
            "The sensitivity to trends needs effects before and after the start. Give a longer "
            "history."
        )
    path = effects.loc[~later, "effect"].copy()
    path.loc[-1] = path.get(-1, 0.0)
    largest = float(path.sort_index().diff().abs().max())
    value = float(effects.loc[later, "effect"].mean())
    se = float(np.sqrt((influence[:, later].mean(axis=1) ** 2).sum()))
    # Departures add up: after k + 1 periods they may have reached k + 1 steps.
    slope = float((times[later] + 1).mean()) * largest
    rows = [(m, *_interval(value, se, m * slope, level)) for m in multiples]
    table = pd.DataFrame(rows, columns=["multiple", "lower", "upper"]).set_index("multiple")
    return Sensitivity(table, largest, _breakdown(value, se, slope, level))


def drift_borne(value: float, se: float, *, gap: float, years: float, level: float) -> float:
    """Return how many times the gap of the year before the paths may drift apart, year by year.

    The effect is then still told from nil; 0 where it is not told even without drift, and
    infinite where there was no gap.

    Parameters
    ----------
    value, se : float
        Effect and its standard error.
    gap : float
        What the year before the entry showed, in the unit of the effect.
    years : float
        Mean time since the entry of what the effect is an average of.
    level : float
        Cover of the interval.

    References
    ----------
    Rambachan, A. & Roth, J. (2023). doi:10.1093/restud/rdad018
    """
    if not (np.isfinite([value, se, gap, years]).all() and se > 0 and years > 0):
        return float("nan")
    return _breakdown(value, se, abs(gap) * years, level)


def folded_quantile(bias: float, level: float = 0.95) -> float:
    """Return the quantile of ``|N(bias, 1)|``: how many errors an interval reaches.

    It is 1.96 without bias and tends to ``bias + 1.645``.
    """
    return float(
        scipy.optimize.brentq(
            lambda c: scipy.special.ndtr(c - bias) - scipy.special.ndtr(-c - bias) - level,
            0,
            bias + 10,
        )
    )


def _interval(value: float, se: float, bias: float, level: float) -> tuple[float, float]:
    reach = se * folded_quantile(bias / se, level)
    return value - reach, value + reach


def _breakdown(value: float, se: float, slope: float, level: float) -> float:
    def holds(multiple: float) -> float:
        return se * folded_quantile(multiple * slope / se, level) - abs(value)

    if holds(0.0) >= 0:
        return 0.0
    if slope == 0:
        return float("inf")
    return float(scipy.optimize.brentq(holds, 0.0, abs(value) / slope + 1))
