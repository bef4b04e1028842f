import re

import pandas as pd
import pytest

from labtools import messages
from labtools.charts.dark_figure import dark_figure_chart
from labtools.charts.fear_gap import fear_gap_chart
from labtools.errors import TableError
from tests.narrative.test_felt import DARK, GAP


@pytest.fixture(autouse=True)
def english():
    with messages.speaking("en"):
        yield


def test_the_fear_gap_is_read_aloud_whole():
    drawn = str(fear_gap_chart(pd.DataFrame([{"colonia_id": "a", **GAP}])))

    assert "More fear than in the city, and not more crime: 86" in drawn
    assert "0.6 times the city" in drawn
    assert "75 of every 100 people" in drawn


def test_a_withheld_fear_gap_is_drawn_withheld_and_without_a_number():
    row = dict.fromkeys(GAP, float("nan")) | {"verdict": "unknown", "state": "suppressed"}

    drawn = str(fear_gap_chart(pd.DataFrame([{"colonia_id": "a", **row}])))

    assert 'class="withheld"' in drawn
    assert "given the doubt of both" not in drawn
    assert "times the city" not in drawn


def test_recorded_and_probable_crimes_stand_in_one_row():
    rows = [
        {"colonia_id": "a", **DARK},
        {"colonia_id": "a", **DARK, "group": "theft", "state": "suppressed", "probable": None},
    ]

    drawn = str(dark_figure_chart(pd.DataFrame(rows)))

    assert "24 recorded; 60 probable (41 to 98)" in drawn
    assert "withheld to protect people" in drawn


def test_what_is_withheld_whole_has_no_scale_and_no_signs_of_figures():
    hidden = {"colonia_id": "a", **DARK, "state": "suppressed", "probable": None}

    drawn = str(dark_figure_chart(pd.DataFrame([hidden])))

    assert "withheld" in drawn
    assert "95 %" not in drawn
    assert ">0<" not in drawn
    assert ">1<" not in drawn


def test_none_recorded_has_a_sign_of_its_own_which_the_legend_tells():
    none = pd.DataFrame([{"colonia_id": "a", **DARK, "events": 0}])

    drawn = str(dark_figure_chart(none))

    assert 'class="zero"' in drawn
    assert "zero (not a missing figure)" in drawn
    assert 'class="zero"' not in str(dark_figure_chart(none.assign(events=24)))


def test_a_count_that_is_rounded_says_so_where_fewer_crimes_are_probable_than_files():
    exact = pd.DataFrame([{"colonia_id": "a", **DARK}])
    rounded = exact.assign(events=6, probable=5.0, lower=2.0, upper=12.0)

    assert "a rounded count, and the true one may be lower" in str(dark_figure_chart(rounded))
    assert "rounded" not in str(dark_figure_chart(exact))


def test_a_figure_that_leaves_its_label_no_room_stands_under_it():
    city = {**DARK, "events": 8_586, "probable": 21_568.0, "lower": 19_040.0, "upper": 25_091.0}
    drawn = str(dark_figure_chart(pd.DataFrame([city])))

    label = re.search(r'<text [^>]*y="([\d.]+)"[^>]*>All recorded crime', drawn)
    figure = re.search(r'<text [^>]*y="([\d.]+)"[^>]*>8,586 recorded', drawn)
    assert float(figure[1]) > float(label[1])


def test_the_quadrant_that_is_certain_is_the_only_one_with_a_heavy_border():
    certain = pd.DataFrame([{"colonia_id": "a", **GAP}])

    drawn, doubtful = (
        str(fear_gap_chart(certain.assign(verdict=verdict))) for verdict in ("fear_only", "unknown")
    )

    assert drawn.count('class="certain"') == 1
    assert "told with enough certainty" in drawn
    assert 'class="certain"' not in doubtful
    assert "told with enough certainty" not in doubtful


def test_two_colonias_in_one_chart_are_refused():
    rows = pd.DataFrame([{"colonia_id": "a", **DARK}, {"colonia_id": "b", **DARK}])

    with pytest.raises(TableError, match="one colonia"):
        dark_figure_chart(rows)
