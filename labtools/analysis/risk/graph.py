"""Who is neighbour of whom, as the precision of a map on which neighbours are alike.

Each connected part of the map is scaled apart, so that the typical variance of an area is
one, and sums to zero.  An area without neighbours (an island) takes no part.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from labtools.analysis.risk.blocks import BlockCholesky, factor_blocks
from labtools.errors import AnalysisError

#: Added to the diagonal, so that a part of the map without any count can be factored; the sum
#: to zero takes its effect away.
_JITTER = 1e-6


@dataclass(frozen=True, slots=True)
class MapPrecision:
    """Scaled intrinsic autoregression (ICAR) of the areas, in an order that is nearly a band.

    Attributes
    ----------
    order : numpy.ndarray, shape (n_areas,)
        Position of the area that stands in each row.
    diagonal : numpy.ndarray, shape (n_blocks, width, width)
        Diagonal blocks of the precision; rows added to fill the last block have a one.
    below : numpy.ndarray, shape (n_blocks - 1, width, width)
        Blocks under the diagonal.
    parts : numpy.ndarray, shape (n_rows, n_parts)
        One where a row belongs to a connected part of two areas or more.
    scale : numpy.ndarray, shape (n_parts,)
        Geometric mean of the variances of each part, before it was scaled to one.
    """

    order: np.ndarray
    diagonal: np.ndarray
    below: np.ndarray
    parts: np.ndarray
    scale: np.ndarray

    @property
    def rows(self) -> int:
        """Rows of the blocks, those that fill the last one included."""
        return int(self.diagonal.shape[0] * self.diagonal.shape[1])

    @property
    def connected(self) -> np.ndarray:
        """Which rows have a neighbour, shape (n_rows,)."""
        return np.asarray(self.parts.any(axis=1))

    def place(self, values: np.ndarray, *, fill: float = 0.0) -> np.ndarray:
        """Return values by area (first axis) in the order of the rows."""
        placed = np.full((self.rows, *values.shape[1:]), fill)
        placed[: len(self.order)] = values[self.order]
        return placed

    def take(self, values: np.ndarray) -> np.ndarray:
        """Return values by row (last axis) in the order of the areas."""
        taken = np.empty((*values.shape[:-1], len(self.order)))
        taken[..., self.order] = values[..., : len(self.order)]
        return taken

    def factor(self, added: np.ndarray) -> BlockCholesky:
        """Factor the precision with `added` on its diagonal, shape (n_batch, n_rows)."""
        blocks, width, _ = self.diagonal.shape
        raised = np.broadcast_to(self.diagonal, (len(added), *self.diagonal.shape)).copy()
        step = np.arange(width)
        raised[..., step, step] += added.reshape(-1, blocks, width) + _JITTER
        return factor_blocks(raised, self.below)

    def energy(self, values: np.ndarray) -> np.ndarray:
        """Return the quadratic form of each row of `values`, shape (n_batch, n_rows)."""
        cut = values.reshape(len(values), *self.diagonal.shape[:2])
        inner = np.einsum("gji,jik,gjk->g", cut, self.diagonal, cut, optimize=True)
        across = np.einsum("gji,jik,gjk->g", cut[:, 1:], self.below, cut[:, :-1], optimize=True)
        return np.asarray(inner + 2 * across)


def map_precision(neighbours: scipy.sparse.csr_array) -> MapPrecision:
    """Return the scaled precision of a map.

    Parameters
    ----------
    neighbours : scipy.sparse.csr_array, shape (n_areas, n_areas)
        Above zero where two areas are neighbours, either way; the diagonal does not count.

    Raises
    ------
    AnalysisError
        If the matrix is not square.

    References
    ----------
    Sørbye, S. H. & Rue, H. (2014). Scaling intrinsic Gaussian Markov random field priors in
    spatial modelling. Spatial Statistics 8, 39-51. doi:10.1016/j.spasta.2013.06.004
    Freni-Sterrantino, A., Ventrucci, M. & Rue, H. (2018). A note on intrinsic conditional
    autoregressive models for disconnected graphs. Spatial and Spatio-temporal Epidemiology 26,
    25-34. doi:10.1016/j.sste.2018.04.002
    """
    n, columns = neighbours.shape
    if n != columns:
        raise AnalysisError(
            "The matrix of neighbours has {n} rows and {columns} columns, and must have one of "
            "each for every area. Make it with find_neighbours.",
            n=n,
            columns=columns,
        )
    linked = _linked(neighbours)
    order = np.asarray(scipy.sparse.csgraph.reverse_cuthill_mckee(linked, symmetric_mode=True))
    linked = linked[order][:, order].tocoo()
    width = max(1, int(np.abs(linked.row - linked.col).max(initial=0)))
    parts = _parts(linked, -(-n // width) * width)
    diagonal, below = _blocks(linked, width)
    scale = np.array([_scale(diagonal, below, part) for part in parts.T])
    by_row = (parts * scale).sum(axis=1) + ~parts.any(axis=1)
    by_row = by_row.reshape(len(diagonal), width)
    diagonal = diagonal * by_row[..., None]
    below = below * by_row[1:, :, None]
    return MapPrecision(order, diagonal, below, parts.astype(float), scale)


def _linked(neighbours: scipy.sparse.csr_array) -> scipy.sparse.csr_array:
    pairs = scipy.sparse.coo_array(neighbours)
    held = (pairs.data > 0) & (pairs.row != pairs.col)
    one, other = pairs.row[held], pairs.col[held]
    ends = (np.concatenate([one, other]), np.concatenate([other, one]))
    linked = scipy.sparse.csr_array((np.ones(len(ends[0])), ends), shape=neighbours.shape)
    linked.data[:] = 1.0
    return linked


def _parts(linked: scipy.sparse.coo_array, rows: int) -> np.ndarray:
    _, label = scipy.sparse.csgraph.connected_components(linked, directed=False)
    several = np.flatnonzero(np.bincount(label) > 1)
    parts = np.zeros((rows, len(several)), bool)
    parts[: len(label)] = label[:, None] == several
    return parts


def _blocks(linked: scipy.sparse.coo_array, width: int) -> tuple[np.ndarray, np.ndarray]:
    n = linked.shape[0]
    count = -(-n // width)
    degree = np.bincount(linked.row, minlength=count * width).astype(float)
    degree[degree == 0] = 1.0
    diagonal = np.zeros((count, width, width))
    below = np.zeros((count - 1, width, width))
    step = np.arange(width)
    diagonal[:, step, step] = degree.reshape(count, width)
    block, other = linked.row // width, linked.col // width
    inside, under = block == other, block == other + 1
    row, column = linked.row % width, linked.col % width
    diagonal[block[inside], row[inside], column[inside]] = -1.0
    below[other[under], row[under], column[under]] = -1.0
    return diagonal, below


def _scale(diagonal: np.ndarray, below: np.ndarray, part: np.ndarray) -> float:
    """Return the geometric mean of the variances of a part, its sum being zero.

    One area is held at zero, which makes the matrix definite; centring gives the generalised
    inverse exactly.
    """
    count, width, _ = diagonal.shape
    held = int(np.flatnonzero(part)[0])
    outside = ~part
    outside[held] = True
    keep = (~outside).astype(float).reshape(count, width)
    inner = diagonal * keep[:, :, None] * keep[:, None, :]
    step = np.arange(width)
    inner[:, step, step] += 1 - keep
    factor = factor_blocks(inner[None], below * keep[1:, :, None] * keep[:-1, None, :])
    n = part.sum()
    free = ~outside
    row_sums = np.where(free, factor.solve(free[None, :, None].astype(float))[0, :, 0], 0.0)
    variance = np.where(free, factor.variances()[0], 0.0)
    centred = variance - 2 * row_sums / n + row_sums.sum() / n**2
    return float(np.exp(np.log(centred[part]).mean()))
