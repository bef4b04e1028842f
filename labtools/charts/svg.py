"""SVG as text: elements whose attributes and words are always escaped."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise

#: Characters that XML does not allow, even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SHORT = 64
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})


class Svg(str):
    """Markup that is already safe; a plain ``str`` is words, and is escaped.

    Templates with automatic escaping (Jinja2) take it as it is.
    """

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


def escape(words: object) -> str:
    """Return words as they may stand in markup, in text or in an attribute."""
    told = str(words)
    # Colours, anchors and coordinates are most of what is escaped, the same ones again and again.
    return _escaped(told) if len(told) < _SHORT else _escaped.__wrapped__(told)


@lru_cache(maxsize=4096)
def _escaped(told: str) -> str:
    return _FORBIDDEN.sub("", told).translate(_ESCAPES)


def element(name: str, *children: str, **attributes: object) -> Svg:
    """Return one element.

    Parameters
    ----------
    name : str
        Its tag, written in code.
    *children : str or Svg
        Words (escaped) or markup.
    **attributes
        ``font_size=12`` writes ``font-size="12"``; an attribute that is None is left out;
        decimals are rounded to a tenth of a unit.
    """
    told = attributes.items()
    written = "".join([f' {_attribute(key)}="{_value(it)}"' for key, it in told if it is not None])
    inside = joined(children)
    return Svg(f"<{name}{written}>{inside}</{name}>" if inside else f"<{name}{written}/>")


def joined(parts: Iterable[str]) -> Svg:
    """Return parts one after the other: words escaped, markup as it is."""
    return Svg("".join([part if isinstance(part, Svg) else escape(part) for part in parts]))


def coordinate(value: float) -> str:
    """Return a coordinate with at most one decimal: "12", "12.5", never "-0"."""
    rounded = round(float(value), 1)
    whole = int(rounded)
    return str(whole) if rounded == whole else str(rounded)


def path_of(points: Iterable[tuple[float, float]], *, closed: bool = True) -> str:
    """Return path data through `points`, in relative steps of a tenth of a unit.

    Steps are taken between rounded points, so that rounding never adds up along a border.
    """
    at = [(round(x * 10), round(y * 10)) for x, y in points]
    if not at:
        return ""
    steps = [(x - before_x, y - before_y) for (before_x, before_y), (x, y) in pairwise(at)]
    moves = [step for step in steps if step != (0, 0)]
    if closed and moves and at[0] == at[-1]:
        moves = moves[:-1]
    start = f"M{_tenths(at[0][0])} {_tenths(at[0][1])}"
    line = "".join(f"l{_tenths(x)} {_tenths(y)}" for x, y in moves)
    return start + line.replace(" -", "-") + ("z" if closed else "")


def picture(
    kind: str, size: tuple[float, float], *, title: str, description: str, body: Iterable[str]
) -> Svg:
    """Return a whole picture that scales with its place and tells itself in words.

    Parameters
    ----------
    kind : str
        Class of the picture; with `title` and `description` it makes the ids, so that two
        different pictures in one page never share one.
    size : (width, height)
        Units of the picture's own coordinates.
    title, description : str
        What is read aloud in the picture's place.
    """
    name = name_of(kind, title, description)
    width, height = size
    return element(
        "svg",
        element("title", title, id=f"{name}-t"),
        element("desc", description, id=f"{name}-d"),
        *body,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {coordinate(width)} {coordinate(height)}",
        class_=f"chart {kind}",
        role="img",
        aria_labelledby=f"{name}-t",
        aria_describedby=f"{name}-d",
    )


def name_of(kind: str, title: str, description: str) -> str:
    """Return the name that a picture's ids begin with."""
    told = f"{kind}\0{title}\0{description}".encode("utf-8", "replace")
    return f"{kind}-{hashlib.sha256(told).hexdigest()[:8]}"


def _tenths(n: int) -> str:
    """Return n tenths as a decimal, exactly."""
    whole, rest = divmod(abs(n), 10)
    sign = "-" if n < 0 else ""
    return f"{sign}{whole}.{rest}" if rest else f"{sign}{whole}"


@lru_cache(maxsize=256)
def _attribute(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _value(value: object) -> str:
    return coordinate(value) if isinstance(value, float) else escape(value)
