"""Two vintages of a register of colonias: what became of each colonia.

Use it when a new register arrives, before it replaces the old one: what was renamed or split
becomes rows of the table ``aliases``, so that names written in old records still mean the right
place, or none.  It is not for two registers that different offices drew.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from labtools.places.spelling import fold_name

Change = Literal["same", "renamed", "redrawn", "split", "merged", "gone", "new"]
#: Two drawings of one colonia agree on so much of its surface.
_SAME = 0.9
#: Less of a surface than this is an edge drawn otherwise.
_SLIVER = 0.05


def compare_registers(old: gpd.GeoDataFrame, new: gpd.GeoDataFrame, *, crs: str) -> pd.DataFrame:
    """Return what became of each colonia, by surface and not by key or name.

    Parameters
    ----------
    old, new : geopandas.GeoDataFrame
        Canonical tables ``colonias``.
    crs : str
        Projected reference system in which surfaces are measured.

    Returns
    -------
    pandas.DataFrame
        One row for each pair of an old colonia and a new one that share surface, and for each
        that has no counterpart: ``old_id``, ``new_id``, ``of_old`` and ``of_new`` (share of the
        surface of each), ``change``.
    """
    one = old[["colonia_id", "name", "geometry"]].to_crs(crs)
    two = new[["colonia_id", "name", "geometry"]].to_crs(crs)
    pieces = gpd.overlay(
        one.rename(columns={"colonia_id": "old_id", "name": "old_name"}),
        two.rename(columns={"colonia_id": "new_id", "name": "new_name"}),
        how="intersection",
        keep_geom_type=True,
    )
    surface = pieces.geometry.area
    sizes = [table.set_index("colonia_id").geometry.area for table in (one, two)]
    table = pd.DataFrame(pieces.drop(columns="geometry")).assign(
        of_old=surface / pieces["old_id"].map(sizes[0]),
        of_new=surface / pieces["new_id"].map(sizes[1]),
    )
    table = table[(table["of_old"] > _SLIVER) | (table["of_new"] > _SLIVER)]
    table["change"] = _changes(table)
    gone = _alone("old_id", one, table["old_id"], "gone")
    fresh = _alone("new_id", two, table["new_id"], "new")
    columns = ["old_id", "new_id", "of_old", "of_new", "change"]
    return pd.concat([table, gone, fresh], ignore_index=True)[columns]


def aliases_of_changes(changes: pd.DataFrame, old: pd.DataFrame, on: date) -> pd.DataFrame:
    """Return the rows of ``aliases`` that keep old names working.

    The old name of a colonia that was renamed means the new one.  That of a colonia that was
    split stands once for each part, so that alone it means none of them.

    Parameters
    ----------
    changes : pandas.DataFrame
        Of `compare_registers`.
    old : pandas.DataFrame
        The old register.
    on : datetime.date
        Day on which the new register holds; told as the reason.
    """
    moved = changes[changes["change"].isin(["renamed", "split", "merged"])]
    names = old.set_index("colonia_id")[["name", "borough"]]
    table = moved.join(names, on="old_id")
    return pd.DataFrame(
        {
            "colonia_id": table["new_id"],
            "name": table["name"],
            "borough": table["borough"],
            "valid_from": pd.NaT,
            "valid_until": pd.NaT,
            "why": table["change"] + f" {on.isoformat()}",
        }
    ).reset_index(drop=True)


def _changes(table: pd.DataFrame) -> np.ndarray:
    """Return the change of each pair: parts of one old, of one new, or one to one."""
    part_of_old = (table["of_new"] >= _SAME) & (table["of_old"] < _SAME)
    part_of_new = (table["of_old"] >= _SAME) & (table["of_new"] < _SAME)
    whole = (table["of_old"] >= _SAME) & (table["of_new"] >= _SAME)
    named = table["old_name"].map(fold_name) == table["new_name"].map(fold_name)
    kinds = [whole & named, whole & ~named, part_of_old, part_of_new]
    return np.select(kinds, ["same", "renamed", "split", "merged"], default="redrawn")


def _alone(column: str, register: pd.DataFrame, paired: pd.Series, change: Change) -> pd.DataFrame:
    keys = register["colonia_id"]
    return pd.DataFrame({column: keys[~keys.isin(paired)], "change": change})
