"""How unevenly events are spread over places, beyond what chance alone would make.

With few events most places have none, whatever their risk: "5 % of the places have all of the
crime" can be chance.  The excess over the chance of equal places is what may be told.

When to use it: to say whether places differ, and to compare periods of different counts.  When
not: to name places.

References
----------
Bernasco, W. & Steenbeek, W. (2017). More places than crimes: implications for evaluating the
law of crime concentration at place. J. Quant. Criminol. 33, 451-467.
doi:10.1007/s10940-016-9324-7
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import scipy

from labtools.errors import AnalysisError
from labtools.messages import Sentence, mark
from labtools.tables.shown import Shown

_SURE = 0.95


@dataclass(frozen=True, slots=True)
class Concentration(Shown):
    """How concentrated events are, and how much of it is chance.

    Attributes
    ----------
    gini : float
        Between 0 (all places in proportion to their exposure) and 1.
    chance, chance_lower, chance_upper : float
        Mean of the Gini, and limits of 95 % of it, if all places had the same risk.
    excess : float
        The Gini less its mean by chance.
    p_value : float
        Of a Gini so great or greater by chance.
    half_in : float
        Smallest share of the places that holds half of the events.
    lorenz : pandas.DataFrame
        ``places`` and ``events``: cumulated shares, from the places with the lowest rate.
    """

    told_as: ClassVar[Sentence] = mark("How far events gather in few places")
    gini: float
    chance: float
    chance_lower: float
    chance_upper: float
    excess: float
    p_value: float
    half_in: float
    lorenz: pd.DataFrame


def measure_concentration(
    events: pd.Series,
    exposure: pd.Series | None = None,
    *,
    rng: np.random.Generator,
    draws: int = 999,
) -> Concentration:
    """Return the Gini of events over places beside that of equal risk.

    Parameters
    ----------
    events : pandas.Series
        Counts by place; a missing one takes no part.
    exposure : pandas.Series, optional
        By place; one each where it is not given.
    draws : int
        Cities of equal risk that are drawn; the least p-value is one in so many and one.

    Raises
    ------
    AnalysisError
        If nothing happened, or fewer than two places have exposure and a count.
    """
    at_risk = pd.Series(1.0, index=events.index) if exposure is None else exposure
    at_risk = at_risk.reindex(events.index)
    known = events.notna() & (at_risk > 0)
    counts, weights = events[known].to_numpy(float), at_risk[known].to_numpy(float)
    if len(counts) < 2 or not counts.sum():  # noqa: PLR2004 - one place is not spread
        raise AnalysisError(
            "Concentration needs at least two places with exposure, and some events; there are {n} "
            "places and {events} events. Use a longer period.",
            n=len(counts),
            events=float(counts.sum()),
        )
    gini = _gini(counts[None], weights)[0]
    drawn = rng.multinomial(int(counts.sum()), weights / weights.sum(), size=draws)
    by_chance = _gini(drawn.astype(float), weights)
    tail = (1 - _SURE) / 2
    lower, upper = np.quantile(by_chance, (tail, 1 - tail))
    return Concentration(
        float(gini),
        float(by_chance.mean()),
        float(lower),
        float(upper),
        float(gini - by_chance.mean()),
        float((1 + (by_chance >= gini - 1e-12).sum()) / (1 + draws)),
        _half_in(counts),
        _lorenz(counts, weights),
    )


def chance_gini(mean: float) -> float:
    """Return the Gini of many places of equal risk, each with Poisson counts of this mean.

    Half the mean difference of two such counts over their mean:
    ``exp(-2 m) (I0(2 m) + I1(2 m))``.
    """
    return float(scipy.special.i0e(2 * mean) + scipy.special.i1e(2 * mean))


def _gini(counts: np.ndarray, weights: np.ndarray) -> np.ndarray:
    order = np.argsort(counts / weights, axis=1, kind="stable")
    sorted_counts = np.take_along_axis(counts, order, axis=1)
    share = np.cumsum(sorted_counts, axis=1) / counts.sum(axis=1, keepdims=True)
    width = weights[order] / weights.sum()
    before = np.concatenate([np.zeros((len(counts), 1)), share[:, :-1]], axis=1)
    return np.asarray(1 - (width * (share + before)).sum(axis=1))


def _half_in(counts: np.ndarray) -> float:
    share = np.cumsum(np.sort(counts)[::-1]) / counts.sum()
    return float((np.searchsorted(share, 0.5 - 1e-12) + 1) / len(counts))


def _lorenz(counts: np.ndarray, weights: np.ndarray) -> pd.DataFrame:
    order = np.argsort(counts / weights, kind="stable")
    places = np.concatenate([[0.0], np.cumsum(weights[order]) / weights.sum()])
    events = np.concatenate([[0.0], np.cumsum(counts[order]) / counts.sum()])
    return pd.DataFrame({"places": places, "events": events})
