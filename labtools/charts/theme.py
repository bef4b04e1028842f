"""How charts look: one place for colours, sizes, patterns and axis steps.

Colours are told apart by people with any colour vision and stay different in grey; no
meaning hangs on colour alone (a shape, a pattern or a word says the same).  Text keeps a
contrast of at least 4.5 : 1 with its ground.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from labtools.charts.svg import Svg, element, joined

INK = "#1b2430"
SOFT_INK = "#4b5663"
RULE = "#c3cad2"
FAINT = "#e9edf0"
PAPER = "#ffffff"
ACCENT = "#1f5c8b"
ABOVE = "#b4561a"
BELOW = "#2b7bba"
SIMILAR = "#6b7682"
HATCH = "#8792a0"
ABOVE_FILL = "#c9783f"
ABOVE_TINT = "#f0c9a8"
BELOW_TINT = "#b9d8ef"
RANGE = "#a9c4d9"
MARKED = "#cfdfeb"
PLAIN_TINT = "#c9d9e6"
GROUND = "#f4f2ec"

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
WIDTH = 440.0
LABEL_SIZE = 13.0
SMALL_SIZE = 11.5

#: Text on its ground, as drawn: the tests hold each pair to the contrast it needs.
TEXT_ON_GROUND = ((INK, PAPER), (SOFT_INK, PAPER), (INK, FAINT), (INK, GROUND), (SOFT_INK, GROUND))


@dataclass(frozen=True, slots=True)
class Axis:
    """A horizontal axis: where values fall, and which steps are named.

    Attributes
    ----------
    low, high : float
        Values at the two ends (logarithms, on a logarithmic axis).
    left, right : float
        Where the ends are drawn.
    steps : tuple of (value, words)
        Values that carry a line and a name.
    title : str
        What the axis measures.
    """

    low: float
    high: float
    left: float
    right: float
    steps: tuple[tuple[float, str], ...]
    title: str

    def at(self, value: float) -> float:
        """Return where `value` falls, held inside the axis."""
        share = (value - self.low) / (self.high - self.low)
        return self.left + min(max(share, 0.0), 1.0) * (self.right - self.left)


def steps_from_zero(highest: float, about: int = 5) -> tuple[float, ...]:
    """Return round values from 0 to just past `highest`: 1, 2, 2.5 or 5 times a power of ten."""
    if not math.isfinite(highest) or highest <= 0:
        return (0.0, 1.0)
    raw = highest / about
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * m for m in (1, 2, 2.5, 5, 10) if size * m >= raw * (1 - 1e-9))
    return tuple(step * i for i in range(math.ceil(highest / step - 1e-9) + 1))


def words_width(words: str, size: float, *, bold: bool = False) -> float:
    """Return a safe guess of the width of words: fonts differ between machines."""
    return len(words) * size * (0.63 if bold else 0.57)


def wrapped(words: str, width: float, size: float, *, bold: bool = False) -> tuple[str, ...]:
    """Return words broken into lines that fit `width`."""
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and words_width(longer, size, bold=bold) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return tuple(lines)


def words_at(x: float, y: float, words: str, **attributes: object) -> Svg:
    """Return words at a place; `attributes` change the size, weight or anchor."""
    styled = {"font_size": LABEL_SIZE, "fill": INK, **attributes}
    return element("text", words, x=float(x), y=float(y), **styled)


def patterns(name: str, *, faint: bool = False) -> Svg:
    """Return the patterns of one picture, whose ids begin with its `name`.

    `faint` ones do for a map, most of which is hatched: what stands out must be the rest.
    """
    turned = {"patternUnits": "userSpaceOnUse", "patternTransform": "rotate(45)"}
    slanted = element(
        "pattern",
        element("rect", width=5, height=5, fill=PAPER),
        element("rect", width="1.3", height=5, fill=RULE if faint else HATCH),
        id=f"{name}-similar",
        width=5,
        height=5,
        **turned,
    )
    crossed = element(
        "pattern",
        element("rect", width=5, height=5, fill=PAPER),
        element("path", d="M0 0h5M0 0v5", stroke=SOFT_INK, stroke_width="1.1"),
        id=f"{name}-withheld",
        width=5,
        height=5,
        **turned,
    )
    return element("defs", slanted, crossed)


def fill_of(name: str, pattern: str) -> str:
    """Return the fill that paints with one of a picture's `patterns`."""
    return f"url(#{name}-{pattern})"


def canvas(body: Iterable[str]) -> Svg:
    """Return the group that gives every word of a picture its font."""
    return element("g", joined(body), font_family=FONT, font_size=LABEL_SIZE, fill=INK)
