"""Whom the figures serve less well: error and benefit by marginality and size of colonias.

Internal only, and never by colonia.  When to use it: before each release and before a budget
is decided.  When not: to rank colonias, or as proof that a choice is just; it says where
figures are coarser, where less is spent, and what a change in reporting would move.
"""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

from labtools.privacy.release import protect_quarters
from labtools.privacy.years import protect_years, years_table
from labtools.tables.contracts import check_table, empty_table
from labtools.targeting.fairness import SHIFTS
from labtools.workflow.known import Known

#: Residents at which a colonia counts as of the next size.
SIZES = (500, 1_500, 4_000)
_PER = 1_000
_FIFTH = 0.2


def fairness_tables(known: Known, portfolio: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return ``fairness`` and ``fairness_if`` of the internal edition.

    Parameters
    ----------
    known : Known
        Of the internal edition: its counts are true.
    portfolio : pandas.DataFrame
        Canonical table ``portfolio``; it may be empty.
    """
    colonias = _colonias(known, portfolio)
    parts = [
        _by(colonias.assign(part=colonias[by]), by) for by in ("grade", "size") if len(colonias)
    ]
    told = pd.concat(parts, ignore_index=True) if parts else empty_table("fairness")
    return {
        "fairness": check_table("fairness", told),
        "fairness_if": check_table("fairness_if", _affected_if(colonias)),
    }


def size_of(people: pd.Series) -> pd.Series:
    """Return each colonia's size: residents from … to …; missing where they are not known."""
    limits = [0, *SIZES, np.inf]
    names = [f"{low}-{high - 1}" for low, high in itertools.pairwise([0, *SIZES])]
    return pd.cut(people, limits, right=False, labels=[*names, f"{SIZES[-1]}+"]).astype("object")


def _colonias(known: Known, portfolio: pd.DataFrame) -> pd.DataFrame:
    """Return what is judged of each colonia, one row for each."""
    people = known.people
    kept = known.keep("years", [], lambda it: {"error": _year_errors(it).to_frame("error")})
    crime = known.results["crime"].query("group == 'total'").set_index("colonia_id")
    crime = crime.reindex(people.index)
    smoothed = crime["smoothed"].where(crime["smoothed"] > 0)
    chosen = portfolio[portfolio["standing"].isin(["chosen", "firm"])].groupby("colonia_id")
    received = chosen[["cost", "averted"]].sum().reindex(people.index).fillna(0.0)
    return pd.DataFrame(
        {
            "grade": known.places["grade"],
            "size": size_of(people),
            "people": people,
            "withheld": people.index.isin(known.edition.withheld),
            "rate": smoothed,
            "year_error": kept["error"]["error"].reindex(people.index),
            "rate_width": (crime["smoothed_upper"] - crime["smoothed_lower"]) / smoothed,
            "told": crime["versus_municipality"].isin(["above", "below"]),
            "cost": received["cost"] if len(portfolio) else np.nan,
            "averted": received["averted"] if len(portfolio) else np.nan,
        }
    )


def _year_errors(known: Known) -> pd.Series:
    """Return how far the published calendar year lies from the true one, as a share of it."""
    quarters, edition = known.processed["quarters"], known.edition
    none = pd.Series(dtype=float)
    if quarters.empty:
        return none
    true = years_table(quarters)
    protected = protect_quarters(quarters, edition.withheld, key=edition.key)
    public = protect_years(quarters, protected, edition.withheld, key=edition.key)
    whole = true["year"] < edition.window.end - pd.DateOffset(months=11)
    last = true["year"] == true.loc[whole, "year"].max()
    off = (public["events"] - true["events"]).abs() / true["events"].where(true["events"] > 0)
    return off[last].astype(float).set_axis(true.loc[last, "colonia_id"]) if last.any() else none


def _by(colonias: pd.DataFrame, by: str) -> pd.DataFrame:
    grouped = colonias.dropna(subset=["part"]).groupby("part", sort=True)
    people = grouped["people"].sum()
    some = people.where(people > 0)
    table = pd.DataFrame(
        {
            "colonias": grouped.size(),
            "residents": people,
            "withheld": grouped["withheld"].mean(),
            "year_error": grouped["year_error"].median(),
            "rate_width": grouped["rate_width"].median(),
            "told": grouped["told"].mean(),
            "per_resident": grouped["cost"].sum(min_count=1) / some,
            "averted": grouped["averted"].sum(min_count=1) / some * _PER,
        }
    )
    return table.rename_axis("part").reset_index().assign(by=by)[["by", "part", *table.columns]]


def _affected_if(colonias: pd.DataFrame) -> pd.DataFrame:
    """Return which grades the most affected fifth would be of, if reporting were otherwise.

    As in `labtools.targeting.fairness`: in grade g of G, reporting is multiplied by
    ``1 + shift * (g - 1) / (G - 1)``, and what is recorded is divided by it.
    """
    known = colonias.dropna(subset=["grade", "rate"])
    if known.empty:
        return empty_table("fairness_if")
    grades = sorted(known["grade"].unique())
    place = known["grade"].map(
        {grade: at / max(len(grades) - 1, 1) for at, grade in enumerate(grades)}
    )
    rows = []
    for shift in SHIFTS:
        rates = known["rate"] / (1 + shift * place.astype(float))
        most = known["grade"][rates >= rates.quantile(1 - _FIFTH)]
        share = most.value_counts(normalize=True).reindex(grades).fillna(0.0)
        rows.append(pd.DataFrame({"shift": shift, "grade": grades, "affected": share.to_numpy()}))
    return pd.concat(rows, ignore_index=True)
