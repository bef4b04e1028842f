"""Withheld, zero and missing: in every chart that can hold them each has its sign and its entry."""

import ast
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from labtools import charts
from labtools.charts.change import change_chart
from labtools.charts.dark_figure import dark_figure_chart
from labtools.charts.fear_gap import fear_gap_chart
from labtools.charts.intervals import interval_chart
from labtools.charts.perception import perception_chart
from labtools.charts.place import place_chart
from labtools.charts.series import series_chart
from labtools.charts.share_series import share_series_chart
from labtools.charts.tiers import change_map, tier_map
from labtools.messages import speaking
from tests.charts.drawing import elements, written

WITHHELD, MISSING, ZERO = "withheld to protect people", "no data", "zero"
#: Of a chart: what it cannot hold, and why.
NEVER = {
    "change_chart": {ZERO: "a ratio of nothing to something has no zero that is drawn"},
    "place_chart": {ZERO: "a place among colonias is a range, never a figure of zero"},
    "fear_gap_chart": {},
    "share_series_chart": {WITHHELD: "a city's published series withholds nobody"},
    "change_map": {ZERO: "it paints verdicts, not counts"},
}
#: Charts that cannot be given any of the three, and why.
OTHERS = {
    "locator_map": "draws a place, no figure",
    "borough_map": "writes every figure in words in its borough, no data included",
    "forecast_chart": "internal; every month forecast has its interval",
    "effects_chart": "its table holds figures only",
    "density_chart": "internal; a picture of files in classes, the first of which begins at zero",
}
STATES = ("suppressed", "missing", "shown", "shown")
GROUPS = ("violence", "robbery", "theft", "total")


def rows(**columns: object) -> pd.DataFrame:
    """Return four groups: withheld, missing, with a figure of zero, and with another."""
    return pd.DataFrame({"group": GROUPS, "state": STATES, **columns})


def known(zero: float, other: float) -> list[float]:
    return [np.nan, np.nan, zero, other]


def crime(**more: object) -> pd.DataFrame:
    return rows(
        events=pd.array([None, None, 0, 9], dtype="Int64"),
        rate=known(0.0, 4.0),
        lower=known(0.0, 2.0),
        upper=known(3.0, 7.0),
        smoothed=known(0.0, 4.0),
        smoothed_lower=known(0.0, 2.0),
        smoothed_upper=known(3.0, 7.0),
        municipality_rate=5.0,
        versus_municipality=["unknown", "unknown", "similar", "similar"],
        **more,
    )


def change() -> pd.DataFrame:
    return rows(
        before=pd.array([None, None, 3, 6], dtype="Int64"),
        now=pd.array([None, None, 0, 9], dtype="Int64"),
        ratio=known(0.0, 1.5),
        lower=known(0.0, 0.5),
        upper=known(2.0, 4.0),
        verdict=["unknown", "unknown", "none", "none"],
    )


def dark_figure() -> pd.DataFrame:
    counts = {"probable": known(1.0, 30.0), "lower": known(0.0, 20.0), "upper": known(4.0, 50.0)}
    return rows(events=pd.array([None, None, 0, 9], dtype="Int64"), **counts)


def fear_gap(state: str) -> str:
    told = dict.fromkeys(("both_high", "fear_only", "crime_only", "both_low"), np.nan)
    if state == "shown":
        told = {"both_high": 0.0, "fear_only": 0.9, "crime_only": 0.0, "both_low": 0.1}
    others = dict.fromkeys(("crime_ratio", "crime_lower", "crime_upper", "fear"), np.nan)
    verdict = "fear_only" if state == "shown" else "unknown"
    return fear_gap_chart(pd.DataFrame([{**told, **others, "verdict": verdict, "state": state}]))


def perception() -> str:
    table = pd.DataFrame(
        {
            "area_kind": ["colonia", "borough", "borough", "city"],
            "area": ["C1", "Norte", "Sur", "Example"],
            "indicator": "insecurity",
            "period": pd.Timestamp("2025-10-01"),
            "share": known(0.0, 0.5),
            "lower": known(0.0, 0.4),
            "upper": known(0.1, 0.6),
            "respondents": pd.array([5, 5, 50, 500], dtype="Int64"),
            "state": STATES,
            "source": "survey",
        }
    )
    return perception_chart(table)


def place() -> str:
    return place_chart(rows(lower_share=known(0.0, 0.2), upper_share=known(0.0, 0.8)))


def series() -> str:
    counts = pd.array([None, None, 0, 9], dtype="Int64")
    quarters = pd.date_range("2025-01-01", periods=4, freq="QS")
    table = rows(events=counts, events_low=counts, events_high=counts, quarter=quarters)
    return series_chart(table.assign(group="total"))


def share_series() -> str:
    quarters = pd.to_datetime(["2025-01-01", "2025-04-01", "2025-10-01"])
    shares = {"share": [0.4, 0.0, 0.5], "lower": [0.3, 0.0, 0.4], "upper": [0.5, 0.1, 0.6]}
    return share_series_chart(pd.DataFrame({"quarter": quarters, **shares}))


def painted(draw: Callable[..., str], table: pd.DataFrame, colonias: pd.DataFrame) -> str:
    keys = colonias["colonia_id"].tolist()[: len(table)]
    return draw(colonias, table.assign(colonia_id=keys, group="total"))


@pytest.fixture(scope="module")
def drawn(tables: dict[str, pd.DataFrame]) -> dict[str, list[str]]:
    """Return each chart with all that it can hold; in several where one holds one state only."""
    with speaking("en"):
        return every_chart(tables["colonias_shown"].head(4))


def every_chart(colonias: pd.DataFrame) -> dict[str, list[str]]:
    return {
        "interval_chart": [interval_chart(crime(), estimate=it) for it in ("rate", "smoothed")],
        "change_chart": [change_chart(change())],
        "dark_figure_chart": [dark_figure_chart(dark_figure())],
        "fear_gap_chart": [fear_gap(state) for state in ("suppressed", "missing", "shown")],
        "perception_chart": [perception()],
        "place_chart": [place()],
        "series_chart": [series()],
        "share_series_chart": [share_series()],
        "tier_map": [painted(tier_map, crime(), colonias)],
        "change_map": [painted(change_map, change(), colonias)],
    }


def test_every_chart_is_asked_for_or_says_why_it_holds_none_of_the_three(drawn):
    folder = Path(charts.__file__).parent
    made = {
        node.name
        for file in folder.glob("*.py")
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.endswith(("_chart", "_map"))
    }

    assert {name for name in made if not name.startswith("_")} == {*drawn, *OTHERS}


@pytest.mark.parametrize("state", [WITHHELD, MISSING, ZERO])
def test_each_state_that_a_chart_holds_stands_in_its_legend(drawn, state):
    silent = [
        name
        for name, pictures in drawn.items()
        if state not in NEVER.get(name, {})
        and not any(entry.startswith(state) for svg in pictures for entry in entries(svg))
    ]

    assert silent == []


@pytest.mark.parametrize("sign", ["withheld", "absent", "zero"])
def test_each_sign_that_a_chart_draws_has_its_entry_and_each_entry_its_sign(drawn, sign):
    words = {"withheld": WITHHELD, "absent": MISSING, "zero": ZERO}[sign]
    unlike = [
        name
        for name, pictures in drawn.items()
        if not name.endswith("_map")
        for svg in pictures
        if bool(signs(svg, sign)) != any(entry.startswith(words) for entry in entries(svg))
    ]

    assert unlike == []


def entries(svg: str) -> list[str]:
    return written(svg).split(" | ")


def signs(svg: str, sign: str) -> int:
    return sum(len(elements(svg, shape, class_=sign)) for shape in ("rect", "circle"))
