import numpy as np
import pytest
import shapely

from labtools.demo.chance import generator
from labtools.demo.ground import OUTSIDE, lay_out, scatter


def test_there_are_412_colonias_and_260_agebs_each_a_single_valid_polygon(city):
    for shapes, n in ((city.ground.colonias, 412), (city.ground.agebs, 260)):
        assert len(shapes) == n
        assert {shape.geom_type for shape in shapes} == {"Polygon"}
        assert shapely.is_valid(shapes).all()


def test_colonias_share_their_edges_and_never_overlap(city):
    # GEOS calls a coverage valid when edges match exactly and interiors are disjoint.
    assert shapely.coverage_is_valid(city.ground.colonias)
    assert shapely.coverage_is_valid(city.ground.agebs)


def test_about_three_hundredths_of_the_area_belong_to_no_colonia(city):
    whole = shapely.area(city.ground.agebs).sum()

    outside = 1 - shapely.area(city.ground.colonias).sum() / whole

    assert outside == pytest.approx(0.03, abs=0.002)


def test_agebs_do_not_nest_in_colonias(city):
    blocks = city.ground.blocks[city.ground.blocks["colonia"] != OUTSIDE]

    colonias_per_ageb = blocks.groupby("ageb")["colonia"].nunique()

    assert (colonias_per_ageb > 1).mean() > 0.9


def test_the_municipality_is_about_18_by_14_kilometres(city):
    west, south, east, north = shapely.total_bounds(city.ground.agebs)

    assert east - west == pytest.approx(18_000, rel=0.1)
    assert north - south == pytest.approx(14_000, rel=0.1)


def test_colonias_of_the_centre_are_smaller(city):
    area = shapely.area(city.ground.colonias)

    centre = city.ground.boroughs == 0

    assert np.median(area[centre]) < 0.7 * np.median(area[~centre])


def test_neighbours_are_those_that_share_an_edge_and_the_relation_is_mutual(city):
    neighbours = city.ground.neighbours.toarray()
    shapes = city.ground.colonias
    first, second = shapely.STRtree(shapes).query(shapes, predicate="touches")
    shared = shapely.length(shapely.intersection(shapes[first], shapes[second])) > 0

    expected = np.zeros_like(neighbours)
    expected[first[shared], second[shared]] = True

    np.testing.assert_array_equal(neighbours, expected)


def test_every_point_falls_in_the_colonia_asked_for(city):
    asked = np.repeat(np.arange(412), 5)
    weight = np.ones(len(city.ground.blocks))

    points = scatter(city.ground, asked, weight, np.random.default_rng(3))

    assert shapely.contains_xy(city.ground.colonias[asked], *points.T).all()


def test_points_prefer_the_blocks_that_weigh_more(city):
    mine = np.flatnonzero(city.ground.blocks["colonia"] == 10)
    weight = np.ones(len(city.ground.blocks))
    weight[mine[0]] = 3.0
    area = city.ground.blocks["area"].to_numpy()
    share = 3 * area[mine[0]] / (area[mine].sum() + 2 * area[mine[0]])

    points = scatter(city.ground, np.full(6_000, 10), weight, np.random.default_rng(4))

    cell = shapely.convex_hull(
        shapely.MultiPoint(
            city.ground.corners[city.ground.triangle_block == mine[0]].reshape(-1, 2)
        )
    )
    found = shapely.contains_xy(cell, *points.T).mean()
    assert found == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / 6_000))


@pytest.mark.parametrize("seed", [0, 11, 99])
def test_other_seeds_give_other_ground_of_the_same_size(seed, city):
    ground = lay_out(generator(seed, "ground"))

    assert (len(ground.colonias), len(ground.agebs)) == (412, 260)
    assert shapely.coverage_is_valid(ground.colonias)
    assert not np.array_equal(ground.centres, city.ground.centres)
