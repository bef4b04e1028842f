"""How sure the coefficients of an endemic-epidemic model are.

When to use it: to show coefficients, which stand nowhere without their intervals.  When not: for
intervals of counts to come; :mod:`labtools.analysis.forecast.ahead` gives their whole laws.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import scipy

from labtools.analysis.forecast.endemic_epidemic import EndemicEpidemicFit, prepare_counts
from labtools.analysis.forecast.endemic_likelihood import (
    Place,
    SteppedCounts,
    expected_mean,
    log_likelihood_of,
    parts_of,
    total_of,
)

_NUDGE = 1e-4
_UPPER = 0.975
_OVERDISPERSION = "log_overdispersion"


def coefficient_table(
    fit: EndemicEpidemicFit,
    counts: pd.DataFrame,
    *,
    exposure: pd.Series | None = None,
    covariates: Mapping[str, pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """Return ``estimate``, ``error``, ``lower`` and ``upper`` (95 %) of each coefficient.

    From the curvature of the likelihood at its top (observed information), the levels of areas
    eliminated; of ``log_overdispersion`` too, where counts are negative binomial.

    Parameters
    ----------
    fit : EndemicEpidemicFit
    counts, exposure, covariates
        What it was fitted on.

    Returns
    -------
    pandas.DataFrame
        By coefficient; on the scale on which it is estimated (logarithms of what is passed on).
        A coefficient that the counts do not hold has a missing error.

    References
    ----------
    Paul, M. & Held, L. (2011). Statistics in Medicine 30, 1118-1136. doi:10.1002/sim.4177
    """
    data = prepare_counts(counts, fit.terms, exposure, covariates or {})
    at = Place(
        fit.coefficients.to_numpy(float),
        fit.own_level.to_numpy(float),
        fit.overdispersion,
        fit.own_level_sd**2,
    )
    spread = np.diag(np.linalg.pinv(_information(data, at)))
    names, values = list(data.names), list(at.theta)
    if at.overdispersion:
        names, values = [*names, _OVERDISPERSION], [*values, np.log(at.overdispersion)]
    error = np.sqrt(np.where(spread > 0, spread, np.nan))
    reach = scipy.stats.norm.ppf(_UPPER) * error
    table = pd.DataFrame({"estimate": values, "error": error}, index=pd.Index(names, name="term"))
    return table.assign(lower=table["estimate"] - reach, upper=table["estimate"] + reach)


def _information(data: SteppedCounts, at: Place) -> np.ndarray:
    """Return minus the second derivatives of the likelihood, levels of areas eliminated."""
    width = len(at.theta)
    columns, crosses = [], []
    for k in range(width + bool(at.overdispersion)):
        ends = [_slopes(data, _moved(at, k, step)) for step in (_NUDGE, -_NUDGE)]
        columns.append((ends[1][0] - ends[0][0]) / (2 * _NUDGE))
        crosses.append((ends[1][1] - ends[0][1]) / (2 * _NUDGE))
    bend = np.column_stack(columns)
    if at.overdispersion:
        bend = np.vstack([bend, np.append(bend[:, -1], _bend_of_overdispersion(data, at))])
    if not at.variance:
        return bend
    _, above = _slopes(data, replace(at, levels=at.levels + _NUDGE))
    _, below = _slopes(data, replace(at, levels=at.levels - _NUDGE))
    own = (below - above) / (2 * _NUDGE)  # a level bears on its own area only
    cross = np.stack(crosses)
    return np.asarray(bend - (cross / own) @ cross.T)


def _slopes(data: SteppedCounts, at: Place) -> tuple[np.ndarray, np.ndarray]:
    """Return the first derivatives by coefficients, and by the levels of areas."""
    endemic, slopes = parts_of(data, at, all_slopes=True)
    mean = total_of(endemic, slopes)
    pull = data.known * (data.counts - mean) / (mean * (1 + at.overdispersion * mean))
    derivatives = np.stack([*slopes.values(), *(endemic * data.endemic)])
    by_level = (pull * endemic).sum(axis=1)
    if at.variance:
        by_level = by_level - at.levels / at.variance
    return derivatives.reshape(len(derivatives), -1) @ pull.ravel(), by_level


def _moved(at: Place, k: int, step: float) -> Place:
    if k == len(at.theta):
        return replace(at, overdispersion=at.overdispersion * float(np.exp(step)))
    theta = at.theta.copy()
    theta[k] += step
    return replace(at, theta=theta)


def _bend_of_overdispersion(data: SteppedCounts, at: Place) -> float:
    mean, step = expected_mean(data, at), 10 * _NUDGE
    low, middle, high = (
        log_likelihood_of(data, mean, at.overdispersion * float(np.exp(move)))
        for move in (-step, 0.0, step)
    )
    return -(high - 2 * middle + low) / step**2
