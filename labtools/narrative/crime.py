"""Recorded crime in words: how much, whether it changed, and where that places a colonia."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd

from labtools import messages
from labtools.messages import number, percent, plural, say, text
from labtools.narrative.late_records import level_so_far, still_to_come
from labtools.privacy.rounding import range_of_sum
from labtools.tables import vocabulary as words
from labtools.tables.records import Record, record_where, records
from labtools.tables.vocabulary import label

Tables = Mapping[str, pd.DataFrame]

#: Beyond so many times a limit tells no size, only that next to nothing is known.
_MANY_TIMES = 10
#: Of how many published counts each count of twelve months is the sum, by group.
_QUARTERS = 4
_MONTH = pd.DateOffset(months=1)

#: Whether the rate is of the very count told before it, or of the quarters that add up to another.
_RATES: Mapping[bool, str] = MappingProxyType(
    {
        True: messages.mark(
            "That is {rate} per 1,000 people in a year; with chance taken into account, "
            "between {lower} and {upper}. In the municipality it is {municipality}."
        ),
        False: messages.mark(
            "Its quarters, rounded one by one, add up to {rate} per 1,000 people in a year; with "
            "chance taken into account, between {lower} and {upper}. In the municipality it is "
            "{municipality}."
        ),
    }
)
_VERSUS: Mapping[str, str] = MappingProxyType(
    {
        "above": messages.mark(
            "Steadied with the figures of all colonias, so that few cases do not mislead, the rate "
            "is {rate} (between {lower} and {upper}): it is above that of the municipality."
        ),
        "below": messages.mark(
            "Steadied with the figures of all colonias, so that few cases do not mislead, the rate "
            "is {rate} (between {lower} and {upper}): it is below that of the municipality."
        ),
        "similar": messages.mark(
            "Steadied with the figures of all colonias, so that few cases do not mislead, the rate "
            "is {rate} (between {lower} and {upper}): it cannot be told apart from that of the "
            "municipality."
        ),
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
        same = _whole_year(tables, total)["events"] == total["events"]
        ends = ("rate", "lower", "upper")
        facts = {name: number(total[name], 1) for name in ends}
        facts["municipality"] = number(total["municipality_rate"], 1)
        said.append(say(_RATES[bool(same)], **facts))
    share = tables["period"]["recorded_share"].iloc[0] if "period" in tables else None
    return (*said, *_versus(total), *level_so_far(share))


def _versus(total: Record) -> tuple[str, ...]:
    """Return how the steadied rate stands to the municipality's, with the interval that says so."""
    verdict, ends = str(total["versus_municipality"]), ("smoothed_lower", "smoothed_upper")
    if verdict not in _VERSUS or any(pd.isna(total[column]) for column in ("smoothed", *ends)):
        return ()
    rate, lower, upper = (_rate(float(total[column])) for column in ("smoothed", *ends))
    return (say(_VERSUS[verdict], rate=rate, lower=lower, upper=upper),)


def change_sentences(tables: Tables) -> tuple[str, ...]:
    """Return which groups changed, as the table's verdicts say, or that none can be told to."""
    change = records(tables["change"])
    if any(row["state"] == words.SUPPRESSED for row in change):
        return (
            text(
                "Whether it changed is withheld, because few people live here, or it is not known "
                "how many, and someone could be singled out."
            ),
        )
    shown = [row for row in change if row["state"] == words.SHOWN]
    verdicts = {row["verdict"] for row in shown}
    if verdicts <= {"unknown"}:
        return (text("It is not known whether it changed: there are no two years to compare."),)
    told = [
        _changed(row, int(tables["period"]["rounding_base"].iloc[0]))
        for row in shown
        if row["verdict"] in {"increase", "decrease"}
    ]
    if not told:
        return (
            text(
                "No distinguishable change: the differences between these twelve months and the "
                "twelve before cannot be told apart from chance, which does not mean that nothing "
                "changed."
            ),
            *_not_told_apart(shown),
        )
    rest = "none" in verdicts
    closing = (text("In the other groups there is no distinguishable change."),) if rest else ()
    return (*told, *closing, *_late(verdicts, tables["period"]))


def _not_told_apart(shown: list[Record]) -> tuple[str, ...]:
    """Return between which changes that of all recorded crime may lie."""
    total = next((row for row in shown if row["group"] == words.TOTAL), None)
    if total is None or any(pd.isna(total[column]) for column in ("ratio", "lower", "upper")):
        return ()
    if total["upper"] > _MANY_TIMES:
        return (
            text(
                "There are so few case files that all recorded crime together may have changed by "
                "anything between {low} % and over {times} times as many.",
                low=_signed(total["lower"]),
                times=number(_MANY_TIMES),
            ),
        )
    return (
        text(
            "The change of all recorded crime together: {change} % ({low} to {high}).",
            change=_signed(total["ratio"]),
            low=_signed(total["lower"]),
            high=_signed(total["upper"]),
        ),
    )


def _late(verdicts: set[str], period: pd.DataFrame) -> tuple[str, ...]:
    """Return what is known of records still to come, where a fall is told."""
    fell = "decrease" in verdicts
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
            "Of every 100 colonias, between {low} and {high} have a lower steadied rate of "
            "recorded crime (90 % interval). Nothing more exact can be said honestly.",
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


def _count_sentence(tables: Tables, total: Record) -> str:
    start, end = _window(tables)
    total = _whole_year(tables, total)
    if total["events_low"] == total["events_high"]:
        return say(
            plural(
                "From {start} to {end}, one case file was opened for events that happened here.",
                "From {start} to {end}, {n} case files were opened for events that happened here.",
            ),
            n=int(total["events"]),
            start=start,
            end=end,
        )
    if not total["events"]:
        return text(
            "From {start} to {end} the published count of case files opened for events that "
            "happened here is zero; the true one is between {low} and {high}, as published counts "
            "are rounded to protect people.",
            start=start,
            end=end,
            low=number(total["events_low"]),
            high=number(total["events_high"]),
        )
    return text(
        "From {start} to {end}, about {events} case files were opened for events that happened "
        "here (between {low} and {high}: published counts are rounded to protect people).",
        start=start,
        end=end,
        events=number(total["events"]),
        low=number(total["events_low"]),
        high=number(total["events_high"]),
    )


def _whole_year(tables: Tables, total: Record) -> Record:
    """Return the figure of the calendar year where the twelve months are one.

    It is published as one figure, nearer the true count than a sum of rounded ones: a ficha
    tells one figure of a year, and not two.
    """
    years = tables.get("years", pd.DataFrame())
    if years.empty:
        return total
    start = tables["period"]["window_start"].iloc[0]
    told = record_where(years, "year", start)
    return told if told is not None and told["state"] == words.SHOWN else total


def _changed(row: Record, base: int) -> str:
    facts = {
        "group": label(str(row["group"])),
        "before": _summed(row, "before", base),
        "now": _summed(row, "now", base),
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


def _summed(row: Record, period: str, base: int) -> str:
    """Return a count of twelve months with the range of the true one, where it was rounded."""
    count = float(row[period])
    low, high = range_of_sum(count, str(row["group"]), _QUARTERS, base)
    if low == high:
        return number(count)
    return text(
        "{figure} ({low} to {high})", figure=number(count), low=number(low), high=number(high)
    )


def _signed(ratio: float) -> str:
    change = round(100 * (float(ratio) - 1))
    sign = "−" if change < 0 else "+" if change else ""
    return f"{sign}{number(abs(change))}"


def _rate(value: float) -> str:
    return number(value, 2 if value > 0 and round(value, 2) < 1 else 1)


def _window(tables: Tables) -> tuple[str, str]:
    period = tables["period"]
    start, last = period["window_start"].iloc[0], period["window_end"].iloc[0] - _MONTH
    return messages.month(start.date()), messages.month(last.date())


def _of_group(table: pd.DataFrame, group: str) -> Record | None:
    return record_where(table, "group", group)
