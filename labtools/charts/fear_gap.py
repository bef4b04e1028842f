"""Crime beside fear: how probable each of the four combinations is for one colonia."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from labtools.charts import marks, rows, theme
from labtools.charts.figures import is_known, real, records, state_words
from labtools.charts.svg import Svg, joined, name_of
from labtools.messages import number, percent, text
from labtools.tables import vocabulary as words

_KIND = "fear-gap"


def fear_gap_chart(fear_gap: pd.DataFrame, *, title: str = "") -> Svg:
    """Draw the probability of each quadrant of crime and fear of one colonia.

    Parameters
    ----------
    fear_gap : pandas.DataFrame
        The row of the released table ``fear_gap`` of one colonia.
    title : str, optional
        What is read aloud first.
    """
    (row,) = records(fear_gap)
    drawn = [_row(row, name) for name in words.QUADRANTS]
    told = rows.Told(
        title or text("Crime beside fear: how probable each combination is"),
        " ".join([*(rows.sentence_of(one) for one in drawn), _reading(row)]),
    )
    name = name_of(_KIND, told.title, told.description)
    sign = marks.bar(0, 26, 0, theme.PLAIN_TINT, stroke=theme.ACCENT)
    drawn_key = marks.Key(sign, text("probability, given the doubt of both figures"))
    keys = [drawn_key] if _shown(row) else []
    if any(row[name] == 0 for name in words.QUADRANTS):
        keys.append(rows.key_of_zero())
    keys += rows.keys_of_states([] if _shown(row) else [str(row["state"])], name)
    return rows.chart_of_rows(_KIND, drawn, _axis(), keys, told)


def _row(row: Mapping[str, object], name: str) -> rows.Row:
    label = words.label(name)
    label = label[:1].upper() + label[1:]
    if not _shown(row):
        state = str(row["state"])
        return rows.Row(label, state_words(state), rows.without_figure(state))
    chance = real(row[name])

    def draw(axis: theme.Axis, y: float, _name: str) -> Svg:
        if chance == 0:
            return rows.zero(axis.at(0), y)
        end = axis.at(100 * chance)
        return joined([marks.bar(axis.at(0), end, y, theme.PLAIN_TINT, stroke=theme.ACCENT)])

    return rows.Row(label, percent(chance), draw)


def _reading(row: Mapping[str, object]) -> str:
    if not _shown(row) or not is_known(row["crime_ratio"], row["fear"]):
        return ""
    return text(
        "Probable crime is {ratio} times the city's ({low} to {high}); {fear} of every 100 people "
        "feel unsafe ({fear_low} to {fear_high}).",
        ratio=number(real(row["crime_ratio"]), 1),
        low=number(real(row["crime_lower"]), 1),
        high=number(real(row["crime_upper"]), 1),
        fear=number(100 * real(row["fear"])),
        fear_low=number(100 * real(row["fear_lower"])),
        fear_high=number(100 * real(row["fear_upper"])),
    )


def _shown(row: Mapping[str, object]) -> bool:
    return row["state"] == words.SHOWN and is_known(row["both_high"])


def _axis() -> theme.Axis:
    return theme.Axis(
        0.0,
        100.0,
        rows.LEFT,
        rows.RIGHT,
        tuple((float(step), f"{step} %") for step in range(0, 101, 25)),
        text("Probability"),
    )
