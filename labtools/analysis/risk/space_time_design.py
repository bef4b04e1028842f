"""What all areas share from period to period, and the priors of every coefficient."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

_WAVES = 2
_WAVE_SD = 0.5
_TREND_SD = 0.1  # from one knot to the next, half a year later
_INTERCEPT_SD, _COEFFICIENT_SD = 10.0, 1.0


def shared_columns(periods: int, season: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the columns of season and slow trend, and the precision of their coefficients.

    Two yearly waves, and a line bent at knots half a year apart that starts at zero and whose
    steps are small (a random walk).  Shapes (n_periods, n_shared) and (n_shared, n_shared).
    """
    time = np.arange(periods)
    waves = []
    for k in range(1, min(_WAVES, season // 2) + 1):
        angle = 2 * np.pi * k * time / season
        waves.append(np.cos(angle))
        if 2 * k < season:  # otherwise the sine is zero in every period
            waves.append(np.sin(angle))
    every = max(season // 2, 3)  # nearer knots would tell the shortest wave too
    knots = np.arange(0, periods - 1 + every, every, dtype=float)
    hats = np.column_stack([np.interp(time, knots, row) for row in np.eye(len(knots))])[:, 1:]
    steps = np.diff(np.eye(len(knots)), axis=0)[:, 1:]
    roughness = np.zeros((len(waves) + hats.shape[1],) * 2)
    width = len(waves)
    roughness[:width, :width] = np.eye(width) / _WAVE_SD**2
    roughness[width:, width:] = steps.T @ steps / _TREND_SD**2
    return np.column_stack([*waves, hats]), roughness


def shared_ahead(shared: np.ndarray, season: int, steps: int) -> np.ndarray:
    """Return the columns of the `steps` periods to come, shape (steps, n_shared).

    The season is that of a year before; the trend stays where it is.
    """
    waves = min(2 * _WAVES, season - 1)
    found = np.repeat(shared[-1:], steps, axis=0)
    found[:, :waves] = shared[len(shared) - season + np.arange(steps) % season, :waves]
    return found


def drivers_of(drivers: Mapping[str, pd.DataFrame], like: pd.DataFrame) -> list[np.ndarray]:
    """Return each driver by period and area, aligned with the counts."""
    return [
        table.reindex(index=like.index, columns=like.columns).to_numpy(float).T
        for table in drivers.values()
    ]


def prior_precision(
    n_fixed: int, roughness: np.ndarray, n_drivers: int, *, traits: int = 0
) -> np.ndarray:
    """Return the prior precision of all coefficients: fixed, shared, drivers.

    Zero for `traits`, the last of the fixed ones: it is a parameter of the model.
    """
    fixed = np.full(n_fixed, 1 / _COEFFICIENT_SD**2)
    fixed[0] = 1 / _INTERCEPT_SD**2
    fixed[n_fixed - traits :] = 0.0
    total = n_fixed + len(roughness) + n_drivers
    precision = np.zeros((total, total))
    precision[:n_fixed, :n_fixed] = np.diag(fixed)
    inside = slice(n_fixed, n_fixed + len(roughness))
    precision[inside, inside] = roughness
    rest = slice(n_fixed + len(roughness), total)
    precision[rest, rest] = np.eye(n_drivers) / _COEFFICIENT_SD**2
    return precision
