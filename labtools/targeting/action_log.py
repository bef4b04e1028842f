"""What is already being done: the log of actions in the words of the catalogue, and its gaps.

Two kinds of gap: a need without any action on it, and an action where its need is not above
that of comparable colonias.  The second is a question, not a fault: it may be prevention.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any

import pandas as pd

from labtools.targeting.catalogue import ActionWords, Agencies, Taxonomies
from labtools.targeting.needs import factor_key, is_asked

NEED_WITHOUT_ACTION, ACTION_WITHOUT_NEED = "need_without_action", "action_without_need"


def read_log(actions: pd.DataFrame, taxonomies: Taxonomies, agencies: Agencies) -> pd.DataFrame:
    """Return what was done by colonia, intervention and factor.

    Parameters
    ----------
    actions : pandas.DataFrame
        Canonical table ``actions_done``.

    Returns
    -------
    pandas.DataFrame
        ``colonia_id``, ``action_type``, ``intervention`` (empty if the catalogue has none),
        ``need``, ``agency_id`` (empty if the register has none) and ``times``; an action on two
        factors has two rows, one that the taxonomy does not know has an empty need.
    """
    rows = [told for row in actions.itertuples() for told in _told(row, taxonomies, agencies)]
    columns = ["colonia_id", "action_type", "intervention", "need", "agency_id", "times"]
    return pd.DataFrame(rows, columns=columns)


def gaps_table(needs: pd.DataFrame, log: pd.DataFrame, entered: pd.Index) -> pd.DataFrame:
    """Return the canonical table ``action_gaps``, for colonias in the programme.

    Parameters
    ----------
    needs : pandas.DataFrame
        Canonical table ``needs``.
    log : pandas.DataFrame
        See `read_log`.
    entered : pandas.Index
        Colonias that are in the programme.
    """
    factors = needs[needs["need"].str.startswith("factor_") & needs["colonia_id"].isin(entered)]
    times = log[log["need"] != ""].groupby(["colonia_id", "need"])["times"].sum()
    pairs = pd.MultiIndex.from_frame(factors[["colonia_id", "need"]])
    done = times.reindex(pairs).fillna(0).astype("Int64").to_numpy()
    table = factors[["colonia_id", "need", "verdict"]].assign(times=done)
    wanted = is_asked(factors)
    without = ((table["verdict"] == "above") | wanted) & (table["times"] == 0)
    idle = table["verdict"].isin(["below", "similar"]) & ~wanted & (table["times"] > 0)
    kinds = table.assign(gap="none")
    kinds.loc[without, "gap"] = NEED_WITHOUT_ACTION
    kinds.loc[idle, "gap"] = ACTION_WITHOUT_NEED
    shown = kinds[kinds["gap"] != "none"]
    return shown[["colonia_id", "need", "gap", "verdict", "times"]].reset_index(drop=True)


def _told(row: Any, taxonomies: Taxonomies, agencies: Agencies) -> Iterator[dict[str, object]]:
    known = _entry(str(row.action_type), taxonomies)
    agency = agencies.named(row.agency) if isinstance(row.agency, str) else ""
    for factor in known.factors if known else (0,):
        yield {
            "colonia_id": row.colonia_id,
            "action_type": row.action_type,
            "intervention": (known.intervention or "") if known else "",
            "need": factor_key(factor) if factor else "",
            "agency_id": agency,
            "times": int(row.times),
        }


def _entry(written: str, taxonomies: Taxonomies) -> ActionWords | None:
    folded = unicodedata.normalize("NFD", written.upper())
    plain = "".join(c for c in folded if not unicodedata.combining(c))
    return next((e for e in taxonomies.action if any(w in plain for w in e.words)), None)
