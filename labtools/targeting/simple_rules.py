"""How places are often chosen: the worst first, at random, or the same for all.

They are here to be compared with, within the same budget, capacities and limits.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from labtools.targeting.options import Options
from labtools.targeting.portfolio import Rules

SimpleRule = Literal["worst_first", "random", "equal_split"]


def choose_simply(
    rule: SimpleRule,
    options: Options,
    rules: Rules,
    recorded: pd.Series,
    *,
    rng: np.random.Generator,
) -> pd.Series:
    """Return which options a simple rule takes, in its order, while money and people last.

    Parameters
    ----------
    rule : {"worst_first", "random", "equal_split"}
        The colonias with most case files first; any option at random; or the budget divided
        equally among boroughs, colonias at random in each.
    recorded : pandas.Series
        Case files of the last year by colonia.
    """
    table = options.table
    luck = pd.Series(rng.random(len(table)), index=table.index)
    if rule == "random":
        return _take(table, luck.sort_values().index, rules, rules.budget)
    # Both know which action gives most for its cost on average, wherever it is done.
    worth = pd.Series(options.benefit.mean(axis=0), index=table.index) / table["cost"]
    action = table["intervention"].map(worth.groupby(table["intervention"]).mean())
    if rule == "worst_first":
        count = table["colonia_id"].map(recorded)
        order = np.lexsort([-action, -count.fillna(0)])
        return _take(table, table.index[order], rules, rules.budget)
    place = table["colonia_id"].map(luck.groupby(table["colonia_id"]).first())
    order = table.index[np.lexsort([-action, place])]
    boroughs = table["borough"].dropna().unique()
    taken = pd.Series(data=False, index=table.index)
    for borough in boroughs:
        mine = order[(table.loc[order, "borough"] == borough).to_numpy()]
        taken |= _take(table, mine, rules, rules.budget / len(boroughs), taken)
    return taken


def _take(
    table: pd.DataFrame,
    order: pd.Index,
    rules: Rules,
    budget: float,
    already: pd.Series | None = None,
) -> pd.Series:
    taken = pd.Series(data=False, index=table.index)
    left = dict(rules.capacity)
    if already is not None:
        for agency in table.loc[already, "agency"]:
            left[agency] = left.get(agency, len(table)) - 1
    there: dict[str, int] = {}
    for row in table.loc[order].itertuples():
        full = there.get(row.colonia_id, 0) >= rules.per_colonia
        if full or row.cost > budget or left.get(row.agency, 1) < 1:
            continue
        budget -= row.cost
        there[row.colonia_id] = there.get(row.colonia_id, 0) + 1
        if row.agency in left:
            left[row.agency] -= 1
        taken[row.Index] = True
    return taken
