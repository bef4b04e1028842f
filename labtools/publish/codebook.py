"""What each column of the open data holds: kind, allowed words, and meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

from labtools.messages import mark, say, text
from labtools.tables.contracts import CONTRACTS

#: Column → what it holds; the same name means the same in every table.
MEANS: Mapping[str, str] = MappingProxyType(
    {
        "colonia_id": mark("Key of the colonia in the register"),
        "name": mark("Name of the colonia"),
        "borough": mark("Borough"),
        "population": mark("People who live there"),
        "area_km2": mark("Surface, km²"),
        "entered_on": mark("Day of entry into the programme"),
        "has_ficha": mark("Whether the colonia has a profile"),
        "geometry": mark("Boundary, degrees (EPSG:4326)"),
        "group": mark("Crime group"),
        "events": mark("Published count of case files; rounded in the public edition"),
        "events_low": mark(
            "Least true count behind the published one: certain for one rounded count, with 95 % "
            "for the sum of several"
        ),
        "events_high": mark(
            "Greatest true count behind the published one: certain for one rounded count, with "
            "95 % for the sum of several"
        ),
        "person_years": mark("People exposed times years"),
        "rate": mark("Case files per 1,000 person-years"),
        "lower": mark("Lower limit of the 95 % interval"),
        "upper": mark("Upper limit of the 95 % interval"),
        "smoothed": mark("Rate steadied by the other colonias"),
        "smoothed_lower": mark("Lower limit of the steadied rate"),
        "smoothed_upper": mark("Upper limit of the steadied rate"),
        "municipality_rate": mark("Rate of the whole municipality"),
        "versus_municipality": mark("Reading of the steadied rate against the municipality"),
        "state": mark("Whether the figure is shown, missing, withheld or of too few answers"),
        "before": mark("Count, or share, of the earlier period; a count is a sum of rounded ones"),
        "before_low": mark("Least true count of the earlier period behind the published (95 %)"),
        "before_high": mark(
            "Greatest true count of the earlier period behind the published (95 %)"
        ),
        "now": mark("Count, or share, of the later period; a count is a sum of rounded ones"),
        "now_low": mark("Least true count of the later period behind the published (95 %)"),
        "now_high": mark("Greatest true count of the later period behind the published (95 %)"),
        "ratio": mark("Later count over earlier count, allowing for records still to come"),
        "ratio_lower": mark("Lower limit of the ratio"),
        "ratio_upper": mark("Upper limit of the ratio"),
        "q_value": mark("p value, adjusted for the comparisons made together"),
        "verdict": mark("Whether the change can be told apart from chance"),
        "colonias": mark("How many colonias are compared, or belong to the edition"),
        "lower_share": mark("Least share of colonias with a lower steadied rate (90 % interval)"),
        "upper_share": mark(
            "Greatest share of colonias with a lower steadied rate (90 % interval)"
        ),
        "quarter": mark("First day of the quarter"),
        "month": mark("First day of the month"),
        "year": mark("First day of the calendar year"),
        "area_kind": mark("Colonia, borough or city"),
        "area": mark("Area that the answers are of"),
        "indicator": mark("What was asked or measured"),
        "period": mark("First day of the month of the survey"),
        "before_period": mark("First day of the month of the earlier survey"),
        "share": mark("Share, from 0 to 1"),
        "difference": mark("Later share less earlier share; of scores, one less the best"),
        "respondents": mark("People asked"),
        "source": mark("Key of the source"),
        "label": mark("Name of the indicator"),
        "value": mark("Value in the colonia"),
        "municipality": mark("Value in, or name of, the municipality"),
        "unit": mark("Unit of the value"),
        "action_type": mark("Kind of action"),
        "agency": mark("Agency that did it"),
        "times": mark("How many times"),
        "first": mark("First day"),
        "last": mark("Last day"),
        "what": mark("What is not known"),
        "n": mark("How many"),
        "title": mark("Title of the source"),
        "publisher": mark("Who publishes it"),
        "licence": mark("Licence"),
        "cutoff": mark("Day until which it tells"),
        "digest": mark("Fingerprint of the supplier's file"),
        "first_month": mark("First month of the series"),
        "before_start": mark("First day of the earlier twelve months"),
        "window_start": mark("First day of the twelve months"),
        "window_end": mark("Day after the twelve months"),
        "lab": mark("Laboratory"),
        "contact": mark("Who answers for corrections"),
        "fichas": mark("How many profiles there are"),
        "rounding_base": mark("Counts are multiples of this number"),
        "recorded_share": mark(
            "Share of the crimes of the last 12 months thought to be recorded by now; empty where "
            "it is not known"
        ),
        "reporting": mark("Share of crimes that is recorded, as estimated"),
        "reporting_lower": mark("Lower limit of the share that is recorded"),
        "reporting_upper": mark("Upper limit of the share that is recorded"),
        "probable": mark("Probable number of crimes, recorded or not"),
        "rate_lower": mark("Lower limit of the probable rate"),
        "rate_upper": mark("Upper limit of the probable rate"),
        "basis": mark("What the estimate of reporting rests on"),
        "opened": mark("Share of the reported crimes of which a case file is opened"),
        "opened_lower": mark("Lower limit of the share with a case file"),
        "opened_upper": mark("Upper limit of the share with a case file"),
        "opened_basis": mark("Whether the lab's survey or the national one tells that share"),
        "both_high": mark("Probability that crime and fear are both above the municipality's"),
        "fear_only": mark("Probability that only fear is above the municipality's"),
        "crime_only": mark("Probability that only crime is above the municipality's"),
        "both_low": mark("Probability that neither is above the municipality's"),
        "crime_ratio": mark("Rate of crime over the municipality's"),
        "crime_lower": mark("Lower limit of the figure of crime"),
        "crime_upper": mark("Upper limit of the figure of crime"),
        "fear": mark("Share of people who feel insecure, as estimated"),
        "fear_lower": mark("Lower limit of the figure of fear"),
        "fear_upper": mark("Upper limit of the figure of fear"),
        "people_precise": mark("People to ask in the colonia for a precise figure"),
        "clusters_precise": mark("Clusters to visit in the colonia for a precise figure"),
        "people_caution": mark("People to ask in the colonia for a figure to be read with caution"),
        "clusters_caution": mark("Clusters to visit for a figure to be read with caution"),
        "reachable": mark("Whether so many people live there"),
        "city_people": mark("People to ask in the whole city"),
        "city_clusters": mark("Clusters to visit in the whole city"),
        "intervention": mark("Key of the kind of action"),
        "need": mark("Need that the action answers"),
        "indicators": mark("Indicators in which the need shows"),
        "agency_name": mark("Agency that could do it"),
        "strength": mark("How well the evidence supports it; more is better"),
        "evidence": mark("Studies that the effect is taken from"),
        "verified_on": mark("Day on which the evidence was checked at its source"),
        "caveats": mark("What may make the effect another one here"),
        "conflict": mark("Where reviews disagree, and why"),
        "crime_change": mark("Change of crime to expect, as a share"),
        "fear_change": mark("Change of fear to expect, as a share"),
        "fewer_lower": mark("Lower limit of the crimes averted in a year"),
        "fewer_upper": mark("Upper limit of the crimes averted in a year"),
        "times_done": mark("How many times it was done here, as logged"),
        "standing": mark("Whether it is proposed or under way"),
        "model": mark("Way to forecast"),
        "is_baseline": mark("Whether it is one of the simple ways to compare with"),
        "last_month": mark("Last month forecast"),
        "counts": mark("How many counts were forecast"),
        "log_score": mark("Mean logarithmic score; less is better"),
        "crps": mark("Mean continuous ranked probability score, in events; less is better"),
        "dss": mark("Mean Dawid-Sebastiani score; less is better"),
        "cover_50": mark("Share of counts inside their 50 % interval"),
        "cover_80": mark("Share of counts inside their 80 % interval"),
        "cover_95": mark("Share of counts inside their 95 % interval"),
        "pit_departure": mark("How far the probability integral transform is from even"),
        "hit_rate": mark("Share of events in the tenth of places with the highest forecasts"),
        "accuracy_index": mark("Predictive accuracy index: hit rate over share of the area"),
        "efficiency_index": mark(
            "Predictive efficiency index: accuracy over the best that could be"
        ),
        "difference_lower": mark("Lower limit of the difference"),
        "difference_upper": mark("Upper limit of the difference"),
        "log_difference": mark("Logarithmic score less the best one"),
        "log_difference_lower": mark("Lower limit of the difference of logarithmic scores"),
        "log_difference_upper": mark("Upper limit of the difference of logarithmic scores"),
        "shown": mark("Whether this is the way that the product shows"),
        "protocol": mark("Key of the sealed plan"),
        "outcome": mark("Crime or perception"),
        "aspect": mark("Which figure of the evaluation it is"),
        "places": mark("How many colonias of the programme count"),
        "compared": mark("How many colonias they are compared with"),
        "since": mark("Months since the entry"),
        "fact": mark("What is told of the evaluation"),
        "number": mark("The fact, where it is a number"),
        "said": mark("The fact, where it is words"),
        "card": mark("Key of the card"),
        "tables": mark("Tables that the card is of"),
        "sections": mark("Parts of the ficha that it is of"),
        "expires_on": mark("Day from which its figures are hidden"),
        "title_es": mark("What the figure is, in Spanish"),
        "purpose_es": mark("What it is for, in Spanish"),
        "not_for_es": mark("What it is not for, in Spanish"),
        "error_es": mark("How it may err, in Spanish"),
        "title_en": mark("What the figure is, in English"),
        "purpose_en": mark("What it is for, in English"),
        "not_for_en": mark("What it is not for, in English"),
        "error_en": mark("How it may err, in English"),
    }
)


_LOWER = mark("Lower limit of the interval, at the level that the protocol says")
_UPPER = mark("Upper limit of the interval, at the level that the protocol says")
#: Table and column → what it holds, where the same name means something else there.
MEANS_THERE: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("dark_figure", "rate"): mark("Probable crimes per 1,000 person-years"),
        ("fear_gap", "verdict"): mark("Which combination of crime and fear can be told apart"),
        ("evaluation", "verdict"): mark("What the protocol says of the effect"),
        ("evaluation", "lower"): _LOWER,
        ("evaluation", "upper"): _UPPER,
        ("evaluation_time", "lower"): _LOWER,
        ("evaluation_time", "upper"): _UPPER,
    }
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One column of one table.

    Attributes
    ----------
    table, column : str
    kind : str
        In the reader's language.
    means : str
        In the reader's language; the name itself where the workbench does not know the column.
    allowed : tuple of str
        The only words it holds; empty where it holds others.
    """

    table: str
    column: str
    kind: str
    means: str
    allowed: tuple[str, ...]


def codebook(tables: Mapping[str, pd.DataFrame]) -> tuple[Entry, ...]:
    """Return what every column of some tables holds, in the language in force."""
    return tuple(
        Entry(
            name,
            str(column),
            _kind(table[column]),
            _means(name, str(column)),
            _allowed(name, str(column)),
        )
        for name, table in tables.items()
        for column in table.columns
    )


def _means(table: str, column: str) -> str:
    known = MEANS_THERE.get((table, column), MEANS.get(column, ""))
    return say(known) if known else column.replace("_", " ")


def _kind(column: pd.Series) -> str:
    if str(column.dtype) == "geometry":
        return text("shape")
    if pd.api.types.is_bool_dtype(column):
        return text("yes or no")
    if pd.api.types.is_integer_dtype(column):
        return text("whole number")
    if pd.api.types.is_numeric_dtype(column):
        return text("number")
    return text("day") if pd.api.types.is_datetime64_any_dtype(column) else text("words")


def _allowed(table: str, column: str) -> tuple[str, ...]:
    contract = CONTRACTS[table].columns.get(column) if table in CONTRACTS else None
    for check in contract.checks if contract is not None else ():
        if check.name == "isin":
            return tuple(map(str, check.statistics["allowed_values"]))
    return ()
