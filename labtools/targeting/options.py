"""What could be done: one option for each colonia and action, its cost, and what it may avert.

Benefits are draws (harm here, times effect of the action), never points.  An action without a
verified figure is no option of a portfolio: it is proposed by its reasons, not by a number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from labtools.errors import AnalysisError

COLUMNS = ("colonia_id", "intervention", "agency", "cost", "borough", "grade")


@dataclass(frozen=True, slots=True)
class Options:
    """Every option of a portfolio.

    Attributes
    ----------
    table : pandas.DataFrame, shape (n_options, 6)
        ``colonia_id``, ``intervention``, ``agency``, ``cost`` (pesos), ``borough`` and
        ``grade`` (of marginality); missing boroughs and grades have no floor.
    benefit : numpy.ndarray, shape (n_draws, n_options)
        Harm averted in the horizon by each option, draw by draw.
    """

    table: pd.DataFrame
    benefit: np.ndarray


@dataclass(frozen=True, slots=True)
class Action:
    """An action as this municipality can do it.

    Attributes
    ----------
    agency : str
    cost : float
        Pesos for one colonia.
    reach : float
        Share of a colonia's harm that lies where the action is done (0 to 1).
    groups : tuple of str
        Groups of crime it acts on.
    """

    agency: str
    cost: float
    reach: float
    groups: tuple[str, ...]


def make_options(
    harm: Mapping[str, pd.DataFrame],
    effects: pd.DataFrame,
    actions: Mapping[str, Action],
    colonias: pd.DataFrame,
    *,
    fear: pd.DataFrame | None = None,
) -> Options:
    """Return the options of every colonia and action.

    Parameters
    ----------
    harm : mapping of group to pandas.DataFrame
        Draws of harm: see `labtools.targeting.harm.harm_draws`.
    effects : pandas.DataFrame
        Draws of relative change by action: see `labtools.targeting.effects.effect_draws`.
    actions : mapping of str to Action
        Those this municipality can do; only those in `effects` become options.
    colonias : pandas.DataFrame
        ``borough`` and ``grade``, by colonia.
    fear : pandas.DataFrame, optional
        Draws (as `effects`) of change of fear, already in units of harm per colonia and
        action: columns are pairs (colonia, action).

    Raises
    ------
    AnalysisError
        If no action has a verified effect.
    """
    keys = [key for key in actions if key in effects.columns]
    if not keys:
        raise AnalysisError(
            "None of the {n} actions that have a cost has a verified effect on places: there is "
            "no portfolio to choose. Give costs to others, or verify their evidence.",
            n=len(actions),
        )
    tables, benefits = [], []
    for key in keys:
        action = actions[key]
        total = sum(harm[group] for group in action.groups if group in harm)
        averted = -np.asarray(total) * action.reach * effects[key].to_numpy()[:, None]
        if fear is not None:
            averted = averted + _fear_of(fear, key, colonias.index, averted.shape)
        known = np.isfinite(averted).all(axis=0)
        benefits.append(averted[:, known].astype(np.float32))
        tables.append(_table(key, action, colonias[known]))
    return Options(pd.concat(tables, ignore_index=True), np.concatenate(benefits, axis=1))


def _fear_of(fear: pd.DataFrame, key: str, colonias: pd.Index, shape: Sequence[int]) -> np.ndarray:
    found = np.zeros(shape)
    for column, colonia in enumerate(colonias):
        if (colonia, key) in fear.columns:
            found[:, column] = fear[(colonia, key)].to_numpy()
    return found


def _table(key: str, action: Action, colonias: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "colonia_id": colonias.index.astype(str),
            "intervention": key,
            "agency": action.agency,
            "cost": action.cost,
            "borough": colonias["borough"].to_numpy(),
            "grade": colonias["grade"].to_numpy(),
        },
        columns=list(COLUMNS),
    )
