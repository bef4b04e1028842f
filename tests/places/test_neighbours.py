import geopandas as gpd
import pytest
from shapely.geometry import Polygon, box

from labtools.places.neighbours import find_neighbours

CRS = "EPSG:6372"


def register(shapes):
    """Colonias drawn in metres, kept in degrees as the register keeps them."""
    origin = (2_500_000, 900_000)
    moved = [
        None if shape is None else Polygon([(x + origin[0], y + origin[1]) for x, y in shape])
        for shape in shapes
    ]
    return gpd.GeoDataFrame(geometry=moved, crs=CRS).to_crs("EPSG:4326")


def square(x, y, side=100):
    return list(box(x, y, x + side, y + side).exterior.coords)


def test_colonias_that_share_a_side_or_a_corner_are_neighbours():
    matrix = find_neighbours(register([square(0, 0), square(100, 0), square(100, 100)]), CRS)

    assert matrix.toarray().tolist() == [[0, 1, 1], [1, 0, 1], [1, 1, 0]]


@pytest.mark.parametrize(("gap", "pairs"), [(14.9, 2), (15.1, 0)])
def test_a_street_keeps_no_neighbours_apart_but_more_than_a_street_does(gap, pairs):
    matrix = find_neighbours(register([square(0, 0), square(100 + gap, 0)]), CRS)

    assert matrix.nnz == pairs


def test_a_colonia_without_shape_has_no_neighbour_and_keeps_its_place():
    matrix = find_neighbours(register([square(0, 0), None, square(100, 0)]), CRS)

    assert matrix.toarray().tolist() == [[0, 0, 1], [0, 0, 0], [1, 0, 0]]
