import re

import geopandas as gpd
import pytest
from pyproj import Geod
from shapely.geometry import box

from labtools.charts.ground import ground_of
from labtools.charts.maps import locator_map
from labtools.charts.tiers import borough_map, change_map, tier_map
from labtools.errors import TableError
from tests.charts.drawing import described, elements, written
from tests.publish.released_example import WITHOUT_FICHA

HOSTILE = "\"><script>alert('x')</script>"


def width_of(path: str) -> float:
    moves = re.findall(r"[Ml](-?[\d.]+)[ -]", path)
    x = [float(moves[0])]
    for step in moves[1:]:
        x.append(x[-1] + float(step))
    return max(x) - min(x)


def test_the_scale_bar_agrees_with_geodesy(tables):
    colonias = tables["colonias_shown"]
    left, bottom, right, top = colonias.geometry.iloc[5].bounds
    middle = (bottom + top) / 2
    metres = Geod(ellps="WGS84").inv(left, middle, right, middle)[2]

    svg = locator_map(colonias, "C005")

    marked = elements(svg, "path", stroke_width="2.2")[0].attrib["d"]
    bar = elements(svg, "path", fill="none")[0].attrib["d"]
    units = float(re.search(r"h([\d.]+)", bar)[1])
    assert "500 m" in written(svg)
    assert width_of(marked) / units * 500 == pytest.approx(metres, rel=0.01)


def test_the_neighbours_are_named_in_words_and_the_colonia_in_the_picture(tables):
    svg = locator_map(tables["colonias_shown"], "C000")

    assert "Álamos del Río" in written(svg)
    assert "neighbours are Lomas de Ñáñez, Peñuelas Norte, and San Isidro" in described(svg)
    assert "Tres Cruces" not in described(svg)


def test_a_map_of_the_prepared_ground_is_the_same_map(tables):
    colonias = tables["colonias_shown"]

    assert locator_map(ground_of(colonias), "C003") == locator_map(colonias, "C003")


def test_a_map_is_light(tables):
    assert len(locator_map(tables["colonias_shown"], "C005")) < 6_000


def test_a_colonia_without_shape_is_named_in_the_error(tables):
    with pytest.raises(TableError, match="C999 has no shape"):
        locator_map(tables["colonias_shown"], "C999")


def test_a_register_with_empty_shapes_still_draws_the_others(tables):
    colonias = tables["colonias_shown"].copy()
    colonias.loc[3, "geometry"] = None

    assert "La Cañada" not in described(locator_map(colonias, "C002"))


def test_a_colonia_alone_says_that_it_has_no_neighbours():
    alone = gpd.GeoDataFrame(
        {"colonia_id": ["A"], "name": ["Sola"], "borough": [None]},
        geometry=[box(-100.01, 20.0, -100.0, 20.01)],
        crs="EPSG:4326",
    )

    assert "no neighbouring colonia" in described(locator_map(alone, "A"))


def test_hostile_names_are_words_in_maps(tables):
    colonias = tables["colonias_shown"].assign(name=HOSTILE)

    svg = locator_map(colonias, "C005")

    assert "<script" not in svg
    assert HOSTILE in described(svg)


def test_the_tiers_count_each_colonia_once_and_tell_missing_from_withheld(tables):
    crime = tables["crime"]

    svg = tier_map(tables["colonias_shown"], crime, group="violence")

    told = described(svg)
    tiers, zeros = told.split("zero recorded: ")  # a zero is counted in its tier too
    counts = [int(n) for n in re.findall(r": (\d+) colonia", tiers)]
    assert sum(counts) == 12
    none = crime.query("group == 'violence' and state == 'shown' and events == 0")
    assert zeros.startswith(f"{len(none)} colonias")
    assert "no data: 1 colonia." in told
    assert "withheld to protect people: 1 colonia." in told
    drawn = {node.attrib.get("class") for node in elements(svg, "path")} - {None}
    assert (
        {"missing", "suppressed"}
        <= drawn
        <= {
            "above",
            "similar",
            "below",
            "missing",
            "suppressed",
        }
    )


def test_a_colonia_without_a_row_has_no_data_and_is_not_low(tables):
    crime = tables["crime"]
    fewer = crime[crime["colonia_id"] != WITHOUT_FICHA]

    before, after = (described(tier_map(tables["colonias_shown"], t)) for t in (crime, fewer))

    assert "no data: 1 colonia." in before
    assert "no data: 2 colonias." in after


def test_the_map_of_tiers_has_no_gradient_and_paints_withheld_and_missing_apart(tables):
    svg = tier_map(tables["colonias_shown"], tables["crime"], group="violence")

    fills = {
        kind: elements(svg, "path", class_=kind)[0].attrib["fill"]
        for kind in ("missing", "suppressed", "similar")
    }
    assert len(set(fills.values())) == 3
    assert "radient" not in svg


def test_the_map_of_changes_counts_each_colonia_once_by_what_can_be_told_of_it(tables):
    colonias, change = tables["colonias_shown"], tables["change"].copy()
    change["state"], change["verdict"] = "shown", "none"
    first, second, third, fourth = colonias["colonia_id"].iloc[:4]

    def told(key, group, verdict, state="shown"):
        chosen = (change["colonia_id"] == key) & (change["group"] == group)
        change.loc[chosen, ["verdict", "state"]] = [verdict, state]

    told(first, "theft", "increase")
    told(second, "theft", "increase")
    told(second, "robbery", "decrease")
    told(third, "violence", "decrease")
    change.loc[change["colonia_id"] == fourth, ["verdict", "state"]] = ["unknown", "suppressed"]

    of_all = described(change_map(colonias, change))
    of_theft = described(change_map(colonias, change, group="theft"))

    rest = len(colonias) - 4
    assert "increased: 1 colonia. decreased: 1 colonia." in of_all
    assert "increased in one group, decreased in another: 1 colonia." in of_all
    assert f"no distinguishable change: {rest} colonias." in of_all
    assert "withheld to protect people: 1 colonia." in of_all
    assert "increased: 2 colonias." in of_theft
    assert f"no distinguishable change: {rest + 1} colonias." in of_theft


def test_the_map_of_boroughs_tells_their_figures_and_which_have_none(tables):
    svg = borough_map(tables["colonias_shown"], {"Norte": "2 of 3"}, title="Reached")

    assert "Norte: 2 of 3." in described(svg)
    assert "no data." in described(svg)
    assert "2 of 3" in written(svg)
