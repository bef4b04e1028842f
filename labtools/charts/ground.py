"""Colonias on paper: in metres, clipped to a window, and written as path data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from labtools.charts.svg import path_of
from labtools.errors import TableError

_DEGREES = 4326
_CLOSE_GAPS = 60.0

Shapes = npt.NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Ground:
    """The colonias of a municipality, made once and drawn many times.

    Attributes
    ----------
    ids, names : tuple of str
        Key and name of each colonia that has a shape.
    boroughs : tuple of str
        Its borough, empty where it has none.
    shapes : array of shapely.Geometry
        Metres east and *south* of the municipality's middle, as paper goes.
    tree : shapely.STRtree
        Finds the colonias of a window.
    outline : shapely.Geometry
        All colonias together, without their inner borders.
    districts : tuple of (name, shapely.Geometry)
        The boroughs, in the order of their names; none where the register has none.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    boroughs: tuple[str, ...]
    shapes: Shapes
    tree: shapely.STRtree
    outline: shapely.Geometry
    districts: tuple[tuple[str, shapely.Geometry], ...] = ()

    def place_of(self, colonia_id: str) -> int:
        """Return where a colonia stands in these tuples.

        Raises
        ------
        TableError
            If it has no shape here.
        """
        place = self._places.get(colonia_id)
        if place is None:
            raise TableError(
                "The colonia {colonia_id} has no shape in the table colonias_shown, so it cannot "
                "be drawn. Check the register of colonias.",
                colonia_id=colonia_id,
            )
        return place

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {colonia_id: place for place, colonia_id in enumerate(self.ids)}


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of ground, in metres, and the paper it is drawn on.

    Attributes
    ----------
    left, top : float
        Metres at the paper's upper left corner.
    scale : float
        Units of paper per metre.
    width, height : float
        Size of the paper.
    x, y : float
        Where the paper's upper left corner stands in the picture.
    """

    left: float
    top: float
    scale: float
    width: float
    height: float
    x: float = 0.0
    y: float = 0.0

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Return the window's bounds in metres."""
        right, bottom = self.left + self.width / self.scale, self.top + self.height / self.scale
        return self.left, self.top, right, bottom

    def drawn(self, shapes: Shapes, *, tolerance: float = 0.4) -> Shapes:
        """Return shapes clipped to the window, in units of paper, without needless corners."""
        clipped = shapely.clip_by_rect(shapes, *self.box)
        moved = shapely.transform(clipped, self._on_paper)
        return np.asarray(shapely.simplify(moved, tolerance, preserve_topology=True), object)

    def _on_paper(self, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        corner = np.array([self.left, self.top])
        moved: npt.NDArray[np.float64] = (points - corner) * self.scale + (self.x, self.y)
        return moved


def ground_of(colonias: gpd.GeoDataFrame) -> Ground:
    """Return the ground of the released table ``colonias_shown`` (longitude and latitude)."""
    if colonias.crs is not None and colonias.crs.to_epsg() != _DEGREES:
        colonias = colonias.to_crs(_DEGREES)
    kept = colonias[~(colonias.geometry.isna() | colonias.geometry.is_empty)]
    shapes = _in_metres(np.asarray(kept.geometry.values, object))
    boroughs = kept["borough"].fillna("").astype(str)
    named = sorted(set(boroughs) - {""})
    return Ground(
        tuple(kept["colonia_id"].astype(str)),
        tuple(kept["name"].astype(str)),
        tuple(boroughs),
        shapes,
        shapely.STRtree(shapes),
        _together(shapes),
        tuple((name, _together(shapes[(boroughs == name).to_numpy()])) for name in named),
    )


def _together(shapes: Shapes) -> shapely.Geometry:
    """Return shapes as one, without inner borders nor the streets between them."""
    closed = shapely.union_all(shapely.buffer(shapes, _CLOSE_GAPS, join_style="mitre"))
    return shapely.buffer(closed, -_CLOSE_GAPS, join_style="mitre")


def window_around(
    bounds: Sequence[float], paper: tuple[float, float], *, at: tuple[float, float] = (0.0, 0.0)
) -> Window:
    """Return the smallest window with the shape of `paper` that holds `bounds` (metres)."""
    left, top, right, bottom = bounds
    width, height = paper
    scale = min(width / max(right - left, 1.0), height / max(bottom - top, 1.0))
    middle_x, middle_y = (left + right) / 2, (top + bottom) / 2
    return Window(
        middle_x - width / scale / 2, middle_y - height / scale / 2, scale, width, height, *at
    )


def path_data(shapes: Sequence[shapely.Geometry] | Shapes) -> str:
    """Return the path of polygons, holes included; lines and points are left out."""
    polygons = [
        part
        for part in shapely.get_parts(np.asarray(shapes, object).ravel())
        if part.geom_type == "Polygon" and not part.is_empty
    ]
    rings = [ring for part in polygons for ring in (part.exterior, *part.interiors)]
    return "".join(path_of(shapely.get_coordinates(ring)) for ring in rings)


def round_length(longest: float) -> float:
    """Return the longest of 1, 2 or 5 times a power of ten that is not above `longest`."""
    size = 10.0 ** math.floor(math.log10(longest))
    return max(size * m for m in (1, 2, 5) if size * m <= longest * (1 + 1e-9))


def _in_metres(shapes: Shapes) -> Shapes:
    if not len(shapes):
        return shapes
    left, bottom, right, top = shapely.total_bounds(shapes)
    middle = np.array([(left + right) / 2, (bottom + top) / 2])
    angle = math.radians(middle[1])
    # Length of a degree on the WGS 84 ellipsoid at this latitude (series of Snyder, 1987).
    east = 111_412.84 * math.cos(angle) - 93.5 * math.cos(3 * angle)
    north = 111_132.92 - 559.82 * math.cos(2 * angle) + 1.175 * math.cos(4 * angle)
    metres = np.array([east, -north])
    return np.asarray(shapely.transform(shapes, lambda at: (at - middle) * metres), object)
