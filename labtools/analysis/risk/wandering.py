"""What comes and goes: an autoregression of first order over the periods of each area.

All areas at once, time first: arrays have the shape (n_periods, ...).  The precision of a
wandering path given its counts is tridiagonal, so that everything costs one sweep forth and
one back.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


def memory_of_means(phi: float, steps: int) -> float:
    """Return the correlation of the means of `steps` steps with those of the next as many.

    What is remembered from month to month is less from quarter to quarter.
    """
    at = np.arange(steps)
    apart = np.abs(at[:, None] - at[None])
    beside = at[None] + steps - at[:, None]
    return float((phi**beside).sum() / (phi**apart).sum())


@dataclass(frozen=True, slots=True)
class Wandering:
    """Stationary deviation `sd` and memory `phi` from one period to the next.

    Attributes
    ----------
    sd, phi : numpy.ndarray, shape (n_batch, 1)
    """

    sd: np.ndarray
    phi: np.ndarray

    @property
    def _step(self) -> np.ndarray:
        """Precision of one step given the last."""
        return np.asarray(1 / (self.sd**2 * (1 - self.phi**2)))

    def energy(self, path: np.ndarray) -> np.ndarray:
        """Return the quadratic form of the paths, shape (n_batch,)."""
        first = ((path[0] / self.sd) ** 2).sum(-1)
        moves = self._step * (path[1:] - self.phi * path[:-1]) ** 2
        return np.asarray(first + moves.sum((0, -1)))

    def log_determinant(self, periods: int, areas: int) -> np.ndarray:
        """Return that of the paths' precision, all areas together, shape (n_batch,)."""
        told = -2 * np.log(self.sd) + (periods - 1) * np.log(self._step)
        return np.asarray(areas * told[:, 0])

    def given(self, bend: np.ndarray) -> Swept:
        """Factor the precision of the paths given counts of that bend, (n_periods, n_batch, n)."""
        periods = len(bend)
        step, off = self._step, -self.phi * self._step
        ends = step if periods > 1 else 1 / self.sd**2
        inner = step * (1 + self.phi**2)
        pivots = np.empty_like(bend)
        pivots[0] = ends + bend[0]
        for t in range(1, periods):
            own = ends if t == periods - 1 else inner
            pivots[t] = own + bend[t] - off**2 / pivots[t - 1]
        return Swept(pivots, off)


@dataclass(frozen=True, slots=True)
class Swept:
    """A factored tridiagonal precision.

    Attributes
    ----------
    pivots : numpy.ndarray, shape (n_periods, n_batch, n_areas)
    off : numpy.ndarray, shape (n_batch, 1)
        Beside the diagonal.
    """

    pivots: np.ndarray
    off: np.ndarray

    def log_determinant(self) -> np.ndarray:
        """Return the logarithm of each determinant, all areas together, shape (n_batch,)."""
        return np.asarray(np.log(self.pivots).sum((0, -1)))

    def solve(self, right: np.ndarray) -> np.ndarray:
        """Return the solutions for `right`, shape (n_periods, n_batch, n_areas, n_columns)."""
        lag = self.off[..., None] / self.pivots[..., None]
        found = right.copy()
        for t in range(1, len(found)):
            found[t] -= lag[t - 1] * found[t - 1]
        found /= self.pivots[..., None]
        for t in range(len(found) - 2, -1, -1):
            found[t] -= lag[t] * found[t + 1]
        return found

    def variances(self) -> np.ndarray:
        """Return the diagonal of each inverse, shape (n_periods, n_batch, n_areas)."""
        found = 1 / self.pivots
        for t in range(len(found) - 2, -1, -1):
            found[t] += (self.off / self.pivots[t]) ** 2 * found[t + 1]
        return np.asarray(found)

    def draw_last(self, right: np.ndarray, last: int, noise: np.ndarray) -> np.ndarray:
        """Return draws of the `last` periods of the paths.

        Parameters
        ----------
        right : numpy.ndarray, shape (n_periods, n_areas, n_draws)
            Linear term of each draw.
        noise : numpy.ndarray, shape (last, n_areas, n_draws)
            Standard normal.
        """
        pivots, off = self.pivots[:, 0, :, None], self.off[0, 0]
        forth = right.copy()
        for t in range(1, len(forth)):
            forth[t] -= off / pivots[t - 1] * forth[t - 1]
        found = np.empty_like(noise)
        for back in range(1, last + 1):
            t = len(forth) - back
            mean = forth[t] / pivots[t]
            if back > 1:
                mean = mean - off / pivots[t] * found[last - back + 1]
            found[last - back] = mean + noise[last - back] / np.sqrt(pivots[t])
        return found
