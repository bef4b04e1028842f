"""A share by quarter with its interval, and what it is held against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from labtools.charts import marks, rows, theme
from labtools.charts.figures import is_known, real, share_words
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
from labtools.messages import percent, text
from labtools.tables import vocabulary as words
from labtools.tables.records import records

_KIND = "share-series"
_STEPS = (0.0, 0.25, 0.5, 0.75, 1.0)
Row = Mapping[str, object]


def share_series_chart(series: pd.DataFrame, *, title: str = "", against: str = "") -> Svg:
    """Draw a share of the city's people by quarter, each with its interval.

    The scale is that of all people, so that no small change looks large; the line breaks where a
    quarter has no figure.

    Parameters
    ----------
    series : pandas.DataFrame
        ``quarter`` (a day of it), ``share``, ``lower`` and ``upper``, a row for each quarter;
        ``other`` too where `against` is given: what the share is held against.
    title : str, optional
        What is read aloud first.
    against : str, optional
        What ``other`` is, in the reader's language.
    """
    known = series[series["share"].notna()].sort_values("quarter")
    table = records(known)
    told = rows.Told(
        title or text("Share of people by quarter"),
        " ".join(_sentence(row, against) for row in table) or words.label(words.MISSING),
    )
    name = name_of(_KIND, told.title, told.description)
    days = _quarters(known["quarter"])
    steps = tuple((step, percent(step)) for step in _STEPS)
    scale = theme.Axis(0.0, 1.0, 0.0, HEIGHT, steps, "")
    places = {day: place_of(i, len(days)) for i, day in enumerate(days)}
    plot = [theme.patterns(name), measured(told.title), grid(scale), years(days)]
    if against:
        plot.append(_path(table, "other", places, scale))
    told_on = {_start(row["quarter"]) for row in table}
    gaps = [gap_of(words.MISSING, x, name) for day, x in places.items() if day not in told_on]
    plot += [_path(table, "share", places, scale), *(_sign(row, places, scale) for row in table)]
    keys = _keys(table, against)
    keys += rows.keys_of_states([words.MISSING] if gaps else [], name)
    legend, bottom = marks.legend(keys, BASE + 26, theme.WIDTH)
    return picture(
        _KIND,
        (theme.WIDTH, bottom),
        title=told.title,
        description=told.description,
        body=[theme.canvas([*plot, *gaps, legend])],
    )


def _quarters(days: pd.Series) -> Sequence[pd.Timestamp]:
    """Return every quarter from the first to the last, those without a figure too."""
    if days.empty:
        return []
    return list(pd.date_range(_start(days.min()), _start(days.max()), freq="QS"))


def _start(day: object) -> pd.Timestamp:
    return pd.Timestamp(str(day)).to_period("Q").start_time


def _sentence(row: Row, against: str) -> str:
    label = quarter_words(_start(row["quarter"]))
    figure = share_words(row["share"], row["lower"], row["upper"], words.SHOWN)
    if against and is_known(row["other"]):
        return text(
            "{label}: {figure}; {against}: {other}.",
            label=label,
            figure=figure,
            against=against,
            other=percent(real(row["other"]), 1),
        )
    return text("{label}: {figure}.", label=label, figure=figure)


def _path(
    table: Sequence[Row], column: str, places: Mapping[pd.Timestamp, float], scale: theme.Axis
) -> Svg:
    data, before = "", None
    for row in table:
        day = _start(row["quarter"])
        if not is_known(row[column]):
            continue
        follows = before is not None and day == before + pd.DateOffset(months=3)
        data += f"{'L' if follows else 'M'}{places[day]:.1f} {height_of(scale, row[column]):.1f}"
        before = day
    return _line(data, dashed=column != "share")


def _line(data: str, *, dashed: bool) -> Svg:
    drawn = {"stroke": theme.SOFT_INK, "stroke_dasharray": "5 3"} if dashed else {}
    style = {"stroke": theme.ACCENT, "stroke_width": "1.5", **drawn}
    return element("path", d=data, fill="none", **style)


def _sign(row: Row, places: Mapping[pd.Timestamp, float], scale: theme.Axis) -> Svg:
    x = places[_start(row["quarter"])]
    y = height_of(scale, row["share"])
    dot = marks.dot(x, y, fill=theme.ACCENT, size=2.2) if row["share"] else rows.zero(x, y)
    if not is_known(row["lower"], row["upper"]):
        return dot
    top, bottom = height_of(scale, row["upper"]), height_of(scale, row["lower"])
    return joined([_range(x, top, bottom), dot])


def _range(x: float, top: float, bottom: float) -> Svg:
    return element("rect", x=x - 4, y=top, width=8, height=bottom - top, fill=theme.RANGE, rx=1)


def _keys(table: Sequence[Row], against: str) -> list[marks.Key]:
    keys = []
    if table:
        sign = joined([_range(13, -8, 8), marks.dot(13, 0, fill=theme.ACCENT, size=2.2)])
        keys.append(marks.Key(sign, text("share and its 95 % interval")))
    if any(not row["share"] for row in table):
        keys.append(rows.key_of_zero())
    if against:
        keys.append(marks.Key(_line("M0 0H26", dashed=True), against))
    return keys
