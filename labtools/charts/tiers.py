"""The municipality in three tiers: below, not distinguishable, above; no gradient, no order."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from labtools.charts import marks, theme
from labtools.charts.figures import named
from labtools.charts.ground import Ground, Window, ground_of, path_data, window_around
from labtools.charts.svg import Svg, element, joined, name_of, picture
from labtools.messages import number, plural, say, text
from labtools.tables import vocabulary as words

_KIND = "tiers"
_WIDTH, _TALLEST = theme.WIDTH, 520.0
_NAME_SIZE = 9.5
_FEWEST = 2  # boroughs: the border of a single one is the municipality's
_TIERS = ("above", "similar", "below", "unknown", words.SUPPRESSED, words.MISSING)


def tier_map(
    colonias: gpd.GeoDataFrame | Ground, crime: pd.DataFrame, *, group: str = words.TOTAL
) -> Svg:
    """Draw which colonias lie below or above the municipality's rate, where that can be told.

    Parameters
    ----------
    colonias : geopandas.GeoDataFrame or Ground
        The released table ``colonias_shown``, or the ground made of it.
    crime : pandas.DataFrame
        The released table ``crime``; a colonia without a row has no data.
    group : str, default "total"
        Crime group drawn.
    """
    ground = colonias if isinstance(colonias, Ground) else ground_of(colonias)
    tiers = _tiers(ground, crime.loc[crime["group"] == group])
    found = {tier: np.flatnonzero(tiers == tier) for tier in _TIERS if (tiers == tier).any()}
    title = text("Recorded crime against the municipality, by colonia: {group}", group=named(group))
    description = " ".join(_told(tier, len(places)) for tier, places in found.items())
    name = name_of(_KIND, title, description)
    areas, bottom = _areas(ground, found, name)
    keys = [
        marks.Key(_swatch(tier, name), f"{_label(tier)}: {number(len(places))}")
        for tier, places in found.items()
    ]
    legend, bottom = marks.legend(keys, bottom + 8, _WIDTH)
    return picture(
        _KIND,
        (_WIDTH, bottom),
        title=title,
        description=description,
        body=[theme.canvas([theme.patterns(name, faint=True), areas, legend])],
    )


def _tiers(ground: Ground, crime: pd.DataFrame) -> np.ndarray:
    shown = crime["state"] == words.SHOWN
    tier = crime["versus_municipality"].where(shown, crime["state"])
    by_colonia = dict(zip(crime["colonia_id"], tier, strict=True))
    return np.array([by_colonia.get(key, words.MISSING) for key in ground.ids], dtype=object)


def _areas(ground: Ground, found: Mapping[str, np.ndarray], name: str) -> tuple[Svg, float]:
    left, top, right, bottom = ground.outline.bounds
    height = min(_WIDTH * (bottom - top) / max(right - left, 1.0), _TALLEST)
    window = window_around(ground.outline.bounds, (_WIDTH, height))
    drawn = []
    for tier, places in found.items():
        shapes = window.drawn(ground.shapes[places], tolerance=0.35)
        drawn.append(element("path", d=path_data(shapes), class_=tier, **_look(tier, name)))
    return joined([*drawn, _boroughs(ground, window)]), height


def _boroughs(ground: Ground, window: Window) -> Svg:
    """Draw the borders of the boroughs over all tiers, and their names."""
    names, shapes = [name for name, _ in ground.districts], [it for _, it in ground.districts]
    if len(names) < _FEWEST:
        return Svg("")
    drawn = window.drawn(np.array(shapes, dtype=object), tolerance=0.8)
    edge = {"fill": "none", "stroke": theme.INK, "stroke_width": "1", "stroke_linejoin": "round"}
    borders = element("path", d=path_data(drawn), **edge)
    places = shapely.get_coordinates(shapely.point_on_surface(drawn))
    return joined([borders, *map(_borough_name, names, places.tolist())])


def _borough_name(name: str, place: tuple[float, float]) -> Svg:
    half = theme.words_width(name, _NAME_SIZE, bold=True) / 2
    return theme.words_at(
        min(max(place[0], half), _WIDTH - half),
        place[1],
        name,
        font_size=_NAME_SIZE,
        font_weight=600,
        text_anchor="middle",
        stroke=theme.PAPER,
        stroke_width=3,
        stroke_linejoin="round",
        paint_order="stroke",
    )


def _look(tier: str, name: str) -> dict[str, object]:
    fills = {
        "above": theme.ABOVE_FILL,
        "below": theme.BELOW_TINT,
        "similar": theme.fill_of(name, "similar"),
        "unknown": theme.FAINT,
        words.SUPPRESSED: theme.fill_of(name, "withheld"),
    }
    dashes = {"stroke_dasharray": "2 2"} if tier == words.MISSING else {}
    edge = theme.SOFT_INK if tier == words.MISSING else theme.PAPER
    if tier in {"similar", "unknown", words.SUPPRESSED}:
        edge = theme.SIMILAR
    fill = fills.get(tier, theme.PAPER)
    return {"fill": fill, "stroke": edge, "stroke_width": "0.7", "fill_rule": "evenodd", **dashes}


def _swatch(tier: str, name: str) -> Svg:
    look = {**_look(tier, name), "stroke": theme.SOFT_INK}
    return element("rect", x=2, y=-6, width=22, height=12, **look)


def _label(tier: str) -> str:
    return text("not known") if tier == "unknown" else words.label(tier)


def _told(tier: str, n: int) -> str:
    counted = say(plural("{n} colonia", "{n} colonias"), n=n)
    return text("{label}: {figure}.", label=_label(tier), figure=counted)
