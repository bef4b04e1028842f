"""Cholesky of matrices that are block tridiagonal, many at once.

A map of areas, put in the order of Cuthill and McKee, has neighbours only near the diagonal:
cut in blocks as wide as the band, its precision is block tridiagonal.  All that a Gaussian
model of a map needs (solutions, determinant, variances, draws) then costs the number of areas
times the square of the band, and many values of the parameters are factored together.

When to use it: inside :mod:`labtools.analysis.risk`.  When not: for a matrix without order,
whose band is as wide as the matrix.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy


@dataclass(frozen=True, slots=True)
class BlockCholesky:
    """Lower factors of `n_batch` positive definite matrices of ``n_blocks * width`` rows.

    Attributes
    ----------
    inverse : numpy.ndarray, shape (n_batch, n_blocks, width, width)
        Inverses of the diagonal blocks of the factor.
    below : numpy.ndarray, shape (n_batch, n_blocks - 1, width, width)
        Blocks of the factor under the diagonal ones.
    """

    inverse: np.ndarray
    below: np.ndarray

    def log_determinant(self) -> np.ndarray:
        """Return the logarithm of each determinant, shape (n_batch,)."""
        diagonal = np.diagonal(self.inverse, axis1=-2, axis2=-1)
        return np.asarray(-2 * np.log(diagonal).sum(axis=(1, 2)))

    def solve(self, right: np.ndarray) -> np.ndarray:
        """Return the solutions for the columns of `right`, shape (n_batch, n_rows, n_columns)."""
        return self._back(self._forward(right))

    def spread(self, noise: np.ndarray) -> np.ndarray:
        """Turn standard normal columns into draws with the inverse matrix as covariance."""
        return self._back(noise)

    def variances(self) -> np.ndarray:
        """Return the diagonals of the inverses, shape (n_batch, n_rows)."""
        last = self.inverse.shape[1] - 1
        turned = self.inverse.swapaxes(-1, -2)
        block = turned[:, last] @ self.inverse[:, last]
        found = [np.diagonal(block, axis1=-2, axis2=-1)]
        for j in range(last - 1, -1, -1):
            arm = self.below[:, j] @ self.inverse[:, j]
            block = turned[:, j] @ self.inverse[:, j] + arm.swapaxes(-1, -2) @ (block @ arm)
            found.append(np.diagonal(block, axis1=-2, axis2=-1))
        return np.concatenate(found[::-1], axis=-1)

    def _forward(self, right: np.ndarray) -> np.ndarray:
        cut = self._cut(right)
        found = [self.inverse[:, 0] @ cut[:, 0]]
        for j in range(1, cut.shape[1]):
            found.append(self.inverse[:, j] @ (cut[:, j] - self.below[:, j - 1] @ found[-1]))
        return np.concatenate(found, axis=1)

    def _back(self, right: np.ndarray) -> np.ndarray:
        cut = self._cut(right)
        turned, arms = self.inverse.swapaxes(-1, -2), self.below.swapaxes(-1, -2)
        found = [turned[:, -1] @ cut[:, -1]]
        for j in range(cut.shape[1] - 2, -1, -1):
            found.append(turned[:, j] @ (cut[:, j] - arms[:, j] @ found[-1]))
        return np.concatenate(found[::-1], axis=1)

    def _cut(self, right: np.ndarray) -> np.ndarray:
        batch, blocks, width, _ = self.inverse.shape
        return right.reshape(batch, blocks, width, -1)


def factor_blocks(diagonal: np.ndarray, below: np.ndarray) -> BlockCholesky:
    """Factor positive definite block tridiagonal matrices.

    Parameters
    ----------
    diagonal : numpy.ndarray, shape (n_batch, n_blocks, width, width)
        Diagonal blocks of each matrix.
    below : numpy.ndarray, shape (n_blocks - 1, width, width)
        Blocks under the diagonal, the same in every matrix.

    Raises
    ------
    numpy.linalg.LinAlgError
        If a matrix is not positive definite.

    References
    ----------
    Rue, H. & Held, L. (2005). Gaussian Markov Random Fields. Chapman & Hall, ch. 2.
    doi:10.1201/9780203492024
    """
    inverse = [_inverse_factor(diagonal[:, 0])]
    arms = []
    for j, block in enumerate(below, start=1):
        arm = block @ inverse[-1].swapaxes(-1, -2)
        arms.append(arm)
        inverse.append(
            np.linalg.inv(np.linalg.cholesky(diagonal[:, j] - arm @ arm.swapaxes(-1, -2)))
        )
    shape = (len(diagonal), 0, *diagonal.shape[2:])
    return BlockCholesky(
        np.stack(inverse, axis=1), np.stack(arms, axis=1) if arms else np.empty(shape)
    )


def _inverse_factor(matrices: np.ndarray) -> np.ndarray:
    """Return the inverses of lower Cholesky factors, shape (n_batch, width, width)."""
    factors = np.linalg.cholesky(matrices)
    for k, factor in enumerate(factors):
        # A row-major lower triangle is the upper one of what LAPACK sees.
        factors[k] = scipy.linalg.lapack.dtrtri(factor.T, lower=0)[0].T
    return np.asarray(factors)
