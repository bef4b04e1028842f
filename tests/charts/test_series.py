import pandas as pd
import pytest

from labtools.charts.series import series_chart
from tests.charts.drawing import described, elements, written


def series(*events: int | None, withheld: tuple[int, ...] = ()) -> pd.DataFrame:
    known = pd.Series(events, dtype="Int64")
    states = ["missing" if event is None else "shown" for event in events]
    for place in withheld:
        states[place] = "suppressed"
    return pd.DataFrame(
        {
            "colonia_id": "C1",
            "quarter": pd.date_range("2024-01-01", periods=len(events), freq="QS"),
            "group": "total",
            "events": known,
            "events_low": (known - 2).clip(lower=0),
            "events_high": known + 2,
            "state": states,
        }
    )


def test_the_line_breaks_where_a_quarter_has_no_figure():
    svg = series_chart(series(3, 6, None, 9, 3))

    line = elements(svg, "path", stroke_width="1.5")[0].attrib["d"]
    assert (line.count("M"), line.count("L")) == (2, 2)


def test_the_axis_begins_at_zero_and_counts_stand_in_proportion():
    svg = series_chart(series(0, 10, 20))

    zero, ten, twenty = (
        float(node.attrib["cy"])
        for node in sorted(elements(svg, "circle"), key=lambda n: float(n.attrib["cx"]))
        if float(node.attrib["cx"]) > 40
    )
    assert zero - ten == pytest.approx(ten - twenty, abs=0.11)


def test_zero_missing_and_withheld_are_three_signs_and_three_words():
    svg = series_chart(series(0, None, None, withheld=(2,)))

    assert len(elements(svg, "circle", class_="zero")) == 2
    assert len(elements(svg, "rect", class_="absent")) == 2
    assert len(elements(svg, "rect", class_="withheld")) == 2
    assert "quarter 1 of 2024: 0 (0 to 2)" in described(svg)
    assert "quarter 2 of 2024: no data" in described(svg)
    assert "quarter 3 of 2024: withheld" in described(svg)


def test_a_range_bar_spans_the_true_count():
    svg = series_chart(series(6, 0))

    first = elements(svg, "rect", width="6")[0].attrib
    point = elements(svg, "circle", r="4")[0].attrib
    middle = float(first["y"]) + float(first["height"]) / 2
    assert middle == pytest.approx(float(point["cy"]), abs=0.11)


def test_only_the_group_asked_for_is_drawn():
    both = pd.concat([series(3), series(9).assign(group="theft")])

    assert "9" not in described(series_chart(both))
    assert "9 (7 to 11)" in described(series_chart(both, group="theft"))


def test_a_group_without_rows_says_that_there_is_no_data():
    svg = series_chart(series(3), group="theft")

    assert described(svg) == "no data"
    assert "published count" not in written(svg)
