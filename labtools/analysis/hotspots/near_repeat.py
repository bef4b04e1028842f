"""Near repeats: whether events that are close in space are also close in time (Knox).

When to use it: on points with a day, for burglaries above all.  When not: on points moved
to the middle of their block, whose distances are not true.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import scipy

from labtools.errors import AnalysisError

Distance = Literal["euclidean", "manhattan"]


@dataclass(frozen=True, slots=True)
class KnoxResult:
    """Pairs of events by distance and time apart.

    Attributes
    ----------
    observed : numpy.ndarray of int, shape (n_distances, n_times)
        Pairs of events.
    expected : numpy.ndarray
        Mean over the permutations of the times.
    p_value : numpy.ndarray
        Of at least as many pairs, by permutation.
    distances, times : pandas.IntervalIndex
        Closed on the left, open on the right.
    """

    observed: np.ndarray
    expected: np.ndarray
    p_value: np.ndarray
    distances: pd.IntervalIndex
    times: pd.IntervalIndex

    @property
    def ratio(self) -> np.ndarray:
        """Pairs observed over those expected; missing where none is expected."""
        above = np.where(self.expected > 0, self.expected, np.nan)
        return np.asarray(self.observed / above)

    def frame(self) -> pd.DataFrame:
        """Return one row for each distance and time."""
        keys = pd.MultiIndex.from_product([self.distances, self.times], names=["distance", "time"])
        return pd.DataFrame(
            {
                "observed": self.observed.ravel(),
                "expected": self.expected.ravel(),
                "ratio": self.ratio.ravel(),
                "p_value": self.p_value.ravel(),
            },
            index=keys,
        )


def knox_test(  # noqa: PLR0913 - two kinds of breaks and three choices
    places: np.ndarray,
    days: np.ndarray,
    *,
    distance_breaks: Sequence[float],
    time_breaks: Sequence[float],
    distance: Distance = "euclidean",
    permutations: int = 999,
    seed: int = 0,
) -> KnoxResult:
    """Count pairs close in space and time, against times dealt out anew among the places.

    Parameters
    ----------
    places : numpy.ndarray, shape (n_events, 2)
        Plane coordinates, in the unit of `distance_breaks`.
    days : numpy.ndarray, shape (n_events,)
        Time of each event, in the unit of `time_breaks`.
    distance_breaks, time_breaks : sequence of float
        Rising; each class holds its lower break and not its upper one.

    Raises
    ------
    AnalysisError
        If an event lacks its place or day, there are fewer than two, or breaks do not rise.

    References
    ----------
    Knox, E. G. (1964). The detection of space-time interactions. Applied Statistics 13,
    25-29. doi:10.2307/2985220
    """
    near, apart = np.asarray(distance_breaks, float), np.asarray(time_breaks, float)
    _check(places, days, (near, apart))
    pairs = _close_pairs(places, near, distance)
    cells = (len(near) - 1, len(apart) - 1)
    rank, class_of = _classes_of_time(days, apart)
    count = _Counting(pairs, class_of, cells)
    observed = count(rank)
    rng = np.random.default_rng(seed)
    total, reached = np.zeros(cells), np.zeros(cells)
    for _ in range(permutations):
        drawn = count(rng.permutation(rank))
        total += drawn
        reached += drawn >= observed
    return KnoxResult(
        observed,
        total / permutations,
        (reached + 1) / (permutations + 1),
        pd.IntervalIndex.from_breaks(near, closed="left"),
        pd.IntervalIndex.from_breaks(apart, closed="left"),
    )


def _check(places: np.ndarray, days: np.ndarray, breaks: tuple[np.ndarray, np.ndarray]) -> None:
    lacking = np.isnan(places).any(axis=1) | np.isnan(days)
    if lacking.any():
        raise AnalysisError(
            "Every event needs a place and a day, and {n} lack one; the first is event {first}. "
            "Leave them out.",
            n=int(lacking.sum()),
            first=int(lacking.argmax()),
        )
    at_least = 2
    if len(days) < at_least:
        raise AnalysisError(
            "Near repeats need at least {needed} events, and there are {n}. Use a longer period.",
            needed=at_least,
            n=len(days),
        )
    for edges in breaks:
        if len(edges) < at_least or (np.diff(edges) <= 0).any():
            raise AnalysisError(
                "The breaks between classes must be two or more, and rise: {breaks}. Sort them.",
                breaks=edges.tolist(),
            )


def _close_pairs(
    places: np.ndarray, breaks: np.ndarray, distance: Distance
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the two events of each pair within reach, and the pair's class of distance."""
    power = 1 if distance == "manhattan" else 2
    pairs = scipy.spatial.cKDTree(places).query_pairs(breaks[-1], p=power, output_type="ndarray")
    apart = np.linalg.norm(places[pairs[:, 0]] - places[pairs[:, 1]], ord=power, axis=1)
    group = np.searchsorted(breaks, apart, side="right") - 1
    inside = (group >= 0) & (group < len(breaks) - 1)
    return pairs[inside, 0], pairs[inside, 1], group[inside]


def _classes_of_time(days: np.ndarray, breaks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rank of each day, and the class of time of each pair of ranks.

    Days that repeat share a rank, so that the classes are worked out once for all dealings.  The
    class after the last one holds what is farther apart.
    """
    unique, rank = np.unique(days, return_inverse=True)
    apart = np.abs(unique[:, None] - unique[None])
    when = np.searchsorted(breaks, apart, side="right") - 1
    return rank, np.where(when < 0, len(breaks) - 1, np.minimum(when, len(breaks) - 1))


class _Counting:
    """Counts pairs by class, for one dealing of the days after another."""

    def __init__(
        self,
        pairs: tuple[np.ndarray, np.ndarray, np.ndarray],
        class_of: np.ndarray,
        cells: tuple[int, int],
    ) -> None:
        self._first, self._second, group = pairs
        self._flat = class_of.ravel()
        self._width = len(class_of)
        self._start = group * (cells[1] + 1)
        self._cells = cells

    def __call__(self, rank: np.ndarray) -> np.ndarray:
        when = self._flat[rank[self._first] * self._width + rank[self._second]]
        rows, columns = self._cells
        told = np.bincount(self._start + when, minlength=rows * (columns + 1))
        return np.asarray(told.reshape(rows, columns + 1)[:, :columns])
