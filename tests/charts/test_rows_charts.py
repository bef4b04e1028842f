import numpy as np
import pandas as pd
import pytest

from labtools.charts.change import change_chart
from labtools.charts.intervals import interval_chart
from labtools.charts.perception import latest, perception_chart
from labtools.charts.place import place_chart
from labtools.charts.rows import LEFT, RIGHT
from labtools.errors import TableError
from labtools.tables.records import records
from tests.charts.drawing import described, elements, written
from tests.publish.released_example import ABSENT, WITHHELD

WIDE = RIGHT - LEFT


def slice_of(table: pd.DataFrame, colonia_id: str) -> pd.DataFrame:
    return table[table["colonia_id"] == colonia_id]


def crime(**changes: object) -> pd.DataFrame:
    row = {
        "group": "total",
        "rate": 10.0,
        "lower": 5.0,
        "upper": 20.0,
        "smoothed": 12.0,
        "smoothed_lower": 9.0,
        "smoothed_upper": 16.0,
        "municipality_rate": 15.0,
        "versus_municipality": "similar",
        "state": "shown",
    }
    return pd.DataFrame([{**row, **changes}])


def change(**changes: object) -> pd.DataFrame:
    row = {
        "group": "total",
        "before": 10,
        "now": 20,
        "ratio": 2.0,
        "lower": 1.0,
        "upper": 4.0,
        "verdict": "none",
        "state": "shown",
    }
    return pd.DataFrame([{**row, **changes}])


def bars(svg: str) -> list[tuple[float, float]]:
    found = [node for node in elements(svg, "rect", height="9") if float(node.attrib["y"]) > 0]
    return [(float(bar.attrib["x"]), float(bar.attrib["width"])) for bar in found]


def test_a_rate_its_interval_and_the_municipality_stand_where_the_axis_says():
    svg = interval_chart(crime(), estimate="rate")

    (x, width) = bars(svg)[0]
    line = elements(svg, "line")[0]
    point = elements(svg, "circle", r="4.5")[0]
    assert (x, width) == pytest.approx((LEFT + WIDE * 0.25, WIDE * 0.75), abs=0.06)
    assert float(line.attrib["x1"]) == pytest.approx(LEFT + WIDE * 0.75, abs=0.06)
    assert float(point.attrib["cx"]) == pytest.approx(LEFT + WIDE * 0.5, abs=0.06)


def test_the_steadied_rate_is_drawn_as_the_reading_is_of_it():
    svg = interval_chart(crime())

    assert "12.0 (9.0 to 16.0)" in written(svg)
    assert bars(svg)[0][0] == pytest.approx(LEFT + WIDE * 9 / 20, abs=0.06)


def test_the_alternative_text_holds_every_rate_with_its_interval_and_reading():
    told = described(interval_chart(crime(), estimate="rate"))

    assert "10.0 (5.0 to 20.0); municipality: 15.0; not distinguishable" in told


def test_only_a_difference_that_can_be_told_apart_has_a_triangle_the_rest_is_hatched():
    similar = interval_chart(crime())
    above = interval_chart(crime(versus_municipality="above"))

    assert not elements(similar, "polygon")
    assert "-similar)" in elements(similar, "rect", height="9")[0].attrib["fill"]
    assert elements(above, "polygon")
    assert "url(" not in elements(above, "rect", height="9")[0].attrib["fill"]


@pytest.mark.parametrize(
    ("changes", "sign", "words"),
    [
        ({"rate": 0.0, "lower": 0.0}, "zero", "0.0 (0.0 to 20.0)"),
        (
            {"rate": np.nan, "lower": np.nan, "upper": np.nan, "state": "missing"},
            "absent",
            "no data",
        ),
        (
            {"rate": np.nan, "lower": np.nan, "upper": np.nan, "state": "suppressed"},
            "withheld",
            "withheld",
        ),
    ],
)
def test_zero_missing_and_withheld_each_have_their_own_sign_and_words(changes, sign, words):
    svg = interval_chart(crime(**changes), estimate="rate")

    signs = {
        node.attrib.get("class") for name in ("rect", "circle") for node in elements(svg, name)
    }
    assert signs & {"zero", "absent", "withheld"} == {sign}
    assert words in written(svg)
    assert len(elements(svg, "circle", class_=sign) + elements(svg, "rect", class_=sign)) == 2, (
        "once in the row, once in the legend"
    )


def test_a_rate_that_is_marked_shown_but_has_no_value_is_never_drawn_as_zero():
    svg = interval_chart(crime(rate=np.nan, lower=np.nan, upper=np.nan), estimate="rate")

    assert not elements(svg, "circle")
    assert "no data" in written(svg)


def test_two_surveys_of_the_same_area_are_both_drawn_and_named(tables):
    city = tables["perception"].query("area_kind == 'city' and indicator == 'insecurity'")
    both = pd.concat([city, city.assign(source="city_perception", share=0.6)])

    told = described(perception_chart(both))

    assert "survey of the lab, October 2025: 48 %" in told
    assert "survey of cities, October 2025: 60 %" in told


def test_two_colonias_are_never_mixed_in_one_chart(tables):
    with pytest.raises(TableError, match="holds 12"):
        interval_chart(tables["crime"])


def test_the_total_comes_first_whatever_the_order_of_the_table(tables):
    table = slice_of(tables["crime"], "C000")

    assert interval_chart(table) == interval_chart(table.iloc[::-1])
    assert written(interval_chart(table)).startswith("All recorded crime")


def test_twice_and_half_lie_equally_far_from_no_change():
    twice, half = (
        elements(change_chart(change(ratio=r, lower=r, upper=r)), "circle", r="4.5")[0]
        for r in (2.0, 0.5)
    )

    middle = LEFT + WIDE / 2
    assert float(twice.attrib["cx"]) - middle == pytest.approx(
        middle - float(half.attrib["cx"]), abs=0.11
    )


def test_an_interval_that_goes_on_beyond_the_axis_says_so_at_that_end():
    def arrows(**changes: float) -> int:
        drawn = elements(change_chart(change(**changes)), "path", stroke_width="1.8")
        return len(drawn)

    assert arrows() == 0
    assert arrows(upper=np.inf) == 1
    assert arrows(lower=0.0, upper=64.0) == 2


def test_the_verdict_is_said_in_words_and_the_counts_are_read_aloud():
    svg = change_chart(change())

    assert "no distinguishable change" in written(svg)
    assert "10 before, 20 now; ratio 2.0 (1.0 to 4.0)" in described(svg)


def test_counts_without_a_ratio_are_no_missing_data_and_anything_is_possible():
    svg = change_chart(change(before=0, now=3, ratio=np.nan, lower=np.nan, upper=np.nan))

    assert "no distinguishable change" in written(svg)
    assert "no data" not in written(svg)
    assert "0 before, 3 now; no distinguishable change" in described(svg)
    ((_, width),) = bars(svg)
    ((_, widest),) = bars(change_chart(change(lower=0.001, upper=1_000.0)))
    assert width == pytest.approx(widest)


def test_a_place_is_a_range_and_never_a_position():
    table = pd.DataFrame(
        [
            {
                "group": "total",
                "lower_share": 0.4,
                "upper_share": 0.75,
                "colonias": 12,
                "state": "shown",
            }
        ]
    )

    svg = place_chart(table)

    assert bars(svg)[0] == pytest.approx((LEFT + WIDE * 0.4, WIDE * 0.35), abs=0.06)
    assert not elements(svg, "circle")
    assert "between 40 and 75 of every 100" in described(svg)
    # As `place_intervals` makes them.
    assert "90 % interval" in written(svg)
    assert "95 %" not in svg


def test_perception_keeps_the_last_period_and_says_when_too_few_were_asked(tables):
    kept = latest(records(tables["perception"]))
    svg = perception_chart(tables["perception"])

    assert [row["share"] for row in kept if row["area"] == "Norte"] == [0.57]
    assert "57 % (48 to 66 %); 208 people asked" in described(svg)
    assert "61 %" not in described(svg)
    assert "insufficient sample" in written(svg)


@pytest.mark.parametrize("chart", [interval_chart, change_chart, place_chart])
@pytest.mark.parametrize("colonia_id", ["C000", WITHHELD, ABSENT])
def test_the_same_table_gives_the_same_bytes_without_gradients_or_inline_styles(
    tables, chart, colonia_id
):
    name = {interval_chart: "crime", change_chart: "change", place_chart: "place"}[chart]
    table = slice_of(tables[name], colonia_id)

    svg = chart(table)

    assert svg == chart(table.copy())
    assert "radient" not in svg
    assert "style=" not in svg


def test_hostile_names_are_words_in_every_place_of_the_chart(tables):
    hostile = '<script>alert("x")</script>'
    table = tables["perception"].assign(area=hostile)

    svg = perception_chart(table)

    assert "<script" not in svg
    assert hostile in described(svg)
