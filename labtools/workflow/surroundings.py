"""What a colonia is like beside its census: its places of business, and indices of its AGEBs."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from labtools.analysis.risk_terrain import distances_to
from labtools.places.interpolate import interpolate_counts
from labtools.places.points import assign_points
from labtools.settings import Source
from labtools.sources.descriptor import Indicator
from labtools.tables.account import Account
from labtools.tables.contracts import empty_table
from labtools.tables.lineage import code_digest, digest_of, sha256_of, trace
from labtools.tables.store import read_table
from labtools.workflow.by_ageb import told_by_ageb
from labtools.workflow.intake import cleaned_files
from labtools.workflow.steps import Opened, sign

#: Tables of `clean` that become indicators of colonias here.
SURROUNDINGS = ("establishments", "census")
_PER = 1_000
#: The kind under which premises of every activity are counted.
ALL_PREMISES = "every_activity"


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


def premises_around(opened: Opened) -> pd.DataFrame:
    """Return by colonia and kind of premises how many there are, and how far the nearest is.

    Returns
    -------
    pandas.DataFrame
        ``colonia_id``, ``kind`` (an indicator of the source, or :data:`ALL_PREMISES`), ``label``,
        ``premises``, ``jobs`` (by the middle of the bands of staff; missing where none is told)
        and ``metres`` from a point inside the colonia; no row without a source.
    """
    colonias = read_table("colonias", opened.workbench.interim("located"))
    crs = opened.settings.lab.crs
    middle = gpd.GeoSeries(colonias.to_crs(crs).representative_point())
    centres = np.column_stack([middle.x, middle.y])
    parts = [
        _premises_of(opened, source, colonias, centres)
        for source in opened.of_kind("establishments")
    ]
    columns = ["colonia_id", "kind", "label", "premises", "jobs", "metres"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def premises_digest(opened: Opened) -> str:
    """Return the digest of what `premises_around` is made from, reading none of it."""
    sources = opened.of_kind("establishments")
    files = [path for source in sources for path in cleaned_files(opened, source)]
    files.append(opened.workbench.interim("located") / "colonias.parquet")
    kinds = [[str(it) for it in opened.descriptor(source).indicator] for source in sources]
    crs = opened.settings.lab.crs
    return digest_of(code_digest(), crs, kinds, [sha256_of(path) for path in files])


def _premises_of(
    opened: Opened, source: Source, colonias: gpd.GeoDataFrame, centres: np.ndarray
) -> pd.DataFrame:
    table, at = _placed(opened, source, colonias)
    seen = table[["lon", "lat"]].notna().all(axis=1).to_numpy()
    points = gpd.GeoSeries(gpd.points_from_xy(table["lon"], table["lat"]), crs="EPSG:4326")
    metres = points.to_crs(opened.settings.lab.crs)
    places = np.column_stack([metres.x, metres.y])
    jobs = _staff(table["staff"])
    kinds = {
        it.key: (it.label, table["activity"].str.startswith(it.numerator).to_numpy(bool))
        for it in opened.descriptor(source).indicator
    }
    kinds[ALL_PREMISES] = (ALL_PREMISES, np.ones(len(table), bool))
    parts = []
    for kind, (label, mine) in kinds.items():
        inside = mine & (at >= 0)
        told = np.where(inside, jobs.fillna(0.0), 0.0)
        parts.append(
            pd.DataFrame(
                {
                    "colonia_id": colonias["colonia_id"].to_numpy(),
                    "kind": kind,
                    "label": label,
                    "premises": np.bincount(at[inside], minlength=len(colonias)),
                    "jobs": np.bincount(at[inside], told[inside], len(colonias))
                    if jobs.notna().any()
                    else np.nan,
                    "metres": distances_to(centres, places[mine & seen]),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _staff(told: pd.Series) -> pd.Series:
    """Return the middle of each band of staff (“6 a 10 personas”); of an open one, its limit."""
    limits = told.str.extractall(r"(\d+)")[0].astype(float)
    return limits.groupby(level=0).mean().reindex(told.index)


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
    told = [it for it in opened.descriptor(source).indicator if not it.near_only]
    for indicator in told:
        mine = table["activity"].str.startswith(indicator.numerator).to_numpy(bool) & (at >= 0)
        counted = np.bincount(at[mine], minlength=len(colonias))
        with np.errstate(divide="ignore", invalid="ignore"):
            value = np.where(residents > 0, _PER * counted / residents, np.nan)
        everybody = np.nansum(residents)
        city = _PER * counted.sum() / everybody if everybody else np.nan
        parts.append(_rows(source, indicator, colonias, value, city))
    return pd.concat(parts, ignore_index=True) if parts else empty_table("indicators")


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
