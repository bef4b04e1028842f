"""The surfaces of risk of an edition, fitted once for all colonias, and what analysts ask next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy

from labtools.analysis import profiles
from labtools.analysis.risk.past import (
    Past,
    discounted_counts,
    surface_of_each_group,
    surfaces_in_time,
)
from labtools.analysis.risk.surfaces import NoisyCounts, Surface, draws_table, ranks_table
from labtools.places.neighbours import find_neighbours
from labtools.settings import Lab, Settings
from labtools.tables.contracts import check_table
from labtools.targeting.catalogue import read_taxonomies
from labtools.workflow.edition import Edition
from labtools.workflow.level_traits import level_traits
from labtools.workflow.programme_past import programme_in_force, quarters_recorded
from labtools.workflow.risk_clusters import clusters_tables
from labtools.workflow.risk_questions import change_against_expected, factor_tables

_METHODS, _TABLE, _DRAWS = "methods", ": table", ": draws"


@dataclass(frozen=True, slots=True)
class CityRisk:
    """Risk in all colonias.

    Attributes
    ----------
    counts : mapping of str to NoisyCounts
        By group, what the surfaces were made of.
    surfaces : mapping of str to Surface
    neighbours : scipy.sparse.csr_array
        In the order of the register.
    """

    counts: Mapping[str, NoisyCounts]
    surfaces: Mapping[str, Surface]
    neighbours: scipy.sparse.csr_array

    @property
    def draws(self) -> dict[str, pd.DataFrame]:
        """Draws of the rate of each group."""
        return {group: surface.draws for group, surface in self.surfaces.items()}


def city_risk(
    series: pd.DataFrame,
    processed: Mapping[str, pd.DataFrame],
    edition: Edition,
    noise: profiles.Noise,
    settings: Settings,
) -> CityRisk:
    """Return the surface of each group, made of the counts that the edition may know."""
    colonias = gpd.GeoDataFrame(processed["colonias"])
    population = colonias.set_index("colonia_id")["population"]
    recorded = quarters_recorded(series, edition)
    starts = pd.DatetimeIndex(sorted(series["quarter"].unique()))
    force = programme_in_force(processed["programme"], starts, population.index, months=3)
    traits = level_traits(processed, withheld=edition.withheld if edition.is_public else ())
    past = Past(series, population, edition.window, noise.slack, recorded, force, traits)
    counts = discounted_counts(past, noise.dispersion)
    neighbours = find_neighbours(colonias, settings.lab.crs)

    def fitted() -> dict[str, pd.DataFrame]:
        rng = np.random.default_rng([settings.lab.seed, int(edition.is_public)])
        found: dict[str, Surface] = {}
        if settings.risk.surface == "space_time" and neighbours.nnz:
            found = surfaces_in_time(past, counts, neighbours, rng=rng)
        rest = {group: told for group, told in counts.items() if group not in found}
        borrowed = neighbours * 0 if settings.risk.surface == "global" else neighbours
        borrowed.eliminate_zeros()
        found |= surface_of_each_group(rest, borrowed, rng=rng)
        return _frames_of(found)

    told = [series, colonias, noise.dispersion, noise.variance, noise.slack, edition.window.end]
    told += [force, [*map(str, recorded.items())], *([] if traits is None else [traits])]
    settled = [settings.risk.surface, settings.lab.crs, settings.lab.seed, edition.audience]
    found = _surfaces_of(edition.fits.take("surfaces", [*told, *settled], fitted))
    return CityRisk(counts, {group: found[group] for group in counts}, neighbours)


def _frames_of(surfaces: Mapping[str, Surface]) -> dict[str, pd.DataFrame]:
    methods = {group: surface.method for group, surface in surfaces.items()}
    frames = {_METHODS: pd.DataFrame({"method": methods})}
    for group, surface in surfaces.items():
        frames |= {f"{group}{_TABLE}": surface.table, f"{group}{_DRAWS}": surface.draws}
    return frames


def _surfaces_of(frames: Mapping[str, pd.DataFrame]) -> dict[str, Surface]:
    return {
        str(group): Surface(frames[f"{group}{_TABLE}"], frames[f"{group}{_DRAWS}"], method)
        for group, method in frames[_METHODS]["method"].items()
    }


def risk_tables(
    risk: CityRisk,
    processed: Mapping[str, pd.DataFrame],
    crime: pd.DataFrame,
    edition: Edition,
    lab: Lab,
) -> dict[str, pd.DataFrame]:
    """Return the tables of risk that only analysts see; the public edition has none."""
    if edition.is_public:
        return {}
    colonias = processed["colonias"]
    population = colonias.set_index("colonia_id")["population"]
    draws = draws_table(risk.surfaces, per=profiles.PER)
    panel, indicators = processed["panel"], processed["indicators"]

    def changes() -> dict[str, pd.DataFrame]:
        return {"risk_change": change_against_expected(panel, population, edition)}

    def factors() -> dict[str, pd.DataFrame]:
        rng = np.random.default_rng([lab.seed, 2])
        return factor_tables(risk.counts, indicators, risk.neighbours, taxonomies, rng=rng)

    def gathering() -> dict[str, pd.DataFrame]:
        until = panel[panel["month"] < edition.window.end]
        return clusters_tables(crime, colonias, until, risk.neighbours, lab)

    recorded = [*edition.recorded.items()]
    effective = [part for told in risk.counts.values() for part in told.effective()]
    settled = [edition.window.end, lab.crs, lab.seed]
    taxonomies = read_taxonomies(edition.references)
    return {
        "risk_draws": check_table("risk_draws", draws),
        "risk_ranks": check_table("risk_ranks", ranks_table(risk.surfaces)),
        **edition.fits.take("gathering", [crime, colonias, panel, *settled], gathering),
        **edition.fits.take("risk_change", [panel, population, recorded, *settled], changes),
        **edition.fits.take(
            "factors",
            [*effective, colonias, indicators, taxonomies.model_dump_json(), *settled],
            factors,
        ),
    }
