"""What is proposed for a colonia, in words: each action with its reason and its doubt."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from labtools.messages import number, percent, plural, say, text
from labtools.tables import vocabulary as words
from labtools.tables.action_words import action_words, caveat_words, need_words
from labtools.tables.records import record_where

_NETWORK = "network"  # the only indicator: no datum shows the need
Tables = Mapping[str, pd.DataFrame]


def proposal_sentences(tables: Tables) -> tuple[str, ...]:
    """Return what is proposed, or that these data propose nothing."""
    proposals = proposals_here(tables)
    if proposals.empty:
        return (
            text(
                "Nothing is proposed by these data: no need here stands above that of colonias "
                "like it by more than chance, or nothing may be shown. It does not mean that "
                "nothing is needed: the network's meeting knows what no table does."
            ),
        )
    closing = text(
        "A proposal is not a promise: what an action does here is known only by evaluating it."
    )
    return (
        *_opening(proposals),
        *(proposal_sentence(row) for _, row in proposals.iterrows()),
        closing,
    )


def proposals_here(tables: Tables) -> pd.DataFrame:
    """Return the proposals of a ficha, as they are told beside its count.

    Where the published count is zero nobody can be told that crimes would be fewer: how many
    fewer is left out.
    """
    total = record_where(tables["crime"], "group", words.TOTAL)
    if total is not None and not pd.isna(total["events"]) and total["events"] == 0:
        return tables["proposals"].drop(columns=["fewer_lower", "fewer_upper"])
    return tables["proposals"]


def _opening(proposals: pd.DataFrame) -> list[str]:
    """Return how many answer what the data show, and how many only what the network asked."""
    asked = int((proposals["indicators"] == _NETWORK).sum())
    shown = len(proposals) - asked
    told = []
    if shown:
        told.append(
            say(
                plural(
                    "One action answers a need that stands above that of colonias like this one.",
                    "{n} actions answer needs that stand above those of colonias like this one.",
                ),
                n=shown,
            )
        )
    if asked:
        told.append(
            say(
                plural(
                    "One action answers what most of the citizens' network put "
                    "first; the data do not tell that need from chance.",
                    "{n} actions answer what most of the citizens' network put "
                    "first; the data do not tell those needs from chance.",
                ),
                n=asked,
            )
        )
    return told


def proposal_sentence(row: pd.Series) -> str:
    """Return one proposal: what, why, who, what may be expected, and what to watch."""
    facts = {
        "action": action_words(str(row["intervention"]), str(row["name"])),
        "need": need_words(str(row["need"])),
        "agency": row["agency_name"],
        "crime": change_words(row, "crime"),
        "fear": change_words(row, "fear"),
        "evidence": row["evidence"],
    }
    told = (
        text(
            "{action}, already being done here, for: {need}. Who: {agency}. Crime: {crime}. "
            "Fear: {fear}. Evidence: {evidence}.",
            **facts,
        )
        if row["standing"] == "under_way"
        else text(
            "{action}, for: {need}. Who: {agency}. Crime: {crime}. Fear: {fear}. "
            "Evidence: {evidence}.",
            **facts,
        )
    )
    watch = caveat_words(str(row["caveats"]))
    why = text("Why: {why}", why=row["conflict"]) if row["conflict"] else ""
    return " ".join(part for part in (told, watch, why) if part)


def change_words(row: pd.Series, outcome: str) -> str:
    """Return the expected change where the action is done, or that no verified figure tells."""
    low, high = row[f"{outcome}_lower"], row[f"{outcome}_upper"]
    if pd.isna(low) or pd.isna(high):
        return text("no verified figure for places")
    least, most = float(low), float(high)
    ends = {"low": percent(abs(least)), "high": percent(abs(most))}
    if least >= 0 and most > 0:
        told = text("between {low} and {high} more where it is done", **ends)
    elif most > 0:
        told = text("between {low} less and {high} more where it is done", **ends)
    else:
        ends = {"low": ends["high"], "high": ends["low"]}
        told = text("between {low} and {high} less where it is done", **ends)
    return told + _fewer(row) if outcome == "crime" else told


def fewer_words(row: pd.Series) -> str:
    """Return how many crimes fewer that is in the colonia, as words of their own."""
    return _fewer(row).strip(" ()")


def _fewer(row: pd.Series) -> str:
    """Return what that is in this colonia, or nothing where its crime is not known."""
    if pd.isna(row.get("fewer_lower")) or pd.isna(row.get("fewer_upper")):
        return ""
    low, high = float(row["fewer_lower"]), float(row["fewer_upper"])
    ends = {"low": number(abs(low)), "high": number(abs(high))}
    if round(low) >= 0:
        return text(
            " (in all of the colonia, {low} to {high} recorded crimes fewer a year)", **ends
        )
    if round(high) <= 0:
        ends = {"low": ends["high"], "high": ends["low"]}
        return text(" (in all of the colonia, {low} to {high} recorded crimes more a year)", **ends)
    return text(
        " (in all of the colonia, from {low} recorded crimes more to {high} fewer a year)", **ends
    )
