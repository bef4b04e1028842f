"""Where case files lie thick: a picture of files, not of risk, and for the lab only."""

from __future__ import annotations

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from labtools.charts import marks, theme
from labtools.charts.ground import path_data
from labtools.charts.svg import Svg, element, joined, picture
from labtools.messages import number, text

_KIND = "density"
_TALLEST = 520.0
_DEGREE = 111_320.0
_SHADES = (0.0, 0.15, 0.35, 0.55, 0.75, 0.95)
_CLASSES = len(_SHADES) - 1


def density_chart(density: pd.DataFrame, colonias: gpd.GeoDataFrame) -> Svg:
    """Draw cells by how many files of a year they have for each square kilometre.

    Parameters
    ----------
    density : pandas.DataFrame
        The internal table ``density``.
    colonias : geopandas.GeoDataFrame
        The table ``colonias_shown``: its boroughs are drawn over the cells.
    """
    scale = _Scale(density)
    most = float(density["per_km2"].max())
    # Steps that grow: most of a municipality is thin, and differs too.
    edges = np.unique(np.round(most * (np.arange(1, _CLASSES) / _CLASSES) ** 2))
    shade = np.searchsorted(edges, density["per_km2"].to_numpy(float), side="right")
    cells = [
        element("path", d=scale.cells(density[shade == k]), **_look(k))
        for k in range(len(edges) + 1)
        if (shade == k).any()
    ]
    ends = [0.0, *edges, most]
    keys = [
        marks.Key(
            element("rect", x=2, y=-6, width=22, height=12, stroke=theme.SOFT_INK, **_look(k)),
            text("{low} to {high}", low=number(ends[k]), high=number(ends[k + 1])),
        )
        for k in range(len(edges) + 1)
    ]
    legend, bottom = marks.legend(keys, scale.height + 8, theme.WIDTH)
    return picture(
        _KIND,
        (theme.WIDTH, bottom),
        title=text("Case files with a point, for each square kilometre and year"),
        description=text(
            "{n} cells of {cell} metres; the thickest has {most} files a square kilometre, the "
            "middle one {middle}.",
            n=number(len(density)),
            cell=number(density["cell_metres"].iloc[0]),
            most=number(density["per_km2"].max()),
            middle=number(density["per_km2"].median()),
        ),
        body=[theme.canvas([*cells, _boroughs(colonias, scale), legend])],
    )


class _Scale:
    """Degrees to paper, as wide as the picture."""

    def __init__(self, density: pd.DataFrame) -> None:
        half = density["cell_metres"].iloc[0] / 2 / _DEGREE
        self._tall = 2 * half
        self._flat = math.cos(math.radians(float(density["lat"].mean())))
        left, right = density["lon"].min(), density["lon"].max()
        low, high = density["lat"].min() - half, density["lat"].max() + half
        width = (right - left) * self._flat + 2 * half
        self._size = min(theme.WIDTH / width, _TALLEST / (high - low))
        self._left, self._top = left - half / self._flat, high
        self.height = float((high - low) * self._size)

    def paper(self, degrees: np.ndarray) -> np.ndarray:
        """Return longitude and latitude as units of paper."""
        across = (degrees[:, 0] - self._left) * self._flat * self._size
        return np.column_stack([across, (self._top - degrees[:, 1]) * self._size])

    def cells(self, density: pd.DataFrame) -> str:
        """Return the path of square cells."""
        side = self._tall * self._size
        corners = self.paper(density[["lon", "lat"]].to_numpy(float)) - side / 2
        return "".join(f"M{x:.1f} {y:.1f}h{side:.1f}v{side:.1f}h-{side:.1f}z" for x, y in corners)


def _look(shade: int) -> dict[str, object]:
    if not shade:
        return {"fill": theme.GROUND}
    return {"fill": theme.ACCENT, "fill_opacity": f"{_SHADES[shade]:.2f}"}


def _boroughs(colonias: gpd.GeoDataFrame, scale: _Scale) -> Svg:
    shapes = colonias[colonias["borough"].notna()].dissolve("borough").geometry.to_numpy()
    drawn = shapely.simplify(shapely.transform(shapes, scale.paper), 0.8)
    return joined(
        [
            element(
                "path", d=path_data(drawn), fill="none", stroke=theme.SOFT_INK, stroke_width="0.8"
            )
        ]
    )
