"""Places among colonias, always as an interval: never a bare ordinal."""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy

from labtools.errors import AnalysisError


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
        ``lower_share``, ``upper_share``: share of areas with a lower rate; the limits are whole
        places, each the one farther out.

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
        for column, method, q, whole in (
            ("lower_share", "min", tail, np.floor),
            ("upper_share", "max", 1 - tail, np.ceil),
        ):
            below = scipy.stats.rankdata(draws[:, ranked], method=method, axis=1) - 1
            # Of n draws the next one lies below the k-th with a chance of k / (n + 1).
            limit = np.quantile(below, q, axis=0, method="weibull")
            table.loc[ranked, column] = whole(limit) / (n - 1)
    return table


def in_whole_tenths(places: pd.DataFrame) -> pd.DataFrame:
    """Return intervals of places widened to whole tenths, one at least: no area stands alone.

    For what everyone may see: who has the highest rate, or the order of two in the same tenth,
    cannot be read from it.

    Parameters
    ----------
    places : pandas.DataFrame
        ``lower_share`` and ``upper_share``, as of `place_intervals`.
    """
    tenths = (places * 10).round(9)  # 0.3 * 10 is not 3
    lower = np.floor(tenths["lower_share"]).clip(upper=9)
    upper = np.ceil(tenths["upper_share"]).clip(lower=lower + 1)
    return places.assign(lower_share=lower / 10, upper_share=upper / 10)


def chance_among_most(draws: pd.DataFrame, k: int) -> pd.Series:
    """Return the probability that each area is among the `k` with the highest rates.

    Parameters
    ----------
    draws : pandas.DataFrame, shape (n_draws, n_areas)
        Posterior draws of the rates; an area with missing draws has no probability.
    k : int
        How many areas; the probabilities of all areas add up to it.

    Raises
    ------
    AnalysisError
        If `k` is not from 1 to the number of areas with draws.

    References
    ----------
    Laird, N. M. & Louis, T. A. (1989). Empirical Bayes ranking methods. Journal of Educational
    Statistics 14, 29-46. doi:10.2307/1164724
    """
    known = draws.columns[draws.notna().all()]
    if not 1 <= k <= len(known):
        raise AnalysisError(
            "The {k} most affected were asked for, and {n} areas have rates. Ask for a number "
            "from 1 to {n}.",
            k=k,
            n=len(known),
        )
    told = draws[known].to_numpy()
    edge = np.partition(told, -k, axis=1)[:, [-k]]
    inside, tied = told > edge, told == edge
    # Equals share the places that are left.
    places = k - inside.sum(axis=1, keepdims=True)
    share = inside + tied * places / tied.sum(axis=1, keepdims=True)
    return pd.Series(share.mean(axis=0), index=known).reindex(draws.columns)


def tiers(draws: pd.DataFrame, *, certainty: float = 0.9) -> pd.Series:
    """Return groups of areas of which no two can be told apart; 1 is high.

    Areas are taken by falling mean rank.  One opens a new tier if its rate is below that of any
    area of the last one with a probability of at least `certainty`: an uncertain first area does
    not hold together others that differ for sure.

    Parameters
    ----------
    draws : pandas.DataFrame, shape (n_draws, n_areas)
        As in :func:`chance_among_most`; an area with missing draws has no tier.
    certainty : float

    References
    ----------
    Lin, R., Louis, T. A., Paddock, S. M. & Ridgeway, G. (2006). Loss function based ranking in
    two-stage, hierarchical models. Bayesian Analysis 1, 915-946. doi:10.1214/06-BA130
    """
    known = draws.columns[draws.notna().all()]
    told = draws[known].to_numpy()
    mean_rank = scipy.stats.rankdata(told, axis=1).mean(axis=0)
    tier = np.zeros(len(known), int)
    inside: list[int] = []
    number = 0
    for area in np.argsort(-mean_rank, kind="stable"):
        below = (told[:, [area]] < told[:, inside]).mean(axis=0)
        if not inside or below.max() >= certainty:
            inside, number = [], number + 1
        inside.append(int(area))
        tier[area] = number
    return pd.Series(tier, index=known, dtype="Int64").reindex(draws.columns)
