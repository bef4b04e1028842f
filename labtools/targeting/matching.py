"""From a need to a short list of actions, each with its reasons.

A proposal is a chain: the data that show the need, the factor, the evidence of the action, and
the agency that could do it.  Where crime, or fear, itself stands above, an action answers only
if what may be cited of it found that very outcome to fall.  An action that answers no need
above that of comparable colonias, nor one that most of the citizens' network put first, that
harms (by the catalogue, or in most of the draws of its effect), or that allocates patrols is
never proposed.  When not to use it: in place of the network's meeting, which knows what no
table does.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from labtools.targeting.catalogue import Agencies, Intervention, Interventions
from labtools.targeting.citation import cited
from labtools.targeting.needs import CRIME, FEAR, factor_key, is_asked

SHORTLIST = 5
_HALF = 0.5
#: Among the indicators of a need: the network asked for it.
NETWORK = "network"
COLUMNS = (
    "colonia_id",
    "intervention",
    "name",
    "need",
    "indicators",
    "agency",
    "agency_name",
    "strength",
    "evidence",
    "verified_on",
    "caveats",
    "conflict",
    "crime_change",
    "crime_lower",
    "crime_upper",
    "fear_change",
    "fear_lower",
    "fear_upper",
    "fewer_lower",
    "fewer_upper",
    "times_done",
    "standing",
)


def proposals_table(
    needs: pd.DataFrame,
    catalogue: Interventions,
    agencies: Agencies,
    log: pd.DataFrame,
    effects: Mapping[str, pd.DataFrame],
) -> pd.DataFrame:
    """Return the canonical table ``proposals``: at most five actions for each colonia.

    Those with more evidence come first, then those whose need is surer; an action that is
    already being done is kept, and says so.

    Parameters
    ----------
    needs : pandas.DataFrame
        Canonical table ``needs``.
    log : pandas.DataFrame
        See `labtools.targeting.action_log.read_log`.
    effects : mapping of "crime" and "fear" to pandas.DataFrame
        Draws of change where the action is done: see `labtools.targeting.effects`.
    """
    names = {agency.id: agency.name for agency in agencies.agency}
    above, wanted = needs["verdict"] == "above", is_asked(needs)
    sure = needs["lower"].where(above).combine(needs["asked_lower"].where(wanted), np.fmax)
    felt = needs.assign(
        sure=sure,
        indicators=needs["indicators"].where(above, "") + np.where(wanted, f" {NETWORK}", ""),
    )
    felt = felt[above | wanted]
    felt["indicators"] = felt["indicators"].str.strip()
    cards = pd.DataFrame(
        [
            {"need": need, **card}
            for one in catalogue.proposable()
            if (card := _card(one, names, effects))
            for need in _answers(one)
        ]
    )
    if felt.empty or cards.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    pairs = felt[["colonia_id", "need", "indicators", "sure"]].merge(cards, on="need")
    ordered = pairs.sort_values(
        ["colonia_id", "strength", "sure", "row"],
        ascending=[True, False, False, True],
        kind="stable",
    )
    best = ordered.drop_duplicates(["colonia_id", "intervention"])
    short = best[best.groupby("colonia_id").cumcount() < SHORTLIST].reset_index(drop=True)
    done = log[log["intervention"] != ""].drop_duplicates(["colonia_id", "action_type"])
    times = done.groupby(["colonia_id", "intervention"])["times"].sum()
    keys = pd.MultiIndex.from_frame(short[["colonia_id", "intervention"]])
    count = times.reindex(keys).fillna(0).astype("Int64").to_numpy()
    standing = np.where(count > 0, "under_way", "proposed")
    return short.assign(
        fewer_lower=np.nan, fewer_upper=np.nan, times_done=count, standing=standing
    )[list(COLUMNS)]


def with_crimes_fewer(
    proposals: pd.DataFrame,
    catalogue: Interventions,
    effects: pd.DataFrame,
    crimes: Mapping[str, pd.DataFrame],
) -> pd.DataFrame:
    """Return proposals with what each may mean in its colonia: recorded crimes fewer in a year.

    ``fewer_lower`` to ``fewer_upper`` hold nine draws in ten, if it is done in all of the
    colonia; missing where no verified figure tells, or the colonia's crime is not known.

    Parameters
    ----------
    effects : pandas.DataFrame
        Draws of change of crime by action.
    crimes : mapping of group to pandas.DataFrame
        Draws of a year's recorded crimes, by colonia.
    """
    known = catalogue.by_id()
    parts = []
    for key, rows in proposals.groupby("intervention", sort=False):
        groups = [group for group in known[str(key)].acts_on if group in crimes]
        told = rows.copy()
        if groups and key in effects.columns:
            total = sum(crimes[group][list(rows["colonia_id"])].to_numpy() for group in groups)
            fewer = -np.asarray(total) * effects[key].to_numpy()[:, None]
            low, high = np.quantile(fewer, [0.05, 0.95], axis=0)
            told["fewer_lower"], told["fewer_upper"] = low, high
        parts.append(told)
    return pd.concat(parts).sort_index() if parts else proposals


def _card(
    one: Intervention, names: Mapping[str, str], effects: Mapping[str, pd.DataFrame]
) -> dict[str, object] | None:
    """Return what is said of an action wherever it is proposed; None without citable evidence."""
    quoted = [effect for effect in one.effect if effect.is_quotable]
    evidence = cited(quoted)
    if not evidence or not one.agencies or one.strength == 0 or _mostly_rises(one.id, effects):
        return None
    return {
        "row": one.row,
        "intervention": one.id,
        "name": one.name,
        "agency": one.agencies[0],
        "agency_name": names[one.agencies[0]],
        "strength": one.strength,
        "evidence": evidence,
        "verified_on": pd.Timestamp(min(e.verified_on for e in quoted if e.verified_on)),
        "caveats": " ".join(caveats_of(one)),
        "conflict": one.conflict_shown,
        **_change("crime", one.id, effects),
        **_change("fear", one.id, effects),
    }


def _answers(one: Intervention) -> list[str]:
    """Return the needs that an action answers: its factors; crime, or fear, if shown to fall."""
    fell = {effect.outcome for effect in one.effect if effect.is_quotable and effect.lowers}
    return [*map(factor_key, one.factors), *(need for need in (CRIME, FEAR) if need in fell)]


def _mostly_rises(key: str, effects: Mapping[str, pd.DataFrame]) -> bool:
    """Tell whether more than half of the draws say that crime, or fear, grows where it is done."""
    draws = [table[key].to_numpy(float) for table in effects.values() if key in table.columns]
    return any((drawn > 0).mean() > _HALF for drawn in draws)


def caveats_of(one: Intervention) -> tuple[str, ...]:
    """Return what to watch before trusting the evidence here, as words of the vocabulary.

    ``on_participants``: measured on those who took part; ``not_from_mexico``: no verified study
    is; ``not_on_fear``: it has not been shown to lower fear; ``reviews_differ``.
    """
    quotable = [effect for effect in one.effect if effect.is_quotable]
    found = {
        "on_participants": one.scale == "participants",
        "not_from_mexico": not any("México" in effect.country for effect in quotable),
        "not_on_fear": any(e.direction == "none" and e.outcome == "fear" for e in quotable),
        "reviews_differ": bool(one.conflict),
    }
    return tuple(word for word, holds in found.items() if holds)


def _change(outcome: str, key: str, effects: Mapping[str, pd.DataFrame]) -> dict[str, float]:
    table = effects.get(outcome)
    names = (f"{outcome}_change", f"{outcome}_lower", f"{outcome}_upper")
    if table is None or key not in table.columns:
        return dict.fromkeys(names, float("nan"))
    draws = table[key].to_numpy(float)
    low, high = np.quantile(draws, [0.05, 0.95])
    return dict(zip(names, (float(draws.mean()), float(low), float(high)), strict=True))
