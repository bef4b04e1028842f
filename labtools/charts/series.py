"""Counts by quarter, with the range in which each true count lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from labtools.charts import marks, rows, theme
from labtools.charts.figures import count_words, is_known, named, real
from labtools.charts.quarters import (
    BASE,
    HEIGHT,
    gap_of,
    grid,
    height_of,
    measured,
    place_of,
    quarter_words,
    years,
)
from labtools.charts.svg import Svg, element, joined, name_of, picture
from labtools.messages import number, text
from labtools.tables import vocabulary as words

_KIND = "series"
_LEAST = (0.0, 1.0, 2.0, 3.0, 4.0)  # smallest axis: counts are whole


def series_chart(series: pd.DataFrame, *, group: str = words.TOTAL, title: str = "") -> Svg:
    """Draw one colonia's quarterly counts of one crime group.

    The line breaks where a quarter has no figure; the axis begins at zero.

    Parameters
    ----------
    series : pandas.DataFrame
        Rows of the released table ``series`` of one colonia.
    group : str, default "total"
        Crime group drawn.
    title : str, optional
        What is read aloud first.

    Raises
    ------
    TableError
        If the table holds more than one colonia.
    """
    chosen = series.loc[series["group"] == group].sort_values("quarter")
    table = rows.in_order(chosen)
    told = rows.Told(
        title or text("Recorded crime by quarter: {group}", group=named(group)),
        " ".join(_sentence(row) for row in table) or words.label(words.MISSING),
    )
    name = name_of(_KIND, told.title, told.description)
    scale = _scale(table)
    plot = [
        theme.patterns(name),
        measured(text("Recorded crimes in each quarter")),
        grid(scale),
        years([_day(row) for row in table]),
    ]
    plot += [
        _line(table, scale),
        *(_quarter(row, place_of(i, len(table)), scale, name) for i, row in enumerate(table)),
    ]
    legend, bottom = marks.legend(_keys(table, name), BASE + 26, theme.WIDTH)
    return picture(
        _KIND,
        (theme.WIDTH, bottom),
        title=told.title,
        description=told.description,
        body=[theme.canvas([*plot, legend])],
    )


def _state(row: Mapping[str, object]) -> str:
    if row["state"] == words.SHOWN and not is_known(row["events"]):
        return words.MISSING
    return str(row["state"])


def _day(row: Mapping[str, object]) -> pd.Timestamp:
    return row["quarter"]


def _sentence(row: Mapping[str, object]) -> str:
    return text(
        "{label}: {figure}.",
        label=quarter_words(_day(row)),
        figure=count_words(row["events"], row["events_low"], row["events_high"], _state(row)),
    )


def _scale(table: Sequence[Mapping[str, object]]) -> theme.Axis:
    known = [real(row[c]) for row in table for c in ("events", "events_high") if is_known(row[c])]
    steps = theme.steps_from_zero(max(known, default=4.0), about=4)
    if steps[-1] < len(_LEAST) - 1:
        steps = _LEAST
    whole = tuple((step, number(step)) for step in steps if step == int(step))
    return theme.Axis(0.0, steps[-1], 0.0, HEIGHT, whole, "")


def _line(table: Sequence[Mapping[str, object]], scale: theme.Axis) -> Svg:
    data, pen_down = "", False
    for i, row in enumerate(table):
        if _state(row) == words.SHOWN:
            x, y = place_of(i, len(table)), height_of(scale, row["events"])
            data += f"{'L' if pen_down else 'M'}{x:.1f} {y:.1f}"
        pen_down = _state(row) == words.SHOWN
    return element("path", d=data, fill="none", stroke=theme.ACCENT, stroke_width="1.5")


def _quarter(row: Mapping[str, object], x: float, scale: theme.Axis, name: str) -> Svg:
    state = _state(row)
    if state != words.SHOWN:
        return gap_of(state, x, name)
    y = height_of(scale, row["events"])
    sign = rows.zero(x, y) if row["events"] == 0 else marks.dot(x, y, fill=theme.ACCENT, size=4)
    if not is_known(row["events_low"], row["events_high"]):
        return sign
    low, high = height_of(scale, row["events_low"]), height_of(scale, row["events_high"])
    return joined([_range(x, high, low), sign])


def _range(x: float, top: float, bottom: float) -> Svg:
    return element(
        "rect", x=x - 3, y=top, width=6, height=max(bottom - top, 0.0), fill=theme.RANGE, rx=1
    )


def _keys(table: Sequence[Mapping[str, object]], name: str) -> list[marks.Key]:
    states = [_state(row) for row in table]
    keys = []
    if words.SHOWN in states:
        keys.append(marks.Key(marks.dot(13, 0, fill=theme.ACCENT, size=4), text("published count")))
    if any(
        is_known(row["events_low"]) and row["events_low"] != row["events_high"] for row in table
    ):
        keys.append(marks.Key(_range(13, -8, 8), text("the true count lies in this range")))
    if any(_state(row) == words.SHOWN and row["events"] == 0 for row in table):
        keys.append(rows.key_of_zero())
    return keys + rows.keys_of_states(states, name)
