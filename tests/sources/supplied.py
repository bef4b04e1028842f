"""Suppliers' files small enough to read in a test, and what cleans them."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from labtools.sources.catalogue import CLEANERS
from labtools.sources.descriptor import Descriptor
from labtools.sources.protocol import Cleaned, Intake

KEY = bytes(range(32))

EVENTS = MappingProxyType(
    {
        "kind": "events",
        "record_type": "case_file",
        "columns": {
            "folio": "folio",
            "date": "fecha",
            "hour": "hora",
            "subject": "delito",
            "lon": "lon",
            "lat": "lat",
            "place": "colonia",
        },
    }
)
EVENTS_HEADER = "folio,fecha,hora,delito,lon,lat,colonia"

REGISTER = MappingProxyType(
    {
        "kind": "colonias",
        "file": {"format": "geo"},
        "columns": {"id": "clave", "name": "nombre", "population": "pob"},
    }
)


def descriptor(**said: Any) -> Descriptor:
    told = {"title": "Archivo", "publisher": "Dependencia", "licence": "CC0", **said}
    if told["kind"] in {"colonias", "ageb"}:
        # Squares of tests lie where their sums are easy, unless they say where the country ends.
        told = {"bounds": (-180, -90, 180, 90), **told}
    return Descriptor.model_validate(told)


def intake(path: Path, said: Any, **options: Any) -> Intake:
    """Return an intake of the file in `path`, with the cut at the end of 2024."""
    for day in ("cutoff", "first_day"):
        if day in options:
            options[day] = pd.Timestamp(options[day])
    given = {"source": "carpetas", "cutoff": pd.Timestamp("2024-12-31"), "key": KEY, **options}
    return Intake(path=path, descriptor=descriptor(**said), **given)


def clean(given: Intake) -> Cleaned:
    return CLEANERS[given.descriptor.kind](given)


def written(folder: Path, text: str | bytes, name: str = "hechos.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def events_file(folder: Path, *rows: str, name: str = "hechos.csv") -> Path:
    return written(folder, "\n".join([EVENTS_HEADER, *rows]) + "\n", name)


def square(x: float, y: float, side: float = 1.0) -> shapely.Polygon:
    return shapely.box(x, y, x + side, y + side)


def register_file(folder: Path, **columns: Any) -> Path:
    """Write a register as GeoJSON: one square for each key unless `geometry` says otherwise."""
    shapes = columns.pop("geometry", None)
    if shapes is None:
        shapes = [square(at, 0) for at in range(len(columns["clave"]))]
    path = folder / "padron.geojson"
    gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4326").to_file(path)
    return path
