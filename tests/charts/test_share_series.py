import re

import pandas as pd
import pytest

from labtools import messages
from labtools.charts.share_series import share_series_chart

SERIES = pd.DataFrame(
    {
        "quarter": pd.to_datetime(["2024-07-01", "2024-10-01", "2025-01-01", "2025-07-01"]),
        "share": [0.383, 0.661, 0.398, None],
        "lower": [0.31, 0.55, 0.32, None],
        "upper": [0.45, 0.77, 0.48, None],
        "other": [0.37, 0.38, 0.39, 0.4],
    }
)


@pytest.fixture(autouse=True)
def english():
    with messages.speaking("en"):
        yield


def lines(drawn):
    return [d for d in re.findall(r' d="(M[^"]*)"', drawn) if "L" in d]


def test_each_quarter_is_read_aloud_with_its_interval_and_what_it_is_held_against():
    alone = str(share_series_chart(SERIES))
    beside = str(share_series_chart(SERIES, against="mix of cities"))

    assert "quarter 4 of 2024: 66 % (55 to 77 %)." in alone
    assert "mix of cities" not in alone
    assert "quarter 4 of 2024: 66 % (55 to 77 %); mix of cities: 38.0 %." in beside


def test_the_scale_is_that_of_all_people():
    drawn = str(share_series_chart(SERIES))

    assert ">0 %<" in drawn
    assert ">100 %<" in drawn


def test_the_line_breaks_where_a_quarter_has_no_figure():
    gap = SERIES.assign(share=[0.3, None, 0.4, 0.5])

    (unbroken,) = lines(str(share_series_chart(SERIES)))
    assert unbroken.count("M") == 1
    assert lines(str(share_series_chart(gap))) == []


def test_a_figure_without_an_interval_has_a_point_and_no_range():
    bare = SERIES.assign(lower=None, upper=None)

    assert str(share_series_chart(bare)).count("rx=") < str(share_series_chart(SERIES)).count("rx=")


def test_no_figure_at_all_is_told_missing():
    assert "no data" in str(share_series_chart(SERIES.iloc[3:])).lower()
