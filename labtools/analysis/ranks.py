"""Places among colonias, always as an interval: never a bare ordinal."""

from __future__ import annotations

import numpy as np
import pandas as pd


def place_intervals(draws: np.ndarray, areas: pd.Index, *, level: float = 0.90) -> pd.DataFrame:
    """Return, for each area, between which shares of the other areas its rate lies.

    Parameters
    ----------
    draws : numpy.ndarray, shape (n_draws, n_areas)
        Posterior draws of the rates; an area with missing draws gets no place.
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
        order = draws[:, ranked].argsort(axis=1, kind="stable").argsort(axis=1)
        tail = (1 - level) / 2
        limits = np.quantile(order / (n - 1), [tail, 1 - tail], axis=0)
        table.loc[ranked, ["lower_share", "upper_share"]] = limits.T
    return table
