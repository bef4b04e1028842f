"""Where a colonia lies among all: an interval on a scale of 0 to 100, never a position."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from labtools.charts import marks, rows, theme
from labtools.charts.figures import is_known, real, state_words
from labtools.charts.svg import Svg, name_of
from labtools.messages import number, text
from labtools.tables import vocabulary as words

_KIND = "place"


def place_chart(place: pd.DataFrame, *, title: str = "") -> Svg:
    """Draw what share of colonias records a lower rate, as intervals.

    Parameters
    ----------
    place : pandas.DataFrame
        Rows of the released table ``place`` of one colonia.
    title : str, optional
        What is read aloud first.

    Raises
    ------
    TableError
        If the table holds more than one colonia.
    """
    table = rows.in_order(place)
    drawn = [_row(row) for row in table]
    told = rows.Told(
        title or text("Of every 100 colonias, how many have a lower steadied rate"),
        " ".join(rows.sentence_of(row) for row in drawn),
    )
    name = name_of(_KIND, told.title, told.description)
    keys = rows.keys_of_states((_state(row) for row in table), name)
    if any(_state(row) == words.SHOWN for row in table):
        sign = marks.bar(0, 26, 0, _FILL, stroke=theme.ACCENT)
        keys.insert(0, marks.Key(sign, text("90 % interval")))
    return rows.chart_of_rows(_KIND, drawn, _axis(), keys, told)


_FILL = theme.PLAIN_TINT


def _state(row: Mapping[str, object]) -> str:
    if row["state"] == words.SHOWN and not is_known(row["lower_share"], row["upper_share"]):
        return words.MISSING
    return str(row["state"])


def _row(row: Mapping[str, object]) -> rows.Row:
    label, state = rows.group_label(dict(row)), _state(row)
    if state != words.SHOWN:
        return rows.Row(label, state_words(state), rows.without_figure(state))
    low, high = (real(row[end]) * 100 for end in ("lower_share", "upper_share"))

    def draw(axis: theme.Axis, y: float, _name: str) -> Svg:
        return marks.bar(axis.at(low), axis.at(high), y, _FILL, stroke=theme.ACCENT)

    figure = text("between {low} and {high} of every 100", low=number(low), high=number(high))
    return rows.Row(label, figure, draw)


def _axis() -> theme.Axis:
    return theme.Axis(
        0.0,
        100.0,
        rows.LEFT,
        rows.RIGHT,
        tuple((float(step), number(step)) for step in range(0, 101, 25)),
        text("Colonias with a lower steadied rate, of every 100"),
    )
