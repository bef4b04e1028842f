"""The ground of pictures by quarter: axis of years, grid, and where a quarter stands."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from labtools.charts import theme
from labtools.charts.figures import real
from labtools.charts.svg import Svg, element, joined
from labtools.messages import text
from labtools.tables import vocabulary as words

LEFT, TOP, HEIGHT = 40.0, 28.0, 150.0
BASE = TOP + HEIGHT
_YEAR = 4  # quarters: a longer series meets a January, which names its year


def quarter_words(day: pd.Timestamp) -> str:
    """Return a quarter in words, from any day of it."""
    return text("quarter {quarter} of {year}", quarter=day.quarter, year=str(day.year))


def height_of(scale: theme.Axis, value: object) -> float:
    """Return where a value stands on the page, which counts downwards."""
    return BASE - scale.at(real(value))


def place_of(quarter: int, quarters: int) -> float:
    """Return where the middle of a quarter stands, of so many."""
    room = (theme.WIDTH - LEFT - 4) / max(quarters, 1)
    return LEFT + room * (quarter + 0.5)


def gap_of(state: str, x: float, name: str) -> Svg:
    """Return the sign of a quarter without a figure: withheld, or absent."""
    place = {"x": x - 5, "y": TOP, "width": 10, "height": HEIGHT}
    if state == words.SUPPRESSED:
        fill = theme.fill_of(name, "withheld")
        return element("rect", fill=fill, stroke=theme.INK, class_="withheld", **place)
    return element(
        "rect",
        fill="none",
        stroke=theme.SOFT_INK,
        stroke_dasharray="3 3",
        class_="absent",
        **place,
    )


def measured(what: str) -> Svg:
    """Return what is measured, above the picture."""
    return theme.words_at(0.0, 12.0, what, font_size=theme.SMALL_SIZE, fill=theme.SOFT_INK)


def grid(scale: theme.Axis) -> Svg:
    """Return a line for each step of the scale, with its name, and the base."""
    right = f"{theme.WIDTH - 4:.0f}"
    lines = "".join(f"M{LEFT:.0f} {BASE - scale.at(v):.1f}H{right}" for v, _ in scale.steps)
    names = [
        theme.words_at(
            LEFT - 6,
            BASE - scale.at(value) + 4,
            step,
            font_size=theme.SMALL_SIZE,
            fill=theme.SOFT_INK,
            text_anchor="end",
        )
        for value, step in scale.steps
    ]
    base = f"M{LEFT:.0f} {BASE:.0f}H{right}"
    return joined(
        [
            element("path", d=lines, stroke=theme.FAINT, fill="none"),
            element("path", d=base, stroke=theme.SOFT_INK, fill="none"),
            *names,
        ]
    )


def years(days: Sequence[pd.Timestamp]) -> Svg:
    """Return the years under the quarters that begin them; of a short series, under the first."""
    drawn = []
    for i, day in enumerate(days):
        if day.month != 1 and (i or len(days) > _YEAR):
            continue
        x = place_of(i, len(days))
        drawn.append(element("path", d=f"M{x:.1f} {BASE:.0f}v5", stroke=theme.SOFT_INK))
        drawn.append(
            theme.words_at(
                x, BASE + 18, str(day.year), font_size=theme.SMALL_SIZE, fill=theme.SOFT_INK
            )
        )
    return joined(drawn)
