"""Where case files lie thick, and whether they follow each other closely: internal.

Points never leave the lab.  The density is a picture of where files are, not of risk; near repeats
stand beside what chance would make of the same places and days.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from labtools.analysis.hotspots.kernel_density import DensityMap, density_map
from labtools.analysis.hotspots.near_repeat import knox_test
from labtools.analysis.multiplicity import adjust_p_values
from labtools.settings import Lab
from labtools.tables import vocabulary as words
from labtools.tables.contracts import CONTRACTS, empty_table
from labtools.tables.periods import Window

_METRES, _DAYS = (0, 100, 200, 400), (0, 7, 14, 28)
#: Fewer tell nothing of pairs, and a map of them would show whose they are.
_FEWEST = 100
_MOST = 4_000
_DEALINGS = 999
_CELLS = 2_500
_STEP = 50
_BANDWIDTH_CELLS = 2
_SQUARE_KM = 1e6
_DECIMALS = 4


def point_tables(
    events: pd.DataFrame, colonias: gpd.GeoDataFrame, window: Window, lab: Lab
) -> dict[str, pd.DataFrame]:
    """Return the internal tables ``near_repeats`` and ``density`` of the last twelve months.

    Parameters
    ----------
    events : pandas.DataFrame
        As :func:`labtools.workflow.recorded_events.recorded_events` returns them.
    """
    inside = (events["occurred_on"] >= window.start) & (events["occurred_on"] < window.end)
    shown = events[inside & events["crime_group"].isin(words.GROUPS) & events["x"].notna()]
    return {
        "near_repeats": _near_repeats(shown, lab.seed),
        "density": _density(shown[["x", "y"]].to_numpy(float), colonias, lab.crs),
    }


def _near_repeats(events: pd.DataFrame, seed: int) -> pd.DataFrame:
    parts = []
    for group in words.GROUPS:
        chosen = events[events["crime_group"] == group].sort_values(["occurred_on", "x", "y"])
        if len(chosen) >= _FEWEST:
            parts.append(_pairs_of(chosen.tail(_MOST), seed).assign(group=group))
    if not parts:
        return empty_table("near_repeats")
    table = pd.concat(parts, ignore_index=True)
    table["q_value"] = adjust_p_values(table["p_value"]).round(_DECIMALS)
    return table[list(CONTRACTS["near_repeats"].columns)]


def _pairs_of(events: pd.DataFrame, seed: int) -> pd.DataFrame:
    days = (events["occurred_on"] - events["occurred_on"].min()).dt.days
    found = knox_test(
        events[["x", "y"]].to_numpy(float),
        days.to_numpy(float),
        distance_breaks=_METRES,
        time_breaks=_DAYS,
        permutations=_DEALINGS,
        seed=seed,
    )
    table = found.frame().reset_index()
    ends = {
        name: [int(getattr(it, side)) for it in table[axis]]
        for name, axis, side in (
            ("metres_from", "distance", "left"),
            ("metres_to", "distance", "right"),
            ("days_from", "time", "left"),
            ("days_to", "time", "right"),
        )
    }
    told = table[["observed", "expected", "ratio", "p_value"]].round(_DECIMALS)
    return told.assign(**ends)


def _density(places: np.ndarray, colonias: gpd.GeoDataFrame, crs: str) -> pd.DataFrame:
    if len(places) < _FEWEST:
        return empty_table("density")
    ground = shapely.union_all(colonias.to_crs(crs).geometry.to_numpy())
    cell = _STEP * max(1, round(np.sqrt(ground.area / _CELLS) / _STEP))
    left, bottom, right, top = ground.bounds
    across = left + cell * (np.arange(int(np.ceil((right - left) / cell))) + 0.5)
    up = bottom + cell * (np.arange(int(np.ceil((top - bottom) / cell))) + 0.5)
    x, y = np.meshgrid(across, up)
    shapely.prepare(ground)
    inside = shapely.contains_xy(ground, x.ravel(), y.ravel()).reshape(x.shape)
    bandwidth = _BANDWIDTH_CELLS * cell
    found = density_map(places, inside, (left, bottom, float(cell)), float(bandwidth))
    return _cells(found, (x[inside], y[inside]), inside, (cell, bandwidth), crs)


def _cells(
    found: DensityMap,
    centres: tuple[np.ndarray, np.ndarray],
    inside: np.ndarray,
    sizes: tuple[int, int],
    crs: str,
) -> pd.DataFrame:
    points = gpd.GeoSeries(gpd.points_from_xy(*centres), crs=crs).to_crs("EPSG:4326")
    return pd.DataFrame(
        {
            "lon": points.x.round(6),
            "lat": points.y.round(6),
            "cell_metres": sizes[0],
            "bandwidth_metres": sizes[1],
            "per_km2": (found.density[inside] * _SQUARE_KM).round(2),
        }
    )
