"""Where the parameters of a map may lie: the mode, and a grid around it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy

_RIGHT_ANGLE = np.pi / 2
_STEP = np.array([0.05, 0.05])
_REACH = 2.75
_WIDEST = np.array([1.0, 1.0])
_LEAST_DENSITY = 8.0

#: Log posterior density of pairs (logarithm of the deviation, angle of mixing), shape (n, 2);
#: an angle beyond zero or the right angle stands for its mirror image.
LogDensity = Callable[[np.ndarray], np.ndarray]


def find_peak(log_density: LogDensity, start: np.ndarray) -> np.ndarray:
    """Return the pair where the density is highest, shape (2,)."""
    bounds = [(start[0] - 5, start[0] + 5), (0.0, _RIGHT_ANGLE)]

    def minus(pair: np.ndarray) -> tuple[float, np.ndarray]:
        steps = np.diag(_STEP / 10)
        around = log_density(np.vstack([pair, pair + steps, pair - steps]))
        return float(-around[0]), -(around[1:3] - around[3:5]) / (2 * np.diag(steps))

    found = scipy.optimize.minimize(
        minus,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": 30, "ftol": 1e-6, "gtol": 1e-2},
    )
    return np.asarray(found.x)


def lay_grid(log_density: LogDensity, peak: np.ndarray, sides: tuple[int, int]) -> np.ndarray:
    """Return the pairs of a grid that covers the density around its peak.

    The grid leans with the ridge of the density; pairs that a parabola puts far below the
    peak are left out.

    Parameters
    ----------
    sides : (int, int)
        How many deviations, and how many angles.

    Returns
    -------
    numpy.ndarray, shape (n_pairs, 2)
        All stand for cells of the same size.
    """
    bend = _bend(log_density, peak)
    spread = np.minimum(_REACH * np.sqrt(1 / np.maximum(np.diag(bend), 1e-3)), _WIDEST * _REACH)
    whole = np.linalg.eigvalsh(bend).min() > 0
    lean = -bend[0, 1] / bend[0, 0] if whole else 0.0
    marginal = bend[1, 1] - bend[0, 1] ** 2 / bend[0, 0] if whole else bend[1, 1]
    wide = _REACH / np.sqrt(max(marginal, 1e-3))
    low, high = max(0.0, peak[1] - wide), min(_RIGHT_ANGLE, peak[1] + wide)
    angles = low + (np.arange(sides[1]) + 0.5) / sides[1] * (high - low)
    offsets = ((np.arange(sides[0]) + 0.5) / sides[0] * 2 - 1) * spread[0]
    angle, offset = (part.ravel() for part in np.meshgrid(angles, offsets, indexing="ij"))
    away = angle - peak[1]
    pairs = np.column_stack([peak[0] + lean * away + offset, angle])
    if not whole:
        return pairs
    below = (bend[0, 0] * offset**2 + max(marginal, 0.0) * away**2) / 2
    return np.asarray(pairs[below <= _LEAST_DENSITY])


def _bend(log_density: LogDensity, peak: np.ndarray) -> np.ndarray:
    """Return minus the second derivatives at the peak, shape (2, 2)."""
    moves = np.array([[a, b] for a in (-1, 0, 1) for b in (-1, 0, 1)]) * _STEP
    value = log_density(peak + moves).reshape(3, 3)
    first = 2 * value[1, 1] - value[0, 1] - value[2, 1]
    second = 2 * value[1, 1] - value[1, 0] - value[1, 2]
    cross = -(value[2, 2] - value[2, 0] - value[0, 2] + value[0, 0]) / 4
    bend = np.array([[first, cross], [cross, second]])
    return np.asarray(bend / np.outer(_STEP, _STEP))
