"""A ground of unit squares, small enough to know every answer."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import shapely


def square(x: float, y: float, side: float = 1.0) -> shapely.Polygon:
    return shapely.box(x, y, x + side, y + side)


def register(shapes: dict[str, shapely.Geometry], **columns: list[str | None]) -> gpd.GeoDataFrame:
    """Return a register with a colonia for each key; names and boroughs may be given."""
    given = {"name": list(shapes), "borough": [None] * len(shapes), **columns}
    table = {"colonia_id": list(shapes), **given}
    typed = {name: pd.Series(cells, dtype="str") for name, cells in table.items()}
    return gpd.GeoDataFrame(typed, geometry=list(shapes.values()), crs="EPSG:4326")
