"""Past counts of the neighbours, weighted by how many borders away they are.

When to use it: to let what happened around an area last month enter its expectation.  When
not: as proof that crime spreads; neighbours share causes, too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from labtools.errors import AnalysisError


@dataclass(frozen=True, slots=True)
class Rings:
    """Which areas lie one border away, two, and so on.

    Attributes
    ----------
    rings : tuple of scipy.sparse.csr_array, each of shape (n_areas, n_areas)
        One where the areas of row and column are so many borders apart, from one on.
    sizes : numpy.ndarray, shape (n_rings, n_areas)
        How many areas lie in each ring of each area.
    """

    rings: tuple[scipy.sparse.csr_array, ...]
    sizes: np.ndarray

    def around(self, counts: np.ndarray, decay: float) -> np.ndarray:
        """Return the weighted sum of the neighbours' counts, shape (n_areas, n_times).

        An area that is *o* borders away weighs ``o ** -decay``, and the weights that each area
        gives sum to one.

        Parameters
        ----------
        counts : numpy.ndarray, shape (n_areas, n_times)
        """
        weights = self._weights(decay)
        given = counts / self._given(weights)[:, None]
        return np.asarray(
            sum(w * (ring @ given) for w, ring in zip(weights, self.rings, strict=True))
        )

    def slope(self, counts: np.ndarray, decay: float) -> np.ndarray:
        """Return the derivative of :meth:`around` by the decay."""
        weights = self._weights(decay)
        logs = np.log(np.arange(1, len(self.rings) + 1))
        total = self._given(weights)
        falling = (weights * logs) @ self.sizes
        given = counts / total[:, None]
        lifted = given * (falling / total)[:, None]
        return np.asarray(
            sum(
                w * (ring @ lifted) - w * log * (ring @ given)
                for w, log, ring in zip(weights, logs, self.rings, strict=True)
            )
        )

    def matrix(self, decay: float) -> scipy.sparse.csr_array:
        """Return the weights as a matrix: row, who receives; column, who gives."""
        weights = self._weights(decay)
        summed = sum(w * ring for w, ring in zip(weights, self.rings, strict=True))
        return scipy.sparse.csr_array(summed @ scipy.sparse.diags_array(1 / self._given(weights)))

    def _weights(self, decay: float) -> np.ndarray:
        return np.asarray(np.arange(1, len(self.rings) + 1, dtype=float) ** -decay)

    def _given(self, weights: np.ndarray) -> np.ndarray:
        total = weights @ self.sizes
        return np.where(total > 0, total, 1.0)


def rings_of(borders: np.ndarray, *, furthest: int) -> Rings:
    """Return the rings of neighbours up to `furthest` borders away.

    Parameters
    ----------
    borders : numpy.ndarray, shape (n_areas, n_areas)
        How many borders apart two areas are; zero for an area and itself, and where no way
        leads from one to the other.

    Raises
    ------
    AnalysisError
        If no area has a neighbour.
    """
    kept = [
        scipy.sparse.csr_array((borders == order).astype(float)) for order in range(1, furthest + 1)
    ]
    filled = tuple(ring for ring in kept if ring.nnz)
    if not filled or not kept[0].nnz:
        raise AnalysisError(
            "None of the {n} areas has a neighbour. Fit the model without neighbours.",
            n=len(borders),
        )
    return Rings(filled, np.array([ring.sum(axis=0) for ring in filled], float))


def borders_apart(pairs: np.ndarray, n_areas: int) -> np.ndarray:
    """Return how many borders apart areas are, from the pairs that touch each other.

    Parameters
    ----------
    pairs : numpy.ndarray of int, shape (n_pairs, 2)
        Positions of areas that touch.

    Returns
    -------
    numpy.ndarray of int, shape (n_areas, n_areas)
        Zero where no way leads from one area to the other.
    """
    ones = np.ones(len(pairs))
    touching = scipy.sparse.coo_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(n_areas, n_areas))
    steps = scipy.sparse.csgraph.shortest_path(touching.tocsr(), directed=False, unweighted=True)
    return np.where(np.isfinite(steps), steps, 0).astype(int)
