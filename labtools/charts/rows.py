"""Charts made of rows: a label and a figure in words, and below them a track with its marks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from labtools.charts import marks, theme
from labtools.charts.figures import named
from labtools.charts.svg import Svg, element, joined, name_of, picture
from labtools.errors import TableError
from labtools.messages import text
from labtools.tables import vocabulary as words
from labtools.tables.records import records

LEFT, RIGHT = 8.0, theme.WIDTH - 8.0
_LINE = 16.0
#: Beside a figure so long that its label has less room than this, the label stands above it.
_ROOM = 100.0
_ORDER = {group: place for place, group in enumerate((words.TOTAL, *words.GROUPS))}

Drawn = Callable[[theme.Axis, float, str], Svg]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a chart.

    Attributes
    ----------
    label, figure : str
        What it is about, at the left; its figure in words, at the right.
    draw : callable (axis, y, name) -> Svg
        Draws the marks of the row at height `y`; `name` finds the picture's patterns.
    heading : str, optional
        Stands above the row; give it to the first row of each set, "" to the others.  Where
        it is None the label is the heading itself.
    """

    label: str
    figure: str
    draw: Drawn
    heading: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What a picture says in words: its title and its whole content, read aloud."""

    title: str
    description: str


def chart_of_rows(
    kind: str, rows: Sequence[Row], axis: theme.Axis, keys: Iterable[marks.Key], told: Told
) -> Svg:
    """Return a chart of `rows` over one `axis`, with its legend."""
    name = name_of(kind, told.title, told.description)
    drawn: list[str] = [theme.patterns(name)]
    top = 4.0
    for row in rows:
        one, top = _row(row, axis, top, name)
        drawn.append(one)
    scale, top = _scale(axis, top)
    legend, bottom = marks.legend(keys, top + 6, theme.WIDTH)
    body = theme.canvas([*drawn, scale, legend])
    return picture(
        kind,
        (theme.WIDTH, bottom),
        title=told.title,
        description=told.description,
        body=[body],
    )


def keys_of_states(states: Iterable[str], name: str) -> list[marks.Key]:
    """Return the entries that tell missing and withheld figures, where there are any."""
    found = set(states)
    keys = [
        marks.Key(marks.absent(0, 26, 0), words.label(state))
        for state in (words.INSUFFICIENT, words.MISSING)
        if state in found
    ]
    if words.SUPPRESSED in found:
        keys.append(marks.Key(marks.withheld(0, 26, 0, name), words.label(words.SUPPRESSED)))
    return keys


def key_of_zero() -> marks.Key:
    """Return the entry that tells a published zero."""
    return marks.Key(zero(13, 0), text("zero (not a missing figure)"))


def zero(x: float, y: float) -> Svg:
    """Return the sign of a published zero: an open ring."""
    return element(
        "circle",
        cx=x,
        cy=y,
        r=4.5,
        fill=theme.PAPER,
        stroke=theme.INK,
        stroke_width="2",
        class_="zero",
    )


def without_figure(state: str) -> Drawn:
    """Return how a row without a figure is drawn: withheld, or absent."""

    def draw(axis: theme.Axis, y: float, name: str) -> Svg:
        if state == words.SUPPRESSED:
            return marks.withheld(axis.left, axis.right, y, name)
        return marks.absent(axis.left, axis.right, y)

    return draw


def in_order(table: pd.DataFrame) -> list[dict[str, object]]:
    """Return the rows of one colonia's table, the total first and then its groups.

    Raises
    ------
    TableError
        If the table holds more than one colonia: a chart would mix them.
    """
    n = len(set(table["colonia_id"])) if "colonia_id" in table else 0
    if n > 1:
        raise TableError(
            "A chart draws one colonia and the table holds {n}. Keep the rows of one "
            "colonia_id first.",
            n=n,
        )
    return sorted(records(table), key=lambda row: _ORDER.get(str(row["group"]), len(_ORDER)))


def sentence_of(row: Row) -> str:
    """Return a row as it is read aloud."""
    return text("{label}: {figure}.", label=row.label, figure=row.figure)


def group_label(row: dict[str, object]) -> str:
    """Return the reader's name of a row's crime group."""
    return named(str(row["group"]))


def _row(row: Row, axis: theme.Axis, top: float, name: str) -> tuple[Svg, float]:
    bold = row.heading is None
    above: list[Svg] = []
    if row.heading:
        above, top = _lines(row.heading, top + 4, theme.WIDTH, bold=True)
    room = theme.WIDTH - 12 - theme.words_width(row.figure, theme.LABEL_SIZE)
    label, bottom = _lines(row.label, top, theme.WIDTH if room < _ROOM else room, bold=bold)
    if room < _ROOM:
        top, bottom = bottom, bottom + _LINE
    figure = theme.words_at(RIGHT + 4, top + 13, row.figure, text_anchor="end")
    y = bottom + 15
    return joined([*above, *label, figure, _track(axis, y), row.draw(axis, y, name)]), y + 17


def _lines(words: str, top: float, room: float, *, bold: bool) -> tuple[list[Svg], float]:
    lines = theme.wrapped(words, room, theme.LABEL_SIZE, bold=bold)
    drawn = [
        theme.words_at(LEFT - 4, top + 13 + i * _LINE, line, font_weight=600 if bold else None)
        for i, line in enumerate(lines)
    ]
    return drawn, top + _LINE * len(lines)


def _track(axis: theme.Axis, y: float) -> Svg:
    ticks = "".join(f"M{axis.at(value):.1f} {y - 7:.1f}v14" for value, _ in axis.steps)
    line = f"M{axis.left:.1f} {y:.1f}H{axis.right:.1f}"
    return element("path", d=line + ticks, stroke=theme.RULE, stroke_width="1", fill="none")


def _scale(axis: theme.Axis, top: float) -> tuple[Svg, float]:
    size, last = theme.SMALL_SIZE, len(axis.steps) - 1
    anchors = {0: "start", last: "end"}
    steps = [
        theme.words_at(
            axis.at(value) + {0: -4, last: 4}.get(i, 0),
            top + 6,
            step,
            font_size=size,
            fill=theme.SOFT_INK,
            text_anchor=anchors.get(i, "middle"),
        )
        for i, (value, step) in enumerate(axis.steps)
    ]
    title = [
        theme.words_at(LEFT - 4, top + 22 + 14 * i, line, font_size=size, fill=theme.SOFT_INK)
        for i, line in enumerate(theme.wrapped(axis.title, theme.WIDTH, size))
    ]
    return joined([*steps, *title]), top + 10 + 14 * len(title)
