"""Counts that fade: each area's share of the city, the older months weighing less.

The city's level and season are followed by themselves; an area is expected its share of them,
drawn towards the average share.  How fast the past fades, how much areas differ and how much
counts vary beyond chance are those that would have forecast the past best.

When to use it: months of small areas; it is fast, and hard to beat.  When not: to say why.

References
----------
Harvey, A. C. & Fernandes, C. (1989). Time series models for count or qualitative observations.
Journal of Business & Economic Statistics 7, 407-417. doi:10.1080/07350015.1989.10509750
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from labtools.analysis.forecast.baselines import CountForecast, History
from labtools.analysis.forecast.scores import log_mass
from labtools.errors import AnalysisError

_YEAR = 12
_BEGIN = 6
_LAG = 2
_LEAST = 1e-6
_YEARS_FOR_SEASON = 2
_HARMONICS = 2


@dataclass(frozen=True, slots=True)
class Discount:
    """How the past is weighed.

    Attributes
    ----------
    areas, city : float
        Weight of a month beside the next one, for shares of areas and for the city's level.
    likeness : float
        Events that the average share is worth: the more, the more alike areas are.
    overdispersion : float
        Variance of counts beyond chance, over the square of the mean.
    """

    areas: float
    city: float
    likeness: float
    overdispersion: float


def fit_discount(history: History) -> Discount:
    """Return the weights under which the known months would have been forecast best.

    Raises
    ------
    AnalysisError
        If there are fewer than 18 months, or nothing happened.
    """
    y = history.values()
    if y.shape[1] < _YEAR + _BEGIN or not y.sum():
        raise AnalysisError(
            "This forecast needs the counts of at least {needed} months, and there are {n}. "
            "Wait until they are there.",
            needed=_YEAR + _BEGIN,
            n=y.shape[1],
        )
    season = _season(y, _months(history), history.season)
    begin = max(_BEGIN, y.shape[1] - 3 * _YEAR)

    def loss(at: np.ndarray) -> float:
        how = _discount_at(at)
        expected = _one_ahead(y, season, how)
        mean, size = (part[:, begin:] for part in expected)
        return float(-log_mass(y[:, begin:], mean, size).mean())

    start = np.array([2.5, 1.2, 0.7, -2.0])
    found = scipy.optimize.minimize(
        loss,
        start,
        method="Nelder-Mead",
        options={"maxfev": 120, "xatol": 0.05, "fatol": 1e-5, "initial_simplex": _simplex(start)},
    )
    return _discount_at(found.x)


def discounted_counts(history: History, steps: int, how: Discount) -> CountForecast:
    """Return what the faded counts make expect of the next `steps` months."""
    y = history.values()
    months = _months(history)
    season = _season(y, months, history.season)
    level, events, expected = _weighed(y, season, how)
    share = (how.likeness + events) / (how.likeness + expected)
    size = 1 / (1 / (how.likeness + events) + how.overdispersion)
    ahead = (months[-1] + np.arange(1, steps + 1)) % history.season
    by_month = np.array([season[months == m][0] if (months == m).any() else 1.0 for m in ahead])
    mean = np.maximum(np.outer(share * level, by_month), _LEAST)
    return CountForecast(mean, np.broadcast_to(size[:, None], mean.shape))


def _months(history: History) -> np.ndarray:
    first = pd.DatetimeIndex(history.counts.columns[:1]).month[0] - 1
    return np.asarray((first + np.arange(history.counts.shape[1])) % history.season)


def _season(y: np.ndarray, months: np.ndarray, year: int) -> np.ndarray:
    """Return the factor of each month: two waves of the city's ratio to its own year.

    The waves are drawn towards none as far as they could be chance (James-Stein).
    """
    total = y.sum(axis=0)
    n = len(total)
    if n < _YEARS_FOR_SEASON * year + 1 or (total == 0).any():
        return np.ones(n)
    odd = year % 2
    kernel: np.ndarray = (np.ones(year) if odd else np.array([0.5, *np.ones(year - 1), 0.5])) / year
    inside = slice(year // 2, n - year // 2)
    ratio = np.log(total[inside] / np.convolve(total, kernel, mode="valid"))
    angle = 2 * np.pi * np.arange(year) / year
    waves = np.column_stack(
        [f(k * angle) for k in range(1, _HARMONICS + 1) for f in (np.sin, np.cos)]
    )
    design = waves[months[inside]]
    beta, *_ = np.linalg.lstsq(design, ratio - ratio.mean(), rcond=None)
    fitted = design @ beta
    left = ((ratio - ratio.mean() - fitted) ** 2).sum() / max(1, len(ratio) - 2 * _HARMONICS - 1)
    explained = (fitted**2).sum()
    shrink = max(0.0, 1 - (2 * _HARMONICS) * left / explained) if explained else 0.0
    return np.asarray(np.exp(shrink * (waves @ beta))[months])


def _weighed(
    y: np.ndarray, season: np.ndarray, how: Discount
) -> tuple[float, np.ndarray, np.ndarray]:
    """Return the city's level, and faded events and expected events of each area."""
    for level, events, expected in _followed(y, season, how):  # noqa: B007 - the last is wanted
        pass
    return level, events, expected


def _followed(
    y: np.ndarray, season: np.ndarray, how: Discount
) -> Iterator[tuple[float, np.ndarray, np.ndarray]]:
    top = bottom = 0.0
    events, expected = np.zeros(len(y)), np.zeros(len(y))
    city = y.mean(axis=0)
    for t in range(y.shape[1]):
        top, bottom = how.city * top + city[t], how.city * bottom + season[t]
        level = max(top / bottom, _LEAST)
        events = how.areas * events + y[:, t]
        expected = how.areas * expected + level * season[t]
        yield level, events, expected


def _one_ahead(y: np.ndarray, season: np.ndarray, how: Discount) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and size of each month, as expected two months before."""
    mean, size = np.ones(y.shape), np.ones(y.shape)
    for t, (level, events, expected) in enumerate(_followed(y, season, how)):
        if t + _LAG < y.shape[1]:
            share = (how.likeness + events) / (how.likeness + expected)
            mean[:, t + _LAG] = np.maximum(share * level * season[t + _LAG], _LEAST)
            size[:, t + _LAG] = 1 / (1 / (how.likeness + events) + how.overdispersion)
    return mean, size


def _discount_at(at: np.ndarray) -> Discount:
    areas, city = 1 / (1 + np.exp(-np.clip(at[:2], -2, 6)))
    likeness, over = np.exp(np.clip(at[2:], (-4, -7), (6, 2)))
    return Discount(float(areas), float(city), float(likeness), float(over))


def _simplex(start: np.ndarray) -> np.ndarray:
    return np.vstack([start, start + np.diag([0.8, -0.8, 0.8, 1.0])])
