"""Where high or low rates gather, whether they do at all, and what has begun to: analysts only."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy

from labtools.analysis.hotspots.emerging import emerging_clusters
from labtools.analysis.hotspots.global_statistics import global_moran
from labtools.analysis.hotspots.local_statistics import (
    local_g_star,
    local_moran,
    standardise_rates,
)
from labtools.analysis.hotspots.scan import scan_areas
from labtools.analysis.multiplicity import adjust_p_values
from labtools.errors import AnalysisError
from labtools.settings import Lab
from labtools.tables import vocabulary as words
from labtools.tables.contracts import CONTRACTS, check_table, empty_table

_REPLICATES = 199
_LEVEL = 0.05
_DECIMALS = 4


def clusters_tables(
    crime: pd.DataFrame,
    colonias: gpd.GeoDataFrame,
    panel: pd.DataFrame,
    neighbours: scipy.sparse.csr_array,
    lab: Lab,
) -> dict[str, pd.DataFrame]:
    """Return the canonical tables of gathering.

    ``risk_clusters``: Gi* and local Moran by group, and the scan of the total; ``risk_gathering``:
    whether neighbours are alike at all; ``risk_emerging``: what the scan of the last months finds
    beyond what each area usually has.

    Parameters
    ----------
    panel : pandas.DataFrame
        Counts by month up to the end of the period.
    """
    places = _places(colonias, lab)
    parts, whole = [], []
    for group in (*words.GROUPS, words.TOTAL):
        rows = crime[crime["group"] == group].set_index("colonia_id").reindex(places.index)
        events, people = rows["events"].astype(float), rows["person_years"]
        rates = standardise_rates(events, people)
        try:
            hot = local_g_star(rates, neighbours).table
            alike = local_moran(rates, neighbours).table
            judged = global_moran(rates, neighbours)
        except AnalysisError:
            continue  # too few colonias, or none differs: nothing gathers anywhere
        inside = _scanned(events, people, places, lab.seed) if group == words.TOTAL else ()
        parts.append(
            pd.DataFrame(
                {
                    "colonia_id": places.index,
                    "group": group,
                    "z": hot["z"].to_numpy(),
                    "q_value": hot["adjusted"].to_numpy(),
                    "kind": _standing_out(hot),
                    "likeness": _standing_out(alike),
                    "in_scan_cluster": places.index.isin(inside),
                }
            )
        )
        whole.append(
            {
                "group": group,
                **{name: getattr(judged, name) for name in ("statistic", "expected", "z")},
                "p_value": judged.p_value,
            }
        )
    emerging = _emerging(panel, crime, places, lab.seed)
    if not parts:
        names = ("risk_clusters", "risk_gathering")
        return {**{name: empty_table(name) for name in names}, "risk_emerging": emerging}
    gathering = pd.DataFrame(whole)
    gathering["q_value"] = adjust_p_values(gathering["p_value"])
    return {
        "risk_clusters": check_table("risk_clusters", pd.concat(parts, ignore_index=True)),
        "risk_gathering": check_table("risk_gathering", gathering.round(_DECIMALS)),
        "risk_emerging": emerging,
    }


def _standing_out(found: pd.DataFrame) -> np.ndarray:
    kind = found["kind"].where(found["adjusted"] <= _LEVEL, "neither")
    return np.asarray(kind.fillna("neither").astype("str"))


def _scanned(
    events: pd.Series, people: pd.Series, places: pd.DataFrame, seed: int
) -> tuple[str, ...]:
    known = events.notna() & (people > 0) & places.notna().all(axis=1)
    if not events[known].sum() > 0:
        return ()
    expected = people[known] * events[known].sum() / people[known].sum()
    try:
        found = scan_areas(
            events[known], expected, places[known], replicates=_REPLICATES, seed=seed
        ).clusters
    except AnalysisError:
        return ()  # too few colonias for a scan: it found nothing
    clear = found[found["p_value"] <= _LEVEL]
    return tuple(area for areas in clear["areas"] for area in areas)


def _emerging(
    panel: pd.DataFrame, crime: pd.DataFrame, places: pd.DataFrame, seed: int
) -> pd.DataFrame:
    """Return clusters of the last months, beyond the usual share of each area in the city."""
    files = panel[(panel["record_type"] == "case_file") & panel["group"].isin(words.GROUPS)]
    wide = files.pivot_table(
        index="colonia_id", columns="month", values="events", aggfunc="sum", observed=True
    ).reindex(places.index)
    total = crime[crime["group"] == words.TOTAL].set_index("colonia_id")
    people = total["person_years"].reindex(places.index)
    try:
        found = emerging_clusters(wide, people, places, replicates=_REPLICATES, seed=seed).clusters
    except AnalysisError:
        return empty_table("risk_emerging")  # too few months, colonias or files for a scan
    clear = found[found["p_value"] <= _LEVEL].reset_index(drop=True)
    if clear.empty:
        return empty_table("risk_emerging")
    table = clear.assign(cluster=clear.index + 1).explode("areas")
    table = table.rename(columns={"areas": "colonia_id", "periods": "months"})
    table = table[list(CONTRACTS["risk_emerging"].columns)].astype({"colonia_id": "str"})
    return check_table("risk_emerging", table.round(_DECIMALS).reset_index(drop=True))


def _places(colonias: gpd.GeoDataFrame, lab: Lab) -> pd.DataFrame:
    points = colonias.to_crs(lab.crs).representative_point()
    return pd.DataFrame({"x": points.x, "y": points.y}).set_axis(colonias["colonia_id"])
