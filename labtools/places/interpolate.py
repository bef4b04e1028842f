"""Counts by one set of areas → counts by another, with the total preserved."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from labtools.errors import TableError


@dataclass(frozen=True, slots=True)
class Interpolated:
    """Counts of the source areas, shared out over the target areas.

    Attributes
    ----------
    counts : pandas.Series
        Count by target area; every target area is there, 0 where no source area meets it.
    unallocated : float
        Count of source areas that meet none of those target areas.
    """

    counts: pd.Series
    unallocated: float


def shares_of_area(
    source: gpd.GeoDataFrame, target: gpd.GeoDataFrame, *, source_id: str, target_id: str, crs: str
) -> pd.DataFrame:
    """Return which share of each source area's people falls to each target area.

    Area weighting: people are taken to be spread evenly over the part of a source area that
    lies in some target area, so that the shares of each source area sum to one.  Use it for
    census AGEBs, which do not nest in colonias; it smooths differences inside an AGEB.

    Parameters
    ----------
    source, target : geopandas.GeoDataFrame
        Polygons with their keys in `source_id` and `target_id`.
    crs : str
        Projected reference system in which areas are measured.

    Returns
    -------
    pandas.DataFrame
        Columns `source_id`, `target_id`, ``share``.
    """
    pieces = gpd.overlay(
        source[[source_id, "geometry"]].to_crs(crs),
        target[[target_id, "geometry"]].to_crs(crs),
        how="intersection",
        keep_geom_type=True,
    )
    area = pieces.geometry.area
    covered = area.groupby(pieces[source_id]).transform("sum")
    kept = pieces.assign(share=area / covered)[[source_id, target_id, "share"]]
    return pd.DataFrame(kept[kept["share"] > 0])


def interpolate_counts(counts: pd.Series, shares: pd.DataFrame, targets: pd.Index) -> Interpolated:
    """Return `counts` (indexed by source area) shared out over `targets`.

    Raises
    ------
    TableError
        If a count is missing: missing is not zero, leave such areas out and say so.
    """
    missing = counts.index[counts.isna()]
    if len(missing):
        raise TableError(
            "{n} areas have no count, the first is {first}. Leave them out before sharing out, "
            "and say how many.",
            n=len(missing),
            first=str(missing[0]),
        )
    source_id, target_id = shares.columns[:2]
    part = shares["share"] * shares[source_id].map(counts).astype(float)
    known = shares[target_id].isin(targets)
    values = part[known].groupby(shares[target_id]).sum().reindex(targets, fill_value=0.0)
    met = counts.index.isin(shares[source_id])
    return Interpolated(values, float(counts[~met].sum() + part[~known].sum()))
