"""Change between two years: ratios with their intervals, and the verdict in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from labtools.charts import marks, rows, theme
from labtools.charts.figures import count, figure_words, is_known, real, state_words
from labtools.charts.svg import Svg, element, joined, name_of
from labtools.messages import number, text
from labtools.tables import vocabulary as words

_KIND = "change"
_FILLS = {"increase": theme.ABOVE_TINT, "decrease": theme.BELOW_TINT}


def change_chart(change: pd.DataFrame, *, title: str = "") -> Svg:
    """Draw how one colonia's counts changed, as ratios on a logarithmic axis.

    Parameters
    ----------
    change : pandas.DataFrame
        Rows of the released table ``change`` of one colonia.
    title : str, optional
        What is read aloud first.

    Raises
    ------
    TableError
        If the table holds more than one colonia.
    """
    table = rows.in_order(change)
    drawn = [_row(row) for row in table]
    told = rows.Told(
        title or text("Change from the 12 months before to the last 12 months, by group"),
        " ".join(_sentence(row, one) for row, one in zip(table, drawn, strict=True)),
    )
    name = name_of(_KIND, told.title, told.description)
    return rows.chart_of_rows(_KIND, drawn, _axis(table), _keys(table, name), told)


def _row(row: Mapping[str, object]) -> rows.Row:
    label = rows.group_label(dict(row))
    if _without_ratio(row):
        return rows.Row(label, words.label(str(row["verdict"])), _all_is_possible)
    if row["state"] != words.SHOWN or not is_known(row["ratio"], row["lower"], row["upper"]):
        state = words.MISSING if row["state"] == words.SHOWN else str(row["state"])
        return rows.Row(label, state_words(state), rows.without_figure(state))
    verdict = str(row["verdict"])
    lower, ratio, upper = (real(row[c]) for c in ("lower", "ratio", "upper"))

    def draw(axis: theme.Axis, y: float, name: str) -> Svg:
        ends = axis.at(_log(lower)), axis.at(_log(upper))
        fill = _FILLS.get(verdict, theme.fill_of(name, "similar"))
        parts = [_band(axis, y), marks.bar(*ends, y, fill)]
        if _log(lower) < axis.low:
            parts.append(marks.arrow(axis.left, y, right=False))
        if _log(upper) > axis.high:
            parts.append(marks.arrow(axis.right, y, right=True))
        return joined([*parts, _sign(verdict, axis.at(_log(ratio)), y)])

    return rows.Row(label, words.label(verdict), draw)


def _without_ratio(row: Mapping[str, object]) -> bool:
    """Whether both counts are known, and one of them being zero leaves no ratio to tell."""
    counted = row["state"] == words.SHOWN and is_known(row["before"], row["now"])
    return counted and row["verdict"] == "none" and not is_known(row["ratio"])


def _all_is_possible(axis: theme.Axis, y: float, name: str) -> Svg:
    bar = marks.bar(axis.left, axis.right, y, theme.fill_of(name, "similar"))
    ends = (marks.arrow(axis.left, y, right=False), marks.arrow(axis.right, y, right=True))
    return joined([_band(axis, y), bar, *ends])


def _sentence(row: Mapping[str, object], drawn: rows.Row) -> str:
    if _without_ratio(row):
        return text(
            "{label}: {before} before, {now} now; {verdict}.",
            label=drawn.label,
            before=count(row["before"]),
            now=count(row["now"]),
            verdict=drawn.figure,
        )
    if row["state"] != words.SHOWN or not is_known(row["before"], row["now"], row["ratio"]):
        return rows.sentence_of(drawn)
    return text(
        "{label}: {before} before, {now} now; ratio {ratio}; {verdict}.",
        label=drawn.label,
        before=count(row["before"]),
        now=count(row["now"]),
        ratio=figure_words(row["ratio"], row["lower"], row["upper"], words.SHOWN),
        verdict=drawn.figure,
    )


def _axis(table: Sequence[Mapping[str, object]]) -> theme.Axis:
    known = [
        abs(_log(real(row[c]))) for row in table for c in ("lower", "upper") if is_known(row[c])
    ]
    reach = math.ceil(max((v for v in known if math.isfinite(v)), default=1.0) - 1e-9)
    reach = min(max(reach, 1), 3)
    return theme.Axis(
        -float(reach),
        float(reach),
        rows.LEFT,
        rows.RIGHT,
        tuple((float(step), _step_words(step)) for step in range(-reach, reach + 1)),
        text("Last 12 months against the 12 months before (logarithmic scale)"),
    )


def _step_words(step: int) -> str:
    if step == 0:
        return text("the same")
    return ("× " if step > 0 else "÷ ") + number(2 ** abs(step))


def _log(ratio: float) -> float:
    if ratio <= 0:
        return -math.inf
    return math.log2(ratio)


def _band(axis: theme.Axis, y: float) -> Svg:
    at = axis.at(0.0)
    band = element("rect", x=at - 4, y=y - 13, width=8, height=26, fill=theme.FAINT)
    line = element(
        "line", x1=at, x2=at, y1=y - 13, y2=y + 13, stroke=theme.INK, stroke_dasharray="2 2"
    )
    return joined([band, line])


def _sign(verdict: str, x: float, y: float) -> Svg:
    if verdict == "increase":
        return marks.triangle(x, y, up=True, fill=theme.ABOVE)
    if verdict == "decrease":
        return marks.triangle(x, y, up=False, fill=theme.BELOW)
    return marks.dot(x, y)


def _keys(table: Sequence[Mapping[str, object]], name: str) -> list[marks.Key]:
    shown = [
        row
        for row in table
        if (row["state"] == words.SHOWN and is_known(row["ratio"])) or _without_ratio(row)
    ]
    found = {str(row["verdict"]) for row in shown}
    keys = []
    for verdict in ("increase", "decrease", "none", "unknown"):
        if verdict in found:
            fill = _FILLS.get(verdict, theme.fill_of(name, "similar"))
            sign = joined([marks.bar(0, 26, 0, fill), _sign(verdict, 13, 0)])
            keys.append(marks.Key(sign, words.label(verdict)))
    others = [
        words.MISSING if row["state"] == words.SHOWN else str(row["state"])
        for row in table
        if row not in shown
    ]
    return keys + rows.keys_of_states(others, name)
