"""Rates with their intervals, each beside the municipality's."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal

import pandas as pd

from labtools.charts import marks, rows, theme
from labtools.charts.figures import figure_words, is_known, rate_words, real
from labtools.charts.svg import Svg, joined, name_of
from labtools.messages import mark, number, say, text
from labtools.tables import vocabulary as words

Estimate = Literal["rate", "smoothed"]
_ENDS = {"rate": ("lower", "upper"), "smoothed": ("smoothed_lower", "smoothed_upper")}
_TITLES: Mapping[str, str] = MappingProxyType(
    {
        "rate": mark("Recorded crime per 1,000 inhabitants a year, by group"),
        "smoothed": mark("Recorded crime per 1,000 inhabitants a year, by group: steadied rates"),
    }
)
_AXES: Mapping[str, str] = MappingProxyType(
    {
        "rate": mark("Recorded crimes per 1,000 inhabitants a year"),
        "smoothed": mark("Steadied rate per 1,000 inhabitants a year"),
    }
)
_KIND = "intervals"


def interval_chart(crime: pd.DataFrame, *, estimate: Estimate = "smoothed", title: str = "") -> Svg:
    """Draw one colonia's rates with their 95 % intervals and the municipality's rates.

    How a rate lies to the municipality's is the reading of the steadied one: draw that one
    wherever the reading is told.

    Parameters
    ----------
    crime : pandas.DataFrame
        Rows of the released table ``crime`` of one colonia.
    estimate : {"rate", "smoothed"}, default "smoothed"
        The rate as recorded, or the one steadied by what is known of all colonias.
    title : str, optional
        What is read aloud first.

    Raises
    ------
    TableError
        If the table holds more than one colonia.
    """
    table = rows.in_order(crime)
    drawn = [_row(row, estimate) for row in table]
    told = rows.Told(
        title or say(_TITLES[estimate]),
        " ".join(_sentence(row, one) for row, one in zip(table, drawn, strict=True)),
    )
    name = name_of(_KIND, told.title, told.description)
    return rows.chart_of_rows(
        _KIND, drawn, _axis(table, estimate), _keys(table, name, estimate), told
    )


def versus_sign(versus: str, x: float, y: float) -> Svg:
    """Return the sign of a figure by how it lies to the municipality's: never colour alone."""
    if versus == "above":
        return marks.triangle(x, y, up=True, fill=theme.ABOVE)
    if versus == "below":
        return marks.triangle(x, y, up=False, fill=theme.BELOW)
    return marks.dot(x, y)


def versus_fill(versus: str, name: str) -> str:
    """Return the fill of a bar by how its figure lies: hatched if not distinguishable."""
    return {"above": theme.ABOVE_TINT, "below": theme.BELOW_TINT}.get(
        versus, theme.fill_of(name, "similar")
    )


def _row(row: Mapping[str, object], estimate: Estimate) -> rows.Row:
    low, high = (row[end] for end in _ENDS[estimate])
    figure = figure_words(row[estimate], low, high, str(row["state"]))
    label = rows.group_label(dict(row))
    if row["state"] != words.SHOWN or not is_known(row[estimate]):
        return rows.Row(label, figure, rows.without_figure(_state(row)))

    def draw(axis: theme.Axis, y: float, name: str) -> Svg:
        value, versus = real(row[estimate]), str(row["versus_municipality"])
        parts: list[Svg] = []
        if is_known(low, high):
            ends = axis.at(real(low)), axis.at(real(high))
            parts.append(marks.bar(*ends, y, versus_fill(versus, name)))
        if is_known(row["municipality_rate"]):
            parts.append(marks.reference(axis.at(real(row["municipality_rate"])), y))
        at = axis.at(value)
        parts.append(rows.zero(at, y) if value == 0 else versus_sign(versus, at, y))
        return joined(parts)

    return rows.Row(label, figure, draw)


def _state(row: Mapping[str, object]) -> str:
    return words.MISSING if row["state"] == words.SHOWN else str(row["state"])


def _axis(table: Sequence[Mapping[str, object]], estimate: Estimate) -> theme.Axis:
    columns = (estimate, _ENDS[estimate][1], "municipality_rate")
    known = [real(row[c]) for row in table for c in columns if is_known(row[c])]
    steps = theme.steps_from_zero(max((v for v in known if math.isfinite(v)), default=1.0))
    digits = 0 if steps[-1] >= len(steps) - 1 and all(s == int(s) for s in steps) else 1
    return theme.Axis(
        0.0,
        steps[-1],
        rows.LEFT,
        rows.RIGHT,
        tuple((step, number(step, digits)) for step in steps),
        say(_AXES[estimate]),
    )


def _sentence(row: Mapping[str, object], drawn: rows.Row) -> str:
    if row["state"] != words.SHOWN or not is_known(row["municipality_rate"]):
        return rows.sentence_of(drawn)
    return text(
        "{label}: {figure}; municipality: {municipality}; {versus}.",
        label=drawn.label,
        figure=drawn.figure,
        municipality=rate_words(row["municipality_rate"]),
        versus=words.label(str(row["versus_municipality"])),
    )


def _keys(table: Sequence[Mapping[str, object]], name: str, estimate: Estimate) -> list[marks.Key]:
    shown = [row for row in table if _drawn(row, estimate)]
    found = {str(row["versus_municipality"]) for row in shown}
    keys = [marks.Key(marks.reference(13, 0), text("Municipality"))] if shown else []
    for versus in ("above", "similar", "below"):
        if versus in found:
            sign = [marks.bar(0, 26, 0, versus_fill(versus, name)), versus_sign(versus, 13, 0)]
            keys.append(marks.Key(joined(sign), words.label(versus)))
    if any(row[estimate] == 0 for row in shown):
        keys.append(rows.key_of_zero())
    return keys + rows.keys_of_states(
        (_state(row) for row in table if not _drawn(row, estimate)), name
    )


def _drawn(row: Mapping[str, object], estimate: Estimate) -> bool:
    return row["state"] == words.SHOWN and is_known(row[estimate])
