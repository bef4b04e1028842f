"""Map of colonias from released geometry alone: no tiles, no other host, no ranking.

Colonias fall in three tiers of one crime group (below, not distinguishable from, above the
municipality); what is missing and what is withheld have signs of their own.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Mapping
from typing import Any

import geopandas as gpd
import ipyleaflet
import pandas as pd
from ipywidgets import Layout

from labtools.charts import theme
from labtools.charts.svg import Svg, element, joined
from labtools.charts.tiers import zero_words
from labtools.messages import text
from labtools.tables import vocabulary as words

PATTERNS = "tablero"
TIERS = ("above", "similar", "below", "unknown", words.SUPPRESSED, words.MISSING)

_TILE = 256.0  # pixels of the whole world at zoom 0, by Leaflet's convention
_MARGIN = 0.94
_SIZES = (80.0, 6_000.0)  # sides that the map of a real screen can have, in pixels
# The same signs as the map of the published pages (labtools.charts.tiers).
_FILLS: Mapping[str, str] = {
    "above": theme.ABOVE,
    "similar": theme.fill_of(PATTERNS, "similar"),
    "below": "#b9d8ef",
    "unknown": theme.FAINT,
    words.SUPPRESSED: theme.fill_of(PATTERNS, "withheld"),
    words.MISSING: theme.PAPER,
}
_MARK = {"color": theme.INK, "weight": 3.5, "fill": False, "opacity": 1}


class ColoniaMap:
    """Interactive map of the colonias.

    Parameters
    ----------
    colonias : geopandas.GeoDataFrame
        The released table ``colonias_shown``.
    chosen : callable
        Called with whatever colonia key the viewer's browser says was clicked; it must
        check that there is such a colonia.
    """

    def __init__(self, colonias: gpd.GeoDataFrame, chosen: Callable[[object], None]) -> None:
        self._bounds = tuple(float(side) for side in colonias.total_bounds)
        self._features: dict[str, Any] = json.loads(colonias[["colonia_id", "geometry"]].to_json())
        self._tiers = ipyleaflet.GeoJSON(
            data=self._features, hover_style={"weight": 3, "color": theme.INK}
        )
        self._marked = ipyleaflet.GeoJSON(style=_MARK)
        self._tiers.on_click(lambda **said: chosen(_key_in(said)))
        self.widget = _bare_map((self._tiers, self._marked), self._bounds)
        self.widget.observe(self._fit, "pixel_bounds")

    def show_tiers(self, tiers: Mapping[str, str]) -> None:
        """Paint each colonia with the sign of its tier (see `TIERS`)."""
        features = [
            {**feature, "properties": {**feature["properties"], "style": _style_of(feature, tiers)}}
            for feature in self._features["features"]
        ]
        self._tiers.data = {**self._features, "features": features}

    def mark(self, colonia_id: str) -> None:
        """Draw a strong border around one colonia."""
        found = [f for f in self._features["features"] if _key_of(f) == colonia_id]
        self._marked.data = {"type": "FeatureCollection", "features": found}

    def mark_none(self) -> None:
        """Draw no strong border."""
        self._marked.data = {"type": "FeatureCollection", "features": []}

    def _fit(self, change: Mapping[str, Any]) -> None:
        """Show the whole municipality, once the browser has said how large the map is."""
        (left, top), (right, bottom) = change["new"]
        size = (right - left, bottom - top)
        if all(_SIZES[0] <= side <= _SIZES[1] for side in size):
            self.widget.unobserve(self._fit, "pixel_bounds")
            self.widget.zoom = zoom_that_fits(self._bounds, size)


def tiers_of(crime: pd.DataFrame, group: str) -> dict[str, str]:
    """Return colonia → tier for one crime group, one of `TIERS`."""
    rows = crime[crime["group"] == group]
    shown = rows["versus_municipality"].where(rows["state"] == words.SHOWN, rows["state"])
    return dict(zip(rows["colonia_id"], shown, strict=True))


def zeros_of(crime: pd.DataFrame, group: str) -> int:
    """Return how many colonias have a published count of zero in a crime group."""
    counted = crime[(crime["group"] == group) & (crime["state"] == words.SHOWN)]
    return int(counted["events"].eq(0).sum())


def zoom_that_fits(
    bounds: tuple[float, ...], size: tuple[float, float], *, step: float = 0.25
) -> float:
    """Return the largest zoom, in steps, at which `bounds` fit in `size` pixels.

    Parameters
    ----------
    bounds : tuple of float
        West, south, east, north, in degrees.
    """
    west, south, east, north = bounds
    wide = max((east - west) / 360, 1e-9)
    tall = max((_mercator(north) - _mercator(south)) / (2 * math.pi), 1e-9)
    zoom = min(
        math.log2(_MARGIN * size[0] / _TILE / wide), math.log2(_MARGIN * size[1] / _TILE / tall)
    )
    return max(1.0, math.floor(zoom / step) * step)


def legend(tiers: Collection[str] = TIERS, zeros: int = 0) -> Svg:
    """Return what each sign on the map means; it also holds the map's patterns.

    Parameters
    ----------
    tiers : collection of str
        Those on the map.
    zeros : int
        How many colonias have a count of zero, which is a figure and lies in a tier.
    """
    shown = [tier for tier in TIERS if tier in tiers]
    entries = [element("li", _swatch(tier), element("span", words.label(tier))) for tier in shown]
    if zeros:
        sign = element("b", "0", class_="lab-zero", aria_hidden="true")
        entries.append(element("li", sign, element("span", zero_words(zeros).rstrip("."))))
    patterns = element(
        "svg", theme.patterns(PATTERNS), width=0, height=0, aria_hidden="true", class_="lab-signs"
    )
    listed = element(
        "ul", joined(entries), class_="lab-legend", aria_label=text("Signs of the map")
    )
    return joined([patterns, listed])


def _bare_map(layers: tuple[ipyleaflet.Layer, ...], bounds: tuple[float, ...]) -> ipyleaflet.Map:
    west, south, east, north = bounds
    return ipyleaflet.Map(
        layers=layers,
        center=[(south + north) / 2, (west + east) / 2],
        zoom=zoom_that_fits(bounds, (480, 480)),
        zoom_snap=0.25,
        zoom_delta=0.5,
        min_zoom=8,
        max_zoom=18,
        attribution_control=False,
        layout=Layout(height="100%", width="100%"),
    )


def _swatch(tier: str) -> Svg:
    square = element("rect", x=1, y=1, width=24, height=14, **_drawn(tier))
    return element("svg", square, viewBox="0 0 26 16", width=26, height=16, aria_hidden="true")


def _drawn(tier: str) -> dict[str, object]:
    dashes = "3 3" if tier == words.MISSING else None
    return {"fill": _FILLS[tier], "stroke": theme.SOFT_INK, "stroke_dasharray": dashes}


def _style_of(feature: Mapping[str, Any], tiers: Mapping[str, str]) -> dict[str, object]:
    tier = tiers.get(_key_of(feature), words.MISSING)
    return {
        "fillColor": _FILLS[tier],
        "fillOpacity": 1,
        "color": theme.SIMILAR,
        "weight": 0.7,
        "dashArray": "3 3" if tier == words.MISSING else "",
    }


def _key_of(feature: Mapping[str, Any]) -> str:
    return str(feature["properties"]["colonia_id"])


def _key_in(said: Mapping[str, Any]) -> object:
    """Return the key in a message from the browser, which may hold anything."""
    properties = said.get("properties")
    return properties.get("colonia_id") if isinstance(properties, Mapping) else None


def _mercator(latitude: float) -> float:
    return math.asinh(math.tan(math.radians(latitude)))
