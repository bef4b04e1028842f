"""What people say in surveys: shares with their intervals, by area."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from labtools.charts import marks, rows, theme
from labtools.charts.figures import count, is_known, named, real, share_words
from labtools.charts.svg import Svg, joined, name_of
from labtools.messages import mark, month, say, text
from labtools.tables import vocabulary as words

_KIND = "perception"
_FILL = theme.PLAIN_TINT
_KINDS = {"colonia": mark("colonia"), "borough": mark("borough"), "city": mark("city")}
_AREAS = tuple(_KINDS)


def perception_chart(perception: pd.DataFrame, *, title: str = "") -> Svg:
    """Draw the latest share of each indicator in each area, with its interval.

    Parameters
    ----------
    perception : pandas.DataFrame
        Rows of the released table ``perception``: a colonia's, its borough's and the city's.
    title : str, optional
        What is read aloud first.
    """
    table = records(latest(perception))
    drawn = [_row(row) for row in table]
    told = rows.Told(
        title or text("What people say in surveys, by area"),
        " ".join(_sentence(row, one) for row, one in zip(table, drawn, strict=True)),
    )
    name = name_of(_KIND, told.title, told.description)
    states = [_state(row) for row in table]
    keys = rows.keys_of_states(states, name)
    if "insufficient" in states:
        keys.insert(0, marks.Key(marks.absent(0, 26, 0), words.label("insufficient")))
    if words.SHOWN in states:
        sign = [marks.bar(0, 26, 0, _FILL, stroke=theme.ACCENT), marks.dot(13, 0)]
        keys.insert(0, marks.Key(joined(sign), text("share and its 95 % interval")))
    return rows.chart_of_rows(_KIND, drawn, _axis(), keys, told)


def latest(perception: pd.DataFrame) -> pd.DataFrame:
    """Return the last period of each indicator in each area: colonia, then borough, then city."""
    order = perception["area_kind"].map({kind: i for i, kind in enumerate(_AREAS)})
    table = perception.assign(order=order).sort_values(
        ["indicator", "order", "area", "period"], kind="stable"
    )
    last = table.drop_duplicates(["indicator", "area_kind", "area"], keep="last")
    return last.drop(columns="order").reset_index(drop=True)


def area_words(row: Mapping[str, object]) -> str:
    """Return an area with its kind: "Centro (borough)"."""
    kind = say(_KINDS[str(row["area_kind"])])
    return text("{area} ({kind})", area=str(row["area"]), kind=kind)


def _state(row: Mapping[str, object]) -> str:
    if row["state"] == words.SHOWN and not is_known(row["share"]):
        return words.MISSING
    return str(row["state"])


def _row(row: Mapping[str, object]) -> rows.Row:
    state = _state(row)
    label = text(
        "{indicator} · {area}", indicator=named(str(row["indicator"])), area=area_words(row)
    )
    figure = share_words(row["share"], row["lower"], row["upper"], state)
    if state != words.SHOWN:
        return rows.Row(label, figure, rows.without_figure(state))

    def draw(axis: theme.Axis, y: float, _name: str) -> Svg:
        parts: list[Svg] = []
        if is_known(row["lower"], row["upper"]):
            low, high = (axis.at(real(row[end]) * 100) for end in ("lower", "upper"))
            parts.append(marks.bar(low, high, y, _FILL, stroke=theme.ACCENT))
        share = real(row["share"]) * 100
        parts.append(rows.zero(axis.at(0), y) if share == 0 else marks.dot(axis.at(share), y))
        return joined(parts)

    return rows.Row(label, figure, draw)


def _sentence(row: Mapping[str, object], drawn: rows.Row) -> str:
    when = pd.Timestamp(str(row["period"])).date()
    if not is_known(row["respondents"]):
        return text(
            "{label}, {month}: {figure}.", label=drawn.label, month=month(when), figure=drawn.figure
        )
    return text(
        "{label}, {month}: {figure}; {n} people asked.",
        label=drawn.label,
        month=month(when),
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
