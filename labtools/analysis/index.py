"""A composite index by Pena's distance (DP2), as CONAPO builds its index of marginality.

When to use it: to sum up indicators of one concept without choosing weights.  When not: to
rank areas of small population as if their indicators were known exactly; see
:func:`rank_intervals`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from labtools.errors import AnalysisError

_MOST_ROUNDS = 50
_HUNDREDTH = 0.01


@dataclass(frozen=True, slots=True)
class PenaDistance:
    """Distances of the units to a reference.

    Attributes
    ----------
    distance : pandas.Series
        By unit, without unit of measure; far from the worst reference is good.
    order : tuple of str
        Indicators in the order in which they bring new information.
    factors : pandas.Series
        Share of each indicator that is new: one minus R² on those before it.
    greatest : float
        The distance of a unit with zero in every indicator: CONAPO divides by it.
    rounds : int
        Until the order stood still.
    """

    distance: pd.Series
    order: tuple[str, ...]
    factors: pd.Series
    greatest: float
    rounds: int

    def frame(self) -> pd.DataFrame:
        """Return ``distance``, and ``normalised``: over that of a unit without deficits."""
        return pd.DataFrame(
            {"distance": self.distance, "normalised": self.distance / self.greatest}
        )


def pena_distance(
    indicators: pd.DataFrame, reference: pd.Series, *, discount_overlap: bool = True
) -> PenaDistance:
    """Return DP2: the sum of ``|x - reference| / sd``, each by what it adds to those before.

    Indicators are ordered by the absolute correlation with the index itself, until the order
    stands still.

    Parameters
    ----------
    indicators : pandas.DataFrame, shape (n_units, n_indicators)
        Units with a missing indicator get a missing distance and spoil no other.
    reference : pandas.Series
        By indicator.  CONAPO takes the maxima over the editions of 2010, 2015 and 2020.
    discount_overlap : bool
        Whether an indicator counts only by what is new in it; if not, all count fully, which
        is no longer DP2 but a choice to compare it with.

    Raises
    ------
    AnalysisError
        If an indicator has no reference or does not vary, or there are fewer units than
        indicators plus two.

    References
    ----------
    Pena Trapero, J. B. (1977). Problemas de la medición del bienestar y conceptos afines.
    INE, Madrid.
    CONAPO (2021). Índices de marginación 2020: nota técnico-metodológica.
    """
    whole = indicators.dropna()
    _check(whole, reference)
    names = list(whole.columns)
    x = whole.to_numpy(float)
    deviation = x.std(axis=0)
    at = reference[names].to_numpy(float)
    parts = np.abs(x - at) / deviation
    correlation = np.corrcoef(x, rowvar=False)
    index = parts.sum(axis=1)
    order: list[int] = []
    rounds = 0
    while rounds < _MOST_ROUNDS:
        rounds += 1
        new = _order_by_correlation(parts, index)
        factors = _new_information(correlation, new) if discount_overlap else np.ones(len(new))
        index = parts @ factors
        if new == order:
            break
        order = new
    return PenaDistance(
        pd.Series(index, index=whole.index).reindex(indicators.index),
        tuple(names[i] for i in order),
        pd.Series(factors, index=names),
        float((np.abs(at) / deviation) @ factors),
        rounds,
    )


def rank_intervals(
    indicators: pd.DataFrame, references: Sequence[pd.Series], *, leave_out: bool = True
) -> pd.DataFrame:
    """Return between which places each unit lies under every defensible choice.

    The choices: each of `references`, overlap discounted or not (equal weights), the mean place
    over the indicators, and the geometric mean of indicators from 0 to 1; and, with `leave_out`,
    each indicator left out in turn.

    Returns
    -------
    pandas.DataFrame
        ``best`` and ``worst``: places from 1, the farthest from the reference, on; ``tried``:
        how many choices.
    """
    kept = [list(indicators.columns)]
    if leave_out:
        kept += [[c for c in indicators.columns if c != out] for out in indicators.columns]
    places = [
        pena_distance(indicators[names], at, discount_overlap=discount).distance.rank(
            ascending=False, method="min"
        )
        for names, at, discount in product(kept, references, (False, True))
    ]
    places += [
        other(indicators[names], references[0]).rank(ascending=False, method="min")
        for names, other in product(kept, (_mean_place, _geometric))
    ]
    tried = pd.concat(places, axis=1)
    return pd.DataFrame(
        {"best": tried.min(axis=1), "worst": tried.max(axis=1), "tried": len(places)}
    )


def _mean_place(indicators: pd.DataFrame, reference: pd.Series) -> pd.Series:
    """Return the mean share of units that are nearer the reference, over the indicators."""
    whole = indicators.dropna()
    away = (whole - reference[whole.columns]).abs()
    return away.rank(method="average").mean(axis=1).reindex(indicators.index)


def _geometric(indicators: pd.DataFrame, reference: pd.Series) -> pd.Series:
    """Return the geometric mean of distances from 0 to 1, in which one bad indicator weighs most.

    As in the human development index; a hundredth keeps a zero from deciding alone.
    """
    whole = indicators.dropna()
    away = (whole - reference[whole.columns]).abs()
    scaled = (away - away.min()) / (away.max() - away.min())
    return np.exp(np.log(scaled + _HUNDREDTH).mean(axis=1)).reindex(indicators.index)


def _check(whole: pd.DataFrame, reference: pd.Series) -> None:
    lacking = [c for c in whole.columns if c not in reference.index or pd.isna(reference[c])]
    if lacking:
        raise AnalysisError(
            "Every indicator of the index needs a reference, and {n} have none; the first is "
            "{first}. Give its worst (or best) value.",
            n=len(lacking),
            first=lacking[0],
        )
    if len(whole) < whole.shape[1] + 2:
        raise AnalysisError(
            "An index of {k} indicators needs at least {needed} units without gaps, and there "
            "are {n}. Use fewer indicators or more units.",
            k=whole.shape[1],
            needed=whole.shape[1] + 2,
            n=len(whole),
        )
    constant = whole.columns[np.ptp(whole.to_numpy(float), axis=0) == 0]
    if len(constant):
        raise AnalysisError(
            "An indicator of the index must vary, and {n} do not; the first is {first}. Leave "
            "it out.",
            n=len(constant),
            first=constant[0],
        )


def _order_by_correlation(parts: np.ndarray, index: np.ndarray) -> list[int]:
    centred = parts - parts.mean(axis=0)
    away = index - index.mean()
    r = np.abs(centred.T @ away) / np.sqrt((centred**2).sum(axis=0) * (away**2).sum())
    return [int(i) for i in np.argsort(-r, kind="stable")]


def _new_information(correlation: np.ndarray, order: list[int]) -> np.ndarray:
    """Return one minus R² of each indicator on those before it, in the columns' order."""
    factors = np.ones(len(order))
    for place in range(1, len(order)):
        before, this = order[:place], order[place]
        r = correlation[np.ix_(before, before)]
        c = correlation[before, this]
        factors[this] = max(0.0, 1 - c @ np.linalg.lstsq(r, c, rcond=None)[0])
    return factors
