"""Points → colonias: each point in exactly one, or counted apart with the reason."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from labtools.errors import TableError
from labtools.places.names import Resolution, resolve_names

#: About two metres: offices type their default point with five or six decimals.
_SAME_POINT = 2e-5
#: From so many events on, shares of them say something.
_MANY = 50
#: So many events on one point, and this share of a file, are no street corner: 0.02 % is the
#: most that any point of Mexico City has among a million case files.
_PILE, _PILE_SHARE = 10, 0.05
_OFFICES = 3
_MOST = 0.5


def locate_events(
    events: pd.DataFrame,
    register: gpd.GeoDataFrame,
    *,
    default_points: Sequence[tuple[float, float]] = (),
    real_points: Sequence[tuple[float, float]] = (),
) -> pd.DataFrame:
    """Return the events with ``colonia_id`` and ``location_quality``; no row is dropped.

    A usable point decides.  Without one (none, 0,0, or an office's default point) the written
    name decides, where it names one colonia.  A point outside every colonia stays outside.
    A point where a twentieth of a big file is piled up is taken for a default point too.

    Parameters
    ----------
    events : pandas.DataFrame
        Canonical table ``events``.
    register : geopandas.GeoDataFrame
        Canonical table ``colonias``, in degrees (EPSG:4326).
    default_points : sequence of (lon, lat)
        Points that mean "unknown".
    real_points : sequence of (lon, lat)
        Points where so many events truly happened.

    Raises
    ------
    TableError
        If most points lie in another colonia than the written one: their reference system, or
        the register, is another.
    """
    lon, lat = events["lon"].to_numpy(float), events["lat"].to_numpy(float)
    absent = ~np.isfinite(lon) | ~np.isfinite(lat) | ((lon == 0) & (lat == 0))
    piles = _piles(lon[~absent], lat[~absent]) & ~_at_default(
        lon[~absent], lat[~absent], real_points
    )
    piled = _at_default(lon, lat, default_points) & ~absent
    piled[~absent] |= piles
    usable = ~absent & ~piled
    inside = np.full(len(events), -1)
    inside[usable] = assign_points(lon[usable], lat[usable], register)
    named = resolve_names(events["place"], events["borough"], register)
    _refuse_disagreement(inside, named, register)
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


def _piles(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Return which points stand where so many others do that no street explains it."""
    if len(lon) < _MANY:
        return np.zeros(len(lon), bool)
    _, back, size = np.unique(
        np.column_stack([lon, lat]), axis=0, return_inverse=True, return_counts=True
    )
    heap = size >= max(_PILE, _PILE_SHARE * len(lon))
    # An office has a default point or two; many heaps are a file that places events by station.
    if heap.sum() > _OFFICES:
        return np.zeros(len(lon), bool)
    return np.asarray(heap[back.reshape(-1)])


def _refuse_disagreement(inside: np.ndarray, named: Resolution, register: gpd.GeoDataFrame) -> None:
    both = (inside >= 0) & named.colonia_id.notna().to_numpy()
    if both.sum() < _MANY:
        return
    at = register["colonia_id"].to_numpy(object)[inside[both]]
    other = at != named.colonia_id.to_numpy(object)[both]
    if other.mean() > _MOST:
        first = int(np.flatnonzero(other)[0])
        raise TableError(
            "{n} of {total} events have their point in another colonia than the one written; the "
            "first is written {written} and lies in {found}. The points are probably in another "
            "reference system (NAD27, ITRF): write it as “crs” under [file] in the descriptor.",
            n=int(other.sum()),
            total=int(both.sum()),
            written=str(named.colonia_id.to_numpy(object)[both][first]),
            found=str(at[first]),
        )


def _at_default(
    lon: np.ndarray, lat: np.ndarray, default_points: Sequence[tuple[float, float]]
) -> np.ndarray:
    at = np.zeros(len(lon), bool)
    for x, y in default_points:
        at |= (np.abs(lon - x) < _SAME_POINT) & (np.abs(lat - y) < _SAME_POINT)
    return at
