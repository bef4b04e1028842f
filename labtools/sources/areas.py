"""Opening suppliers' files of polygons: one layer, in degrees."""

from __future__ import annotations

import zlib
from pathlib import Path
from zipfile import BadZipFile

import geopandas as gpd
import pyarrow as pa
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj.exceptions import CRSError

from labtools.errors import SourceError
from labtools.forms import FileFormat
from labtools.sources.columnar import check_parquet
from labtools.sources.opening import check_archive, refuse_size

DEGREES = "EPSG:4326"
_EAST, _NORTH = 180, 90
#: What the openers raise for a file that is none, or is damaged.
_UNREADABLE = (
    DataSourceError,
    DataLayerError,
    OSError,
    BadZipFile,
    zlib.error,
    pa.ArrowException,
    ValueError,  # a Parquet file without the mark of GeoParquet
)


def read_areas(path: Path, form: FileFormat) -> gpd.GeoDataFrame:
    """Return the polygons in a GeoJSON, GPKG, GeoParquet or zipped SHP file, in EPSG:4326.

    Raises
    ------
    SourceError
        If it cannot be read, is too large or expands too far, has several layers of which none
        is named, or nobody says its reference system.
    """
    if path.suffix.lower() == ".shp":
        raise SourceError(
            "{path} is one of several files. Add all the files of the shapefile (.shp, .shx, .dbf, "
            ".prj and .cpg) to one ZIP, and give that.",
            path=path.name,
        )
    try:
        if path.suffix.lower() == ".zip":
            check_archive(path)
        if path.suffix.lower() == ".parquet":
            areas = _geoparquet(path)
        else:
            refuse_size(path)
            areas = gpd.read_file(path, layer=_layer(path, form))
    except _UNREADABLE as wrong:
        raise SourceError(
            "{path} cannot be read as polygons ({reason}). GeoJSON, GPKG, GeoParquet, and a ZIP "
            "with all the files of a shapefile are accepted.",
            path=path.name,
            reason=str(wrong),
        ) from wrong
    found = _in_degrees(path, areas, form.crs)
    _refuse_no_degrees(path, found)
    return found


def _geoparquet(path: Path) -> gpd.GeoDataFrame:
    with path.open("rb") as file:
        check_parquet(path, file)
    return gpd.read_parquet(path)


def _layer(path: Path, form: FileFormat) -> str:
    layers = [str(name) for name, kind in pyogrio.list_layers(path) if kind is not None]
    if not layers:
        raise SourceError(
            "{path} is a table without polygons. Ask for the areas as GeoJSON or GPKG.",
            path=path.name,
        )
    wanted = form.sheet or (layers[0] if len(layers) == 1 else "")
    if wanted not in layers:
        raise SourceError(
            "{path} has the layers {layers}, and its descriptor names “{sheet}”. Write under "
            "“sheet” which one holds the areas.",
            path=path.name,
            layers=tuple(layers),
            sheet=form.sheet,
        )
    return wanted


def _in_degrees(path: Path, areas: gpd.GeoDataFrame, declared: str) -> gpd.GeoDataFrame:
    if areas.crs is None and not declared:
        raise SourceError(
            "{path} does not say its coordinate reference system. Add “crs” under [file] in its "
            "descriptor.",
            path=path.name,
        )
    try:
        known = areas.set_crs(declared, allow_override=True) if declared else areas
    except CRSError as unknown:
        raise SourceError(
            "{path}: the “crs” of its descriptor, “{crs}”, is not a reference system. Write its "
            "EPSG code, for example EPSG:6372.",
            path=path.name,
            crs=declared,
        ) from unknown
    return known.to_crs(DEGREES)


def _refuse_no_degrees(path: Path, areas: gpd.GeoDataFrame) -> None:
    """Refuse metres or swapped axes in a file that says it is in degrees."""
    west, south, east, north = areas.total_bounds
    if max(abs(west), abs(east)) > _EAST or max(abs(south), abs(north)) > _NORTH:
        raise SourceError(
            "{path}: its polygons reach from {west}, {south} to {east}, {north}, which are no "
            "degrees of longitude and latitude. Write their true reference system as “crs” under "
            "[file] in its descriptor, or ask for the axes in the order longitude, latitude.",
            path=path.name,
            west=f"{west:.0f}",
            south=f"{south:.0f}",
            east=f"{east:.0f}",
            north=f"{north:.0f}",
        )
