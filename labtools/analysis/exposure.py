"""Who or what is at risk: a rate is a choice of denominator, and the choice is told.

A colonia of shops has few residents and many visitors: by residents its rate is huge.  Rates by
residents, households, premises or people present answer different questions; what holds under
each of them holds.

When to use it: beside any comparison of colonias.  When not: to look for the denominator that
gives the answer wanted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from labtools.analysis.smoothing import fit_gamma_poisson
from labtools.errors import AnalysisError
from labtools.findings import Finding, Severity

CHOICES = ("residents", "households", "premises", "ambient")
_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class ExposureSensitivity:
    """How much a comparison depends on the denominator.

    Attributes
    ----------
    relative : pandas.DataFrame
        By place (rows) and choice: the smoothed rate over that of the city.
    verdicts : pandas.DataFrame
        Same shape: ``above``, ``below`` or ``similar`` to the city (95 %), missing without
        exposure.
    agrees : pandas.Series
        By place: whether all choices with an exposure say the same.
    findings : tuple of Finding
        The choice announced, and for how many places it matters.
    """

    relative: pd.DataFrame
    verdicts: pd.DataFrame
    agrees: pd.Series
    findings: tuple[Finding, ...]


def compare_exposures(
    events: pd.Series, exposures: Mapping[str, pd.Series], *, chosen: str
) -> ExposureSensitivity:
    """Return each place's rate beside the city's, under each exposure.

    Parameters
    ----------
    events : pandas.Series
        Counts by place.
    exposures : mapping of str to pandas.Series
        Name of the choice, of :data:`CHOICES` → exposure by place; where it is zero or missing
        the place has no rate under that choice, and spoils no other.
    chosen : str
        The one that the report uses.

    Raises
    ------
    AnalysisError
        If `chosen` is not among the exposures.
    """
    if chosen not in exposures:
        raise AnalysisError(
            "The exposure {chosen} is not among those given: {given}. Choose one of them.",
            chosen=chosen,
            given=tuple(exposures),
        )
    relative, verdicts = {}, {}
    for name, exposure in exposures.items():
        at_risk = exposure.reindex(events.index)
        fit = fit_gamma_poisson(events, at_risk)
        found = fit.posterior(events, at_risk, level=_LEVEL) / fit.mean
        relative[name] = found["rate"]
        told = pd.Series("similar", index=events.index, dtype="str")
        told[found["lower"] > 1] = "above"
        told[found["upper"] < 1] = "below"
        verdicts[name] = told.where(found["rate"].notna())
    verdict = pd.DataFrame(verdicts)
    first = verdict.bfill(axis=1).iloc[:, 0]
    agrees = (verdict.eq(first, axis=0) | verdict.isna()).all(axis=1)
    differing = int((~agrees).sum())
    findings = [
        Finding(
            "Rates are per {chosen}; they were also tried per {others}.",
            Severity.NOTE,
            {"chosen": chosen, "others": tuple(n for n in exposures if n != chosen) or ("—",)},
        )
    ]
    if differing:
        findings.append(
            Finding(
                "Whether a place lies above or below the city depends on the exposure in {n} of "
                "{total} places.",
                Severity.CAUTION,
                {"n": differing, "total": len(events)},
            )
        )
    return ExposureSensitivity(pd.DataFrame(relative), verdict, agrees, tuple(findings))


def ambient_population(
    residents: pd.Series, jobs: pd.Series, *, day_share: float = 0.5
) -> pd.Series:
    """Return people present on average: residents at night, those who work there by day.

    A rough measure where no better one exists; `day_share` of the time people are at work
    places, in proportion to `jobs`, and the total stays that of the residents.
    """
    total = residents.sum()
    by_day = total * jobs / jobs.sum() if jobs.sum() else residents
    return pd.Series(np.asarray((1 - day_share) * residents + day_share * by_day), residents.index)
