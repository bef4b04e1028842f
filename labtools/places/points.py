"""Points → the colonia that holds each, fast and exactly.

A grid is laid over the register, and each cell knows the few colonias whose box touches it.
A point is compared with those of its cell only, and no geometry is made of it: making a
million of them takes longer than all the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

#: So many points are compared at a time: what they need then stays in the processor's cache.
_AT_ONCE = 100_000
_FEWEST_CELLS, _MOST_CELLS = 16, 512  # along one side
#: Share of a cell by which boxes are widened: no rounding may part a point from its colonia.
_MARGIN = 1e-6


def assign_points(lon: np.ndarray, lat: np.ndarray, register: gpd.GeoDataFrame) -> np.ndarray:
    """Return, for each point, the position in `register` of its colonia, or -1.

    A point on a border, or where polygons overlap, goes to the smaller colonia, so that it
    is counted once and always in the same one, whatever the order of the register.  Use it
    for any number of points; it does not find the colonia nearest to a point outside.

    Parameters
    ----------
    lon, lat : ndarray, shape (n,)
        In the units of the register's polygons; a missing one is outside.
    register : geopandas.GeoDataFrame
        Polygons with their ``colonia_id``.

    Returns
    -------
    ndarray of int, shape (n,)
    """
    shapes = register.geometry.to_numpy()
    if not len(shapes):
        return np.full(len(lon), -1)
    order = _largest_first(register)
    shapely.prepare(shapes)
    grid = _Grid.over(shapes[order], points=len(lon))
    found = [
        grid.last_holder(lon[start : start + _AT_ONCE], lat[start : start + _AT_ONCE])
        for start in range(0, len(lon), _AT_ONCE)
    ]
    last = np.concatenate(found) if found else np.empty(0, int)
    return np.where(last >= 0, order[last], -1)


def _largest_first(register: gpd.GeoDataFrame) -> np.ndarray:
    """Return the positions of colonias from large to small; keys decide between equals."""
    key = register["colonia_id"].rank().to_numpy()
    return np.lexsort((-key, -shapely.area(register.geometry.to_numpy())))


@dataclass(frozen=True, slots=True)
class _Grid:
    """A square table of cells over a list of shapes.

    Attributes
    ----------
    shapes : ndarray of shapely.Geometry, shape (n_shapes,)
    boxes : ndarray, shape (n_shapes, 4)
        West, south, east and north of each.
    corner, step : ndarray, shape (2,)
        South-west corner of the table, and size of a cell.
    cells : int
        Along one side.
    near : ndarray of int
        Positions of the shapes near each cell, cell after cell.
    first, many : ndarray of int, shape (cells squared,)
        Where those of a cell begin in `near`, and how many there are.
    """

    shapes: np.ndarray
    boxes: np.ndarray
    corner: np.ndarray
    step: np.ndarray
    cells: int
    near: np.ndarray
    first: np.ndarray
    many: np.ndarray

    @classmethod
    def over(cls, shapes: np.ndarray, *, points: int) -> _Grid:
        """Lay a table whose cells are worth making for so many points."""
        cells = int(np.clip(np.sqrt(points), _FEWEST_CELLS, _MOST_CELLS))
        boxes = shapely.bounds(shapes)
        total = shapely.total_bounds(shapes)
        step = np.maximum((total[2:] - total[:2]) / cells, np.finfo(float).tiny)
        low, high = (
            _cell(boxes[:, at : at + 2] + side * _MARGIN * step, total[:2], step, cells)
            for at, side in ((0, -1), (2, 1))
        )
        wide, high_ = (high - low + 1).T
        shape, at = _counted(wide * high_)
        cell = (low[shape, 0] + at // high_[shape]) * cells + low[shape, 1] + at % high_[shape]
        many = np.bincount(cell, minlength=cells**2)
        near = shape[np.argsort(cell, kind="stable")].astype(np.min_scalar_type(len(shapes)))
        return cls(shapes, boxes, total[:2], step, cells, near, np.cumsum(many) - many, many)

    def last_holder(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the last shape that holds each point, or -1."""
        inside = np.isfinite(x) & np.isfinite(y)
        places = np.column_stack([np.where(inside, x, 0), np.where(inside, y, 0)])
        column, row = _cell(places, self.corner, self.step, self.cells).T
        cell = column * self.cells + row
        point, at = _counted(np.where(inside, self.many[cell], 0))
        shape = self.near[self.first[cell[point]] + at]
        west, south, east, north = self.boxes.T
        px, py = x[point], y[point]
        close = (px >= west[shape]) & (px <= east[shape])
        close &= (py >= south[shape]) & (py <= north[shape])
        point, shape, px, py = point[close], shape[close], px[close], py[close]
        # All the points of one shape together: it is then read from memory once.
        order = np.argsort(shape, kind="stable")
        point, shape, px, py = point[order], shape[order], px[order], py[order]
        held = shapely.intersects_xy(self.shapes[shape], px, py)
        last = np.full(len(x), -1)
        np.maximum.at(last, point[held], shape[held])
        return last


def _cell(places: np.ndarray, corner: np.ndarray, step: np.ndarray, cells: int) -> np.ndarray:
    return np.asarray(np.clip((places - corner) / step, 0, cells - 1), dtype=np.int64)


def _counted(many: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each position as often as `many` says, and a count from 0 within each."""
    position = np.repeat(np.arange(len(many)), many)
    return position, np.arange(len(position)) - np.repeat(np.cumsum(many) - many, many)
