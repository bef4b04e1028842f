"""Points → colonias: each point in exactly one, or counted apart with the reason."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from labtools.places.names import resolve_names

#: About two metres: offices type their default point with five or six decimals.
_SAME_POINT = 2e-5


def locate_events(
    events: pd.DataFrame,
    register: gpd.GeoDataFrame,
    *,
    default_points: Sequence[tuple[float, float]] = (),
) -> pd.DataFrame:
    """Return the events with ``colonia_id`` and ``location_quality``; no row is dropped.

    A usable point decides.  Without one (none, 0,0, or an office's default point) the written
    name decides, where it names one colonia.  A point outside every colonia stays outside.

    Parameters
    ----------
    events : pandas.DataFrame
        Canonical table ``events``.
    register : geopandas.GeoDataFrame
        Canonical table ``colonias``, in degrees (EPSG:4326).
    default_points : sequence of (lon, lat)
        Points that mean "unknown".
    """
    lon, lat = events["lon"].to_numpy(float), events["lat"].to_numpy(float)
    absent = ~np.isfinite(lon) | ~np.isfinite(lat) | ((lon == 0) & (lat == 0))
    piled = _at_default(lon, lat, default_points) & ~absent
    usable = ~absent & ~piled
    inside = np.full(len(events), -1)
    inside[usable] = assign_points(lon[usable], lat[usable], register)
    named = resolve_names(events["place"], events["borough"], register)
    keys = register["colonia_id"].to_numpy(object)
    colonia_id = pd.Series(
        np.where(inside >= 0, keys[inside], None), index=events.index, dtype="object"
    )
    colonia_id = colonia_id.where(usable, named.colonia_id)
    quality = pd.Series(np.where(inside >= 0, "inside", "outside"), index=events.index)
    quality = quality.where(usable, named.quality)
    quality[piled & colonia_id.isna().to_numpy()] = "default_point"
    return events.assign(
        colonia_id=colonia_id.astype("str"), location_quality=quality.astype("str")
    )


def assign_points(lon: np.ndarray, lat: np.ndarray, register: gpd.GeoDataFrame) -> np.ndarray:
    """Return, for each point, the position in `register` of its colonia, or -1.

    A point on a border, or where polygons overlap, goes to the smaller colonia, so that it
    is counted once and always in the same one, whatever the order of the register.
    """
    points, back = np.unique(np.column_stack([lon, lat]), axis=0, return_inverse=True)
    tree = shapely.STRtree(register.geometry.to_numpy())
    at, polygon = tree.query(shapely.points(points), predicate="intersects")
    area = shapely.area(register.geometry.to_numpy())
    key = register["colonia_id"].rank().to_numpy()  # decides between colonias of one size
    largest_first = np.lexsort((-key[polygon], -area[polygon]))
    found = np.full(len(points), -1)
    found[at[largest_first]] = polygon[largest_first]  # the last one written is the smallest
    return found[back.reshape(-1)]


def _at_default(
    lon: np.ndarray, lat: np.ndarray, default_points: Sequence[tuple[float, float]]
) -> np.ndarray:
    at = np.zeros(len(lon), bool)
    for x, y in default_points:
        at |= (np.abs(lon - x) < _SAME_POINT) & (np.abs(lat - y) < _SAME_POINT)
    return at
