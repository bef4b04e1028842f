"""Sentences of a ficha, each generated from the released table it cites.

No sentence says that something rose or fell unless the table's verdict does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import itemgetter
from types import MappingProxyType

import pandas as pd

from labtools import messages
from labtools.forms import is_unsaid
from labtools.messages import number, plural, say, text
from labtools.narrative.around import around_sentences
from labtools.narrative.crime import (
    Tables,
    change_sentences,
    crime_sentences,
    place_sentences,
)
from labtools.narrative.felt import (
    dark_figure_sentences,
    fear_gap_sentences,
    plan_sentences,
)
from labtools.narrative.proposals import proposal_sentences
from labtools.tables import vocabulary as words
from labtools.tables.records import Record, records
from labtools.tables.released import Released

_RANKS = {"colonia": 0, "borough": 1, "city": 2}
SECTIONS = (
    "where",
    "who",
    "crime",
    "change",
    "place",
    "perception",
    "dark_figure",
    "fear_gap",
    "around",
    "actions",
    "proposed",
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
        return (text("Nobody lives here according to the records."),)
    return (text("About {people} people live here.", people=number(people)),)


def _perception(tables: Tables) -> tuple[str, ...]:
    table = tables["perception"]
    felt = [row for row in records(table) if row["indicator"] == "insecurity"]
    if not felt:
        return (text("There is no survey of how safe people feel here."),)
    said = [_felt(row) for row in _latest(felt)]
    own = {row["state"] for row in felt if row["area_kind"] == "colonia"}
    if words.SUPPRESSED in own:
        said.append(
            text(
                "The figure of this colonia alone is withheld, because few people live here, or "
                "it is not known how many."
            )
        )
    if own.isdisjoint({words.SHOWN, words.SUPPRESSED}):
        said.append(
            text(
                "For this colonia alone the survey asked too few people, or none: no figure is "
                "given rather than an invented one."
            )
        )
    return tuple(said)


def _felt(row: Record) -> str:
    facts = {
        "share": number(100 * float(row["share"])),
        "lower": number(100 * float(row["lower"])),
        "upper": number(100 * float(row["upper"])),
        "when": messages.month(pd.Timestamp(row["period"]).date()),
        "area": row["area"],
    }
    if row["source"] == "model":
        return text(
            "In this colonia, some {share} of every 100 people feel unsafe in their city (between "
            "{lower} and {upper}; {when}), by a model of the survey and of what is known of the "
            "colonias.",
            **facts,
        )
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


def _latest(felt: list[Record]) -> list[Record]:
    """Return the last figure of each area where it may be shown, the lab's own survey first."""
    last = _last_of(felt, ("area_kind", "area", "source"), ("period",))
    shown = [row for row in last if row["state"] == words.SHOWN]
    shown.sort(key=lambda row: (_RANKS[row["area_kind"]], row["source"]))
    return _last_of(shown, ("area_kind", "area"))


def _last_of(
    rows: list[Record], same: tuple[str, ...], order: tuple[str, ...] = ()
) -> list[Record]:
    """Return the last of the rows that are the `same`, after sorting them by `order`."""
    last: dict[tuple[object, ...], Record] = {}
    for row in sorted(rows, key=itemgetter(*order)) if order else rows:
        key = tuple(row[name] for name in same)
        last.pop(key, None)  # its place is that of the last, too
        last[key] = row
    return list(last.values())


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
    told = records(tables["unknowns"])
    dark = tables.get("dark_figure")
    probable = dark is not None and bool((dark["state"] == words.SHOWN).any())
    meant = {**_UNKNOWN, **(_WITH_PROBABLE if probable else {})}
    known = (say(meant[row["what"]], **_part(row)) for row in told if row["what"] in meant)
    return (*known, *plan_sentences(tables))


def _part(unknown: Record) -> dict[str, str]:
    share = float(unknown.get("share", "nan"))
    return {} if pd.isna(share) else {"hundredth": messages.number(100 * share)}


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
        "not_located": messages.mark(
            "Of every 100 case files of the municipality, {hundredth} could be given no colonia: "
            "they are in no ficha, and what is counted here may be fewer than there were."
        ),
        "namesake": messages.mark(
            "Another colonia has this name, and some case files do not say which of the two they "
            "are of: they are not counted here."
        ),
        "sensitive_not_by_colonia": messages.mark(
            "Family and sexual violence and crimes against minors are not shown by colonia, to "
            "protect those who suffered them."
        ),
        "withheld": messages.mark(
            "The figures of this colonia are withheld because few people live in it, or it is not "
            "known how many."
        ),
        "no_population": messages.mark(
            "How many people live here is not known, or nobody does: no rate per person can be "
            "given."
        ),
        "no_survey": messages.mark("No survey asked people of this colonia how safe they feel."),
        "no_city_perception": messages.mark(
            "No official figure (ENSU) of perception in the whole city was supplied."
        ),
        "no_actions_log": messages.mark("What the programme did here was not supplied."),
    }
)


#: What is not known either where probable crime is told.
_WITH_PROBABLE: Mapping[str, str] = MappingProxyType(
    {
        "never_reported": messages.mark(
            "How much crime was never reported, exactly: “Recorded and probable” tells between "
            "which limits it may lie."
        ),
    }
)


def _sources(tables: Tables) -> tuple[str, ...]:
    return tuple(
        text(
            "{title}. {publisher}. Cut on {cutoff}.",
            title=row["title"],
            publisher=text("Its publisher is not declared")
            if is_unsaid(row["publisher"])
            else row["publisher"],
            cutoff=messages.day(row["cutoff"].date()),
        )
        for row in records(tables["sources"])
    )


_SPEAKERS: Mapping[str, Callable[[Tables], tuple[str, ...]]] = MappingProxyType(
    {
        "where": _where,
        "who": _who,
        "crime": crime_sentences,
        "change": change_sentences,
        "place": place_sentences,
        "perception": _perception,
        "dark_figure": dark_figure_sentences,
        "fear_gap": fear_gap_sentences,
        "around": around_sentences,
        "actions": _actions,
        "proposed": proposal_sentences,
        "unknowns": _unknowns,
        "sources": _sources,
    }
)
