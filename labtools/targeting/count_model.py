"""How counts of colonias move from one spell to the next, learnt from their past.

A spell's count is Poisson around the colonia's own level times a deviation that comes and
goes (variance `spread` on the log scale, alike in colonias that lie near each other).  It is
what a roll-out must be told from.  Not a forecast: levels are taken from the last spell.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from labtools.errors import AnalysisError

_NEAREST = 5
_MOST_ALIKE = 0.95
_SPELLS_NEEDED = 2
_AREAS_NEEDED = 8


@dataclass(frozen=True, slots=True)
class CountModel:
    """Fitted counts of a spell of so many months.

    Attributes
    ----------
    level : pandas.Series
        Expected case files of each colonia in a spell.
    months : int
        Length of a spell.
    spread : float
        Variance of the deviations of a spell, on the log scale; 0 if counts vary as chance
        alone makes them.
    alike : float
        Correlation of the deviations of colonias that are neighbours (0 to 0.95).
    reach : float
        Distance in metres over which that correlation falls to 1/e; 0 without correlation.
    distance : numpy.ndarray, shape (n, n)
        Metres between colonias.
    """

    level: pd.Series
    months: int
    spread: float
    alike: float
    reach: float
    distance: np.ndarray

    @property
    def dispersion(self) -> float:
        """Variance over mean of a spell's count in a colonia of average level."""
        return 1 + self.spread * float(self.level.mean())

    def deviations(self, times: int, rng: np.random.Generator) -> np.ndarray:
        """Return multipliers with mean 1, shape (times, n): independent from spell to spell."""
        n = len(self.level)
        if self.spread <= 0:
            return np.ones((times, n))
        noise = rng.standard_normal((times, n))
        if self.reach > 0:
            near = np.exp(-self.distance / self.reach) + 1e-9 * np.eye(n)
            noise = noise @ np.linalg.cholesky(near).T
        size = np.sqrt(np.log1p(self.spread))
        return np.asarray(np.exp(size * noise - size**2 / 2))


def fit_counts(counts: pd.DataFrame, places: pd.DataFrame, *, months: int) -> CountModel:
    """Return the model of spells of `months` months, from monthly counts.

    Parameters
    ----------
    counts : pandas.DataFrame
        Case files by colonia (rows) and month (columns, in order, without gaps).
    places : pandas.DataFrame
        ``x`` and ``y`` in metres, by colonia.
    months : int
        Length of a spell.

    Raises
    ------
    AnalysisError
        If there are fewer than eight colonias, or not two whole spells.
    """
    spells = counts.shape[1] // months
    if spells < _SPELLS_NEEDED or len(counts) < _AREAS_NEEDED:
        raise AnalysisError(
            "Planning on spells of {months} months needs {needed} months of at least {areas} "
            "colonias, and there are {have} of {n}. Plan on shorter spells, or pool more.",
            months=months,
            needed=2 * months,
            areas=_AREAS_NEEDED,
            have=counts.shape[1],
            n=len(counts),
        )
    recent = counts.iloc[:, -spells * months :].to_numpy(float)
    totals = recent.reshape(len(counts), spells, months).sum(axis=2)
    points = places.reindex(counts.index)[["x", "y"]].to_numpy(float)
    distance = scipy.spatial.distance.squareform(scipy.spatial.distance.pdist(points))
    spread, alike = _moments(totals, distance)
    nearest = np.sort(distance, axis=1)[:, 1 : _NEAREST + 1].mean()
    reach = float(-nearest / np.log(alike)) if alike > 0 else 0.0
    level = _level(totals)
    return CountModel(pd.Series(level, counts.index), months, spread, alike, reach, distance)


def _level(totals: np.ndarray) -> np.ndarray:
    """Return each colonia's share of all spells, at the total of the last one."""
    share = (totals.sum(axis=1) + 0.5) / (totals + 0.5 / totals.shape[1]).sum()
    return np.asarray(share * totals[:, -1].sum())


def _moments(totals: np.ndarray, distance: np.ndarray) -> tuple[float, float]:
    """Return spread and neighbours' correlation, by moments of the changes between spells."""
    excess, base, together, pairs = 0.0, 0.0, 0.0, 0.0
    near = _neighbours(distance)
    for before, after in zip(totals.T[:-1], totals.T[1:], strict=True):
        trend = after.sum() / max(before.sum(), 1.0)
        change = after - trend * before
        excess += float((change**2 - after - trend**2 * before).sum())
        base += float(2 * trend * (before * after).sum())
        middle = np.sqrt(trend) * np.sqrt(np.maximum(before * after, 0.0))
        together += float(change @ near @ change)
        pairs += float(2 * (middle @ near @ middle))
    spread = max(excess / base, 0.0) if base > 0 else 0.0
    alike = together / (spread * pairs) if spread > 0 and pairs > 0 else 0.0
    return spread, float(np.clip(alike, 0.0, _MOST_ALIKE))


def _neighbours(distance: np.ndarray) -> np.ndarray:
    order = np.argsort(distance, axis=1)[:, 1 : _NEAREST + 1]
    near = np.zeros(distance.shape)
    np.put_along_axis(near, order, 1.0, axis=1)
    return np.maximum(near, near.T)
