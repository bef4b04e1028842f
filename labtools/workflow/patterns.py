"""How crime is spread over places, years and hours, and what depends on who is at risk: internal.

Everything stands beside what chance alone would make, and nothing of it is published by colonia.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from labtools.analysis.aoristic import hours_without_heap
from labtools.analysis.concentration import measure_concentration
from labtools.analysis.exposure import compare_exposures
from labtools.analysis.persistence import tell_persistence
from labtools.errors import AnalysisError
from labtools.settings import Settings
from labtools.tables import vocabulary as words
from labtools.tables.contracts import CONTRACTS, empty_table
from labtools.tables.periods import MONTHS_IN_WINDOW, Window
from labtools.targeting.catalogue import Taxonomies, read_taxonomies
from labtools.workflow.edition import Edition
from labtools.workflow.pattern_harm import harm_table
from labtools.workflow.pattern_index import index_places
from labtools.workflow.pattern_points import point_tables
from labtools.workflow.pattern_terrain import exposure_choices, terrain_table
from labtools.workflow.recorded_events import EVENTS
from labtools.workflow.series_alarms import series_alarms

_GROUPS = (words.TOTAL, *words.GROUPS)
_MOST_YEARS = 4
_FEWEST_YEARS = 3
_DRAWS = 199
_DECIMALS = 4
_FIGURES = ("gini", "chance", "chance_lower", "chance_upper", "excess", "p_value", "half_in")
PREMISES = "premises_around"
_READ = ("panel", "colonias", EVENTS, PREMISES, "indicators")


def pattern_results(
    processed: Mapping[str, pd.DataFrame], edition: Edition, settings: Settings
) -> dict[str, pd.DataFrame]:
    """Return the internal tables of patterns.

    ``concentration``, ``persistence``, ``exposures``, ``hours``, ``near_repeats``, ``density``,
    ``harm``, ``terrain``, ``index_places`` and ``series_alarms``.  They are kept: what is done in
    colonias, and asked there, changes none of them.
    """
    if edition.is_public:
        return {}
    taxonomies = read_taxonomies(edition.references)
    told = [processed[name] for name in _READ]
    told += [edition.window.end, *edition.recorded.items()]
    told += [settings.lab.municipality, settings.lab.crs, settings.lab.seed]

    def found() -> dict[str, pd.DataFrame]:
        return _patterns(processed, edition, settings, taxonomies)

    return edition.fits.take("patterns", [*told, taxonomies.model_dump_json()], found)


def _patterns(
    processed: Mapping[str, pd.DataFrame],
    edition: Edition,
    settings: Settings,
    taxonomies: Taxonomies,
) -> dict[str, pd.DataFrame]:
    """Return the tables made of nothing but the tables `_READ`, the period and the lab."""
    panel, colonias, events, premises, indicators = (processed[name] for name in _READ)
    rng = np.random.default_rng([settings.lab.seed, 7])
    places = colonias.set_index("colonia_id")
    years = {group: _years(panel, places.index, group, edition) for group in _GROUPS}
    residents = places["population"]
    choices = exposure_choices(places, premises)
    first = panel.loc[panel["record_type"] == "case_file", "month"].min()
    last_month = edition.recorded.get(1, np.nan)
    alarms = series_alarms(
        panel, colonias, edition.window, complete=last_month, city=settings.lab.municipality
    )
    return {
        "concentration": _table("concentration", _concentration(years, residents, rng)),
        "persistence": _table("persistence", _persistence(years, residents, rng)),
        "exposures": _table("exposures", _exposures(years, choices)),
        "hours": _table("hours", _hours(events, edition.window, rng)),
        "harm": harm_table(events, edition.window, first, rng=rng),
        "terrain": terrain_table(years, residents, premises),
        "index_places": index_places(indicators, taxonomies),
        "series_alarms": alarms,
        **point_tables(events, colonias, edition.window, settings.lab),
    }


def _table(name: str, parts: list[pd.DataFrame]) -> pd.DataFrame:
    if not parts:
        return empty_table(name)
    return pd.concat(parts, ignore_index=True)[list(CONTRACTS[name].columns)]


def _years(panel: pd.DataFrame, keys: pd.Index, group: str, edition: Edition) -> pd.DataFrame:
    """Return counts by colonia of each whole year that ends with the period, oldest first."""
    chosen = words.GROUPS if group == words.TOTAL else (group,)
    files = panel[(panel["record_type"] == "case_file") & panel["group"].isin(chosen)]
    end, first = edition.window.end, files["month"].min()
    columns = {}
    for back in range(_MOST_YEARS, 0, -1):
        start = end - pd.DateOffset(months=MONTHS_IN_WINDOW * back)
        stop = start + pd.DateOffset(months=MONTHS_IN_WINDOW)
        if pd.notna(first) and start >= first:
            inside = files[(files["month"] >= start) & (files["month"] < stop)]
            counts = inside.groupby("colonia_id")["events"].sum(min_count=1)
            columns[start] = counts.reindex(keys).astype("Float64").astype(float)
    return pd.DataFrame(columns, index=keys)


def _concentration(
    years: Mapping[str, pd.DataFrame], residents: pd.Series, rng: np.random.Generator
) -> list[pd.DataFrame]:
    parts = []
    for group, counts in years.items():
        for start, events in counts.items():
            for exposure, at_risk in ((words.BY_PLACE, None), (words.BY_RESIDENTS, residents)):
                if not _can_be_shared(events, at_risk):
                    continue
                found = measure_concentration(events, at_risk, rng=rng, draws=_DRAWS)
                figures = {name: round(getattr(found, name), _DECIMALS) for name in _FIGURES}
                row = {"group": group, "year_start": start, "exposure": exposure, **figures}
                parts.append(pd.DataFrame([row]))
    return parts


def _can_be_shared(events: pd.Series, at_risk: pd.Series | None) -> bool:
    """Tell whether there are two places at least among which events could have fallen."""
    known = (
        events.notna() if at_risk is None else events.notna() & (at_risk > 0).fillna(value=False)
    )
    return bool(known.sum() > 1 and events[known].sum() > 0)


def _persistence(
    years: Mapping[str, pd.DataFrame], residents: pd.Series, rng: np.random.Generator
) -> list[pd.DataFrame]:
    counts = years[words.TOTAL]
    inhabited = bool((residents > 0).any())
    if counts.shape[1] < _FEWEST_YEARS or not (inhabited and counts.sum().all()):
        return []
    overdispersion = _overdispersion(counts)
    found = tell_persistence(counts, residents, overdispersion=overdispersion, rng=rng)
    told = found.kinds.dropna()
    return [
        pd.DataFrame(
            {
                "colonia_id": told.index,
                "kind": told.to_numpy(),
                "found": told.map(found.found).to_numpy(),
                "by_chance": told.map(found.by_chance).round(1).to_numpy(),
                "alike": told.map(found.alike).round(1).to_numpy(),
                "years": counts.shape[1],
            }
        )
    ]


def _overdispersion(counts: pd.DataFrame) -> float:
    """Return how much years of one colonia vary beyond chance, over the square of their mean."""
    y = counts.dropna().to_numpy(float)
    city = y.sum(axis=0) / y.sum()
    mean = np.outer(y.sum(axis=1), city)
    free = (y.shape[1] - 1) / y.shape[1]
    beyond = ((y - mean) ** 2 - mean * free).sum() / (free * (mean**2).sum())
    return float(max(0.0, beyond))


def _exposures(
    years: Mapping[str, pd.DataFrame], choices: Mapping[str, pd.Series]
) -> list[pd.DataFrame]:
    parts = []
    for group, counts in years.items():
        if not counts.shape[1] or not counts.iloc[:, -1].sum():
            continue
        try:
            found = compare_exposures(counts.iloc[:, -1], choices, chosen="residents")
        except AnalysisError:
            continue  # too few colonias with that exposure: nothing to compare
        long = found.relative.round(_DECIMALS).stack(future_stack=True).rename("relative")
        table = long.rename_axis(["colonia_id", "exposure"]).reset_index()
        verdict = found.verdicts.stack(future_stack=True).fillna("unknown").to_numpy()
        agrees = table["colonia_id"].map(found.agrees)
        parts.append(table.assign(group=group, verdict=verdict, agrees=agrees))
    return parts


def _hours(recorded: pd.DataFrame, window: Window, rng: np.random.Generator) -> list[pd.DataFrame]:
    inside = (recorded["occurred_on"] >= window.start) & (recorded["occurred_on"] < window.end)
    parts = []
    for group in _GROUPS:
        chosen = words.GROUPS if group == words.TOTAL else (group,)
        hours = recorded.loc[inside & recorded["crime_group"].isin(chosen), "hour"]
        if hours.notna().any():
            told = hours_without_heap(hours, rng=rng)
            table = told.table.round(_DECIMALS).reset_index()
            unknown = round(told.unknown / len(hours), _DECIMALS)
            parts.append(table.assign(group=group, unknown_share=unknown))
    return parts
