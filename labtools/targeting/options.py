"""What could be done: one option for each colonia and action, its cost, and what it may avert.

Benefits are draws (harm here, times effect of the action), never points.  An action without a
verified figure is no option of a portfolio: it is proposed by its reasons, not by a number.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    fear: Mapping[str, pd.DataFrame] | None = None,
) -> Options:
    """Return the options of every colonia and action.

    Parameters
    ----------
    harm : mapping of group to pandas.DataFrame
        Draws of harm: see `labtools.targeting.harm.harm_draws`.
    effects : pandas.DataFrame
        Draws of relative change of crime by action: see `labtools.targeting.effects`.
    actions : mapping of str to Action
        Those this municipality can do; only those in `effects` or `fear` become options.
    colonias : pandas.DataFrame
        ``borough`` and ``grade``, by colonia.
    fear : mapping of action to pandas.DataFrame, optional
        Draws of the fear it would avert in each colonia, in units of harm: see `fear_averted`.

    Raises
    ------
    AnalysisError
        If no action has a verified effect.
    """
    felt = fear or {}
    counted = {
        key: [group for group in action.groups if group in harm]
        for key, action in actions.items()
        if key in effects.columns
    }
    # An effect on kinds of crime that nobody told, or that are not counted here, is unknown.
    keys = [key for key in actions if counted.get(key) or key in felt]
    if not keys:
        raise AnalysisError(
            "None of the {n} actions that have a cost has a verified effect on places: there is "
            "no portfolio to choose. Give costs to others, or verify their evidence.",
            n=len(actions),
        )
    tables, benefits = [], []
    for key in keys:
        action = actions[key]
        averted = np.zeros((len(effects), len(colonias)))
        if counted.get(key):
            total = sum(
                harm[group].reindex(columns=colonias.index).to_numpy() for group in counted[key]
            )
            averted = -np.asarray(total) * action.reach * effects[key].to_numpy()[:, None]
        if key in felt:
            averted = averted + felt[key].reindex(columns=colonias.index).to_numpy() * action.reach
        known = np.isfinite(averted).all(axis=0)
        benefits.append(averted[:, known].astype(np.float32))
        tables.append(_table(key, action, colonias[known]))
    return Options(pd.concat(tables, ignore_index=True), np.concatenate(benefits, axis=1))


def fear_averted(
    insecure: pd.DataFrame, effects: pd.DataFrame, people: pd.Series, *, weight: float
) -> dict[str, pd.DataFrame]:
    """Return, by action, draws of fear averted in units of harm.

    Parameters
    ----------
    insecure : pandas.DataFrame, shape (n_draws, n_colonias)
        Draws of the share of residents who feel unsafe.
    effects : pandas.DataFrame
        Draws of relative change of fear by action.
    people : pandas.Series
        Residents by colonia.
    weight : float
        What one resident who no longer feels unsafe weighs, against a crime that weighs 1: a
        judgement of the lab's, never a measurement.
    """
    afraid = insecure * people.reindex(insecure.columns).to_numpy()
    return {
        str(key): -afraid * effects[key].to_numpy()[:, None] * weight for key in effects.columns
    }


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
