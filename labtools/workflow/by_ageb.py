"""A file told by AGEB: its figures, the polygons, and what part of each AGEB a colonia has."""

from __future__ import annotations

from typing import NamedTuple

import geopandas as gpd
import pandas as pd

from labtools.errors import SettingsError
from labtools.places.interpolate import shares_of_area
from labtools.settings import Source
from labtools.tables.store import read_table
from labtools.workflow.steps import Opened


class ByAgeb(NamedTuple):
    """The areas (``ageb``), their figures by variable, and the shares of them by colonia."""

    areas: gpd.GeoDataFrame
    figures: pd.DataFrame
    shares: pd.DataFrame


def told_by_ageb(opened: Opened, source: Source, colonias: gpd.GeoDataFrame) -> ByAgeb:
    """Return a source's figures by AGEB, with the areas and how colonias share them.

    Raises
    ------
    SettingsError
        If no source of the workbench has the polygons of AGEBs.
    """
    areas, clean = opened.of_kind("ageb"), opened.workbench.interim("clean")
    if not areas:
        raise SettingsError(
            "The source {source} needs the polygons of its AGEBs. Add a source with a "
            "descriptor of kind “ageb” to lab.toml.",
            source=source.name,
        )
    ageb = read_table("ageb", clean, as_name=f"{areas[0].name}.ageb")
    long = read_table("census", clean, as_name=f"{source.name}.census")
    wide = long.pivot_table(index="ageb_id", columns="variable", values="value", dropna=False)
    crs = opened.settings.lab.crs
    shares = shares_of_area(ageb, colonias, source_id="ageb_id", target_id="colonia_id", crs=crs)
    return ByAgeb(ageb, wide, shares)
