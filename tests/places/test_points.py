"""Many points at once, against what geopandas and shapely say of them."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from labtools.places.points import assign_points
from tests.places.ground import register, square


def city(seed, colonias=150):
    """Return colonias that share their edges, some drawn over others, one in two parts."""
    rng = np.random.default_rng(seed)
    seeds = shapely.multipoints(rng.random((colonias, 2)))
    shapes = list(shapely.get_parts(shapely.voronoi_polygons(seeds, extend_to=square(0, 0))))
    shapes += [square(0.3, 0.3, 0.2), shapely.MultiPolygon([square(0, 0, 0.1), square(2, 2, 0.1)])]
    shapes.append(square(0.6, 0.6, 0.3).difference(square(0.7, 0.7, 0.1)))  # with a hole
    return register({f"c{at:03}": shape for at, shape in enumerate(shapes)})


def smallest_holder(town, x, y):
    area = shapely.area(town.geometry.to_numpy())
    holders = np.flatnonzero(shapely.intersects_xy(town.geometry.to_numpy(), x, y))
    return min(holders, key=lambda at: (area[at], town["colonia_id"][at]), default=-1)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_each_of_many_points_is_in_the_smallest_colonia_that_shapely_finds(seed):
    town = city(seed)
    corners = shapely.get_coordinates(town.geometry.to_numpy())
    middles = (corners[1:] + corners[:-1]) / 2
    spread = np.random.default_rng(seed).uniform(-0.5, 2.5, (400, 2))
    x, y = np.vstack([corners, middles, spread]).T

    found = assign_points(x, y, town)

    assert found.tolist() == [smallest_holder(town, *point) for point in zip(x, y, strict=True)]


def test_a_point_that_is_missing_or_endlessly_far_is_outside():
    x, y = np.array([[np.nan, 0.5], [0.5, np.inf], [1e300, 0.5], [-np.inf, np.nan]]).T

    assert assign_points(x, y, city(1)).tolist() == [-1] * 4


def test_a_register_without_colonias_holds_no_point():
    assert assign_points(np.array([0.5]), np.array([0.5]), register({})).tolist() == [-1]


def test_a_colonia_as_thin_as_a_line_is_no_trap():
    thin = register({"a": shapely.LineString([(0, 0), (0, 1)])})

    assert assign_points(np.array([0.0, 0.1]), np.array([0.5, 0.5]), thin).tolist() == [0, -1]


@pytest.mark.real_data
@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "key", "share"),
    [("colonias_imc2020.geojson", "CVE_COL", 99.5), ("colonias_iecm.gpkg", "CVEUT", 99.9)],
)
def test_the_case_files_of_mexico_city_fall_where_geopandas_says(real_data, file, key, share):
    folder = real_data / "cdmx"
    points = pd.read_csv(folder / "carpetas_fgj_2019_2023.csv.gz", usecols=["longitud", "latitud"])
    town = gpd.read_file(folder / file).rename(columns={key: "colonia_id"})
    lon, lat = (points[name].to_numpy() for name in ("longitud", "latitud"))

    found = assign_points(lon, lat, town)

    shapes = gpd.GeoDataFrame(geometry=gpd.points_from_xy(lon, lat), crs=4326)
    joined = gpd.sjoin(shapes, town[["colonia_id", "geometry"]], how="left")
    said = joined["index_right"].fillna(-1).astype(int)
    ours = found[joined.index] == said.to_numpy()
    assert ours.reshape(-1).sum() == len(lon) == joined.index[ours].nunique()
    assert round(100 * (found >= 0).mean(), 1) == share
