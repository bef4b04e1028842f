import math

import pandas as pd
import pytest

from labtools.dashboards.colonia_map import (
    TIERS,
    ColoniaMap,
    legend,
    tiers_of,
    zoom_that_fits,
)
from labtools.messages import speaking
from tests.browser.released_example import NAMES


def crime(*rows):
    columns = ["colonia_id", "group", "versus_municipality", "state"]
    return pd.DataFrame(rows, columns=columns)


@pytest.fixture
def clicks():
    return []


@pytest.fixture
def colonia_map(data, clicks):
    return ColoniaMap(data.colonias, clicks.append)


def styles(colonia_map):
    features = colonia_map.widget.layers[0].data["features"]
    return {f["properties"]["colonia_id"]: f["properties"]["style"] for f in features}


def test_a_figure_that_is_not_shown_has_its_state_for_a_tier():
    table = crime(
        ("a", "theft", "above", "shown"),
        ("b", "theft", "unknown", "suppressed"),
        ("c", "theft", "unknown", "missing"),
        ("a", "robbery", "below", "shown"),
    )

    assert tiers_of(table, "theft") == {"a": "above", "b": "suppressed", "c": "missing"}


def test_no_layer_asks_another_host_for_tiles(colonia_map):
    kinds = {type(layer).__name__ for layer in colonia_map.widget.layers}

    assert kinds == {"GeoJSON"}


def test_every_tier_has_a_sign_of_its_own(colonia_map):
    tiers = dict(zip(NAMES, TIERS, strict=False))

    colonia_map.show_tiers(tiers)

    drawn = styles(colonia_map)
    signs = {(drawn[key]["fillColor"], drawn[key]["dashArray"]) for key in tiers}
    assert len(signs) == len(TIERS)


def test_a_colonia_without_a_tier_is_missing_and_not_below(colonia_map):
    colonia_map.show_tiers({"C01": "below", "C02": "missing"})

    drawn = styles(colonia_map)
    assert drawn["C03"] == drawn["C02"] != drawn["C01"]


def test_the_map_carries_keys_and_shapes_and_no_other_column(colonia_map):
    colonia_map.show_tiers({})

    told = {key for f in colonia_map.widget.layers[0].data["features"] for key in f["properties"]}
    assert told == {"colonia_id", "style"}


def test_one_colonia_is_marked(colonia_map):
    colonia_map.mark("C04")
    colonia_map.mark("C05")

    marked = colonia_map.widget.layers[1].data["features"]
    assert [f["properties"]["colonia_id"] for f in marked] == ["C05"]


def test_a_key_that_is_no_colonia_marks_nothing(colonia_map):
    colonia_map.mark("C99")

    assert colonia_map.widget.layers[1].data["features"] == []


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ({"properties": {"colonia_id": "C03"}}, ["C03"]),
        ({"properties": "C03"}, [None]),
        ({}, [None]),
        ({"surprise": 1}, [None]),
    ],
)
def test_what_the_browser_says_was_clicked_may_be_anything(colonia_map, clicks, said, heard):
    colonia_map.widget.layers[0]._handle_mouse_events(None, {"event": "click", **said}, [])

    assert clicks == heard


@pytest.mark.parametrize(("width", "height"), [(480, 480), (1200, 300), (320, 700)])
def test_the_municipality_fits_and_one_step_more_would_not(width, height):
    bounds = (-100.6, 20.4, -100.2, 20.9)

    zoom = zoom_that_fits(bounds, (width, height))

    assert all(a <= b for a, b in zip(pixels(bounds, zoom), (width, height), strict=True))
    closer = pixels(bounds, zoom + 0.25)
    assert closer[0] > 0.9 * width or closer[1] > 0.9 * height


def pixels(bounds, zoom):
    """Return width and height in the Mercator of web maps (EPSG:3857), from its definition."""
    west, south, east, north = bounds
    around = 256 * 2**zoom
    heights = [math.log(math.tan(math.pi / 4 + math.radians(y) / 2)) for y in (south, north)]
    return (east - west) / 360 * around, (heights[1] - heights[0]) / (2 * math.pi) * around


def test_the_map_takes_the_size_of_the_readers_screen_once(colonia_map):
    wide = colonia_map.widget
    for side, place in (("left", 100.0), ("top", 200.0), ("right", 420.0), ("bottom", 500.0)):
        wide.set_trait(side, place)
    fitted = wide.zoom

    wide.set_trait("right", 2_000.0)

    assert fitted == wide.zoom
    west, south, east, north = colonia_map._bounds
    assert fitted == zoom_that_fits((west, south, east, north), (320, 300))


def test_the_legend_tells_the_signs_in_use_and_no_other():
    told = legend({"above", "suppressed"})

    assert told.count("<li>") == 2
    assert "zero" not in told
    with speaking("en"):
        assert "zero recorded: 7 colonias" in legend({"above", "suppressed"}, 7)
    assert "withheld" in told
