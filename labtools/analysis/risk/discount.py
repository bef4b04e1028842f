"""Counts of the past that weigh less the older they are.

When to use it: for the level of risk now, where it drifts; the counts of three years tell more
than those of twelve months, and the last months more than the first.  When not: for what
happened in a given year.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

HALF_LIFE_MONTHS = 9.0
_YEAR = 12.0


def discounted(
    counts: pd.DataFrame,
    population: pd.Series,
    *,
    period_months: int,
    half_life: float = HALF_LIFE_MONTHS,
    recorded: pd.Series | None = None,
) -> pd.DataFrame:
    """Return what an exponentially discounted past amounts to, by area.

    Each period's log likelihood is multiplied by its weight: for Poisson counts that is to sum
    weighted counts over weighted exposure.  Periods without a count weigh nothing.

    Parameters
    ----------
    counts : pandas.DataFrame, shape (n_areas, n_periods)
        The last column is the latest period.
    population : pandas.Series
        Residents by area.
    period_months : int
        Length of a period.
    half_life : float
        After how many months a count weighs half.
    recorded : pandas.Series, optional
        By period, share of its events that is thought to be recorded by now; what is not told
        is whole.

    Returns
    -------
    pandas.DataFrame
        ``events`` (weighted sum), ``exposure`` (weighted person-years, as far as
        what happened in them is recorded) and ``periods`` (sum of
        weights); events are missing where no period is known.
    """
    age = (np.arange(counts.shape[1])[::-1] + 0.5) * period_months
    weight = 2.0 ** (-age / half_life)
    known = counts.notna()
    periods = (known * weight).sum(axis=1)
    events = (counts.fillna(0.0) * weight).sum(axis=1).where(known.any(axis=1))
    there = 1.0 if recorded is None else recorded.reindex(counts.columns).fillna(1.0).to_numpy()
    years = (known * weight * there).sum(axis=1) * period_months / _YEAR
    return pd.DataFrame(
        {
            "events": events,
            "exposure": years * population.reindex(counts.index),
            "periods": periods,
        }
    )
