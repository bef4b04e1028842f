"""Which places stand above the city year after year, which begin to, and which cease to.

Each kind is told beside how many places would look like it by chance, because some always do.

When to use it: to tell a lasting problem from a bad year.  When not: with fewer than three
windows, or to name places in public.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from labtools.analysis.multiplicity import adjust_p_values
from labtools.errors import AnalysisError

KINDS = ("chronic", "emerging", "fading", "occasional", "never")
_WINDOWS = 3
_DRAWS = 49
_LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class Persistence:
    """The kind of each place, and how many of each kind chance would make.

    Attributes
    ----------
    kinds : pandas.Series
        By place: ``chronic`` (above the city in every window), ``emerging`` (above in the last
        one only, after a rise), ``fading`` (above in the first, not in the last, after a fall),
        ``occasional`` (above in some window) or ``never``; missing where a count is.
    found : pandas.Series
        How many places are of each kind.
    by_chance : pandas.Series
        Mean number of places of each kind if no place changed beyond the city: each keeps its
        own level through all windows.
    alike : pandas.Series
        The same if all places had the rate of the city.
    """

    kinds: pd.Series
    found: pd.Series
    by_chance: pd.Series
    alike: pd.Series


def tell_persistence(
    counts: pd.DataFrame,
    exposure: pd.Series,
    *,
    overdispersion: float = 0.0,
    rng: np.random.Generator,
) -> Persistence:
    """Tell each place's kind from its counts in consecutive windows of equal length.

    Above the city means an adjusted p-value (Benjamini-Hochberg over places) of 5 % or less; a
    rise or fall is judged between the first and the last window, the same way.

    Parameters
    ----------
    counts : pandas.DataFrame, shape (n_places, n_windows)
        At least three windows, years as a rule.
    exposure : pandas.Series
        By place; one without exposure has no kind.
    overdispersion : float
        Variance of counts beyond chance, over the square of their mean.

    Raises
    ------
    AnalysisError
        If there are fewer than three windows.
    """
    if counts.shape[1] < _WINDOWS:
        raise AnalysisError(
            "Persistence needs at least {needed} windows, and there are {n}. Wait for another "
            "year, or use quarters.",
            needed=_WINDOWS,
            n=counts.shape[1],
        )
    at_risk = exposure.reindex(counts.index)
    known = counts.notna().all(axis=1) & (at_risk > 0)
    y, e = counts[known].to_numpy(float), at_risk[known].to_numpy(float)
    own = _kinds(y, e, overdispersion)
    city = y.sum(axis=0) / e.sum()
    level = (y.sum(axis=1) + 0.5) / (e * city.sum())
    kept = _drawn(np.outer(e * level, city), overdispersion, e, rng)
    same = _drawn(np.outer(e, city), overdispersion, e, rng)
    kinds = pd.Series(own, index=counts.index[known], dtype="str").reindex(counts.index)
    return Persistence(kinds, _numbers(own[None]), kept, same)


def _drawn(
    mean: np.ndarray, overdispersion: float, exposure: np.ndarray, rng: np.random.Generator
) -> pd.Series:
    shape = (_DRAWS, *mean.shape)
    rate = (
        mean if not overdispersion else rng.gamma(1 / overdispersion, overdispersion, shape) * mean
    )
    counts = rng.poisson(rate, shape).astype(float)
    return _numbers(np.array([_kinds(one, exposure, overdispersion) for one in counts]))


def _numbers(kinds: np.ndarray) -> pd.Series:
    return pd.Series({kind: float((kinds == kind).sum(axis=1).mean()) for kind in KINDS})


def _kinds(y: np.ndarray, exposure: np.ndarray, overdispersion: float) -> np.ndarray:
    expected = np.outer(exposure, y.sum(axis=0) / exposure.sum())
    above = np.column_stack(
        [_adjusted(_at_least(c, m, overdispersion)) for c, m in zip(y.T, expected.T, strict=True)]
    )
    above = above <= _LEVEL
    rise, fall = _moved(y, expected, overdispersion)
    kinds = np.full(len(y), "never", dtype="<U10")
    kinds[above.any(axis=1)] = "occasional"
    kinds[above[:, 0] & ~above[:, -1] & fall] = "fading"
    kinds[~above[:, 0] & above[:, -1] & rise] = "emerging"
    kinds[above.all(axis=1)] = "chronic"
    return kinds


def _at_least(count: np.ndarray, mean: np.ndarray, overdispersion: float) -> np.ndarray:
    k, m = np.maximum(count, 1), np.maximum(mean, 1e-12)
    if overdispersion:
        size = 1 / overdispersion
        tail = scipy.special.betaincc(size, k, size / (size + m))
    else:
        tail = scipy.special.gammainc(k, m)
    return np.asarray(np.where(count < 1, 1.0, tail))


def _moved(
    y: np.ndarray, expected: np.ndarray, overdispersion: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return which places rose and fell beyond the city, by the first and the last window."""
    first, last = y[:, 0], y[:, -1]
    scale = 1 + overdispersion * (first + last) / 2
    ratio = np.log((last + 0.5) / (first + 0.5)) - np.log(expected[:, -1] / expected[:, 0])
    z = ratio / np.sqrt(scale * (1 / (last + 0.5) + 1 / (first + 0.5)))
    small = _adjusted(2 * scipy.stats.norm.sf(np.abs(z))) <= _LEVEL
    return small & (z > 0), small & (z < 0)


def _adjusted(p_values: np.ndarray) -> np.ndarray:
    return np.asarray(adjust_p_values(pd.Series(p_values)), float)
