"""Points → colonias: each point in exactly one, or counted apart with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from labtools.errors import TableError
from labtools.places.contradicted import contradicted_names, without_contradicted
from labtools.places.names import Resolution, name_queue, resolve_in_time
from labtools.places.points import assign_points
from labtools.tables.contracts import check_table, empty_table

#: About two metres: offices type their default point with five or six decimals.
_SAME_POINT = 2e-5
#: From so many events on, shares of them say something.
_MANY = 50
#: So many events on one point, and this share of a file, are no street corner: 0.02 % is the
#: most that any point of Mexico City has among a million case files.
_PILE, _PILE_SHARE = 10, 0.05
_OFFICES = 3
#: A heap that is told: such a share of the file, and so many times what a point usually has.
_HEAP_SHARE, _TIMES_USUAL = 0.005, 5
#: About thirty metres: what a geocoder answers who knows the municipality or borough only.
_AT_CENTRE = 3e-4
_CENTRE_SHARE = 0.002
_MOST = 0.5
#: About five metres: what a fix of a street corner, or a border drawn by hand, is off.
_NEAR = 5e-5
#: About five hundred metres.
COARSE_DEGREES = 0.005


@dataclass(frozen=True, slots=True)
class Located:
    """Events with their colonias, and the names that a person must decide.

    Attributes
    ----------
    events : pandas.DataFrame
        As given, with ``colonia_id`` and ``location_quality``, and points made coarse: the exact
        ones stay where the raw files are.
    queue : pandas.DataFrame
        Canonical table ``name_queue``.
    heaps : pandas.DataFrame
        Canonical table ``point_heaps``: points on which so many events stand that it is
        improbable in this file; a person says which are true (``real_points``) and which are
        typed where the place is not known (``default_points``).
    contradicted : int
        Events whose written name the points of its events contradict.
    """

    events: pd.DataFrame
    queue: pd.DataFrame
    heaps: pd.DataFrame
    contradicted: int = 0


def locate_events(
    events: pd.DataFrame,
    register: gpd.GeoDataFrame,
    *,
    default_points: Sequence[tuple[float, float]] = (),
    real_points: Sequence[tuple[float, float]] = (),
    aliases: pd.DataFrame | None = None,
) -> Located:
    """Give each event its colonia or the reason why it has none; no row is dropped.

    A usable point decides.  Without one (none, 0,0, an office's default point, or a pile on
    the centre of the municipality or of a borough) the written name decides, where it names
    one colonia.  A point outside every colonia stays outside; one within five metres of another
    colonia is "on_edge".  A name that the points of its own events contradict decides nothing.
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
    aliases : pandas.DataFrame, optional
        Canonical table ``aliases``: other names, and what persons decided.

    Raises
    ------
    TableError
        If most points lie in another colonia than the written one: their reference system, or
        the register, is another.
    """
    lon, lat = events["lon"].to_numpy(float), events["lat"].to_numpy(float)
    absent = ~np.isfinite(lon) | ~np.isfinite(lat) | ((lon == 0) & (lat == 0))
    size = _heaps(lon, lat, absent)
    real = _close_to(lon, lat, real_points, _SAME_POINT)
    piled = _close_to(lon, lat, default_points, _SAME_POINT) | (_piles(size) & ~real)
    centred = _close_to(lon, lat, centres(register), _AT_CENTRE) & ~piled & ~real
    centred &= size >= max(_PILE, _CENTRE_SHARE * len(lon))
    usable = ~absent & ~piled & ~centred
    inside, near_another = _holders(lon, lat, usable, register)
    named = resolve_in_time(events, register, aliases)
    _refuse_disagreement(inside, named, register)
    keys = register["colonia_id"].to_numpy(object)
    at = np.full(len(events), None, dtype=object)
    at[usable] = np.where(inside[usable] >= 0, keys[inside[usable]], "")
    wrong = contradicted_names(events, named, at, aliases)
    named = without_contradicted(named, wrong, at, events)
    colonia_id = pd.Series(
        np.where(inside >= 0, keys[inside], None), index=events.index, dtype="object"
    )
    colonia_id = colonia_id.where(usable, named.colonia_id)
    held = np.where(near_another, "on_edge", "inside")
    quality = pd.Series(np.where(inside >= 0, held, "outside"), index=events.index)
    quality = quality.where(usable, named.quality)
    unknown = colonia_id.isna().to_numpy()
    quality[piled & ~absent & unknown] = "default_point"
    quality[centred & unknown] = "municipality_centre"
    table = events.assign(
        lon=coarse(lon),
        lat=coarse(lat),
        colonia_id=colonia_id.astype("str"),
        location_quality=quality.astype("str"),
    )
    asked = events[~usable]
    queue = name_queue(asked["place"], asked["borough"], named)
    heaps = _improbable(lon, lat, size, usable & ~real)
    return Located(table, queue, heaps, int(wrong.sum()))


def coarse(degrees: np.ndarray) -> np.ndarray:
    """Return degrees on a grid of some five hundred metres: no door can be told from them."""
    return np.asarray(np.round(np.round(degrees / COARSE_DEGREES) * COARSE_DEGREES, 3))


def _holders(
    lon: np.ndarray, lat: np.ndarray, usable: np.ndarray, register: gpd.GeoDataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """Return the position of each point's colonia, or -1, and whether another is as near.

    A point so near to a border may as well lie beyond it: it has a colonia, and is told apart.
    """
    steps = ((0, 0), (_NEAR, 0), (-_NEAR, 0), (0, _NEAR), (0, -_NEAR))
    x, y = lon[usable], lat[usable]
    east, north = (np.concatenate([of + by[at] for by in steps]) for at, of in enumerate((x, y)))
    found = assign_points(east, north, register).reshape(len(steps), -1)
    inside, near_another = np.full(len(lon), -1), np.zeros(len(lon), bool)
    inside[usable] = found[0]
    near_another[usable] = ((found[1:] >= 0) & (found[1:] != found[0])).any(axis=0)
    return inside, near_another


def centres(register: gpd.GeoDataFrame) -> list[tuple[float, float]]:
    """Return the centres of the municipality and of each borough: of their area, of their box.

    A geocoder that knows no more than the municipality answers with one of them.
    """
    whole = [register, *(part for _, part in register.groupby("borough"))]
    found = []
    for part in whole:
        shapes = part.geometry.to_numpy()
        area = shapely.area(shapes)
        if not area.sum():
            continue
        middle = shapely.get_coordinates(shapely.centroid(shapes[area > 0]))
        weighted = np.average(middle, axis=0, weights=area[area > 0])
        west, south, east, north = shapely.total_bounds(shapes)
        found += [(weighted[0], weighted[1]), ((west + east) / 2, (south + north) / 2)]
    return found


def _heaps(lon: np.ndarray, lat: np.ndarray, absent: np.ndarray) -> np.ndarray:
    """Return how many events stand on the very point of each; 0 where there is none."""
    size = np.zeros(len(lon), int)
    # One complex number for each point: sorting pairs takes four times as long.
    _, back, many = np.unique(
        lon[~absent] + 1j * lat[~absent], return_inverse=True, return_counts=True
    )
    size[~absent] = many[back.reshape(-1)]
    return size


def _piles(size: np.ndarray) -> np.ndarray:
    """Return which points stand where so many others do that no street explains it."""
    total = int((size > 0).sum())
    heap = size >= max(_PILE, _PILE_SHARE * total)
    # An office has a default point or two; many heaps are a file that places events by station.
    offices = int((1 / size[heap]).sum().round()) if heap.any() else 0
    return heap & (total >= _MANY and offices <= _OFFICES)


def _improbable(
    lon: np.ndarray, lat: np.ndarray, size: np.ndarray, usable: np.ndarray
) -> pd.DataFrame:
    """Return the points on which far more events stand than on nearly all of the same file."""
    points = pd.DataFrame({"lon": lon, "lat": lat, "events": size})[usable].drop_duplicates()
    if points.empty:
        return empty_table("point_heaps")
    least = max(_PILE, _HEAP_SHARE * usable.sum(), _TIMES_USUAL * points["events"].quantile(0.95))
    heaps = points[points["events"] >= least]
    order = heaps.sort_values(["events", "lon", "lat"], ascending=[False, True, True])
    return check_table("point_heaps", order.reset_index(drop=True))


def _refuse_disagreement(inside: np.ndarray, named: Resolution, register: gpd.GeoDataFrame) -> None:
    both = (inside >= 0) & named.quality.eq("by_name").to_numpy()
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


def _close_to(
    lon: np.ndarray, lat: np.ndarray, points: Sequence[tuple[float, float]], far: float
) -> np.ndarray:
    at = np.zeros(len(lon), bool)
    for x, y in points:
        at |= (np.abs(lon - x) < far) & (np.abs(lat - y) < far)
    return at
