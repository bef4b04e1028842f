"""The signs that charts share, so that a sign means the same in every chart and legend."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from labtools.charts import theme
from labtools.charts.svg import Svg, element, joined

BAR = 9.0
_GLYPH = 26.0
_LINE = 18.0


@dataclass(frozen=True, slots=True)
class Key:
    """One entry of a legend: its sign, centred on (13, 0), and its words."""

    sign: Svg
    words: str


def bar(start: float, end: float, y: float, fill: str, *, stroke: str = theme.SIMILAR) -> Svg:
    """Return an interval: as long as what is not known about a figure."""
    width = max(end - start, 1.0)
    return element(
        "rect", x=start, y=y - BAR / 2, width=width, height=BAR, fill=fill, stroke=stroke
    )


def dot(x: float, y: float, *, fill: str = theme.INK, size: float = 4.5) -> Svg:
    """Return a figure that cannot be told apart from its reference, or has none."""
    return element("circle", cx=x, cy=y, r=size, fill=fill, stroke=theme.PAPER, stroke_width="1.5")


def triangle(x: float, y: float, *, up: bool, fill: str) -> Svg:
    """Return a figure that lies clearly above (`up`) or below its reference."""
    tip, base = (-6.0, 4.5) if up else (6.0, -4.5)
    corners = f"{x:.1f},{y + tip:.1f} {x - 6:.1f},{y + base:.1f} {x + 6:.1f},{y + base:.1f}"
    return element("polygon", points=corners, fill=fill, stroke=theme.PAPER, stroke_width="1.5")


def reference(x: float, y: float) -> Svg:
    """Return the municipality's figure: an upright line."""
    return element("line", x1=x, x2=x, y1=y - 11, y2=y + 11, stroke=theme.INK, stroke_width="2.5")


def arrow(x: float, y: float, *, right: bool) -> Svg:
    """Return the sign of an interval that goes on beyond the axis."""
    step = 6.0 if right else -6.0
    line = f"M{x - step:.1f} {y - 5:.1f}l{step:.1f} 5l{-step:.1f} 5"
    return element("path", d=line, fill="none", stroke=theme.INK, stroke_width="1.8")


def withheld(start: float, end: float, y: float, name: str) -> Svg:
    """Return a figure withheld to protect people: a crossed band."""
    return element(
        "rect",
        x=start,
        y=y - BAR / 2,
        width=end - start,
        height=BAR,
        fill=theme.fill_of(name, "withheld"),
        stroke=theme.INK,
        class_="withheld",
    )


def absent(start: float, end: float, y: float) -> Svg:
    """Return a figure that nobody supplied: an empty dashed band."""
    return element(
        "rect",
        x=start,
        y=y - BAR / 2,
        width=end - start,
        height=BAR,
        fill="none",
        stroke=theme.SOFT_INK,
        stroke_dasharray="3 3",
        class_="absent",
    )


def legend(keys: Iterable[Key], top: float, width: float) -> tuple[Svg, float]:
    """Return a legend that flows in lines from `top`, and where it ends."""
    size, left = theme.SMALL_SIZE, 4.0
    x, y, drawn = left, top + _LINE / 2, []
    for key in keys:
        needed = _GLYPH + 6 + theme.words_width(key.words, size) + 14
        if x > left and x + needed > width:
            x, y = left, y + _LINE
        drawn.append(element("g", key.sign, transform=_moved(x, y)))
        drawn.append(
            theme.words_at(x + _GLYPH + 6, y + 4, key.words, font_size=size, fill=theme.SOFT_INK)
        )
        x += needed
    return element("g", joined(drawn), class_="legend"), y + _LINE / 2 + 2


def _moved(x: float, y: float) -> str:
    return f"translate({x:.1f} {y:.1f})"
