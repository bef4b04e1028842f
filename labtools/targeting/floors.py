"""Floors of spending that money can keep: lowered where they cannot be, and said so.

Actions cost what they cost: a floor may lie between two sums that can be spent, or ask for a
borough where nothing can be done.  When to use it: before choosing a portfolio.  When not: to
learn what is fair; how high a floor should be is for people to say.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import scipy

from labtools.targeting.portfolio import Rules, constraints_of

COLUMNS = ("kind", "part", "asked", "kept")
_NODES = 500  # of the search; a limit of time would not give the same answer twice
_CENT = 0.01


def within_reach(table: pd.DataFrame, rules: Rules) -> tuple[Rules, pd.DataFrame]:
    """Return the rules with floors that some choice keeps, and which of them were lowered.

    The choice that falls short by least, as a share of each floor, says to what.

    Parameters
    ----------
    table : pandas.DataFrame
        Of the options: see `labtools.targeting.options.Options`.

    Returns
    -------
    tuple of Rules and pandas.DataFrame
        Of each floor that was lowered: ``kind`` ("borough" or "grade"), ``part``, ``asked`` and
        ``kept``, in pesos; without rows if every floor can be kept.
    """
    asked = [
        (kind, name, float(least))
        for kind, floors in (("borough", rules.borough_floor), ("grade", rules.grade_floor))
        for name, least in floors.items()
        if least > 0
    ]
    if not asked or table.empty:
        return rules, pd.DataFrame(columns=list(COLUMNS))
    spent = _spent(table, rules, asked)
    lowered = [
        (kind, str(name), least, max(np.floor(spent[kind, name] / _CENT) * _CENT, 0.0))
        for kind, name, least in asked
        if spent[kind, name] < least - _CENT
    ]
    kept = {(kind, name): least for kind, name, _, least in lowered}
    return (
        replace(
            rules,
            borough_floor={n: kept.get(("borough", str(n)), v) for n, v in _of(rules, "borough")},
            grade_floor={n: kept.get(("grade", str(n)), v) for n, v in _of(rules, "grade")},
        ),
        pd.DataFrame(lowered, columns=list(COLUMNS)),
    )


def _of(rules: Rules, kind: str) -> list[tuple[str, float]]:
    return list((rules.borough_floor if kind == "borough" else rules.grade_floor).items())


def _spent(
    table: pd.DataFrame, rules: Rules, asked: list[tuple[str, str, float]]
) -> dict[tuple[str, str], float]:
    """Return what the choice that falls short by least spends under each floor."""
    cost = table["cost"].to_numpy(float)
    rows = constraints_of(table, replace(rules, borough_floor={}, grade_floor={}))
    inside = np.array([np.where(table[kind] == name, cost, 0.0) for kind, name, _ in asked])
    least = np.array([floor for *_, floor in asked])
    short = scipy.sparse.eye_array(len(asked))
    empty = scipy.sparse.csr_array((rows.matrix.shape[0], len(asked)))
    matrix = scipy.sparse.vstack(
        [
            scipy.sparse.hstack([rows.matrix, empty]),
            # A share of the floor is missing at most where nothing is spent.
            scipy.sparse.hstack([scipy.sparse.csr_array(-inside / least[:, None]), -short]),
        ]
    )
    found = scipy.optimize.milp(
        np.r_[np.zeros(len(cost)), np.ones(len(asked))],
        integrality=np.r_[np.ones(len(cost)), np.zeros(len(asked))],
        bounds=scipy.optimize.Bounds(0, 1),
        constraints=scipy.optimize.LinearConstraint(
            scipy.sparse.csr_array(matrix), ub=np.r_[rows.limits, -np.ones(len(asked))]
        ),
        options={"node_limit": _NODES},
    )
    point = np.zeros(len(cost)) if found.x is None else np.round(found.x[: len(cost)])
    return {
        (kind, name): float(total)
        for (kind, name, _), total in zip(asked, inside @ point, strict=True)
    }
