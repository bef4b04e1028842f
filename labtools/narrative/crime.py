"""Recorded crime in words: how much, whether it changed, and where that places a colonia."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd

from labtools import messages
from labtools.messages import number, percent, plural, say, text
from labtools.narrative.late_records import still_to_come
from labtools.tables import vocabulary as words
from labtools.tables.vocabulary import label

Tables = Mapping[str, pd.DataFrame]

_VERSUS: Mapping[str, str] = MappingProxyType(
    {
        "above": messages.mark(
            "Even allowing for chance, it is above the figure of the municipality."
        ),
        "below": messages.mark(
            "Even allowing for chance, it is below the figure of the municipality."
        ),
        "similar": messages.mark("It cannot be told apart from the figure of the municipality."),
    }
)


def crime_sentences(tables: Tables) -> tuple[str, ...]:
    """Return how many case files there were, the rate, and how it compares."""
    total = _of_group(tables["crime"], words.TOTAL)
    if total is None or total["state"] == words.MISSING:
        return (_no_figure(tables),)
    if total["state"] == words.SUPPRESSED:
        return (
            text(
                "The figures are withheld because few people live here, or it is not known how "
                "many, and someone could be singled out. This does not mean that there was no "
                "crime."
            ),
        )
    said = [_count_sentence(tables, total)]
    if pd.notna(total["rate"]):
        said.append(
            text(
                "That is {rate} per 1,000 people in a year; with chance taken into account, "
                "between {lower} and {upper}. In the municipality it is {municipality}.",
                rate=number(total["rate"], 1),
                lower=number(total["lower"], 1),
                upper=number(total["upper"], 1),
                municipality=number(total["municipality_rate"], 1),
            )
        )
    verdict = str(total["versus_municipality"])
    if verdict in _VERSUS:
        said.append(say(_VERSUS[verdict]))
    return tuple(said)


def change_sentences(tables: Tables) -> tuple[str, ...]:
    """Return which groups changed, as the table's verdicts say, or that none can be told to."""
    change = tables["change"]
    if (change["state"] == words.SUPPRESSED).any():
        return (
            text(
                "Whether it changed is withheld, because few people live here, or it is not known "
                "how many, and someone could be singled out."
            ),
        )
    shown = change[change["state"] == words.SHOWN]
    if shown.empty or (shown["verdict"] == "unknown").all():
        return (text("It is not known whether it changed: there are no two years to compare."),)
    told = [
        _changed(row) for _, row in shown.iterrows() if row["verdict"] in {"increase", "decrease"}
    ]
    if not told:
        return (
            text(
                "No distinguishable change: the differences between these twelve months and the "
                "twelve before are of a size that chance alone produces."
            ),
        )
    rest = (shown["verdict"] == "none").any()
    closing = (text("In the other groups there is no distinguishable change."),) if rest else ()
    return (*told, *closing, *_late(shown, tables["period"]))


def _late(shown: pd.DataFrame, period: pd.DataFrame) -> tuple[str, ...]:
    """Return what is known of records still to come, where a fall is told."""
    fell = (shown["verdict"] == "decrease").any()
    return (still_to_come(period["recorded_share"].iloc[0]),) if fell else ()


def place_sentences(tables: Tables) -> tuple[str, ...]:
    """Return between which places of every 100 the colonia lies."""
    total = _of_group(tables["place"], words.TOTAL)
    if total is not None and total["state"] == words.SUPPRESSED:
        return (
            text(
                "Its place among the colonias is withheld, because few people live here, or it is "
                "not known how many, and someone could be singled out."
            ),
        )
    if total is None or total["state"] != words.SHOWN or pd.isna(total["lower_share"]):
        return (text("Its place among the colonias is not known."),)
    low, high = float(total["lower_share"]) * 100, float(total["upper_share"]) * 100
    return (
        text(
            "Of every 100 colonias, between {low} and {high} have a lower rate of recorded crime. "
            "Nothing more exact can be said honestly.",
            low=number(low),
            high=number(high),
        ),
    )


def _no_figure(tables: Tables) -> str:
    if (tables["unknowns"]["what"] == "no_incident_file").any():
        return text(
            "There is no figure of recorded crime: no file of incidents was supplied. "
            "This does not mean that there was no crime."
        )
    return text(
        "There is no figure of recorded crime: the file of incidents does not cover these twelve "
        "months whole. This does not mean that there was no crime."
    )


def _count_sentence(tables: Tables, total: pd.Series) -> str:
    start, end = _window(tables)
    if total["events_low"] == total["events_high"]:
        return say(
            plural(
                "From {start} to {end}, one case file was opened for facts that happened here.",
                "From {start} to {end}, {n} case files were opened for facts that happened here.",
            ),
            n=int(total["events"]),
            start=start,
            end=end,
        )
    return text(
        "From {start} to {end}, about {events} case files were opened for facts that happened "
        "here (between {low} and {high}: published counts are rounded to protect people).",
        start=start,
        end=end,
        events=number(total["events"]),
        low=number(total["events_low"]),
        high=number(total["events_high"]),
    )


def _changed(row: pd.Series) -> str:
    facts = {
        "group": label(str(row["group"])),
        "before": number(row["before"]),
        "now": number(row["now"]),
    }
    if pd.isna(row["upper"]):
        # There were none before: no percentage of nothing.
        return text(
            "{group}: increased from {before} to {now} in twelve months, by more than chance "
            "alone produces.",
            **facts,
        )
    facts["low"] = percent(abs(float(row["lower"]) - 1))
    facts["high"] = percent(abs(float(row["upper"]) - 1))
    if row["verdict"] == "increase":
        return text(
            "{group}: increased from {before} to {now} in twelve months (between {low} and "
            "{high} more, allowing for chance).",
            **facts,
        )
    return text(
        "{group}: decreased from {before} to {now} in twelve months (between {high} and {low} "
        "less, allowing for chance).",
        **facts,
    )


def _window(tables: Tables) -> tuple[str, str]:
    period = tables["period"].iloc[0]
    last = period["window_end"] - pd.DateOffset(months=1)
    return messages.month(period["window_start"].date()), messages.month(last.date())


def _of_group(table: pd.DataFrame, group: str) -> pd.Series | None:
    rows = table[table["group"] == group]
    return rows.iloc[0] if len(rows) else None
