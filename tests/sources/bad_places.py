"""Bad registers and polygons: drawn twice, over each other, broken, or in another system."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely

from tests.sources.bad_case import (
    MEXICO,
    REGISTER,
    Bad,
    Found,
    events_text,
    fifty,
    located,
    read_events,
    two_colonias,
)
from tests.sources.supplied import intake, square

TRUE = {"001": 30, "002": 20}
(WEST, EAST), SOUTH, SIDE = MEXICO["xs"], MEXICO["y"], MEXICO["side"]
PENUELAS, CENTRO = (square(x, SOUTH, SIDE) for x in (WEST, EAST))
#: Peñuelas, drawn with its ring crossing itself far from the events.
BOWTIE = shapely.Polygon(
    [
        (WEST, SOUTH),
        (EAST, SOUTH),
        (EAST, SOUTH + SIDE),
        (WEST, SOUTH + SIDE),
        (WEST - 0.01, SOUTH + SIDE + 0.01),
        (WEST - 0.01, SOUTH + SIDE),
        (WEST, SOUTH + SIDE + 0.01),
    ]
)


def found_in(folder: Path, path: Path, said: Any = REGISTER, names: bool = False) -> Found:  # noqa: FBT001, FBT002 - a test's switch
    rows = fifty() if names else fifty(lambda _, row: row.update(colonia=""))
    events = read_events(folder, events_text(rows))
    return located(folder, events, intake(path, said, source="padron"))


def register(
    name: str,
    said: Any = REGISTER,
    family: str = "geo",
    *,
    written: bool = False,
    columns: dict[str, Any] | None = None,
    **verdict: Any,
) -> Bad:
    return Bad(
        family,
        f"a register with {name}",
        lambda folder: found_in(folder, two_colonias(folder, **(columns or {})), said, written),
        **verdict,
    )


def three(third: Any, key: str = "003", name: str = "Tercera") -> dict[str, Any]:
    return {
        "clave": ["001", "002", key],
        "nombre": ["Peñuelas", "Centro", name],
        "pob": ["900", "500", "70"],
        "geometry": [PENUELAS, CENTRO, third],
    }


def saved(
    name: str,
    file: str,
    make: Callable[[gpd.GeoDataFrame, Path], Path],
    said: Any = REGISTER,
    **verdict: Any,
) -> Bad:
    def run(folder: Path) -> Found:
        areas = gpd.GeoDataFrame(
            {"clave": ["001", "002"], "nombre": ["Peñuelas", "Centro"], "pob": [900, 500]},
            geometry=[PENUELAS, CENTRO],
            crs="EPSG:4326",
        )
        return found_in(folder, make(areas, folder / file), said)

    return Bad("geo", f"a register saved {name}", run, **verdict)


def in_system(crs: str) -> Callable[[gpd.GeoDataFrame, Path], Path]:
    def make(areas: gpd.GeoDataFrame, path: Path) -> Path:
        areas.to_crs(crs).to_file(path)
        return path

    return make


def called(crs: str) -> Callable[[gpd.GeoDataFrame, Path], Path]:
    """Save metres under the name of degrees."""

    def make(areas: gpd.GeoDataFrame, path: Path) -> Path:
        areas.to_crs(crs).set_crs("EPSG:4326", allow_override=True).to_file(path)
        return path

    return make


def swapped(areas: gpd.GeoDataFrame, path: Path) -> Path:
    turned = shapely.transform(areas.geometry.to_numpy(), lambda xy: xy[:, ::-1])
    areas.set_geometry(gpd.GeoSeries(turned, crs=areas.crs)).to_file(path)
    return path


def shapefile(*without: str, encoding: str = "UTF-8") -> Callable[[gpd.GeoDataFrame, Path], Path]:
    def make(areas: gpd.GeoDataFrame, path: Path) -> Path:
        areas.to_file(path.with_suffix(".shp"), encoding=encoding)
        with zipfile.ZipFile(path, "w") as archive:
            for part in sorted(path.parent.glob(f"{path.stem}.*")):
                if part.suffix not in {*without, ".zip"}:
                    archive.write(part, part.name)
        return path

    return make


def bombed(areas: gpd.GeoDataFrame, path: Path) -> Path:
    shapefile()(areas, path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("relleno.txt", b"\0" * (80 * 1024**2))
    return path


def cut(areas: gpd.GeoDataFrame, path: Path) -> Path:
    areas.to_file(path)
    path.write_bytes(path.read_bytes()[:-40])
    return path


DECLARED = {**REGISTER, "file": {"format": "geo", "crs": "EPSG:6372"}}
NAD27 = {**REGISTER, "file": {"format": "geo", "crs": "EPSG:4267"}}

REGISTERS = [
    register(
        "a bowtie",
        columns={"geometry": [BOWTIE, CENTRO]},
        truth=TRUE,
        account={"polygon_repaired": 1},
    ),
    register(
        "the same polygon twice",
        columns=three(PENUELAS),
        told=("padron.geojson", "001", "003", "same polygon"),
    ),
    register(
        "the same polygon twice, from another corner",
        columns=three(
            shapely.Polygon(
                list(PENUELAS.exterior.coords)[2:-1] + list(PENUELAS.exterior.coords)[:2]
            )
        ),
        told=("padron.geojson", "001", "003", "same polygon"),
    ),
    register(
        "the same key twice",
        columns=three(square(-99.9, SOUTH, SIDE), key="001"),
        told=("padron.geojson", "“clave”", "“001”"),
    ),
    register(
        "no key",
        columns=three(square(-99.9, SOUTH, SIDE), key=""),
        told=("padron.geojson", "“clave”"),
    ),
    register(
        "gross overlaps",
        columns={"geometry": [square(WEST, SOUTH, 0.08), CENTRO]},
        told=("padron.geojson", "001 and 002", "% of the ground"),
    ),
    register(
        "the whole municipality among its colonias",
        columns=three(shapely.box(WEST, SOUTH, EAST + SIDE, SOUTH + SIDE)),
        told=("padron.geojson", "003"),
    ),
    register(
        "a small colonia inside another",
        columns=three(square(WEST + 0.04, SOUTH + 0.04, 0.005)),
        truth=TRUE,
    ),
    register("a null polygon", columns=three(None), truth=TRUE, account={"no_polygon": 1}),
    register(
        "an empty polygon", columns=three(shapely.Polygon()), truth=TRUE, account={"no_polygon": 1}
    ),
    register(
        "a point in place of a polygon",
        columns=three(shapely.Point(WEST, SOUTH)),
        truth=TRUE,
        account={"no_polygon": 1},
    ),
    register(
        "points only",
        columns={"geometry": [PENUELAS.centroid, CENTRO.centroid]},
        told=("padron.geojson", "none has a polygon"),
    ),
    register(
        "people with a thousands mark",
        columns={"pob": ["1,234", "500"]},
        family="numbers",
        told=("padron.geojson", "“pob”", "“1,234”", "row 2"),
    ),
    register(
        "people with a point for thousands",
        columns={"pob": ["1.234", "500"]},
        family="numbers",
        told=("padron.geojson", "“pob”", "“1.234”", "row 2"),
    ),
    register(
        "fewer than no people",
        columns={"pob": [-1, 500]},
        family="numbers",
        told=("padron.geojson", "“pob”", "row 2"),
    ),
    register(
        "half a person",
        columns={"pob": [900.5, 500]},
        family="numbers",
        told=("padron.geojson", "“pob”", "row 2"),
    ),
    register(
        "people not known",
        columns={"pob": ["N.D.", "500"]},
        family="unknown tokens",
        told=("padron.geojson", "“pob”", "“N.D.”", "row 2"),
    ),
    register(
        "names encoded twice",
        columns={"nombre": ["PeÃ±uelas", "Centro"]},
        family="encoding",
        told=("padron.geojson", "“nombre”", "PeÃ±uelas"),
    ),
    Bad(
        "names",
        "homonyms, and only the name is known",
        lambda folder: _by_name(folder, three(square(-99.9, SOUTH, SIDE), name="Centro")),
        truth={"001": 30},
        account={"ambiguous_name": 20},
    ),
    Bad(
        "names",
        "a colonia called NA",
        lambda folder: _by_name(folder, three(square(-99.9, SOUTH, SIDE), name="NA"), Centro="NA"),
        truth={"001": 30, "003": 20},
    ),
    Bad(
        "names",
        "a colonia called None",
        lambda folder: _by_name(
            folder, three(square(-99.9, SOUTH, SIDE), name="None"), Centro="None"
        ),
        truth={"001": 30, "003": 20},
    ),
    saved("in metres", "p.gpkg", in_system("EPSG:6372"), truth=TRUE),
    saved("in another datum", "p.gpkg", in_system("EPSG:4267"), truth=TRUE),
    saved(
        "in metres called degrees",
        "p.gpkg",
        called("EPSG:6372"),
        told=("p.gpkg", "no degrees", "“crs”"),
    ),
    saved(
        "in metres called degrees, with its true system declared",
        "p.gpkg",
        called("EPSG:6372"),
        DECLARED,
        truth=TRUE,
    ),
    saved("with its axes swapped", "p.gpkg", swapped, told=("p.gpkg", "no degrees")),
    saved("as a shapefile", "p.zip", shapefile(), truth=TRUE),
    saved("without its reference system", "p.zip", shapefile(".prj"), told=("p.zip", "“crs”")),
    saved("in cp1252 without saying so", "p.zip", shapefile(".cpg", encoding="cp1252"), truth=TRUE),
    saved("in UTF-8 without saying so", "p.zip", shapefile(".cpg"), told=("p.zip", "“nombre”")),
    saved("with a bomb beside it", "p.zip", bombed, told=("p.zip", "250 times")),
    saved("cut short", "p.geojson", cut, told=("p.geojson", "cannot be read")),
]


def _by_name(folder: Path, columns: dict[str, Any], **spelt: str) -> Found:
    def change(_: int, row: dict[str, str]) -> None:
        row.update(lon="", lat="", colonia=spelt.get(row["colonia"], row["colonia"]))

    events = read_events(folder, events_text(fifty(change)))
    return located(folder, events, intake(two_colonias(folder, **columns), REGISTER))


CASES = REGISTERS
