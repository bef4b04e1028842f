"""Places among colonias, always as an interval: never a bare ordinal."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats


def place_intervals(draws: np.ndarray, areas: pd.Index, *, level: float = 0.90) -> pd.DataFrame:
    """Return, for each area, between which shares of the other areas its rate lies.

    Parameters
    ----------
    draws : numpy.ndarray, shape (n_draws, n_areas)
        Posterior draws of the rates; an area with missing draws gets no place.  Areas that
        tie in a draw hold all the places of their tie, so that equals are not put in order.
    areas : pandas.Index
        Keys of the areas.
    level : float
        Probability that the place lies in the interval, given the model.

    Returns
    -------
    pandas.DataFrame
        ``lower_share``, ``upper_share``: share of areas with a lower rate.

    References
    ----------
    Goldstein, H. & Spiegelhalter, D. J. (1996). League tables and their limitations.
    J. R. Stat. Soc. A 159, 385-443. doi:10.2307/2983325
    """
    ranked = ~np.isnan(draws).any(axis=0)
    table = pd.DataFrame(np.nan, index=areas, columns=["lower_share", "upper_share"])
    n = int(ranked.sum())
    if n > 1:
        tail = (1 - level) / 2
        for column, method, q in (
            ("lower_share", "min", tail),
            ("upper_share", "max", 1 - tail),
        ):
            below = stats.rankdata(draws[:, ranked], method=method, axis=1) - 1
            table.loc[ranked, column] = np.quantile(below / (n - 1), q, axis=0)
    return table
