"""The error of sharing people out, against blocks whose people are known."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from labtools.demo.ground import lay_out
from labtools.errors import TableError
from labtools.messages import speaking
from labtools.places.interpolate import interpolate_counts, shares_of_area
from labtools.places.interpolation_error import interpolation_errors, spread_of_density
from tests.places.ground import square

METRES = "EPSG:6372"


def areas(shapes, key="ageb_id"):
    return gpd.GeoDataFrame({key: list(shapes)}, geometry=list(shapes.values()), crs=METRES)


def row_of_squares(n):
    return areas({str(at): square(at * 100, 0, 100) for at in range(n)})


def test_people_who_live_evenly_have_no_spread():
    even = pd.Series(50.0, index=[str(at) for at in range(12)])

    assert spread_of_density(even, row_of_squares(12), area_id="ageb_id") == 0


def test_the_spread_is_the_variance_of_a_share_in_units_of_a_yes_or_no():
    people = pd.Series([30.0, 10.0] * 6, index=[str(at) for at in range(12)])

    found = spread_of_density(people, row_of_squares(12), area_id="ageb_id")

    assert found == pytest.approx((0.75 - 0.5) ** 2 / 0.25)


def test_a_few_areas_do_not_tell_how_unevenly_people_live():
    with speaking("en"), pytest.raises(TableError, match="Only 2 pairs"):
        spread_of_density(
            pd.Series(5.0, index=["0", "1", "2"]), row_of_squares(3), area_id="ageb_id"
        )


def test_a_colonia_made_of_whole_areas_has_no_error():
    shares = pd.DataFrame({"ageb_id": ["a", "b"], "colonia_id": ["x", "x"], "share": [1.0, 0.9999]})

    found = interpolation_errors(
        pd.Series({"a": 10.0, "b": 20.0}), shares, pd.Index(["x", "y"]), spread=0.3
    )

    assert found.loc["x"].tolist() == [0, 30, 30]
    assert found.loc["y"].tolist() == [0, 0, 0]


def test_the_error_is_that_of_a_beta_share():
    shares = pd.DataFrame({"ageb_id": ["a", "a"], "colonia_id": ["x", "y"], "share": [0.2, 0.8]})

    found = interpolation_errors(pd.Series({"a": 100.0}), shares, pd.Index(["x", "y"]), spread=0.25)

    assert found["standard_error"].tolist() == pytest.approx([20.0, 20.0])
    assert found["certain"].tolist() == [0, 0]
    assert found["possible"].tolist() == [100, 100]


def test_known_residents_of_colonias_lie_within_two_errors_and_always_within_the_limits():
    rng = np.random.default_rng(7)
    ground = lay_out(rng)
    blocks = ground.blocks.assign(people=rng.lognormal(3.5, 0.8, len(ground.blocks)).round())
    inside = blocks[blocks["colonia"] >= 0]
    truth = inside.groupby("colonia")["people"].sum()
    ageb = areas({str(at): shape for at, shape in enumerate(ground.agebs)})
    colonias = areas({str(at): shape for at, shape in enumerate(ground.colonias)}, "colonia_id")
    counts = inside.groupby("ageb")["people"].sum().rename(index=str)
    shares = shares_of_area(ageb, colonias, source_id="ageb_id", target_id="colonia_id", crs=METRES)
    keys = pd.Index(colonias["colonia_id"])
    spread = spread_of_density(counts, ageb, area_id="ageb_id")

    found = interpolation_errors(counts, shares, keys, spread=spread)

    shared = interpolate_counts(counts, shares, keys).counts
    known = truth.rename(index=str).reindex(keys)
    off = (shared - known).abs()
    held = (off <= 2 * found["standard_error"]).mean()
    assert held >= 0.93
    assert off.mean() > 0.2 * found["standard_error"].mean()  # and it is not idly wide
    # Edges are cut by the overlay within a millimetre: a person at most.
    assert (known >= found["certain"] - 1).all()
    assert (known <= found["possible"] + 1).all()
