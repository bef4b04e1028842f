"""The municipality in few tiers, by level or by change; no gradient, no order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
_BOTH = "both"  # an increase in one group of crimes and a decrease in another
_TIERS = ("above", "similar", "below", "unknown", words.SUPPRESSED, words.MISSING)
_CHANGES = ("increase", "decrease", _BOTH, "none", "unknown", words.SUPPRESSED, words.MISSING)


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
    title = text("Recorded crime against the municipality, by colonia: {group}", group=named(group))
    return _map(ground, tiers, _TIERS, title, zeros=_without_crimes(ground, crime, group))


def _without_crimes(ground: Ground, crime: pd.DataFrame, group: str) -> int:
    """Return how many colonias have a count of zero: a figure, which lies in a tier."""
    counted = crime[(crime["group"] == group) & (crime["state"] == words.SHOWN)]
    return int(counted.loc[counted["colonia_id"].isin(ground.ids), "events"].eq(0).sum())


def change_map(
    colonias: gpd.GeoDataFrame | Ground, change: pd.DataFrame, *, group: str | None = None
) -> Svg:
    """Draw in which colonias a change can be told apart from chance, and in which none can.

    Parameters
    ----------
    colonias : geopandas.GeoDataFrame or Ground
        The released table ``colonias_shown``, or the ground made of it.
    change : pandas.DataFrame
        The released table ``change``; a colonia without a row has no data.
    group : str, optional
        Crime group drawn; all of them together where None.
    """
    ground = colonias if isinstance(colonias, Ground) else ground_of(colonias)
    asked = change if group is None else change[change["group"] == group]
    by_colonia = {str(key): _changed(rows) for key, rows in asked.groupby("colonia_id")}
    tiers = np.array([by_colonia.get(key, words.MISSING) for key in ground.ids], dtype=object)
    drawn = text("all groups") if group is None else named(group)
    title = text("Changes that can be told apart from chance, by colonia: {group}", group=drawn)
    return _map(ground, tiers, _CHANGES, title)


def _changed(rows: pd.DataFrame) -> str:
    """Return what can be said of one colonia's rows of change together."""
    told = set(rows.loc[rows["state"] == words.SHOWN, "verdict"])
    if not told:
        return str(rows["state"].iloc[0])
    up_and_down = {"increase", "decrease"}
    if up_and_down <= told:
        return _BOTH
    return next(one for one in ("increase", "decrease", "none", "unknown") if one in told)


def _map(
    ground: Ground, tiers: np.ndarray, order: Sequence[str], title: str, *, zeros: int = 0
) -> Svg:
    found = {tier: np.flatnonzero(tiers == tier) for tier in order if (tiers == tier).any()}
    zero = [zero_words(zeros)] if zeros else []
    description = " ".join([*(_told(tier, len(it)) for tier, it in found.items()), *zero])
    name = name_of(_KIND, title, description)
    areas, bottom = _areas(ground, found, name)
    keys = [
        marks.Key(_swatch(tier, name), f"{_label(tier)}: {number(len(places))}")
        for tier, places in found.items()
    ]
    keys += [marks.Key(_zero_sign(), words_of.rstrip(".")) for words_of in zero]
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


def borough_map(
    colonias: gpd.GeoDataFrame | Ground, figures: Mapping[str, str], *, title: str
) -> Svg:
    """Draw the boroughs with their names, and below each what is told of it.

    Parameters
    ----------
    colonias : geopandas.GeoDataFrame or Ground
        The released table ``colonias_shown``, or the ground made of it.
    figures : mapping of str to str
        Borough → its figure in words; one that is not named here is drawn empty.
    title : str
        What the figures are; read aloud first.
    """
    ground = colonias if isinstance(colonias, Ground) else ground_of(colonias)
    names = [name for name, _ in ground.districts]
    told = {name: figures.get(name, words.label(words.MISSING)) for name in names}
    left, top, right, bottom = ground.outline.bounds
    height = min(_WIDTH * (bottom - top) / max(right - left, 1.0), _TALLEST)
    window = window_around(ground.outline.bounds, (_WIDTH, height))
    shapes = np.array([shape for _, shape in ground.districts], dtype=object)
    drawn = window.drawn(shapes, tolerance=0.8)
    edge = {"stroke": theme.INK, "stroke_width": "1", "stroke_linejoin": "round"}
    areas = [
        element(
            "path",
            d=path_data([shape]),
            fill=theme.PLAIN_TINT if name in figures else theme.PAPER,
            fill_rule="evenodd",
            **edge,
        )
        for name, shape in zip(names, drawn, strict=True)
    ]
    places = shapely.get_coordinates(shapely.point_on_surface(drawn)).tolist()
    said = [
        _borough_name(line, (place[0], place[1] + 12 * n))
        for name, place in zip(names, places, strict=True)
        for n, line in enumerate((name, told[name]))
    ]
    description = " ".join(
        text("{label}: {figure}.", label=name, figure=figure) for name, figure in told.items()
    )
    size = (_WIDTH, height + 4)
    body = [theme.canvas([*areas, *said])]
    return picture("boroughs", size, title=title, description=description, body=body)


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
        "increase": theme.ABOVE_FILL,
        "below": theme.BELOW_TINT,
        "decrease": theme.BELOW,
        _BOTH: theme.SIMILAR,
        "similar": theme.fill_of(name, "similar"),
        "none": theme.fill_of(name, "similar"),
        "unknown": theme.FAINT,
        words.SUPPRESSED: theme.fill_of(name, "withheld"),
    }
    dashes = {"stroke_dasharray": "2 2"} if tier == words.MISSING else {}
    edge = theme.SOFT_INK if tier == words.MISSING else theme.PAPER
    if tier in {"similar", "none", "unknown", words.SUPPRESSED}:
        edge = theme.SIMILAR
    fill = fills.get(tier, theme.PAPER)
    return {"fill": fill, "stroke": edge, "stroke_width": "0.7", "fill_rule": "evenodd", **dashes}


def _swatch(tier: str, name: str) -> Svg:
    look = {**_look(tier, name), "stroke": theme.SOFT_INK}
    return element("rect", x=2, y=-6, width=22, height=12, **look)


def zero_words(colonias: int) -> str:
    """Return what tells that a count of zero is a figure, and how it is painted."""
    said = plural(
        "zero recorded: one colonia, painted by its tier.",
        "zero recorded: {n} colonias, painted by their tier.",
    )
    return say(said, n=colonias)


def _zero_sign() -> Svg:
    return theme.words_at(13, 4.5, "0", font_size=13, font_weight=600, text_anchor="middle")


def _label(tier: str) -> str:
    if tier == _BOTH:
        return text("increased in one group, decreased in another")
    return text("not known") if tier == "unknown" else words.label(tier)


def _told(tier: str, n: int) -> str:
    counted = say(plural("{n} colonia", "{n} colonias"), n=n)
    return text("{label}: {figure}.", label=_label(tier), figure=counted)
