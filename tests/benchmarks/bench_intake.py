"""Read a CSV file of some gigabytes within bounded memory; find the colonia of a million points.

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
import shapely
from record import record

from labtools.places.points import assign_points
from labtools.sources.descriptor import FileFormat
from labtools.sources.files import batches

HEADER = "folio,fecha,hora,delito,lon,lat,colonia\n"
ROW = (
    "CI-{at:010},2024-{month:02}-15,08:30:00,ROBO A TRANSEUNTE CON VIOLENCIA,"
    "-100.41{at:06},20.59{at:06},Colonia {at}\n"
)
LIMIT = 2 * 1024**3
#: As many as the case files of Mexico City in five years, and its colonias.
POINTS, COLONIAS = 1_100_000, 2_243
LEAST_RATIO = 2.5
REPEATS = 3


def main(gigabytes: float) -> None:
    """Print and record both figures."""
    read_big_file(gigabytes)
    place_points()


def read_big_file(gigabytes: float) -> None:
    """Read a big file whole, batch by batch."""
    with TemporaryDirectory() as folder:
        path, written = write_file(Path(folder) / "grande.csv", int(gigabytes * 1024**3))
        started = time.process_time()
        read = sum(len(batch) for batch in batches(path, FileFormat()))
        seconds = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    sys.stdout.write(
        f"{gigabytes:.1f} GiB, {read:,} rows in {seconds:.0f} s, peak {peak / 1024**2:,.0f} MiB\n"
    )
    record(csv_gib=gigabytes, csv_seconds_per_gib=seconds / gigabytes, csv_peak_mib=peak / 2**20)
    if read != written or peak > LIMIT:
        sys.exit(f"{written:,} rows were written, and memory may not pass {LIMIT:,} bytes")


def write_file(path: Path, size: int) -> tuple[Path, int]:
    """Write about `size` bytes of events and return the file and its rows."""
    block = "".join(ROW.format(at=at, month=at % 12 + 1) for at in range(100_000))
    blocks = max(1, size // len(block))
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(HEADER)
        for _ in range(blocks):
            file.write(block)
    return path, blocks * 100_000


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
