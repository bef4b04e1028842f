"""Where a colonia lies: itself among its neighbours, and within its municipality."""

from __future__ import annotations

from functools import lru_cache

import geopandas as gpd
import shapely

from labtools.charts import theme
from labtools.charts.ground import (
    Ground,
    Shapes,
    Window,
    ground_of,
    path_data,
    round_length,
    window_around,
)
from labtools.charts.svg import Svg, element, joined, picture
from labtools.messages import number, text

_KIND = "locator"
_PAPER = (theme.WIDTH, 300.0)
_INSET = (104.0, 84.0)
_MARGIN = 0.8  # ground shown on each side, in widths of the colonia
_LEAST = 350.0  # metres shown on each side of the smallest colonia
_NAMES = 8
_SIZE = 10.5
_EDGE = 3.0
_TOUCHING = 15.0  # metres: neighbours may be drawn with a street between them


def locator_map(colonias: gpd.GeoDataFrame | Ground, colonia_id: str) -> Svg:
    """Draw one colonia among its neighbours, with the municipality in a corner.

    Parameters
    ----------
    colonias : geopandas.GeoDataFrame or Ground
        The released table ``colonias_shown``; or the ground made of it, which is faster
        where many maps are drawn.
    colonia_id : str
        The colonia marked.

    Raises
    ------
    TableError
        If the colonia has no shape.
    """
    ground = colonias if isinstance(colonias, Ground) else ground_of(colonias)
    place = ground.place_of(colonia_id)
    window = _window(ground.shapes[place])
    near = [int(i) for i in sorted(ground.tree.query(shapely.box(*window.box))) if i != place]
    neighbours = window.drawn(ground.shapes[near])
    marked = window.drawn(ground.shapes[[place]])
    body = [
        element("rect", width=int(_PAPER[0]), height=int(_PAPER[1]), fill=theme.GROUND),
        _area(path_data(neighbours), theme.PAPER, theme.RULE, 1.0),
        _area(path_data(marked), theme.MARKED, theme.ACCENT, 2.2),
        _names(ground, [*near, place], [*neighbours, *marked]),
        _scale_bar(window),
        _north(),
        _inset(ground, window),
        _frame(0.0, 0.0, _PAPER, "none"),
    ]
    title = text("Where {name} lies", name=ground.names[place])
    return picture(
        _KIND, _PAPER, title=title, description=_told(ground, place), body=[theme.canvas(body)]
    )


def _window(shape: shapely.Geometry) -> Window:
    left, top, right, bottom = shape.bounds
    pad = max(right - left, bottom - top) * _MARGIN
    across, down = max(pad, _LEAST), max(pad * 0.7, _LEAST * 0.7)
    return window_around((left - across, top - down, right + across, bottom + down), _PAPER)


def _area(data: str, fill: str, stroke: str, width: float) -> Svg:
    return element(
        "path",
        d=data,
        fill=fill,
        stroke=stroke,
        stroke_width=width,
        stroke_linejoin="round",
        fill_rule="evenodd",
    )


def _told(ground: Ground, place: int) -> str:
    shape = ground.shapes[place]
    found = ground.tree.query(shape.buffer(_TOUCHING), predicate="intersects")
    around = tuple(sorted(ground.names[i] for i in found if i != place))
    if not around:
        return text("{name} has no neighbouring colonia in the map.", name=ground.names[place])
    return text(
        "{name} is marked; its neighbours are {neighbours}. A small map shows where it lies in "
        "the municipality.",
        name=ground.names[place],
        neighbours=around,
    )


def _names(ground: Ground, places: list[int], shapes: list[shapely.Geometry]) -> Svg:
    """Name the marked colonia and those neighbours whose names fit inside them."""
    drawn: list[Svg] = []
    taken = [_room_of_inset(), _room_of_scale(), _room_of_north()]
    own = shapes[-1].buffer(-_EDGE)
    order = sorted(
        zip(places, shapes, strict=True),
        key=lambda one: (one[0] != places[-1], -one[1].area, one[0]),
    )
    for place, shape in order:
        marked = place == places[-1]
        room = _room(ground.names[place], shape)
        others = taken if marked else [*taken, own]
        fits = room is not None and not any(room.intersects(other) for other in others)
        if room is None or not fits or (not marked and len(drawn) > _NAMES):
            continue
        taken.append(room)
        drawn.append(_name(ground.names[place], room, marked=marked))
    return joined(drawn)


def _room(name: str, shape: shapely.Geometry) -> shapely.Geometry | None:
    if shape.is_empty:
        return None
    middle = shape.representative_point()
    left, top, right, bottom = shape.bounds
    wide, high = theme.words_width(name, _SIZE) / 2, _SIZE * 0.7
    inside = middle.x - wide > _EDGE and middle.x + wide < _PAPER[0] - _EDGE
    if right - left < 2 * wide or bottom - top < 2 * high or not inside:
        return None
    return shapely.box(middle.x - wide, middle.y - high, middle.x + wide, middle.y + high)


def _name(name: str, room: shapely.Geometry, *, marked: bool) -> Svg:
    left, top, right, bottom = room.bounds
    return theme.words_at(
        (left + right) / 2,
        (top + bottom) / 2 + 4,
        name,
        font_size=_SIZE,
        font_weight=700 if marked else None,
        fill=theme.INK if marked else theme.SOFT_INK,
        text_anchor="middle",
        stroke=theme.PAPER,
        stroke_width=2.5,
        stroke_linejoin="round",
        paint_order="stroke",
    )


def _scale_bar(window: Window) -> Svg:
    metres = round_length(110 / window.scale)
    words = (
        text("{n} km", n=number(metres / 1000))
        if metres >= 1000  # noqa: PLR2004 - metres in a kilometre
        else text("{n} m", n=number(metres))
    )
    length = metres * window.scale
    y = _PAPER[1] - 14
    ground = element(
        "rect", x=8, y=y - 18, width=length + 16, height=26, fill=theme.PAPER, fill_opacity="0.85"
    )
    line = element("path", d=f"M16 {y - 4:.1f}v4h{length:.1f}v-4", fill="none", stroke=theme.INK)
    return joined([ground, line, theme.words_at(16.0, y - 7, words, font_size=_SIZE)])


def _north() -> Svg:
    x = _PAPER[0] - 20
    ground = element(
        "rect", x=x - 11, y=8, width=22, height=34, fill=theme.PAPER, fill_opacity="0.85"
    )
    needle = element("path", d=f"M{x:.0f} 12l5 13-5-3-5 3z", fill=theme.INK)
    letter = theme.words_at(x, 38.0, text("N"), font_size=_SIZE, text_anchor="middle")
    return joined([ground, needle, letter])


def _inset(ground: Ground, window: Window) -> Svg:
    wide, high = _INSET
    left, top = _PAPER[0] - wide - 8, _PAPER[1] - high - 8
    inside, outline = _outline(ground)
    centre = shapely.box(*window.box).centroid
    x = inside.x + (centre.x - inside.left) * inside.scale
    y = inside.y + (centre.y - inside.top) * inside.scale
    return joined(
        [
            _frame(left, top, _INSET, theme.PAPER),
            _area(outline, theme.FAINT, theme.SOFT_INK, 0.6),
            element("circle", cx=x, cy=y, r=4, fill=theme.ACCENT, stroke=theme.PAPER),
        ]
    )


@lru_cache(maxsize=4)
def _outline(ground: Ground) -> tuple[Window, str]:
    """Return the small map's window and its path, the same on each page of an edition."""
    wide, high = _INSET
    left, top = _PAPER[0] - wide - 8, _PAPER[1] - high - 8
    inside = window_around(ground.outline.bounds, (wide - 12, high - 12), at=(left + 6, top + 6))
    return inside, path_data(inside.drawn(_alone(ground.outline), tolerance=0.5))


def _alone(shape: shapely.Geometry) -> Shapes:
    one: Shapes = shapely.get_parts(shape)
    return one


def _frame(x: float, y: float, size: tuple[float, float], fill: str) -> Svg:
    return element(
        "rect",
        x=x + 0.5,
        y=y + 0.5,
        width=size[0] - 1,
        height=size[1] - 1,
        fill=fill,
        stroke=theme.RULE,
    )


def _room_of_inset() -> shapely.Geometry:
    wide, high = _INSET
    return shapely.box(_PAPER[0] - wide - 8, _PAPER[1] - high - 8, *_PAPER)


def _room_of_scale() -> shapely.Geometry:
    return shapely.box(0, _PAPER[1] - 36, 140, _PAPER[1])


def _room_of_north() -> shapely.Geometry:
    return shapely.box(_PAPER[0] - 36, 0, _PAPER[0], 46)
