"""Who and what is at risk beside residents, and which premises files lie near: internal.

From the places of business that a source gives (INEGI's DENUE or alike); without one, rates are
by residents and dwellings, which is said.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from labtools.analysis.count_regression import fit_counts
from labtools.analysis.exposure import ambient_population
from labtools.analysis.risk_terrain import poisson_lasso, standardise
from labtools.errors import AnalysisError
from labtools.tables.contracts import CONTRACTS, empty_table
from labtools.workflow.surroundings import ALL_PREMISES

#: Shares of the least penalty that leaves out every layer.
_PENALTIES = np.geomspace(1.001, 0.02, 8)
_LIMITS = ("ratio", "lower", "upper")
_FEWEST_AREAS = 30
_DECIMALS = 4


def exposure_choices(colonias: pd.DataFrame, premises: pd.DataFrame) -> dict[str, pd.Series]:
    """Return who or what may be at risk, by colonia: residents first, which rates are told by.

    Parameters
    ----------
    colonias : pandas.DataFrame
        By colonia.
    premises : pandas.DataFrame
        As :func:`labtools.workflow.surroundings.premises_around` returns them.
    """
    choices = {"residents": colonias["population"]}
    if (colonias["dwellings"] > 0).any():
        choices["households"] = colonias["dwellings"]
    every = premises[premises["kind"] == ALL_PREMISES].set_index("colonia_id")
    if len(every):
        choices["premises"] = every["premises"].reindex(colonias.index).astype(float)
        jobs = every["jobs"].reindex(colonias.index)
        if (jobs > 0).any():
            choices["ambient"] = ambient_population(colonias["population"].fillna(0.0), jobs)
    return choices


def terrain_table(
    years: Mapping[str, pd.DataFrame], residents: pd.Series, premises: pd.DataFrame
) -> pd.DataFrame:
    """Return the internal table ``terrain``: which kinds of premises go with more files nearby.

    Of each kind, nearness is minus the logarithm of the distance to the nearest one.  A penalised
    regression proposes sets of kinds, from few to many; of these the one that a negative binomial
    regression explains best for its size (BIC) is told, with 95 % limits for one standard
    deviation nearer, others held alike.  Limits do not know that the set was chosen.
    """
    layers = premises[premises["kind"] != ALL_PREMISES]
    metres = layers.pivot(index="colonia_id", columns="kind", values="metres")
    metres = metres.loc[:, np.isfinite(metres).all()]
    labels = layers.drop_duplicates("kind").set_index("kind")["label"]
    parts = []
    for group, counts in years.items():
        if not counts.shape[1] or metres.shape[1] == 0:
            continue
        told = _chosen(counts.iloc[:, -1], residents, metres)
        parts.append(
            told.assign(group=group, label=told["layer"].map(labels)) if len(told) else told
        )
    filled = [part for part in parts if len(part)]
    if not filled:
        return empty_table("terrain")
    return pd.concat(filled, ignore_index=True)[list(CONTRACTS["terrain"].columns)]


def _chosen(events: pd.Series, residents: pd.Series, metres: pd.DataFrame) -> pd.DataFrame:
    known = events.notna() & (residents > 0) & events.index.isin(metres.index)
    kept = events.index[known]
    if len(kept) < _FEWEST_AREAS:
        return pd.DataFrame()
    near = -np.log(metres.loc[kept].clip(lower=1.0))
    near = near.loc[:, near.std(ddof=0) > 0]
    layers = standardise(near)
    usual = residents[kept] * events[kept].sum() / residents[kept].sum()
    strongest = float((layers.T @ (events[kept] - usual)).abs().max() / len(kept))
    try:
        path = poisson_lasso(events[kept], layers, residents[kept], [*(_PENALTIES * strongest)])
        best = _best_explained(events[kept], layers, residents[kept], path)
    except AnalysisError:
        return pd.DataFrame()  # nothing happened: nothing goes with anything
    told = pd.DataFrame({"layer": near.columns, "metres": metres.loc[kept, near.columns].median()})
    return told.assign(
        metres=told["metres"].round(),
        chosen=told["layer"].isin(best.index),
        **{name: best[name].reindex(told.index).round(_DECIMALS) for name in _LIMITS},
    )


def _best_explained(
    events: pd.Series, layers: pd.DataFrame, residents: pd.Series, path: pd.DataFrame
) -> pd.DataFrame:
    """Return ``ratio``, ``lower`` and ``upper`` of the layers of the best set, maybe of none."""
    active = path[layers.columns] != 0
    sets = dict.fromkeys(tuple(layers.columns[row]) for row in active.to_numpy())
    fits: list[tuple[float, int, pd.DataFrame]] = []
    for chosen in sets:
        columns = layers[list(chosen)].assign(intercept=1.0)
        fit = fit_counts(events, columns, exposure=residents)
        bic = -2 * fit.log_likelihood + np.log(len(events)) * (columns.shape[1] + 1)
        fits.append((bic, len(fits), fit.table.loc[list(chosen), list(_LIMITS)]))
    return min(fits, key=lambda one: one[:2])[2]
