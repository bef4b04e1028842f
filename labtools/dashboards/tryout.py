"""Trying a budget and a rule on released figures: how many colonias, where, and what to expect.

Nothing is ranked and no colonia is named: the answer is by borough.  The lab's own portfolio
(`labtools.targeting.portfolio`) weighs all actions at once with its own costs and is internal.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Literal

import pandas as pd

from labtools.tables import vocabulary as words

TryRule = Literal["expected", "residents", "lot"]
RULES: tuple[TryRule, ...] = ("expected", "residents", "lot")
COLUMNS = ("borough", "proposed", "reached", "pesos", "low", "high")
_PER = 1_000


def actions_with_figure(proposals: pd.DataFrame) -> pd.DataFrame:
    """Return the actions whose figure tells crimes fewer here: ``intervention`` and ``name``."""
    told = proposals[proposals["fewer_lower"].notna()]
    return told[["intervention", "name"]].drop_duplicates("intervention").reset_index(drop=True)


def try_budget(
    proposals: pd.DataFrame,
    crime: pd.DataFrame,
    colonias: pd.DataFrame,
    action: str,
    *,
    plan: tuple[float, float],
    rule: TryRule,
) -> pd.DataFrame:
    """Return, by borough, how many colonias an action reaches and what it may avert in a year.

    Parameters
    ----------
    proposals, crime, colonias : pandas.DataFrame
        Released tables ``proposals``, ``crime`` and ``colonias_shown``.
    action : str
        Key of the intervention.
    plan : tuple of float
        Budget, and cost of the action in one colonia; pesos.
    rule : {"expected", "residents", "lot"}
        Those with most expected recorded crime first, most residents first, or by lot.

    Returns
    -------
    pandas.DataFrame
        ``borough``, ``proposed`` (colonias where it is proposed), ``reached``, ``pesos``, and
        ``low`` to ``high`` recorded crimes fewer, if it is done everywhere in them: the sums of
        what each proposal tells of its colonia, so of the kinds of crime that the action was
        measured on and of no other.  Ends are added, as if every colonia were at its own end
        at once: never narrower than what they do together.
    """
    budget, cost = plan
    rows = proposals[(proposals["intervention"] == action) & proposals["fewer_lower"].notna()]
    total = crime[(crime["group"] == words.TOTAL) & (crime["state"] == words.SHOWN)]
    known = rows.merge(total[["colonia_id", "smoothed"]], on="colonia_id")
    places = pd.DataFrame(colonias)[["colonia_id", "borough", "population"]]
    table = known.merge(places, on="colonia_id").dropna(subset=["smoothed", "population"])
    table["expected"] = table["smoothed"] * table["population"] / _PER
    order = {
        "expected": -table["expected"],
        "residents": -table["population"],
        "lot": table["colonia_id"].map(_lot),
    }[rule]
    affordable = int(budget // cost) if cost > 0 else 0
    reached = order.rank(method="first") <= affordable
    table["reached"] = reached.astype(int)
    table["pesos"] = table["reached"] * cost
    table["low"] = table["fewer_lower"] * table["reached"]
    table["high"] = table["fewer_upper"] * table["reached"]
    table["proposed"] = 1
    table["borough"] = table["borough"].fillna("—")
    summed = table.groupby("borough")[list(COLUMNS[1:])].sum().reset_index()
    return summed[list(COLUMNS)]


def _lot(colonia: str) -> str:
    """Return a fixed draw: the same colonias are drawn each time, by no merit of theirs."""
    return sha256(colonia.encode()).hexdigest()
