"""Kernel density of points, for the map only: where events lie thick, not where risk is high.

When to use it: to draw where events happened.  When not: to compare colonias (people are not
spread evenly), or to choose places: simple counts point at them as well.  Never on fewer events
than would hide whose they are.

References
----------
Diggle, P. (1985). A kernel method for smoothing point process data. Applied Statistics 34,
138-147. doi:10.2307/2347366
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy

from labtools.errors import AnalysisError

Edge = Literal["none", "uniform", "diggle"]
_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True)
class Box:
    """A window with sides along the axes, in metres."""

    left: float
    right: float
    bottom: float
    top: float


@dataclass(frozen=True, slots=True)
class DensityMap:
    """Densities on a grid of square cells.

    Attributes
    ----------
    density : numpy.ndarray, shape (n_rows, n_columns)
        Events per unit of surface, row 0 at the bottom; missing outside the window.
    left, bottom : float
        Corner of the grid.
    cell : float
        Side of a cell.
    """

    density: np.ndarray
    left: float
    bottom: float
    cell: float


def density_at(
    places: np.ndarray,
    events: np.ndarray,
    bandwidth: float,
    *,
    window: Box | None = None,
    edge: Edge = "uniform",
    leave_out: np.ndarray | None = None,
) -> np.ndarray:
    """Return events per unit of surface at each place, by a Gaussian kernel.

    Parameters
    ----------
    places : numpy.ndarray, shape (n_places, 2)
    events : numpy.ndarray, shape (n_events, 2)
    bandwidth : float
        Standard deviation of the kernel.
    window : Box, optional
        Outside of which nothing could be seen; needed unless `edge` is "none".
    edge : {"none", "uniform", "diggle"}
        How the kernel's part outside the window is made up for: at the place, or at each event.
    leave_out : numpy.ndarray of int, optional
        For each place, the event that stands on it and does not count there.

    Raises
    ------
    AnalysisError
        If the bandwidth is not above zero, or an edge correction has no window.
    """
    if not bandwidth > 0 or (edge != "none" and window is None):
        raise AnalysisError(
            "A density needs a bandwidth above zero, and a window where edges are corrected; the "
            "bandwidth is {bandwidth}. Give both.",
            bandwidth=bandwidth,
        )
    weight = np.ones(len(events))
    if edge == "diggle" and window is not None:
        weight = 1 / _inside(events, bandwidth, window)
    step = max(1, _AT_ONCE // max(1, len(events)))
    parts = [
        _summed(places[i : i + step], events, weight, bandwidth)
        for i in range(0, len(places), step)
    ]
    density = np.concatenate(parts) if parts else np.zeros(0)
    if leave_out is not None:
        density = density - weight[leave_out] / (2 * np.pi * bandwidth**2)
    if edge == "uniform" and window is not None:
        density = density / _inside(places, bandwidth, window)
    return np.asarray(density)


def scott_bandwidth(events: np.ndarray) -> np.ndarray:
    """Return Scott's bandwidths of both axes: a start, too wide where events cluster."""
    return np.asarray(events.std(axis=0, ddof=1) * len(events) ** (-1 / 6))


def density_map(
    events: np.ndarray, inside: np.ndarray, grid: tuple[float, float, float], bandwidth: float
) -> DensityMap:
    """Return densities on a grid, corrected at the edge of the window, in one pass.

    Parameters
    ----------
    events : numpy.ndarray, shape (n_events, 2)
    inside : numpy.ndarray of bool, shape (n_rows, n_columns)
        Cells that lie in the window.
    grid : (float, float, float)
        Left and bottom of the grid, and the side of a cell.
    bandwidth : float
    """
    left, bottom, cell = grid
    rows, columns = inside.shape
    counts, _, _ = np.histogram2d(
        events[:, 1],
        events[:, 0],
        bins=[bottom + cell * np.arange(rows + 1), left + cell * np.arange(columns + 1)],
    )
    sigma = bandwidth / cell
    seen = scipy.ndimage.gaussian_filter(inside.astype(float), sigma, mode="constant", truncate=6)
    smooth = scipy.ndimage.gaussian_filter(
        np.where(inside, counts, 0.0), sigma, mode="constant", truncate=6
    )
    density = np.where(inside, smooth / np.maximum(seen, 1e-12) / cell**2, np.nan)
    return DensityMap(density, left, bottom, cell)


def _summed(
    places: np.ndarray, events: np.ndarray, weight: np.ndarray, bandwidth: float
) -> np.ndarray:
    squared = (places[:, None, 0] - events[None, :, 0]) ** 2
    squared += (places[:, None, 1] - events[None, :, 1]) ** 2
    return np.asarray(np.exp(-squared / (2 * bandwidth**2)) @ weight / (2 * np.pi * bandwidth**2))


def _inside(points: np.ndarray, bandwidth: float, window: Box) -> np.ndarray:
    """Return the share of the kernel of each point that lies in the window."""
    across = scipy.special.ndtr((window.right - points[:, 0]) / bandwidth)
    across -= scipy.special.ndtr((window.left - points[:, 0]) / bandwidth)
    up = scipy.special.ndtr((window.top - points[:, 1]) / bandwidth)
    up -= scipy.special.ndtr((window.bottom - points[:, 1]) / bandwidth)
    return np.asarray(across * up)
