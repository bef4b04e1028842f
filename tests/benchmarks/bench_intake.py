"""Collect and clean a CSV file of some gigabytes within bounded memory; find the colonia of points.

Run by hand: ``python tests/benchmarks/bench_intake.py [gigabytes]``.  Prints seconds and peak
memory, and how many times faster than a plain geopandas join points are placed (processor
seconds, both from bare coordinates); fails where memory passes 2 GiB, an answer differs, or the
join is less than 2.5 times faster.
"""

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import shapely
from record import record

from labtools.paths import Workbench
from labtools.places.points import assign_points
from labtools.privacy.keys import make_key
from labtools.workflow.intake import PSEUDONYM_KEY, clean, collect
from labtools.workflow.steps import open_workbench

HEADER = "folio,fecha,hora,delito,lon,lat,colonia\n"
SUBJECTS = ("ROBO A TRANSEUNTE CON VIOLENCIA", "ROBO DE VEHICULO", "LESIONES", "FRAUDE", "AMENAZAS")
SETTINGS = """
[lab]
name = "Banco de pruebas"
municipality = "Ninguno"
municipality_id = "99001"
seed = 1

[colonias]
path = "colonias.geojson"
descriptor = "colonias_demo"
cutoff = "2024-12-31"

[fichas]
select = "all"

[[source]]
name = "carpetas"
descriptor = "big"
path = "grande.csv"
cutoff = "2024-12-31"
"""
DESCRIPTOR = """
kind = "events"
title = "Carpetas"
publisher = "Nadie"
licence = "CC0"
record_type = "case_file"
crosswalk = "fgj"
[columns]
folio = "folio"
date = "fecha"
hour = "hora"
subject = "delito"
lon = "lon"
lat = "lat"
place = "colonia"
"""
LIMIT = 2 * 1024**3
ROWS_AT_ONCE = 100_000
#: As many as the case files of Mexico City in five years, and its colonias.
POINTS, COLONIAS = 1_100_000, 2_243
LEAST_RATIO = 2.5
REPEATS = 3


def main(gigabytes: float) -> None:
    """Print and record both figures."""
    read_big_file(gigabytes)
    place_points()


def read_big_file(gigabytes: float) -> None:
    """Collect and clean a big file, as a run does: every row to its table."""
    with TemporaryDirectory() as folder:
        home = Path(folder)
        written = make_workbench(home, int(gigabytes * 1024**3))
        opened = open_workbench(Workbench(home))
        started = time.process_time()
        collect(opened)
        accounts = {account.source: account for account in clean(opened)}
        seconds = time.process_time() - started
        kept = pq.read_metadata(home / "data/interim/clean/carpetas.events.parquet").num_rows
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    sys.stdout.write(
        f"{gigabytes:.1f} GiB, {kept:,} rows in {seconds:.0f} s, peak {peak / 1024**2:,.0f} MiB\n"
    )
    record(csv_gib=gigabytes, csv_seconds_per_gib=seconds / gigabytes, csv_peak_mib=peak / 2**20)
    if not kept == accounts["carpetas"].read == written or peak > LIMIT:
        sys.exit(f"{written:,} rows were written, and memory may not pass {LIMIT:,} bytes")


def make_workbench(home: Path, size: int) -> int:
    """Write a workbench with one file of about `size` bytes of events, and return its rows."""
    (home / "data" / "sources").mkdir(parents=True)
    (home / "data" / "sources" / "big.toml").write_text(DESCRIPTOR, encoding="utf-8")
    make_key(home / "data" / "secrets", PSEUDONYM_KEY)
    (home / "lab.toml").write_text(SETTINGS, encoding="utf-8")
    names = {"CVE_COL": ["c1", "c2"], "NOM_COLONIA": ["Col 1", "Col 2"], "DELEGACION": ["A", "A"]}
    more = {"VIV_HAB": [900, 900], "ALTA": ["2020-01-01", "2020-01-01"]}
    shapes = [shapely.box(-101, 20, -100.5, 21), shapely.box(-100.5, 20, -100, 21)]
    city = gpd.GeoDataFrame({**names, **more}, geometry=shapes, crs="EPSG:4326")
    city.to_file(home / "colonias.geojson")
    rows = 0
    with (home / "grande.csv").open("w", encoding="utf-8", newline="") as file:
        file.write(HEADER)
        while file.tell() < size:
            file.write(rows_from(rows))
            rows += ROWS_AT_ONCE
    return rows


def rows_from(first: int) -> str:
    """Return some rows; no block of them stands twice, as none does in a true file."""
    at = np.arange(first, first + ROWS_AT_ONCE)
    row = pc.binary_join_element_wise(
        "CI-", _digits(at, 10),
        ",2024-", _digits(at % 12 + 1, 2), "-", _digits(at // 12 % 28 + 1, 2),
        ",", _digits(at % 24, 2), ":30:00,",
        pa.array(SUBJECTS).take(pa.array(at % len(SUBJECTS))),
        ",-100.", _digits(at * 7919 % 999_983, 6), ",20.", _digits(at * 104_729 % 999_979, 6),
        ",Col ", _digits(at % 2 + 1, 1), "\n",
        "",
    )  # fmt: skip
    return "".join(row.to_pylist())


def _digits(number: np.ndarray, width: int) -> pa.Array:
    return pc.utf8_lpad(pa.array(number).cast(pa.string()), width, "0")


def place_points() -> None:
    """Place points in a city of colonias that share their edges, as geopandas would, and ours."""
    rng = np.random.default_rng(1)
    city, lon, lat = make_city(rng)
    plain, joined = best_of(lambda: plain_join(lon, lat, city))
    ours, found = best_of(lambda: assign_points(lon, lat, city))
    ratio = plain / ours
    sys.stdout.write(
        f"{POINTS:,} points × {COLONIAS:,} colonias: geopandas {plain:.2f} s, ours {ours:.2f} s, "
        f"{ratio:.1f} times faster\n"
    )
    record(spatial_join_ratio=ratio)
    holders = set(zip(joined.index, joined["index_right"].fillna(-1).astype(int), strict=True))
    if not all(pair in holders for pair in enumerate(found.tolist())):
        sys.exit("a point is in another colonia than geopandas says")
    if ratio < LEAST_RATIO:
        sys.exit(f"expected at least {LEAST_RATIO} times faster")


def make_city(rng: np.random.Generator) -> tuple[gpd.GeoDataFrame, np.ndarray, np.ndarray]:
    """Return colonias of many sizes, and points that crowd where colonias are small."""
    seeds = rng.normal([-99.14, 19.38], 0.09, (COLONIAS, 2))
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(seeds)))
    town = shapely.buffer(shapely.convex_hull(shapely.multipoints(seeds)), 0.005)
    shapes = shapely.segmentize(shapely.intersection(cells, town), 0.002)
    names = [f"c{at:05}" for at in range(len(shapes))]
    city = gpd.GeoDataFrame({"colonia_id": names}, geometry=shapes, crs="EPSG:4326")
    lon, lat = rng.normal([-99.14, 19.38], 0.09, (POINTS, 2)).round(5).T
    return city, lon, lat


def plain_join(lon: np.ndarray, lat: np.ndarray, city: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return what anybody would write first."""
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(lon, lat), crs="EPSG:4326")
    return gpd.sjoin(points, city, how="left")


def best_of(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the fewest processor seconds of some repeats, and the answer."""
    seconds = []
    for _ in range(REPEATS):
        started = time.process_time()
        answer = work()
        seconds.append(time.process_time() - started)
    return min(seconds), answer


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
