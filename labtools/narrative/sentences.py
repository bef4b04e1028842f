"""Sentences of a ficha, each generated from the released table it cites.

No sentence says that something rose or fell unless the table's verdict does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import pandas as pd

from labtools import messages
from labtools.messages import number, percent, plural, say, text
from labtools.tables import vocabulary as words
from labtools.tables.released import Released
from labtools.tables.vocabulary import label

Tables = Mapping[str, pd.DataFrame]
SECTIONS = (
    "where",
    "who",
    "crime",
    "change",
    "place",
    "perception",
    "actions",
    "unknowns",
    "sources",
)


def sentences(released: Released) -> Mapping[str, tuple[str, ...]]:
    """Return the sentences of each section of a ficha, in the language in force."""
    tables = released.tables
    said = {section: _SPEAKERS[section](tables) for section in SECTIONS}
    return MappingProxyType(said)


def _where(tables: Tables) -> tuple[str, ...]:
    profile, period = tables["profile"].iloc[0], tables["period"].iloc[0]
    place = (
        text(
            "{name} is in the borough {borough}, municipality of {municipality}.",
            name=profile["name"],
            borough=profile["borough"],
            municipality=period["municipality"],
        )
        if isinstance(profile["borough"], str)
        else text(
            "{name} is in the municipality of {municipality}.",
            name=profile["name"],
            municipality=period["municipality"],
        )
    )
    said = [place]
    if pd.notna(profile["area_km2"]):
        said.append(text("Its area is {area} km².", area=number(float(profile["area_km2"]), 2)))
    entered = profile["entered_on"]
    if isinstance(entered, str) or pd.notna(entered):
        when = messages.day(pd.Timestamp(entered).date())
        said.append(text("It has been in the prevention programme since {when}.", when=when))
    return tuple(said)


def _who(tables: Tables) -> tuple[str, ...]:
    profile = tables["profile"].iloc[0]
    people = profile["population"]
    if pd.isna(people):
        return (text("How many people live here is not known."),)
    if people == 0:
        return (text("Nobody lives here according to the census."),)
    return (
        text("About {people} people live here, according to the census.", people=number(people)),
    )


def _crime(tables: Tables) -> tuple[str, ...]:
    total = _of_group(tables["crime"], words.TOTAL)
    if total is None or total["state"] == words.MISSING:
        return (
            text(
                "There is no figure of recorded crime: no file of incidents was supplied. "
                "This does not mean that there was no crime."
            ),
        )
    if total["state"] == words.SUPPRESSED:
        return (
            text(
                "The figures are withheld because few people live here and someone could be "
                "singled out. This does not mean that there was no crime."
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
    verdicts = {
        "above": mark_versus_above,
        "below": mark_versus_below,
        "similar": mark_versus_similar,
    }
    verdict = str(total["versus_municipality"])
    if verdict in verdicts:
        said.append(say(verdicts[verdict]))
    return tuple(said)


mark_versus_above = messages.mark(
    "Even allowing for chance, it is above the figure of the municipality."
)
mark_versus_below = messages.mark(
    "Even allowing for chance, it is below the figure of the municipality."
)
mark_versus_similar = messages.mark("It cannot be told apart from the figure of the municipality.")


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


def _change(tables: Tables) -> tuple[str, ...]:
    shown = tables["change"][tables["change"]["state"] == words.SHOWN]
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
    rest = (shown["verdict"] == "none").sum()
    closing = (text("In the other groups there is no distinguishable change."),) if rest else ()
    return (*told, *closing)


def _changed(row: pd.Series) -> str:
    facts = {
        "group": label(str(row["group"])),
        "before": number(row["before"]),
        "now": number(row["now"]),
        "low": percent(abs(float(row["lower"]) - 1)),
        "high": percent(abs(float(row["upper"]) - 1)) if pd.notna(row["upper"]) else "—",
    }
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


def _place(tables: Tables) -> tuple[str, ...]:
    total = _of_group(tables["place"], words.TOTAL)
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


def _perception(tables: Tables) -> tuple[str, ...]:
    table = tables["perception"]
    said = [
        _felt(row)
        for _, row in _latest(table[table["indicator"] == "insecurity"]).iterrows()
        if row["state"] == words.SHOWN
    ]
    own = table[(table["area_kind"] == "colonia") & (table["state"] == words.SHOWN)]
    if not said:
        return (text("There is no survey of how safe people feel here."),)
    if own.empty:
        said.append(
            text(
                "For this colonia alone the survey asked too few people, or none: no figure is "
                "given rather than an invented one."
            )
        )
    return tuple(said)


def _felt(row: pd.Series) -> str:
    facts = {
        "share": number(100 * float(row["share"])),
        "lower": number(100 * float(row["lower"])),
        "upper": number(100 * float(row["upper"])),
        "when": messages.month(pd.Timestamp(row["period"]).date()),
        "area": row["area"],
    }
    if row["area_kind"] == "colonia":
        return text(
            "In this colonia, {share} of every 100 people feel unsafe in their city (between "
            "{lower} and {upper}; {when}).",
            **facts,
        )
    return text(
        "In {area}, {share} of every 100 people feel unsafe in their city (between {lower} and "
        "{upper}; {when}).",
        **facts,
    )


def _latest(table: pd.DataFrame) -> pd.DataFrame:
    order = table.sort_values("period")
    last = order.drop_duplicates(["area_kind", "area", "source"], keep="last")
    rank = {"colonia": 0, "borough": 1, "city": 2}
    by_area = last.assign(rank=last["area_kind"].map(rank)).sort_values(["rank", "source"])
    return by_area.drop_duplicates(["area_kind", "area"], keep="last")


def _actions(tables: Tables) -> tuple[str, ...]:
    table = tables["actions_done"]
    if (tables["unknowns"]["what"] == "no_actions_log").any():
        return (text("The log of the programme's actions was not supplied."),)
    if table.empty:
        return (text("The programme's log has no action here in these twelve months."),)
    times = int(table["times"].sum())
    return (
        say(
            plural(
                "The programme's log has one action here in these twelve months.",
                "The programme's log has {n} actions here in these twelve months.",
            ),
            n=times,
        ),
    )


def _unknowns(tables: Tables) -> tuple[str, ...]:
    return tuple(say(_UNKNOWN[what]) for what in tables["unknowns"]["what"] if what in _UNKNOWN)


_UNKNOWN: Mapping[str, str] = MappingProxyType(
    {
        "no_incident_file": messages.mark(
            "No file of incidents was supplied for this municipality: how much crime was "
            "recorded in this colonia is not known. It is not zero."
        ),
        "never_reported": messages.mark(
            "How much crime was never reported: what is counted here is only what reached a "
            "case file."
        ),
        "sensitive_not_by_colonia": messages.mark(
            "Family and sexual violence and crimes against minors are not shown by colonia, to "
            "protect those who suffered them."
        ),
        "withheld": messages.mark(
            "The figures of this colonia are withheld because few people live in it."
        ),
        "no_population": messages.mark(
            "Nobody is registered as living here, so that no rate per person can be given."
        ),
        "no_survey": messages.mark("No survey asked people of this colonia how safe they feel."),
        "no_city_perception": messages.mark("There is no figure of perception for the whole city."),
        "no_actions_log": messages.mark("What the programme did here was not supplied."),
    }
)


def _sources(tables: Tables) -> tuple[str, ...]:
    return tuple(
        text(
            "{title}. {publisher}. Cut on {cutoff}.",
            title=row.title,
            publisher=row.publisher,
            cutoff=messages.day(row.cutoff.date()),
        )
        for row in tables["sources"].itertuples()
    )


def _window(tables: Tables) -> tuple[str, str]:
    period = tables["period"].iloc[0]
    last = period["window_end"] - pd.DateOffset(months=1)
    return messages.month(period["window_start"].date()), messages.month(last.date())


def _of_group(table: pd.DataFrame, group: str) -> pd.Series | None:
    rows = table[table["group"] == group]
    return rows.iloc[0] if len(rows) else None


_SPEAKERS: Mapping[str, Callable[[Tables], tuple[str, ...]]] = MappingProxyType(
    {
        "where": _where,
        "who": _who,
        "crime": _crime,
        "change": _change,
        "place": _place,
        "perception": _perception,
        "actions": _actions,
        "unknowns": _unknowns,
        "sources": _sources,
    }
)
