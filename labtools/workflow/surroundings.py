"""What a colonia is like beside its census: its places of business, and indices of its AGEBs."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from labtools.places.interpolate import interpolate_counts
from labtools.places.points import assign_points
from labtools.settings import Source
from labtools.sources.descriptor import Indicator
from labtools.tables.account import Account
from labtools.tables.lineage import trace
from labtools.tables.store import read_table
from labtools.workflow.by_ageb import told_by_ageb
from labtools.workflow.intake import cleaned_files
from labtools.workflow.steps import Opened, sign

#: Tables of `clean` that become indicators of colonias here.
SURROUNDINGS = ("establishments", "census")
_PER = 1_000


def surrounding_indicators(opened: Opened, colonias: gpd.GeoDataFrame) -> list[pd.DataFrame]:
    """Return the canonical tables ``indicators`` of establishments and of indices of AGEBs.

    Establishments are told per 1,000 residents; an index is the mean of the AGEBs over which a
    colonia lies, weighted by the residents that each lends it.  Where nobody lives, or nothing
    is known, the figure is missing.
    """
    found = [_of_establishments(opened, it, colonias) for it in opened.of_kind("establishments")]
    return found + [_of_index(opened, it, colonias) for it in opened.of_kind("ageb_index")]


def locate_establishments(opened: Opened, source: Source) -> Account:
    """Return how many establishments lie in a colonia, lie in none, or have no point."""
    located = opened.workbench.interim("located")
    inputs = [*cleaned_files(opened, source), located / "colonias.parquet"]
    lineage = trace("locate", inputs, root=opened.workbench.root, settings=source.name)
    table, at = _placed(opened, source, read_table("colonias", located))
    nowhere = table[["lon", "lat"]].isna().any(axis=1).to_numpy()
    apart = {"no_place": int(nowhere.sum()), "outside": int(((at < 0) & ~nowhere).sum())}
    rejected = {reason: n for reason, n in apart.items() if n}
    account = Account("locate", source.name, len(table), int((at >= 0).sum()), rejected)
    return sign(opened, account, lineage)


def _placed(
    opened: Opened, source: Source, colonias: gpd.GeoDataFrame
) -> tuple[pd.DataFrame, np.ndarray]:
    clean = opened.workbench.interim("clean")
    table = read_table("establishments", clean, as_name=f"{source.name}.establishments")
    points = table["lon"].to_numpy(float), table["lat"].to_numpy(float)
    return table, assign_points(*points, colonias)


def _of_establishments(opened: Opened, source: Source, colonias: gpd.GeoDataFrame) -> pd.DataFrame:
    table, at = _placed(opened, source, colonias)
    residents = colonias["population"].to_numpy(float)
    parts = []
    for indicator in opened.descriptor(source).indicator:
        mine = table["activity"].str.startswith(indicator.numerator).to_numpy(bool) & (at >= 0)
        counted = np.bincount(at[mine], minlength=len(colonias))
        with np.errstate(divide="ignore", invalid="ignore"):
            value = np.where(residents > 0, _PER * counted / residents, np.nan)
        everybody = np.nansum(residents)
        city = _PER * counted.sum() / everybody if everybody else np.nan
        parts.append(_rows(source, indicator, colonias, value, city))
    return pd.concat(parts, ignore_index=True)


def _of_index(opened: Opened, source: Source, colonias: gpd.GeoDataFrame) -> pd.DataFrame:
    ageb, wide, shares = told_by_ageb(opened, source, colonias)
    keys = pd.Index(colonias["colonia_id"])
    descriptor, parts = opened.descriptor(source), []
    for indicator in descriptor.indicator:
        told = wide[[descriptor.column("population"), indicator.numerator[0]]].dropna()
        # The city's own figure is of its colonias: the file is of a whole country.
        told = told[told.index.isin(ageb["ageb_id"])]
        people, figure = told.iloc[:, 0], told.iloc[:, 1]
        above = interpolate_counts(people * figure, shares, keys).counts
        below = interpolate_counts(people, shares, keys).counts
        city = above.sum() / below.sum() if below.sum() else np.nan
        value = (above / below.where(below > 0)).to_numpy()
        parts.append(_rows(source, indicator, colonias, value, city))
    return pd.concat(parts, ignore_index=True)


def _rows(
    source: Source,
    indicator: Indicator,
    colonias: gpd.GeoDataFrame,
    value: np.ndarray,
    city: float,
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "colonia_id": colonias["colonia_id"].to_numpy(),
            "indicator": indicator.key,
            "label": indicator.label,
            "value": value,
            "municipality": city,
            "unit": indicator.unit,
            "source": source.name,
        }
    )
