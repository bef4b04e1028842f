import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labtools.errors import TableError
from labtools.messages import speaking
from labtools.places.interpolate import interpolate_counts, shares_of_area
from tests.places.ground import square

METRES = "EPSG:6372"


def areas(key, shapes):
    """Return areas whose coordinates are metres of the projection itself."""
    return gpd.GeoDataFrame({key: list(shapes)}, geometry=list(shapes.values()), crs=METRES)


COLONIAS = areas(
    "colonia_id", {"a": square(0, 0, 100), "b": square(100, 0, 100), "c": square(500, 0, 100)}
)


def shares(shapes):
    return shares_of_area(
        areas("ageb_id", shapes), COLONIAS, source_id="ageb_id", target_id="colonia_id", crs=METRES
    )


def shared(counts, table):
    return interpolate_counts(pd.Series(counts, dtype=float), table, pd.Index(["a", "b", "c"]))


def test_people_of_an_ageb_fall_to_colonias_by_area():
    found = shared({"x": 100}, shares({"x": square(75, 0, 100)}))

    assert found.counts.to_dict() == pytest.approx({"a": 25, "b": 75, "c": 0})
    assert found.unallocated == 0


def test_people_are_taken_to_live_in_the_part_that_is_some_colonia():
    half_out = shares({"x": square(150, 0, 100)})

    assert shared({"x": 100}, half_out).counts["b"] == pytest.approx(100)


def test_an_ageb_outside_every_colonia_is_accounted_for():
    found = shared({"x": 10, "far": 7}, shares({"x": square(0, 0, 50), "far": square(900, 900)}))

    assert found.counts.sum() == pytest.approx(10)
    assert found.unallocated == 7


def test_an_ageb_that_only_touches_a_colonia_is_outside():
    found = shared({"x": 7}, shares({"x": square(200, 0, 100)}))

    assert (found.counts.sum(), found.unallocated) == (0, 7)


def test_people_of_a_colonia_that_nobody_asked_for_are_accounted_for():
    table = shares({"x": square(75, 0, 100)})

    found = interpolate_counts(pd.Series({"x": 100.0}), table, pd.Index(["a"]))

    assert found.counts["a"] + found.unallocated == pytest.approx(100)


def test_a_count_that_is_not_known_is_no_zero():
    table = shares({"x": square(0, 0), "y": square(2, 0)})

    with speaking("en"), pytest.raises(TableError, match="1 areas have no count, the first is y"):
        shared({"x": 1, "y": None}, table)


def test_overlapping_colonias_do_not_count_people_twice():
    over = areas("colonia_id", {"a": square(0, 0, 100), "b": square(0, 0, 100)})

    table = shares_of_area(
        areas("ageb_id", {"x": square(10, 10, 20)}),
        over,
        source_id="ageb_id",
        target_id="colonia_id",
        crs=METRES,
    )

    assert table["share"].tolist() == pytest.approx([0.5, 0.5])


corners = st.integers(-50, 250)
agebs = st.lists(
    st.tuples(corners, corners, st.integers(5, 200), st.integers(0, 5_000)), min_size=1, max_size=6
)


@settings(max_examples=40, deadline=None)
@given(drawn=agebs)
def test_nobody_is_lost_or_invented(drawn):
    shapes = {str(at): square(x, y, side) for at, (x, y, side, _) in enumerate(drawn)}
    people = {str(at): float(n) for at, (*_, n) in enumerate(drawn)}

    table = shares(shapes)
    found = shared(people, table)

    assert found.counts.sum() + found.unallocated == pytest.approx(sum(people.values()), abs=1e-6)
    assert (found.counts >= 0).all()
    assert table.groupby("ageb_id")["share"].sum().tolist() == pytest.approx(
        [1] * table["ageb_id"].nunique()
    )
