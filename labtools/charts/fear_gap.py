"""Crime beside fear: how probable each of the four combinations is for one colonia."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from labtools.charts import marks, rows, theme
from labtools.charts.figures import is_known, real, state_words
from labtools.charts.svg import Svg, element, joined, name_of, picture
from labtools.messages import number, percent, text
from labtools.tables import vocabulary as words
from labtools.tables.records import records

_KIND = "fear-gap"
_GUTTER, _HEAD = 92.0, 38.0
_WIDTH, _HEIGHT = (theme.WIDTH - _GUTTER - 2) / 2, 52.0

#: Where each quadrant stands: more crime at the right, more fear above.
_PLACES = {"fear_only": (0, 0), "both_high": (1, 0), "both_low": (0, 1), "crime_only": (1, 1)}


def fear_gap_chart(fear_gap: pd.DataFrame, *, title: str = "") -> Svg:
    """Draw the quadrant of crime and fear of one colonia: how probable each of its cells is.

    The cell that can be told with enough certainty, if there is one, has a heavy border.

    Parameters
    ----------
    fear_gap : pandas.DataFrame
        The row of the released table ``fear_gap`` of one colonia.
    title : str, optional
        What is read aloud first.
    """
    (row,) = records(fear_gap)
    said = [_sentence(row, quadrant) for quadrant in words.QUADRANTS]
    told = rows.Told(
        title or text("Crime beside fear: how probable each combination is"),
        " ".join([*said, _reading(row)]),
    )
    name = name_of(_KIND, told.title, told.description)
    cells = [_cell(row, quadrant, name) for quadrant in _by_certainty(row)]
    legend, bottom = marks.legend(_keys(row, name), _HEAD + 2 * _HEIGHT + 8, theme.WIDTH)
    body = theme.canvas([theme.patterns(name), *_axes(), *cells, legend])
    size = (theme.WIDTH, bottom)
    return picture(_KIND, size, title=told.title, description=told.description, body=[body])


def _by_certainty(row: Mapping[str, object]) -> list[str]:
    """Return the quadrants as they are drawn: a heavy border is not to be drawn over."""
    return sorted(words.QUADRANTS, key=lambda quadrant: quadrant == row["verdict"])


def _cell(row: Mapping[str, object], quadrant: str, name: str) -> Svg:
    column, line = _PLACES[quadrant]
    left, top = _GUTTER + column * _WIDTH, _HEAD + line * _HEIGHT
    certain = _shown(row) and row["verdict"] == quadrant
    box = element(
        "rect",
        x=left,
        y=top,
        width=_WIDTH,
        height=_HEIGHT,
        fill=theme.PAPER,
        stroke=theme.INK if certain else theme.RULE,
        stroke_width="3" if certain else "1",
        class_="certain" if certain else None,
    )
    start, end, y = left + 12, left + _WIDTH - 12, top + 38
    if not _shown(row):
        band = marks.withheld(start, end, y, name)
        withheld = _state(row) == words.SUPPRESSED
        return joined([box, band if withheld else marks.absent(start, end, y)])
    chance = real(row[quadrant])
    weight = 600 if certain else None
    figure = theme.words_at(start, top + 23, percent(chance), font_size=16, font_weight=weight)
    track = element("path", d=f"M{start:.1f} {y:.1f}H{end:.1f}", stroke=theme.RULE)
    reached = start + chance * (end - start)
    sign = marks.bar(start, reached, y, theme.PLAIN_TINT, stroke=theme.ACCENT)
    return joined([box, figure, track, sign if chance else rows.zero(start, y)])


def _axes() -> list[Svg]:
    """Return what the columns and the rows of the quadrant are."""
    columns = (text("Not more crime than in the city"), text("More crime than in the city"))
    lines = (text("More fear than in the city"), text("Not more fear than in the city"))
    drawn = []
    for n, words_of in enumerate(columns):
        found = theme.wrapped(words_of, _WIDTH - 6, theme.SMALL_SIZE)
        x = _GUTTER + (n + 0.5) * _WIDTH
        drawn += _stacked(found, x, _HEAD - 8 - 14 * (len(found) - 1), "middle")
    for n, words_of in enumerate(lines):
        found = theme.wrapped(words_of, _GUTTER - 8, theme.SMALL_SIZE)
        middle = _HEAD + (n + 0.5) * _HEIGHT + 4
        drawn += _stacked(found, _GUTTER - 8, middle - 7 * (len(found) - 1), "end")
    return drawn


def _stacked(lines: Sequence[str], x: float, y: float, anchor: str) -> list[Svg]:
    looks = {"font_size": theme.SMALL_SIZE, "text_anchor": anchor}
    return [theme.words_at(x, y + 14 * n, line, **looks) for n, line in enumerate(lines)]


def _keys(row: Mapping[str, object], name: str) -> list[marks.Key]:
    if not _shown(row):
        return rows.keys_of_states([_state(row)], name)
    sign = marks.bar(0, 26, 0, theme.PLAIN_TINT, stroke=theme.ACCENT)
    keys = [marks.Key(sign, text("probability, given the doubt of both figures"))]
    if row["verdict"] in words.QUADRANTS:
        box = element(
            "rect", x=2, y=-6, width=22, height=12, fill="none", stroke=theme.INK, stroke_width="3"
        )
        keys.append(marks.Key(box, text("told with enough certainty")))
    if any(row[quadrant] == 0 for quadrant in words.QUADRANTS):
        keys.append(rows.key_of_zero())
    return keys


def _sentence(row: Mapping[str, object], quadrant: str) -> str:
    label = words.label(quadrant)
    shown = _shown(row)
    figure = percent(real(row[quadrant])) if shown else state_words(_state(row))
    return text("{label}: {figure}.", label=label[:1].upper() + label[1:], figure=figure)


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


def _state(row: Mapping[str, object]) -> str:
    """Return why there is no figure: one that is told to be shown and is not there is missing."""
    return words.MISSING if row["state"] == words.SHOWN else str(row["state"])


def _shown(row: Mapping[str, object]) -> bool:
    return row["state"] == words.SHOWN and is_known(row["both_high"])
