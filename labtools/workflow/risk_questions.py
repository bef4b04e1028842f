"""What else analysts ask of risk: did it change, where does it gather, what goes with it."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy import sparse

from labtools.analysis.expected import compare_with_expected
from labtools.analysis.hotspots.local_statistics import local_g_star, standardise_rates
from labtools.analysis.hotspots.scan import scan_areas
from labtools.analysis.risk.factors import Factors, associate, judged_together, prepare_traits
from labtools.analysis.risk.surfaces import NoisyCounts
from labtools.errors import AnalysisError
from labtools.settings import Lab
from labtools.tables import vocabulary as words
from labtools.tables.contracts import check_table, empty_table
from labtools.targeting.catalogue import Taxonomies
from labtools.workflow.edition import Edition

SPANS = (1, 3, 12)
_REPLICATES = 199
_LEVEL = 0.05
_DECIMALS = 4


def change_against_expected(
    panel: pd.DataFrame, population: pd.Series, edition: Edition
) -> pd.DataFrame:
    """Return the canonical table ``risk_change``: the last month, quarter and year, by group."""
    files = panel[(panel["record_type"] == "case_file") & (panel["month"] < edition.window.end)]
    shown = files[files["group"].isin(words.GROUPS)]
    parts = []
    for group in (*words.GROUPS, words.TOTAL):
        rows = shown if group == words.TOTAL else shown[shown["group"] == group]
        counts = rows.pivot_table(
            index="colonia_id", columns="month", values="events", aggfunc="sum", observed=True
        )
        counts = counts.astype(float).reindex(population.index)
        parts.extend(_spans(counts, population, group, edition))
    if not parts:
        return empty_table("risk_change")
    table = pd.concat(parts, ignore_index=True)
    return check_table("risk_change", table[list(empty_table("risk_change").columns)])


def _spans(
    counts: pd.DataFrame, population: pd.Series, group: str, edition: Edition
) -> list[pd.DataFrame]:
    told = []
    for span in SPANS:
        complete = edition.recorded.get(span, np.nan)  # not known: nothing is allowed for
        held = 1.0 if np.isnan(complete) else complete
        try:
            found = compare_with_expected(counts, population, span=span, complete=held).table
        except AnalysisError:
            continue  # too short a file for this span, or too few colonias: it has no rows
        found = found.rename_axis("colonia_id").reset_index()
        told.append(found.assign(group=group, span=span, complete=round(complete, _DECIMALS)))
    return told


def clusters_table(
    crime: pd.DataFrame, colonias: gpd.GeoDataFrame, neighbours: sparse.csr_array, lab: Lab
) -> pd.DataFrame:
    """Return the canonical table ``risk_clusters``: Gi* by group, and the scan of the total."""
    places = _places(colonias, lab)
    parts = []
    for group in (*words.GROUPS, words.TOTAL):
        rows = crime[crime["group"] == group].set_index("colonia_id").reindex(places.index)
        events, people = rows["events"].astype(float), rows["person_years"]
        try:
            found = local_g_star(standardise_rates(events, people), neighbours).table
        except AnalysisError:
            continue  # too few colonias, or none differs: nothing gathers anywhere
        kind = found["kind"].where(found["adjusted"] <= _LEVEL, "neither")
        inside = _scanned(events, people, places, lab.seed) if group == words.TOTAL else ()
        parts.append(
            pd.DataFrame(
                {
                    "colonia_id": places.index,
                    "group": group,
                    "z": found["z"].to_numpy(),
                    "q_value": found["adjusted"].to_numpy(),
                    "kind": kind.fillna("neither").astype("str").to_numpy(),
                    "in_scan_cluster": places.index.isin(inside),
                }
            )
        )
    if not parts:
        return empty_table("risk_clusters")
    return check_table("risk_clusters", pd.concat(parts, ignore_index=True))


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


def _places(colonias: gpd.GeoDataFrame, lab: Lab) -> pd.DataFrame:
    points = colonias.to_crs(lab.crs).representative_point()
    return pd.DataFrame({"x": points.x, "y": points.y}).set_axis(colonias["colonia_id"])


def factor_tables(
    counts: Mapping[str, NoisyCounts],
    indicators: pd.DataFrame,
    neighbours: sparse.csr_array,
    taxonomies: Taxonomies,
    *,
    rng: np.random.Generator,
) -> dict[str, pd.DataFrame]:
    """Return the canonical tables ``factors``, ``factor_contributions`` and ``factor_draws``."""
    names = ("factors", "factor_contributions", "factor_draws")
    found: dict[str, Factors] = {}
    values = indicators.pivot(index="colonia_id", columns="indicator", values="value")
    for group, noisy in counts.items():
        try:
            traits = prepare_traits(values.reindex(noisy.events.index))
            found[group] = associate(*noisy.effective(), traits, neighbours, rng=rng)
        except AnalysisError:
            continue  # no covariates, or nothing counted: the tables have no rows
    if not found:
        return {name: empty_table(name) for name in names}
    official = {
        one.key: factor.name
        for one in taxonomies.indicator
        for factor in taxonomies.factor
        if factor.number == one.factor
    }
    judged = judged_together(found)
    tables = {name: pd.concat(_rows(name, judged, official, values)) for name in names}
    return {
        name: check_table(name, table[list(empty_table(name).columns)].reset_index(drop=True))
        for name, table in tables.items()
    }


def _rows(
    name: str, found: Mapping[str, Factors], official: Mapping[str, str], values: pd.DataFrame
) -> list[pd.DataFrame]:
    parts = []
    for group, factors in found.items():
        if name == "factors":
            rows = factors.table.rename_axis("indicator").reset_index()
            rows["official_factor"] = rows["indicator"].map(official)
        elif name == "factor_draws":
            rows = factors.draws.stack().rename("coefficient").rename_axis(["draw", "indicator"])
            rows = rows.reset_index()
        else:
            parts_of = factors.contributions.rename_axis("colonia_id").stack()
            rows = parts_of.rename("contribution").rename_axis(["colonia_id", "indicator"])
            rows = rows.reset_index()
            kept = values.stack().rename("trait").rename_axis(["colonia_id", "indicator"])
            rows = rows.merge(kept.reset_index(), how="left", on=["colonia_id", "indicator"])
        parts.append(rows.assign(group=group))
    return parts
