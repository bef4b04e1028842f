"""The weighted displacement difference of a protocol: places paired by their level, and the ring.

When to use it: a programme with one start, two whole years before it and one after.  When not: for
places chosen for their records, or fewer events than the test needs; it is refused then.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy

from labtools.errors import AnalysisError
from labtools.evaluation.choice import refuse_by_records
from labtools.evaluation.displacement import (
    DisplacementDifference,
    weighted_displacement_difference,
)
from labtools.evaluation.estimate import Estimate
from labtools.evaluation.near_error import NearError
from labtools.evaluation.one_start import YEAR, OneStart
from labtools.evaluation.shared_shocks import shared_shocks

_MOST_YEARS = 3


def displaced_effect(start: OneStart, *, level: float, rng: np.random.Generator) -> Estimate:
    """Return the difference in the programme's places, as a ratio, with estimated dispersion.

    Each place is paired with another of its level in a year that is not compared; as many whole
    years are compared after the start as before it.  Shocks that neighbours share make its error
    larger.

    Raises
    ------
    AnalysisError
        If places were chosen for their records, years are too few, or so are events or others.
    """
    return _paired(start, start.treated, start.others, (level, rng))


def displaced_beside(start: OneStart, *, level: float, rng: np.random.Generator) -> Estimate:
    """Return the same of the places beside the programme: displacement, or benefit that spread.

    Raises
    ------
    AnalysisError
        As for :func:`displaced_effect`.
    """
    return _paired(start, start.ring, start.others, (level, rng))


def _paired(
    start: OneStart, ours: pd.Series, others: pd.Series, how: tuple[float, np.random.Generator]
) -> Estimate:
    refuse_by_records(start.chosen)
    level, rng = how
    before, after, first = _windows(start)
    pairs = _pairs(first, ours, others, rng)
    taken = pd.Series(start.counts.index.isin(pairs), start.counts.index)
    among = shared_shocks(start, ours, taken, (before, after))
    told = [(float(before[one].sum()), float(after[one].sum())) for one in (ours, taken)]
    found = weighted_displacement_difference(*told, dispersion=_spread(told, among), level=level)
    return _estimate(found, (float(after[ours].sum()), len(pairs)), (level, among))


def _spread(told: list[tuple[float, float]], among: NearError) -> float:
    """Return the variance over the mean that the changes of these very places tell.

    Their sums then vary as their ratio does, with few large places and shocks that neighbours
    share; counts of other places would tell of other sizes.
    """
    (early, _), (first, last) = told
    expected = early * last / first
    return max(1.0, (among.error * expected) ** 2 / sum(map(sum, told)))


def _estimate(
    found: DisplacementDifference, of: tuple[float, int], how: tuple[float, NearError]
) -> Estimate:
    (observed, places), (level, among) = of, how
    reach = float(scipy.stats.t.ppf((1 + level) / 2, among.freedom)) * found.local_se
    value, lower, upper = (_ratio(observed, found.local + step) for step in (0.0, -reach, reach))
    return Estimate(
        log_ratio=value,
        lower=lower,
        upper=upper,
        se=found.local_se / max(observed - found.local, 1.0),
        p=float(2 * scipy.stats.t.sf(abs(found.local) / found.local_se, among.freedom)),
        observed=observed,
        places=places,
        compared=places,
    )


def _ratio(observed: float, change: float) -> float:
    """Return the logarithm of the events over those without the change."""
    expected = observed - change
    if observed <= 0 or expected <= 0:
        return float(np.inf if expected <= 0 else -np.inf)
    return float(np.log(observed / expected))


def _years(start: OneStart) -> int:
    later = (start.counts.shape[1] - start.start) // YEAR
    return int(min(later, start.start // YEAR - 1, _MOST_YEARS))


def _windows(start: OneStart) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Return events before and after the start, and those of the year that tells the level."""
    years = _years(start)
    if years < 1:
        raise AnalysisError(
            "The window has {before} quarters before the start and {after} from it on; two whole "
            "years before and one after are needed, one of them to pair colonias of the same "
            "level. Give a longer window.",
            before=start.start,
            after=start.counts.shape[1] - start.start,
        )
    span, at = YEAR * years, start.start
    spans = (slice(at - span, at), slice(at, at + span), slice(at - span - YEAR, at - span))
    before, after, first = (start.counts.iloc[:, one].sum(axis=1) for one in spans)
    return before, after, first


def _pairs(
    first: pd.Series, ours: pd.Series, others: pd.Series, rng: np.random.Generator
) -> pd.Index:
    """Return for each of ours the free place that had about as many events."""
    free = np.log1p(first[others])
    if len(free) < ours.sum():
        raise AnalysisError(
            "{n} colonias are to be paired, and {total} others are free to compare. Plan the "
            "design imputed_counts, which needs no pairs.",
            n=int(ours.sum()),
            total=len(free),
        )
    taken = []
    for place in rng.permutation(np.flatnonzero(ours)):
        nearest = (free - np.log1p(first.iloc[place])).abs().idxmin()
        taken.append(nearest)
        free = free.drop(nearest)
    return pd.Index(taken)
