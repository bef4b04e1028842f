"""Narrow the range of every cell by one claim at a time, until nothing moves.

What one claim and the ranges of its other cells imply is certain and quick to see; linear
programs are left for what only several claims together tell.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from labtools.privacy.claims import Claims

_ROUNDS = 60
_NEAR = 1e-7


@dataclass(frozen=True, slots=True)
class Ranges:
    """Ranges that hold every value that claims allow, and perhaps more.

    Attributes
    ----------
    low, high : numpy.ndarray, shape (n_cells,)
        Whole numbers, in events; `high` may be infinite.
    settled : bool
        Whether another round would have changed nothing.
    """

    low: np.ndarray
    high: np.ndarray
    settled: bool

    @property
    def empty(self) -> np.ndarray:
        """Cells that no count agrees with: the claims contradict each other."""
        return np.flatnonzero(self.low > self.high)


def propagate(claims: Claims, low: np.ndarray, high: np.ndarray) -> Ranges:
    """Return the ranges that the claims leave of the ranges given (whole numbers)."""
    entries = scipy.sparse.coo_array(claims.weights)
    row, cell, weight = entries.row, entries.col, entries.data
    rises = weight > 0
    low, high = low.astype(float), high.astype(float)
    for _ in range(_ROUNDS):
        least, most = _extremes(weight, rises, low[cell], high[cell])
        room = claims.high[row] - _others(row, least, len(claims.low), -np.inf)
        need = claims.low[row] - _others(row, most, len(claims.low), np.inf)
        up = np.where(rises, room, need) / weight
        down = np.where(rises, need, room) / weight
        new_low, new_high = low.copy(), high.copy()
        np.maximum.at(new_low, cell, np.ceil(down - _NEAR))
        np.minimum.at(new_high, cell, np.floor(up + _NEAR))
        same = bool((new_low == low).all() and (new_high == high).all())
        low, high = new_low, new_high
        if same or (low > high).any():
            return Ranges(low, high, same)
    return Ranges(low, high, settled=False)


def binding(claims: Claims, ranges: Ranges) -> np.ndarray:
    """Return the claims that ranges alone do not already fulfil (boolean)."""
    entries = scipy.sparse.coo_array(claims.weights)
    row, cell, weight = entries.row, entries.col, entries.data
    n = len(claims.low)
    least, most = _extremes(weight, weight > 0, ranges.low[cell], ranges.high[cell])
    lowest = np.bincount(row, least, minlength=n)
    highest = np.bincount(row, most, minlength=n)
    return np.asarray((lowest < claims.low - _NEAR) | (highest > claims.high + _NEAR))


def components(claims: Claims) -> np.ndarray:
    """Return the number of the group of each cell: groups that no claim ties together."""
    n_claims, n_cells = claims.weights.shape
    entries = scipy.sparse.coo_array(claims.weights)
    edges = (entries.row, n_claims + entries.col)
    n = n_claims + n_cells
    graph = scipy.sparse.csr_array((np.ones(entries.nnz), edges), shape=(n, n))
    return np.asarray(
        scipy.sparse.csgraph.connected_components(graph, directed=False)[1][n_claims:]
    )


def _extremes(
    weight: np.ndarray, rises: np.ndarray, low: np.ndarray, high: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and the most that each entry adds to its claim."""
    return weight * np.where(rises, low, high), weight * np.where(rises, high, low)


def _others(row: np.ndarray, parts: np.ndarray, n: int, endlessly: float) -> np.ndarray:
    """Return for each entry the sum of the other entries of its claim, infinities included."""
    endless = ~np.isfinite(parts)
    finite = np.where(endless, 0.0, parts)
    sums = np.bincount(row, finite, minlength=n)[row] - finite
    others_endless = np.bincount(row, endless, minlength=n)[row] - endless
    return np.where(others_endless > 0, endlessly, sums)
