"""The surfaces of risk of an edition, fitted once for all colonias."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd

from labtools.analysis import profiles
from labtools.analysis.risk.surfaces import Surface, draws_table, ranks_table
from labtools.places.neighbours import find_neighbours
from labtools.settings import Lab
from labtools.tables.contracts import check_table
from labtools.workflow.edition import Edition


def risk_surfaces(
    series: pd.DataFrame,
    colonias: gpd.GeoDataFrame,
    edition: Edition,
    noise: profiles.Noise,
    lab: Lab,
) -> dict[str, Surface]:
    """Return the surface of each group, made of the counts that the edition may know."""
    return profiles.surface_of_each_group(
        series,
        colonias.set_index("colonia_id")["population"],
        edition.window,
        find_neighbours(colonias, lab.crs),
        noise=noise,
        rng=np.random.default_rng([lab.seed, int(edition.is_public)]),
    )


def risk_tables(surfaces: Mapping[str, Surface], edition: Edition) -> dict[str, pd.DataFrame]:
    """Return the tables of risk that only analysts see; the public edition has none."""
    if edition.is_public:
        return {}
    draws = draws_table(surfaces, per=profiles.PER)
    return {
        "risk_draws": check_table("risk_draws", draws),
        "risk_ranks": check_table("risk_ranks", ranks_table(surfaces)),
    }
