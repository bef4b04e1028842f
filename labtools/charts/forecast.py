"""What to expect in the next months: intervals of counts, never a number alone."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from labtools.charts import marks, rows, theme
from labtools.charts.figures import named, real
from labtools.charts.svg import Svg, joined
from labtools.messages import month, number, text
from labtools.tables import vocabulary as words
from labtools.tables.records import records

_KIND = "forecast"


def forecast_chart(forecast: pd.DataFrame, *, group: str = words.TOTAL, title: str = "") -> Svg:
    """Draw the counts to be expected in one colonia, month by month, with their intervals.

    Parameters
    ----------
    forecast : pandas.DataFrame
        Rows of the internal table ``forecast`` of one colonia.
    group : str, default "total"
        Crime group drawn.
    title : str, optional
        What is read aloud first.
    """
    table = records(forecast[forecast["group"] == group].sort_values("month"))
    drawn = [_row(row) for row in table]
    told = rows.Told(
        title or text("Recorded crimes to be expected: {group}", group=named(group)),
        " ".join(rows.sentence_of(one) for one in drawn) or words.label(words.MISSING),
    )
    keys = [
        marks.Key(
            marks.bar(0, 26, 0, theme.PLAIN_TINT, stroke=theme.ACCENT),
            text("95 of 100 times the count lies here"),
        ),
        marks.Key(marks.bar(5, 21, 0, theme.ACCENT), text("one time in two it lies here")),
    ]
    greatest = max((real(row["upper_95"]) for row in table), default=1.0)
    return rows.chart_of_rows(_KIND, drawn, _axis(greatest), keys, told)


def _row(row: Mapping[str, object]) -> rows.Row:
    figure = text(
        "between {low} and {high}",
        low=number(real(row["lower_95"])),
        high=number(real(row["upper_95"])),
    )

    def draw(axis: theme.Axis, y: float, _name: str) -> Svg:
        wide = axis.at(real(row["lower_95"])), axis.at(real(row["upper_95"]))
        narrow = axis.at(real(row["lower_50"])), axis.at(real(row["upper_50"]))
        return joined(
            [
                marks.bar(*wide, y, theme.PLAIN_TINT, stroke=theme.ACCENT),
                marks.bar(*narrow, y, theme.ACCENT),
            ]
        )

    return rows.Row(month(pd.Timestamp(str(row["month"]))), figure, draw)


def _axis(greatest: float) -> theme.Axis:
    steps = theme.steps_from_zero(max(greatest, 1.0))
    whole = tuple((step, number(step)) for step in steps if step == int(step))
    what = text("Recorded crimes in the month")
    return theme.Axis(0.0, steps[-1], rows.LEFT, rows.RIGHT, whole, what)
