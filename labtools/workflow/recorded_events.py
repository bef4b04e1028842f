"""Case files one by one, as the patterns of a run need them: lab staff and analysts only."""

from __future__ import annotations

from types import MappingProxyType

import geopandas as gpd
import numpy as np
import pandas as pd

from labtools.tables.contracts import empty_table
from labtools.tables.lineage import code_digest, digest_of, sha256_of
from labtools.tables.store import read_table
from labtools.workflow.steps import Opened

EVENTS = "events_recorded"
#: How an event was located whose colonia its own point told.
TRUE_POINTS = ("inside", "on_edge")
#: Step → table of it that tells where an event was.
_OF_POINTS = MappingProxyType({"clean": "events", "located": "located"})
_TOLD = ["occurred_on", "hour", "crime_group", "crime_code"]


def recorded_events(opened: Opened) -> pd.DataFrame:
    """Return day, hour, group, code and place of the case files.

    ``x`` and ``y`` are metres of the lab's projection, where a true point lies inside a colonia;
    missing where only a name told the colonia, and for points that stand for an office.
    """
    folder = opened.workbench.interim("classified")
    parts = []
    for name in _of_case_files(opened):
        files = read_table("classified", folder, as_name=f"{name}.classified")
        parts.append(files[_TOLD].join(_points(opened, name, files)))
    filled = [part for part in parts if len(part)]
    if not filled:
        return empty_table("classified")[_TOLD].assign(x=np.nan, y=np.nan)
    return pd.concat(filled, ignore_index=True)


def events_digest(opened: Opened) -> str:
    """Return the digest of what `recorded_events` is made from, reading none of it."""
    files = [
        sha256_of(opened.workbench.interim(step) / f"{name}.{table}.parquet")
        for name in _of_case_files(opened)
        for step, table in (*_OF_POINTS.items(), ("classified", "classified"))
    ]
    return digest_of(code_digest(), opened.settings.lab.crs, files)


def _of_case_files(opened: Opened) -> list[str]:
    """Return the names of the sources of case files."""
    events = opened.of_kind("events")
    return [it.name for it in events if opened.descriptor(it).record_type == "case_file"]


def _points(opened: Opened, source: str, files: pd.DataFrame) -> pd.DataFrame:
    """Return exact points, which stand in ``clean`` only: after it they are coarse."""
    read = {
        step: read_table(name, opened.workbench.interim(step), as_name=f"{source}.{name}")
        for step, name in _OF_POINTS.items()
    }
    found = read["located"].set_index("event_id")["location_quality"]
    exact = read["clean"].set_index("event_id")[["lon", "lat"]]
    true = exact.loc[found.index[found.isin(TRUE_POINTS)]]
    points = gpd.GeoSeries(gpd.points_from_xy(true["lon"], true["lat"]), crs="EPSG:4326")
    metres = points.to_crs(opened.settings.lab.crs)
    at = pd.DataFrame({"x": metres.x.to_numpy(), "y": metres.y.to_numpy()}, index=true.index)
    return at.reindex(files["event_id"]).set_axis(files.index)
