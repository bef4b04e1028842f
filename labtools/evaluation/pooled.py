"""Designs that pool a programme's places: a weighted mix of others, or its own long series.

When to use it: a programme with one start.  When not: for places chosen for their records.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from labtools.errors import AnalysisError
from labtools.evaluation.choice import refuse_by_records
from labtools.evaluation.drawn import drawn_again
from labtools.evaluation.estimate import Estimate
from labtools.evaluation.interrupted_series import interrupted_series
from labtools.evaluation.micro_synthetic import micro_synthetic
from labtools.evaluation.one_start import OneStart

_DRAWS = 399
_MOST_YEARS = 3
#: Of the others in each quarter: with fewer, their chance alone moves the ratio by a fifth.
_FEWEST_EVENTS = 25


def micro_synthetic_effect(start: OneStart, *, level: float, rng: np.random.Generator) -> Estimate:
    """Return the programme's events against a mix of others with the same past, year by year.

    Groups drawn as by lot, each with those beside it left out as they are here, give p and limits.

    Raises
    ------
    AnalysisError
        If no mix has that past, or places were chosen for their records.
    """
    refuse_by_records(start.chosen)
    found = micro_synthetic(
        start.years_before(_MOST_YEARS),
        start.after,
        start.treated,
        rng=rng,
        draws=drawn_again(start, _DRAWS, rng),
        chosen=start.chosen,
    )
    reach = float(np.quantile(np.abs(found.placebos), level)) * found.se
    return Estimate(
        log_ratio=found.log_ratio,
        lower=found.log_ratio - reach,
        upper=found.log_ratio + reach,
        se=found.se,
        p=found.p,
        observed=float(start.after[start.treated].sum()),
        places=int(start.treated.sum()),
        compared=int(start.others.sum()),
    )


def series_effect(start: OneStart, *, level: float, rng: np.random.Generator) -> Estimate:
    """Return the change of level of the programme's series, by quarter, beyond that of the others.

    The series is told in events as if the others had stayed as they were: what the whole city did
    would otherwise pass for the programme's doing.  Where nobody compares, it stands by itself.

    Raises
    ------
    AnalysisError
        If the series is short or has gaps, places were chosen for their records, or there are
        others, but so few that they cannot tell what the city did.

    References
    ----------
    Lopez Bernal, J., Cummins, S. & Gasparrini, A. (2018). The use of controls in interrupted time
    series studies of public health interventions. International Journal of Epidemiology 47,
    2082-2093. doi:10.1093/ije/dyy135
    """
    refuse_by_records(start.chosen)
    counts = start.counts[start.treated].sum(axis=0)
    series = pd.Series(counts.to_numpy(float), pd.DatetimeIndex(start.counts.columns))
    against = _city(start)
    found = interrupted_series(series / against, series.index[start.start], rng=rng, cover=level)
    return Estimate(
        log_ratio=found.level,
        lower=found.lower,
        upper=found.upper,
        se=found.se,
        p=found.p,
        observed=float(series.iloc[start.start :].sum()),
        places=int(start.treated.sum()),
        compared=int(start.others.sum()),
    )


def _city(start: OneStart) -> np.ndarray:
    """Return the others' events in each quarter over their mean; ones where there are no others."""
    if not start.others.any():
        return np.ones(start.counts.shape[1])
    counts = start.counts[start.others].sum(axis=0).to_numpy(float)
    if counts.min() < _FEWEST_EVENTS:
        raise AnalysisError(
            "The {n} other colonias had as few as {events} events in a quarter, and {needed} are "
            "needed to tell what the whole city did. Plan the design imputed_counts.",
            n=int(start.others.sum()),
            events=int(counts.min()),
            needed=_FEWEST_EVENTS,
        )
    return np.asarray(counts / counts.mean())
