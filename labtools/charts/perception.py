"""What people say in surveys: shares with their intervals, by area."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import pandas as pd

from labtools.charts import marks, rows, theme
from labtools.charts.figures import count, is_known, named, real, share_words
from labtools.charts.svg import Svg, joined, name_of
from labtools.messages import mark, month, say, text
from labtools.tables import vocabulary as words
from labtools.tables.batteries import BATTERIES, battery_of
from labtools.tables.records import Record, records

_KIND = "perception"
_FILL = theme.PLAIN_TINT
_KINDS = {"colonia": mark("colonia"), "borough": mark("borough"), "city": mark("city")}
_AREAS = tuple(_KINDS)
_INDICATORS = ("insecurity", "insecurity_street", "insecurity_transport", "cohesion")
_SOURCES = {
    "survey": mark("survey of the lab"),
    "city_perception": mark("survey of cities"),
    "city_microdata": mark("survey of cities, answers one by one"),
    "model": mark("model of the survey"),
}


def perception_chart(perception: pd.DataFrame, *, title: str = "") -> Svg:
    """Draw the latest share of each indicator in each area, with its interval.

    Parameters
    ----------
    perception : pandas.DataFrame
        Rows of the released table ``perception``: a colonia's, its borough's and the city's.
    title : str, optional
        What is read aloud first.
    """
    table = latest(records(perception))
    drawn = [_row(row, before) for row, before in zip(table, [None, *table], strict=False)]
    told = rows.Told(
        title or text("What people say in surveys, by area"),
        " ".join(_sentence(row, one) for row, one in zip(table, drawn, strict=True)),
    )
    name = name_of(_KIND, told.title, told.description)
    states = [_state(row) for row in table]
    keys = rows.keys_of_states(states, name)
    if any(_state(row) == words.SHOWN and not row["share"] for row in table):
        keys.insert(0, rows.key_of_zero())
    if words.SHOWN in states:
        sign = [marks.bar(0, 26, 0, _FILL, stroke=theme.ACCENT), marks.dot(13, 0)]
        keys.insert(0, marks.Key(joined(sign), text("share and its 95 % interval")))
    return rows.chart_of_rows(_KIND, drawn, _axis(), keys, told)


def latest(perception: Iterable[Record]) -> list[Record]:
    """Return the last period of each indicator, area and source: colonia, borough, city."""
    last: dict[tuple[object, ...], Record] = {}
    for row in sorted(perception, key=lambda row: str(row["period"])):
        last[row["indicator"], row["area_kind"], row["area"], row["source"]] = row
    return sorted(last.values(), key=_order)


def _order(row: Mapping[str, object]) -> tuple[int, str, int, str, str]:
    indicator, kind = str(row["indicator"]), str(row["area_kind"])
    of = battery_of(indicator)
    later = len(_INDICATORS) + (list(BATTERIES).index(of) if of else len(BATTERIES))
    known = _INDICATORS.index(indicator) if indicator in _INDICATORS else later
    return known, indicator, _AREAS.index(kind), str(row["area"]), str(row["source"])


def area_words(row: Mapping[str, object]) -> str:
    """Return an area with its kind and source: "Centro (borough), survey of the lab".

    A colonia is known by its key alone, and only ever shown on its own page.
    """
    kind, source = str(row["area_kind"]), str(row["source"])
    place = text("{area} ({kind})", area=str(row["area"]), kind=say(_KINDS[kind]))
    if kind == "colonia":
        place = text("This colonia")
    if source not in _SOURCES:
        return place
    return text("{place}, {source}", place=place, source=say(_SOURCES[source]))


def _state(row: Mapping[str, object]) -> str:
    if row["state"] == words.SHOWN and not is_known(row["share"]):
        return words.MISSING
    return str(row["state"])


def _row(row: Mapping[str, object], before: Mapping[str, object] | None) -> rows.Row:
    state, label = _state(row), area_words(row)
    again = before is not None and before["indicator"] == row["indicator"]
    heading = "" if again else named(str(row["indicator"]))
    figure = share_words(row["share"], row["lower"], row["upper"], state)
    if state != words.SHOWN:
        return rows.Row(label, figure, rows.without_figure(state), heading)

    def draw(axis: theme.Axis, y: float, _name: str) -> Svg:
        parts: list[Svg] = []
        if is_known(row["lower"], row["upper"]):
            low, high = (axis.at(real(row[end]) * 100) for end in ("lower", "upper"))
            parts.append(marks.bar(low, high, y, _FILL, stroke=theme.ACCENT))
        share = real(row["share"]) * 100
        parts.append(rows.zero(axis.at(0), y) if share == 0 else marks.dot(axis.at(share), y))
        return joined(parts)

    return rows.Row(label, figure, draw, heading)


def _sentence(row: Mapping[str, object], drawn: rows.Row) -> str:
    label = text("{indicator}: {area}", indicator=named(str(row["indicator"])), area=drawn.label)
    when = month(row["period"]) if isinstance(row["period"], date) else ""
    if not is_known(row["respondents"]):
        return text("{label}, {month}: {figure}.", label=label, month=when, figure=drawn.figure)
    return text(
        "{label}, {month}: {figure}; {n} people asked.",
        label=label,
        month=when,
        figure=drawn.figure,
        n=count(row["respondents"]),
    )


def _axis() -> theme.Axis:
    return theme.Axis(
        0.0,
        100.0,
        rows.LEFT,
        rows.RIGHT,
        tuple((float(step), f"{step} %") for step in range(0, 101, 25)),
        text("Share of people asked"),
    )
