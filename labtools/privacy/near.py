"""Counts that agree with everything published, found near one that does, a few cells at a time.

Sums of a few cells (a colonia's year) tell much of each; sums of a whole municipality tell
next to nothing, but tie every colonia to every other, and a solver then has to look at all of
them together.  Where one table of counts leaves room in every large sum, a small group of
cells may move within that room whatever the others do: what its own sums allow is possible.
Use it before the solver follows cells one by one; everything that it finds is possible, and
what it does not find is left to the solver.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy

from labtools.privacy.claims import Claims
from labtools.privacy.propagation import Ranges, components, propagate

#: How far a cell moves from where it was found; more than three values are not needed.
FAR = 4.0
#: A sum of more cells than these is a large one.
_FEW = 64

Solve = Callable[[Claims], "np.ndarray | None"]


def without_public_cells(claims: Claims, ranges: Ranges, secret: np.ndarray) -> Claims:
    """Return claims in which the range of a public cell stands for the cell.

    Exact for a cell of which one claim alone speaks, once: a month of the municipality, that
    only has to agree with its quarter.
    """
    weights = claims.weights
    spoken = np.bincount(weights.indices, minlength=weights.shape[1])
    gone = ~secret & (spoken == 1)
    entries = scipy.sparse.coo_array(weights)
    mine = gone[entries.col] & (abs(entries.data) == 1)
    row, cell, sign = entries.row[mine], entries.col[mine], entries.data[mine]
    least = np.where(sign > 0, ranges.low[cell], -ranges.high[cell])
    most = np.where(sign > 0, ranges.high[cell], -ranges.low[cell])
    n = len(claims.low)
    kept = (entries.data[~mine], (entries.row[~mine], entries.col[~mine]))
    rest = scipy.sparse.csr_array(kept, shape=weights.shape)
    left = rest.indptr[1:] > rest.indptr[:-1]
    low = claims.low - np.bincount(row, most, minlength=n)
    high = claims.high - np.bincount(row, least, minlength=n)
    return Claims(scipy.sparse.csr_array(rest[left]), low[left], high[left])


def reachable(claims: Claims, bounds: Ranges, solve: Solve) -> Ranges | None:
    """Return values that each cell can take, or None where large sums leave no room.

    Parameters
    ----------
    claims : Claims
        Of cells that are tied together.
    bounds : Ranges
        What each cell may be at all.
    solve : callable
        Returns counts that agree with claims, or None.
    """
    large = np.diff(claims.weights.indptr) > _FEW
    roomy = claims.high - claims.low >= 2 * FAR
    if not large.any() or not roomy[large].all():
        return None
    inner = np.where(large, FAR, 0.0)
    found = solve(Claims(claims.weights, claims.low + inner, claims.high - inner))
    if found is None:
        return None
    small = Claims(claims.weights[~large], claims.low[~large], claims.high[~large])
    group = components(small)
    moves = np.where(_once_each(claims.weights[large], group), FAR, 0.0)
    low, high = np.maximum(bounds.low, found - moves), np.minimum(bounds.high, found + moves)
    ranges = propagate(small, low, high)
    return ranges if ranges.settled and _is_forest(small, group) else None


def _once_each(large: scipy.sparse.csr_array, group: np.ndarray) -> np.ndarray:
    """Tell which cells are of a group that no large sum counts more than one cell of."""
    entries = scipy.sparse.coo_array(large)
    of_group = scipy.sparse.coo_array((np.abs(entries.data), (entries.row, group[entries.col])))
    of_group.sum_duplicates()
    return ~np.isin(group, of_group.col[of_group.data > 1])


def _is_forest(claims: Claims, group: np.ndarray) -> bool:
    """Tell whether sums tie cells without a circle, so that one claim at a time tells all."""
    n_claims, n_cells = claims.weights.shape
    trees = len(np.unique(group))
    plain = bool((abs(claims.weights.data) == 1).all())
    return plain and claims.weights.nnz == n_claims + n_cells - trees
