"""Effects of a programme by time since it began, with their intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from labtools.charts import marks, rows, theme
from labtools.charts.figures import real
from labtools.charts.svg import Svg, joined
from labtools.messages import mark, number, say, text
from labtools.tables.records import records

_KIND = "effects"
_TITLES = {
    "crime": mark("Recorded crime against what was to be expected, by quarter since the entry"),
    "perception": mark("Share who feel unsafe against what was to be expected, by wave"),
}
_AXES = {
    "crime": mark("Difference from what was to be expected, in per cent"),
    "perception": mark("Difference from what was to be expected, in percentage points"),
}
_TIMES = {
    "crime": mark("Quarter {n} since the entry"),
    "perception": mark("Wave {n} of the survey since the entry"),
}
_UNITS = {"crime": " %", "perception": ""}
_LEAST = 10.0


def effects_chart(
    times: pd.DataFrame, *, outcome: str, title: str = "", level: float = math.nan
) -> Svg:
    """Draw the effect in each period since the entry, with its interval; nil is the reference.

    Parameters
    ----------
    times : pandas.DataFrame
        Rows of the released table ``evaluation_time`` of one protocol.
    outcome : {"crime", "perception"}
    title : str, optional
        What is read aloud first.
    level : float, optional
        Coverage of the intervals, for the legend.
    """
    table = sorted(records(times[times["outcome"] == outcome]), key=lambda row: real(row["since"]))
    drawn = [_row(row, outcome) for row in table]
    told = rows.Told(
        title or say(_TITLES[outcome]), " ".join(rows.sentence_of(one) for one in drawn)
    )
    sign = [marks.bar(0, 26, 0, theme.PLAIN_TINT, stroke=theme.ACCENT), marks.dot(13, 0)]
    keys = [
        marks.Key(joined(sign), _interval(level)),
        marks.Key(marks.reference(13, 0), text("no difference")),
    ]
    return rows.chart_of_rows(_KIND, drawn, _axis(table, outcome), keys, told)


def _interval(level: float) -> str:
    if math.isnan(level):
        return text("difference and its interval")
    digits = 0 if math.isclose(100 * level, round(100 * level)) else 1
    return text("difference and its {level} % interval", level=number(100 * level, digits))


def _row(row: Mapping[str, object], outcome: str) -> rows.Row:
    value, low, high = (real(row[end]) for end in ("value", "lower", "upper"))
    figure = text(
        "{value}{unit} ({lower} to {upper})",
        value=_signed(value),
        unit=_UNITS[outcome],
        lower=_signed(low),
        upper=_signed(high),
    )

    def draw(axis: theme.Axis, y: float, _name: str) -> Svg:
        bar = marks.bar(axis.at(low), axis.at(high), y, theme.PLAIN_TINT, stroke=theme.ACCENT)
        return joined([bar, marks.reference(axis.at(0.0), y), marks.dot(axis.at(value), y)])

    label = say(_TIMES[outcome], n=number(real(row["since"]) + 1))
    return rows.Row(label, figure, draw)


def _signed(value: float) -> str:
    sign = "−" if round(value, 1) < 0 else "+"
    return f"{sign}{number(abs(value), 1)}"


def _step(value: float) -> str:
    if not value:
        return "0"
    return f"{'−' if value < 0 else '+'}{number(abs(value), 0 if value == int(value) else 1)}"


def _axis(table: list[dict[str, object]], outcome: str) -> theme.Axis:
    ends = [abs(real(row[end])) for row in table for end in ("lower", "upper")]
    steps = theme.steps_from_zero(max([*ends, _LEAST]), about=2)
    named = [*(-step for step in reversed(steps[1:])), *steps]
    return theme.Axis(
        -steps[-1],
        steps[-1],
        rows.LEFT,
        rows.RIGHT,
        tuple((step, _step(step)) for step in named),
        say(_AXES[outcome]),
    )
