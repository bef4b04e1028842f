"""Recorded crime and what it may stand for, group by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from labtools.charts import marks, rows, theme
from labtools.charts.figures import is_known, real
from labtools.charts.svg import Svg, joined, name_of
from labtools.messages import number, text
from labtools.tables import vocabulary as words

_KIND = "dark-figure"


def dark_figure_chart(dark_figure: pd.DataFrame, *, title: str = "") -> Svg:
    """Draw recorded and probable crimes of one colonia, with the interval of the latter.

    Parameters
    ----------
    dark_figure : pandas.DataFrame
        Rows of the released table ``dark_figure`` of one colonia.
    title : str, optional
        What is read aloud first.

    Raises
    ------
    TableError
        If the table holds more than one colonia.
    """
    table = rows.in_order(dark_figure)
    drawn = [_row(row) for row in table]
    told = rows.Told(
        title or text("Recorded crimes, and those that probably happened, in twelve months"),
        " ".join(rows.sentence_of(one) for one in drawn),
    )
    name = name_of(_KIND, told.title, told.description)
    keys = _keys(_recorded_words(table)) if any(_shown(row) for row in table) else []
    if any(_shown(row) and real(row["events"]) == 0 for row in table):
        keys.append(rows.key_of_zero())
    keys += rows.keys_of_states((_state(row) for row in table if not _shown(row)), name)
    return rows.chart_of_rows(_KIND, drawn, _axis(table), keys, told)


def _recorded_words(table: Sequence[Mapping[str, object]]) -> str:
    """Return what the sign of recorded crimes is; a count that is rounded says so where it shows.

    Fewer crimes than files are probable only where the count is rounded.
    """
    if any(_shown(row) and real(row["lower"]) < real(row["events"]) for row in table):
        return text("recorded: a rounded count, and the true one may be lower")
    return text("recorded")


def _keys(recorded: str) -> list[marks.Key]:
    sign = joined([marks.bar(0, 26, 0, theme.PLAIN_TINT, stroke=theme.ACCENT), marks.dot(13, 0)])
    return [
        marks.Key(marks.reference(13, 0), recorded),
        marks.Key(sign, text("probable, and its 95 % interval")),
    ]


def _row(row: Mapping[str, object]) -> rows.Row:
    label = rows.group_label(dict(row))
    if not _shown(row):
        return rows.Row(label, words.label(_state(row)), rows.without_figure(_state(row)))
    figure = text(
        "{recorded} recorded; {probable} probable ({low} to {high})",
        recorded=number(real(row["events"])),
        probable=number(real(row["probable"])),
        low=number(real(row["lower"])),
        high=number(real(row["upper"])),
    )

    def draw(axis: theme.Axis, y: float, _name: str) -> Svg:
        ends = axis.at(real(row["lower"])), axis.at(real(row["upper"]))
        return joined(
            [
                marks.bar(*ends, y, theme.PLAIN_TINT, stroke=theme.ACCENT),
                _recorded(axis.at(real(row["events"])), y, row),
                marks.dot(axis.at(real(row["probable"])), y),
            ]
        )

    return rows.Row(label, figure, draw)


def _recorded(x: float, y: float, row: Mapping[str, object]) -> Svg:
    """Return the sign of what was recorded; none recorded is a figure, and has one of its own."""
    return rows.zero(x, y) if real(row["events"]) == 0 else marks.reference(x, y)


def _state(row: Mapping[str, object]) -> str:
    """Return why a row has no figure: one that is told to be shown and has none is missing."""
    return words.MISSING if row["state"] == words.SHOWN else str(row["state"])


def _shown(row: Mapping[str, object]) -> bool:
    return row["state"] == words.SHOWN and is_known(row["probable"], row["lower"], row["upper"])


def _axis(table: Sequence[Mapping[str, object]]) -> theme.Axis:
    known = [real(row["upper"]) for row in table if _shown(row)]
    # Without a figure there is no scale to write: "0 0 0 1 1 1" would be one of fractions.
    steps = theme.steps_from_zero(max(known, default=5.0))
    digits = 0 if all(step == int(step) for step in steps) else 1
    return theme.Axis(
        0.0,
        steps[-1],
        rows.LEFT,
        rows.RIGHT,
        tuple((step, number(step, digits)) for step in steps) if known else (),
        text("Crimes in twelve months"),
    )
