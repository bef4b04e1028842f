"""Rates and ratios of events over exposure, with exact intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import scipy

from labtools.errors import AnalysisError
from labtools.findings import Finding, Severity
from labtools.messages import Sentence, mark, plural
from labtools.tables.shown import Shown

_NEGATIVE = plural(
    "The column {column} has a negative value, at {first}. Look at the table it came from.",
    "The column {column} has {n} negative values; the first is at {first}. Look at the table "
    "it came from.",
)
_NO_EXPOSURE = plural(
    "One colonia has no registered population and gets no rate: {areas}.",
    "{n} colonias have no registered population and get no rate: {areas}.",
)


@dataclass(frozen=True, slots=True)
class Rates(Shown):
    """Rates, one row per area.

    Attributes
    ----------
    table : pandas.DataFrame, shape (n_areas, 5)
        ``events`` (count), ``exposure`` (person-years), and ``rate``, ``lower``
        and ``upper`` (events per `per` person-years).  Areas without exposure
        have missing rates, never zero or infinite ones.
    per : float
        Person-years in the denominator of the rates.
    level : float
        Coverage of the intervals.
    findings : tuple of Finding
        What the reader of these rates must know.
    """

    told_as: ClassVar[Sentence] = mark("Rates with their exact intervals")
    table: pd.DataFrame
    per: float
    level: float
    findings: tuple[Finding, ...]


def crude_rates(
    events: pd.Series,
    exposure: pd.Series,
    *,
    per: float = 1_000,
    level: float = 0.95,
) -> Rates:
    """Return the crude rate of each area with its exact Poisson interval.

    Parameters
    ----------
    events : pandas.Series, shape (n_areas,)
        Counts, indexed by area.  Zero means "none happened"; missing means
        "not known" and stays missing.
    exposure : pandas.Series, shape (n_areas,)
        Person-years at risk, same index as `events` in any order.
    per : float, default 1000
        Person-years in the denominator.
    level : float, default 0.95
        Coverage of the two-sided intervals.

    Raises
    ------
    AnalysisError
        If the two indexes differ or a value is negative.

    References
    ----------
    Garwood, F. (1936). Fiducial limits for the Poisson distribution.
    Biometrika 28, 437-442.
    """
    exposure = _aligned(events, exposure)
    at_risk = exposure.where(exposure > 0)
    lower, upper = poisson_interval(events.to_numpy(float), level=level)
    table = pd.DataFrame(
        {
            "events": events,
            "exposure": exposure,
            "rate": events / at_risk * per,
            "lower": lower / at_risk * per,
            "upper": upper / at_risk * per,
        }
    )
    return Rates(table, per, level, _exposure_findings(at_risk))


def poisson_interval(events: np.ndarray, *, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Return Garwood's exact limits for the mean of a Poisson count (missing stays missing)."""
    tail = (1 - level) / 2
    lower = np.where(events == 0, 0.0, scipy.stats.chi2.ppf(tail, 2 * events) / 2)
    upper = np.asarray(scipy.stats.chi2.ppf(1 - tail, 2 * (events + 1)) / 2)
    return lower, upper


def _aligned(events: pd.Series, exposure: pd.Series) -> pd.Series:
    only_events = events.index.difference(exposure.index)
    only_exposure = exposure.index.difference(events.index)
    if len(only_events) or len(only_exposure):
        raise AnalysisError(
            "Events and exposure are not of the same colonias: only in events, {only_events}; "
            "only in exposure, {only_exposure}. Align both tables by colonia_id.",
            only_events=tuple(only_events[:3]),
            only_exposure=tuple(only_exposure[:3]),
        )
    for name, values in (("events", events), ("exposure", exposure)):
        negative = values[values < 0]
        if len(negative):
            raise AnalysisError(_NEGATIVE, column=name, n=len(negative), first=negative.index[0])
    return exposure.reindex(events.index)


def _exposure_findings(at_risk: pd.Series) -> tuple[Finding, ...]:
    missing = at_risk.index[at_risk.isna()]
    if missing.empty:
        return ()
    facts = {"n": len(missing), "areas": tuple(missing[:5])}
    return (Finding(_NO_EXPOSURE, Severity.CAUTION, facts),)
