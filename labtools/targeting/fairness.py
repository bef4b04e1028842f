"""Who gains and who loses if reporting is not what it seems: the choice, made again.

Colonias where people report less look safer than they are.  The choice of actions is made
again with reporting a fifth lower or higher among the most marginal, and what each grade of
marginality receives is compared.  No person and no patrol is allocated anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from labtools.targeting.options import Options
from labtools.targeting.portfolio import Portfolio, Rules, choose_portfolio

SHIFTS = (-0.2, 0.0, 0.2)


def allocation_by_grade(options: Options, chosen: pd.Series, people: pd.Series) -> pd.DataFrame:
    """Return pesos, pesos per resident and harm averted by grade of marginality.

    Parameters
    ----------
    people : pandas.Series
        Residents by grade.
    """
    table = options.table.assign(averted=options.benefit.mean(axis=0, dtype=float))[chosen]
    summed = table.groupby("grade")[["cost", "averted"]].sum().reindex(people.index).fillna(0.0)
    return summed.assign(per_resident=summed["cost"] / people.where(people > 0))


def allocation_if_reporting_moves(
    options: Options,
    rules: Rules,
    people: pd.Series,
    *,
    shifts: tuple[float, ...] = SHIFTS,
    chosen: Portfolio | None = None,
) -> pd.DataFrame:
    """Return what each grade would receive if the most marginal grades reported otherwise.

    In grade g of G, reporting is multiplied by ``1 + shift * (g - 1) / (G - 1)``: the first
    grade as it is, the last moved by all of `shift`.  Harm moves by the inverse.

    Parameters
    ----------
    chosen : Portfolio, optional
        What `choose_portfolio` gives with these rules, where that is known: it is not sought again.

    Returns
    -------
    pandas.DataFrame
        ``shift``, ``grade``, ``cost``, ``averted``, ``per_resident`` and ``share`` (of all
        pesos).
    """
    grades = list(people.index)
    order = {grade: at / max(len(grades) - 1, 1) for at, grade in enumerate(grades)}
    parts = []
    for shift in shifts:
        moved = Options(options.table, options.benefit * _factor(options.table, order, shift))
        found = chosen if chosen is not None and shift == 0 else choose_portfolio(moved, rules)
        told = allocation_by_grade(moved, found.chosen, people)
        told["share"] = told["cost"] / max(float(told["cost"].sum()), 1.0)
        parts.append(told.rename_axis("grade").reset_index().assign(shift=shift))
    columns = ["shift", "grade", "cost", "averted", "per_resident", "share"]
    return pd.concat(parts, ignore_index=True)[columns]


def _factor(table: pd.DataFrame, order: Mapping[str, float], shift: float) -> np.ndarray:
    at = table["grade"].map(order).fillna(0.0).to_numpy(float)
    return np.asarray((1 / (1 + shift * at)).astype(np.float32))
