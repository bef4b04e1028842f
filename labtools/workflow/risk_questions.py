"""What else analysts ask of risk: did it change, and what goes with it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import scipy

from labtools.analysis.expected import compare_with_expected
from labtools.analysis.risk.factors import Factors, associate, judged_together, prepare_traits
from labtools.analysis.risk.surfaces import NoisyCounts
from labtools.errors import AnalysisError
from labtools.tables import vocabulary as words
from labtools.tables.contracts import check_table, empty_table
from labtools.targeting.catalogue import Taxonomies
from labtools.workflow.edition import Edition

SPANS = (1, 3, 12)
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


def factor_tables(
    counts: Mapping[str, NoisyCounts],
    indicators: pd.DataFrame,
    neighbours: scipy.sparse.csr_array,
    taxonomies: Taxonomies,
    *,
    rng: np.random.Generator,
) -> dict[str, pd.DataFrame]:
    """Return the canonical tables ``factors`` and ``factor_contributions``."""
    names = ("factors", "factor_contributions")
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
        else:
            parts_of = factors.contributions.rename_axis("colonia_id").stack()
            rows = parts_of.rename("contribution").rename_axis(["colonia_id", "indicator"])
            rows = rows.reset_index()
            kept = values.stack().rename("trait").rename_axis(["colonia_id", "indicator"])
            rows = rows.merge(kept.reset_index(), how="left", on=["colonia_id", "indicator"])
        parts.append(rows.assign(group=group))
    return parts
