"""Designs that pool a programme's places: a weighted mix of others, or its own long series.

When to use it: a programme with one start.  When not: for places chosen for their records.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from labtools.evaluation.choice import refuse_by_records
from labtools.evaluation.estimate import Estimate
from labtools.evaluation.interrupted_series import interrupted_series
from labtools.evaluation.micro_synthetic import micro_synthetic
from labtools.evaluation.one_start import OneStart

_DRAWS = 399
_MOST_YEARS = 3


def micro_synthetic_effect(start: OneStart, *, level: float, rng: np.random.Generator) -> Estimate:
    """Return the programme's events against a mix of others with the same past, year by year.

    Raises
    ------
    AnalysisError
        If no mix has that past, or places were chosen for their records.
    """
    kept = start.treated | start.others
    past = start.years_before(_MOST_YEARS)
    found = micro_synthetic(
        past[kept],
        start.after[kept],
        start.treated[kept],
        rng=rng,
        draws=_DRAWS,
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
    """Return the change of level of the programme's own series, by quarter; nobody compares.

    Raises
    ------
    AnalysisError
        If the series is short or has gaps, or places were chosen for their records.
    """
    refuse_by_records(start.chosen)
    counts = start.counts[start.treated].sum(axis=0)
    series = pd.Series(counts.to_numpy(float), pd.DatetimeIndex(start.counts.columns))
    found = interrupted_series(series, series.index[start.start], rng=rng, cover=level)
    return Estimate(
        log_ratio=found.level,
        lower=found.lower,
        upper=found.upper,
        se=found.se,
        p=found.p,
        observed=float(series.iloc[start.start :].sum()),
        places=int(start.treated.sum()),
        compared=0,
    )
