"""A ficha's tables as rows of words, ready for a page."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from labtools.charts.figures import (
    count,
    count_words,
    figure_words,
    is_known,
    named,
    rate_words,
    real,
    share_words,
    state_words,
)
from labtools.charts.perception import area_words, latest
from labtools.forms import is_unsaid
from labtools.messages import day, number, percent, text
from labtools.tables import vocabulary as words
from labtools.tables.indicator_words import indicator_words
from labtools.tables.records import Record, records
from labtools.tables.vocabulary import SHOWN

_ORDER = {group: place for place, group in enumerate((words.TOTAL, *words.GROUPS))}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table.

    Attributes
    ----------
    words : str
    state : {"shown", "missing", "suppressed", "insufficient"}
        Of the figure it tells.
    leads_to : str
        Page that its words open, seen from the page of the table; none by default.
    own : bool
        Whether these are words of the lab or of a supplier, which are in their language.
    """

    words: str
    state: str = SHOWN
    leads_to: str = ""
    own: bool = False


def crime_rows(crime: pd.DataFrame) -> list[tuple[Cell, ...]]:
    """Return group, count with its range, rate, steadied rate, municipality's rate, reading."""
    ordered = sorted(records(crime), key=lambda row: _ORDER.get(str(row["group"]), 99))
    return [_crime_row(row) for row in ordered]


def year_rows(years: pd.DataFrame) -> list[tuple[Cell, ...]]:
    """Return year and count with its range, the last year first."""
    ordered = sorted(records(years), key=lambda row: pd.Timestamp(str(row["year"])), reverse=True)
    return [(Cell(str(pd.Timestamp(str(row["year"])).year)), _count_cell(row)) for row in ordered]


def exposure_words(crime: pd.DataFrame) -> tuple[str, ...]:
    """Return how many person-years the rates rest on; nothing where no crime could have a rate."""
    if not (crime["state"] == SHOWN).any():
        return ()
    years = sorted({real(value) for value in crime["person_years"] if is_known(value)})
    if not years:
        return (text("The population is not known, so there are no rates."),)
    if not any(years):
        return (text("Nobody is registered as living here, so there are no rates."),)
    counted = tuple(number(value) for value in years)
    return (text("Exposed population: {years} person-years; rates per 1,000.", years=counted),)


def indicator_rows(indicators: pd.DataFrame, *, withheld: bool = False) -> list[tuple[Cell, ...]]:
    """Return label, the colonia's value, the municipality's value.

    Parameters
    ----------
    withheld : bool
        Whether the figures of this colonia are, so that an empty value is no missing one.
    """
    absent = Cell(state_words(words.SUPPRESSED), words.SUPPRESSED) if withheld else _absent()
    return [
        (
            Cell(indicator_words(str(row["label"]))),
            _measure(row["value"], str(row["unit"])) if is_known(row["value"]) else absent,
            _measure(row["municipality"], str(row["unit"])),
        )
        for row in records(indicators)
    ]


def action_rows(actions: pd.DataFrame) -> list[tuple[Cell, ...]]:
    """Return action, agency, times, dates."""
    return [
        (
            Cell(str(row["action_type"]), own=True),
            _written(row["agency"]),
            Cell(count(row["times"])),
            Cell(_dates(row["first"], row["last"])),
        )
        for row in records(actions)
    ]


def perception_table(perception: Iterable[Record]) -> tuple[list[str], list[tuple[Cell, ...]]]:
    """Return the areas asked about, and each indicator with its latest share in each area."""
    asked = latest(perception)
    areas = list(dict.fromkeys(area_words(row) for row in asked))
    found = {(row["indicator"], area_words(row)): _share_cell(row) for row in asked}
    indicators = dict.fromkeys(row["indicator"] for row in asked)
    return areas, [
        (Cell(named(str(one))), *(found.get((one, area), _absent()) for area in areas))
        for one in indicators
    ]


def unknown_rows(unknowns: pd.DataFrame) -> list[tuple[Cell, ...]]:
    """Return what is missing, in how many records, as what share; sentences tell the rest."""
    return [
        (Cell(named(str(row["what"]))), _counted(row["n"]), _part(row["share"]))
        for row in records(unknowns)
        if is_known(row["n"]) or is_known(row["share"])
    ]


def source_rows(sources: pd.DataFrame) -> list[tuple[Cell, ...]]:
    """Return title, publisher, licence and cut date of each source."""
    return [
        (
            *(_declared(row[name]) for name in ("title", "publisher", "licence")),
            Cell(day(pd.Timestamp(str(row["cutoff"])).date())),
        )
        for row in records(sources)
    ]


def _declared(written: object) -> Cell:
    """Return what was written of a source, or that the lab has not declared it."""
    told = str(written)
    return Cell(text("not declared")) if is_unsaid(told) else Cell(told, own=True)


def sources_by_day(rows: Iterable[Sequence[Cell]]) -> tuple[str, ...]:
    """Return rows of `source_rows` as paper has room for them: those of one cut date together.

    Their licences stand on the site.
    """
    found: dict[str, list[str]] = {}
    for title, publisher, _, cutoff in rows:
        told = f"{title.words} · {publisher.words}" if publisher.own else title.words
        found.setdefault(cutoff.words, []).append(told)
    return tuple(
        text("To {day}: {sources}.", day=day_of, sources="; ".join(told))
        for day_of, told in found.items()
    )


def profile_facts(profile: pd.DataFrame) -> Sequence[tuple[str, Cell]]:
    """Return borough, area and entry into the programme, each with its name."""
    row = profile.iloc[0]
    entered, area = pd.to_datetime(row.get("entered_on")), row.get("area_km2")
    return (
        (text("Borough"), _written(row.get("borough"))),
        (text("Area"), Cell(text("{n} km²", n=number(area, 2))) if is_known(area) else _absent()),
        (
            text("In the programme since"),
            Cell(day(entered.date())) if is_known(entered) else Cell(text("not in the programme")),
        ),
    )


def population_fact(profile: pd.DataFrame) -> tuple[str, Cell]:
    """Return how many people live in the colonia, with its name."""
    return text("Population"), _counted(profile.iloc[0].get("population"))


def contact_words(period: pd.DataFrame) -> str:
    """Return who answers for corrections and personal data; nobody named is told too."""
    contact = period["contact"].iloc[0]
    if pd.isna(contact):
        return text("This edition names nobody who answers for it: ask the municipality.")
    return text(
        "To correct something here, or to exercise your rights of access, rectification, "
        "cancellation and opposition over personal data (ARCO): {contact}.",
        contact=contact,
    )


def valid_words(until: str) -> str:
    """Return until when figures hold; nothing where no day is set."""
    if not until:
        return ""
    return text("These figures hold until {day}.", day=day(date.fromisoformat(until)))


def period_words(tables: Mapping[str, pd.DataFrame]) -> str:
    """Return the 12 months that rates are of: from its first day to its last.

    Where no file of incidents was supplied they are no months of events.
    """
    row = tables["period"].iloc[0]
    first = day(row["window_start"].date())
    last = day((row["window_end"] - pd.Timedelta(days=1)).date())
    if "unknowns" in tables and (tables["unknowns"]["what"] == "no_incident_file").any():
        return text("From {first} to {last}", first=first, last=last)
    return text("Events from {first} to {last}", first=first, last=last)


def _crime_row(row: dict[str, object]) -> tuple[Cell, ...]:
    state = str(row["state"])
    return (
        Cell(named(str(row["group"]))),
        _count_cell(row),
        Cell(figure_words(row["rate"], row["lower"], row["upper"], state), state),
        Cell(
            figure_words(row["smoothed"], row["smoothed_lower"], row["smoothed_upper"], state),
            state,
        ),
        Cell(rate_words(row["municipality_rate"])),
        Cell(_reading(str(row["versus_municipality"]), state), state),
    )


def _count_cell(row: Mapping[str, object]) -> Cell:
    state = str(row["state"])
    return Cell(count_words(row["events"], row["events_low"], row["events_high"], state), state)


def _reading(versus: str, state: str) -> str:
    return words.label(versus) if state == words.SHOWN else state_words(state)


def _measure(value: object, unit: str) -> Cell:
    if not is_known(value):
        return _absent()
    if unit in {"share", "%"}:
        share = real(value) if unit == "share" else real(value) / 100
        return Cell(percent(share, 1))
    digits = 0 if math.isclose(real(value), round(real(value))) else 1
    return Cell(f"{number(real(value), digits)} {unit}".strip())


def _share_cell(row: Mapping[str, object]) -> Cell:
    state = str(row["state"])
    told = share_words(row["share"], row["lower"], row["upper"], state)
    return Cell(told, state)


def _counted(n: object) -> Cell:
    return Cell(count(n)) if is_known(n) else _absent()


def _part(share: object) -> Cell:
    return Cell(percent(real(share), 1)) if is_known(share) else _absent()


def _written(value: object) -> Cell:
    return Cell(str(value), own=True) if is_known(value) and str(value) else _absent()


def _absent() -> Cell:
    return Cell(words.label(words.MISSING), words.MISSING)


def _dates(first: pd.Timestamp, last: pd.Timestamp) -> str:
    if first == last:
        return day(first.date())
    return text("{first} to {last}", first=day(first.date()), last=day(last.date()))
