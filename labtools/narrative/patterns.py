"""Patterns in words: concentration, persistence, hours and exposure, each beside chance."""

from __future__ import annotations

import pandas as pd

from labtools.messages import number, percent, plural, say, text
from labtools.tables import vocabulary as words
from labtools.tables.vocabulary import label

_SURE = 0.05


def concentration_sentences(concentration: pd.DataFrame) -> tuple[str, ...]:
    """Return how concentrated the last year was, beyond what chance makes."""
    rows = concentration[
        (concentration["group"] == words.TOTAL) & (concentration["exposure"] == words.BY_PLACE)
    ]
    if rows.empty:
        return (text("There is no whole year of counts yet to measure concentration."),)
    last = rows.sort_values("year_start").iloc[-1]
    said = text(
        "Half of the recorded crime of the last year is in {half} of the colonias. The Gini "
        "index is {gini}; equal colonias would have {chance} by chance alone.",
        half=percent(last["half_in"]),
        gini=number(last["gini"], 2),
        chance=number(last["chance"], 2),
    )
    if last["p_value"] > _SURE:
        return (said, text("That cannot be told apart from chance."))
    return (said, text("Beyond chance, the excess is {excess}.", excess=number(last["excess"], 2)))


def persistence_sentences(persistence: pd.DataFrame) -> tuple[str, ...]:
    """Return how many colonias are of each kind, beside how many chance would make.

    Chronic is held against colonias all alike: that one stays above is what the word means, and
    a colonia that keeps its own level is no accident.  Emerging and fading are held against
    colonias that keep theirs.
    """
    if persistence.empty:
        return (text("Fewer than three whole years: persistence cannot be told yet."),)
    kinds = persistence.drop_duplicates("kind").set_index("kind")
    told = [kind for kind in ("chronic", "emerging", "fading") if kind in kinds.index]
    return tuple(_lasting(kind, kinds.loc[kind]) for kind in told) or (
        text("No colonia stands above the city year after year, begins to, or ceases to."),
    )


def _lasting(kind: str, row: pd.Series) -> str:
    n = int(row["found"])
    if kind == "chronic":
        said = plural(
            "{kind}: {n} colonia; if all had the same rate, {chance} would look so by chance.",
            "{kind}: {n} colonias; if all had the same rate, {chance} would look so by chance.",
        )
        return say(said, kind=label(kind), n=n, chance=number(row["alike"], 1))
    said = plural(
        "{kind}: {n} colonia; if none changed, {chance} would look so by chance.",
        "{kind}: {n} colonias; if none changed, {chance} would look so by chance.",
    )
    return say(said, kind=label(kind), n=n, chance=number(row["by_chance"], 1))


def exposure_sentences(exposures: pd.DataFrame) -> tuple[str, ...]:
    """Return for how many colonias the comparison depends on who is taken to be at risk."""
    rows = exposures[exposures["group"] == words.TOTAL]
    if rows["exposure"].nunique() < 2:  # noqa: PLR2004 - one choice cannot be compared
        return (text("Only one exposure is known, so its choice cannot be tried."),)
    agrees = rows.drop_duplicates("colonia_id")["agrees"]
    return (
        text(
            "By who is taken to be at risk, the answer differs in {n} of {total} colonias: those "
            "should be told under each choice.",
            n=int((~agrees).sum()),
            total=len(agrees),
        ),
    )


def hours_sentences(hours: pd.DataFrame) -> tuple[str, ...]:
    """Return in which eight hours in a row most happens, and how much has no known hour."""
    rows = hours[hours["group"] == words.TOTAL].set_index("hour")["share"]
    if rows.empty:
        return (text("No hours are recorded."),)
    length = 8
    sums = {h: sum(rows[(h + k) % 24] for k in range(length)) for h in rows.index}
    start = max(sums, key=lambda hour: (sums[hour], -hour))
    unknown = hours.loc[hours["group"] == words.TOTAL, "unknown_share"].iloc[0]
    return (
        text(
            "The eight hours in a row with most of it begin at {start}:00 and hold {share}. For "
            "{unknown} the hour is not known, or is one written by default.",
            start=start,
            share=percent(sums[start]),
            unknown=percent(unknown),
        ),
    )
