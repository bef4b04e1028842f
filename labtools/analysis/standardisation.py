"""Rates of places whose people differ in age or sex, as if they did not.

Direct: the place's own rates by stratum, weighted as in a standard population.  Indirect: what
happened over what the standard's rates lead to expect.  Both survive strata without events.

When to use it: to compare places whose composition differs, where events are known by stratum
(direct) or in all only (indirect).  When not: to say how many events happened (use the count), or
to put indirectly standardised places in order (each is weighted by its own people).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy

from labtools.analysis.rates import poisson_interval
from labtools.errors import AnalysisError


def direct_rates(
    events: pd.DataFrame,
    exposure: pd.DataFrame,
    standard: pd.Series,
    *,
    per: float = 1_000,
    level: float = 0.95,
) -> pd.DataFrame:
    """Return directly standardised rates with Fay and Feuer's gamma intervals.

    Parameters
    ----------
    events, exposure : pandas.DataFrame, shape (n_areas, n_strata)
        Counts and person-years.  An area with a count missing, or without people in a stratum
        that the standard has, has no rate: what would happen there is not known.
    standard : pandas.Series, shape (n_strata,)
        People of the standard population.
    per : float
        Person-years in the denominator.
    level : float
        Coverage of the two-sided intervals.

    Returns
    -------
    pandas.DataFrame
        ``rate``, ``lower`` and ``upper``, by area.

    Raises
    ------
    AnalysisError
        If the tables are not of the same strata and areas, or the standard has no people.

    References
    ----------
    Fay, M. P. & Feuer, E. J. (1997). Confidence intervals for directly standardized rates: a
    method based on the gamma distribution. Statistics in Medicine 16, 791-801.
    doi:10.1002/(SICI)1097-0258(19970415)16:7<791::AID-SIM500>3.0.CO;2-#
    """
    at_risk, people = _of_the_same(events, exposure, standard)
    used = people > 0
    counted = events.loc[:, used].to_numpy(float)
    share = people[used].to_numpy(float) / people.sum()
    weights = share / at_risk.loc[:, used].where(at_risk.loc[:, used] > 0).to_numpy(float)
    rate, variance = (weights * counted).sum(axis=1), (weights**2 * counted).sum(axis=1)
    widest = weights.max(axis=1)
    tail = (1 - level) / 2
    seen = rate > 0
    scale = np.divide(variance, 2 * rate, out=np.zeros_like(rate), where=seen)
    freedom = np.divide(2 * rate**2, variance, out=np.ones_like(rate), where=seen)
    most, spread = rate + widest, variance + widest**2
    table = pd.DataFrame(
        {
            "rate": rate,
            "lower": np.where(seen, scale * scipy.stats.chi2.ppf(tail, freedom), 0.0),
            "upper": spread / (2 * most) * scipy.stats.chi2.ppf(1 - tail, 2 * most**2 / spread),
        },
        index=events.index,
    )
    table.loc[~np.isfinite(rate)] = np.nan
    return table * per


def indirect_ratios(
    events: pd.Series, exposure: pd.DataFrame, rates: pd.Series, *, level: float = 0.95
) -> pd.DataFrame:
    """Return what happened over what the standard's rates lead to expect, with exact limits.

    Parameters
    ----------
    events : pandas.Series, shape (n_areas,)
        Counts of all strata together.
    exposure : pandas.DataFrame, shape (n_areas, n_strata)
        Person-years.
    rates : pandas.Series, shape (n_strata,)
        Events per person-year of the standard.

    Returns
    -------
    pandas.DataFrame
        ``observed``, ``expected``, ``ratio``, ``lower`` and ``upper``, by area; without people
        there is no ratio.

    Raises
    ------
    AnalysisError
        If the tables are not of the same strata and areas.

    References
    ----------
    Breslow, N. E. & Day, N. E. (1987). Statistical Methods in Cancer Research II, ch. 2. IARC.
    """
    at_risk, told = _of_the_same(events.to_frame(), exposure, rates, strata=False)
    expected = (at_risk * told).sum(axis=1, skipna=False)
    over = expected.where(expected > 0)
    lower, upper = poisson_interval(events.to_numpy(float), level=level)
    return pd.DataFrame(
        {
            "observed": events,
            "expected": expected,
            "ratio": events / over,
            "lower": lower / over,
            "upper": upper / over,
        }
    )


def _of_the_same(
    events: pd.DataFrame, exposure: pd.DataFrame, standard: pd.Series, *, strata: bool = True
) -> tuple[pd.DataFrame, pd.Series]:
    """Return exposure and standard in the order of the events and of their strata."""
    columns = events.columns if strata else exposure.columns
    same = (
        set(events.index) == set(exposure.index)
        and set(columns) == set(exposure.columns) == set(standard.index)
        and (standard >= 0).all()
        and standard.sum() > 0
    )
    if not same:
        raise AnalysisError(
            "Standardising needs the same areas and strata in all tables, and a standard that is "
            "not empty. There are {areas} areas with events and {at_risk} with people; {strata} "
            "strata of people and {standard} of the standard. Align them by their names.",
            areas=len(events),
            at_risk=len(exposure),
            strata=exposure.shape[1],
            standard=len(standard),
        )
    return exposure.reindex(index=events.index, columns=columns), standard.reindex(columns)
