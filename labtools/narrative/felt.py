"""What was never reported, crime beside fear, and the sample that would answer, in words."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd

from labtools import messages
from labtools.messages import month, number, percent, say, text
from labtools.narrative.crime import Tables
from labtools.tables import vocabulary as words
from labtools.tables.records import Record, record_where, records

_SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "own": messages.mark(
            "Of every 100 crimes that people of this colonia suffer, between {low} and {high} are "
            "recorded, as victims told the survey of the lab."
        ),
        "model": messages.mark(
            "Of every 100 crimes that people of this colonia suffer, between {low} and {high} may "
            "be recorded. The survey asked few or no victims here: this is what those of the "
            "city told it, and what the census says of this colonia."
        ),
        "national": messages.mark(
            "Of every 100 crimes, between {low} and {high} may be recorded here, as the national "
            "survey of victims lets one suppose: the lab has not asked victims of this city."
        ),
    }
)
_CITY_SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "survey": messages.mark(
            "Of every 100 crimes, between {low} and {high} are recorded, as victims told the "
            "survey of the lab, beside what the national survey says."
        ),
        "national": messages.mark(
            "Of every 100 crimes, between {low} and {high} may be recorded, as the national "
            "survey of victims lets one suppose: the lab has not asked victims of this city."
        ),
    }
)
#: The whole country, as INEGI names it in its tables by city.
COUNTRY = words.COUNTRY
_COUNTRY: Mapping[str, str] = MappingProxyType(
    {
        "above": messages.mark("The city lies above it."),
        "below": messages.mark("The city lies below it."),
        "similar": messages.mark("The city cannot be told apart from it."),
    }
)
_SCENARIOS: Mapping[str, str] = MappingProxyType(
    {
        "reporting_everywhere_alike": messages.mark("reporting were alike everywhere"),
        "reporting_a_fifth_lower_where_it_is_low": messages.mark(
            "reporting were a fifth lower where it is low"
        ),
        "reporting_a_fifth_higher_where_it_is_low": messages.mark(
            "reporting were a fifth higher where it is low"
        ),
        "counting_only_what_people_reported": messages.mark(
            "only what people reported were counted, and nothing that patrols discovered"
        ),
        "reporting_as_expected_without_doubt": messages.mark("reporting were known without doubt"),
    }
)
_ASKS: Mapping[str, str] = MappingProxyType(
    {
        "both_high": messages.mark(
            "Both crime and fear are higher here than in the city. It asks for action on the "
            "crimes that happen, agreed with those who live here, and for telling what is done."
        ),
        "fear_only": messages.mark(
            "People are more afraid here than in the city, and crime is not higher. It asks for "
            "work on what frightens (lighting, neglected places, conflicts between neighbours) "
            "and for information, rather than for more patrols."
        ),
        "crime_only": messages.mark(
            "Crime is higher here than in the city, and people are not more afraid. It asks for "
            "prevention and for warning without alarm; few complaints are no sign of calm."
        ),
        "both_low": messages.mark(
            "Neither crime nor fear is higher here than in the city. It asks for keeping what "
            "works: the ties between neighbours and the care of shared places."
        ),
        "none": messages.mark(
            "Whether crime and fear are higher or lower here than in the city cannot be told "
            "apart with these data."
        ),
    }
)


def dark_figure_sentences(tables: Tables) -> tuple[str, ...]:
    """Return how much of what happens is recorded, and how much may have happened."""
    row = _row(tables, "dark_figure")
    if row is None or row["state"] != words.SHOWN:
        return _without_figure(row)
    said = [
        say(
            _SOURCES[str(row["basis"])],
            low=number(100 * float(row["reporting_lower"])),
            high=number(100 * float(row["reporting_upper"])),
        ),
        _probable(row),
    ]
    return tuple(said)


def _probable(row: Record) -> str:
    figures = {end: number(float(row[end])) for end in ("probable", "lower", "upper")}
    if not row["events"]:
        return text(
            "The published count of twelve months is zero; even so, some {probable} crimes may "
            "have happened (between {lower} and {upper}).",
            **figures,
        )
    # Of a colonia with few files the ratio need not lie between the limits just told.
    share = float(row["events"]) / max(float(row["probable"]), 1.0)
    if not float(row["reporting_lower"]) <= share <= float(row["reporting_upper"]):
        return text(
            "The published count of case files of twelve months, {events}, tells little by itself: "
            "with earlier years and what colonias like this one record, some {probable} crimes "
            "may have happened (between {lower} and {upper}).",
            events=number(float(row["events"])),
            **figures,
        )
    return text(
        "The case files of twelve months may therefore stand for some {probable} crimes (between "
        "{lower} and {upper}).",
        **figures,
    )


def _without_figure(row: Record | None) -> tuple[str, ...]:
    """Return why a section has no figure: withheld and too few answers are not the same."""
    state = "" if row is None else str(row["state"])
    if state == words.SUPPRESSED:
        return (
            text(
                "This figure is withheld because few people live here, or it is not known how "
                "many, and someone could be singled out."
            ),
        )
    if state == words.INSUFFICIENT:
        return (
            text(
                "Too few people of this colonia were asked, or none: so little is known of their "
                "fear that it is not set beside crime."
            ),
        )
    return ()


def _where_answered(row: Record | None, tables: Tables) -> tuple[str, ...]:
    """Return where the ficha tells what sample would answer, if it does."""
    if row is None or row["state"] != words.INSUFFICIENT or not plan_sentences(tables):
        return ()
    return (text("“What is not known” tells how many people would have to be asked."),)


def opened_sentences(dark_figure: pd.DataFrame) -> tuple[str, ...]:
    """Return how many reported crimes have a case file, and who says so.

    Parameters
    ----------
    dark_figure : pandas.DataFrame
        Canonical table ``dark_figure``, of any colonias.
    """
    known = dark_figure.dropna(subset=["opened_basis"])
    if known.empty:
        return ()
    row = known.iloc[0]
    ends = ("opened", "opened_lower", "opened_upper")
    share, low, high = (number(100 * float(row[end])) for end in ends)
    if row["opened_basis"] == "own":
        return (
            text(
                "Of every 100 crimes that are reported, some {share} have a case file (between "
                "{low} and {high}), as victims told the survey of the lab, beside what the "
                "national survey says.",
                share=share,
                low=low,
                high=high,
            ),
        )
    return (
        text(
            "Of every 100 crimes that are reported, some {share} have a case file (ENVIPE of the "
            "state; that of this city is taken to lie between {low} and {high}): the lab's survey "
            "has not asked, or too few answered.",
            share=share,
            low=low,
            high=high,
        ),
    )


def city_dark_figure_sentences(table: pd.DataFrame) -> tuple[str, ...]:
    """Return how many crimes the municipality may have had, beside those that it recorded.

    Parameters
    ----------
    table : pandas.DataFrame
        Canonical table ``municipality_dark_figure``.
    """
    total = table[table["group"] == words.TOTAL].dropna(subset=["events", "probable"])
    if total.empty:
        return (text("Without counts of case files nothing is told of crimes never recorded."),)
    row = total.iloc[0]
    told = {end: number(float(row[end])) for end in ("events", "probable", "lower", "upper")}
    said = text(
        "In twelve months the municipality has {events} case files of the four groups; some "
        "{probable} crimes may have happened (between {lower} and {upper}).",
        **told,
    )
    low, high = (number(100 * float(row[f"reporting_{end}"])) for end in ("lower", "upper"))
    return (said, say(_CITY_SOURCES[str(row["basis"])], low=low, high=high))


def fear_gap_sentences(tables: Tables) -> tuple[str, ...]:
    """Return in which quadrant of crime and fear the colonia lies, and what that asks for."""
    row = _row(tables, "fear_gap")
    if row is None or row["state"] != words.SHOWN or row["verdict"] not in _ASKS:
        return (*_without_figure(row), *_where_answered(row, tables))
    verdict = str(row["verdict"])
    asks = say(_ASKS[verdict])
    if verdict not in words.QUADRANTS:
        return (asks,)
    return (
        text(
            "Most probable, {chance} of 100 with the doubt of both figures: {asks}",
            chance=number(100 * float(row[verdict])),
            asks=asks[:1].lower() + asks[1:],
        ),
    )


def asks_words(verdict: str) -> str:
    """Return what a combination of crime and fear asks for."""
    return say(_ASKS[verdict])


def plan_sentences(tables: Tables) -> tuple[str, ...]:
    """Return what sample would give a figure of this colonia, where there is no direct one."""
    row = _row(tables, "survey_plan")
    if row is None or pd.isna(row["people_precise"]) or _is_asked_here(tables["perception"]):
        return ()
    # Asking more people would not help where a figure would be withheld all the same.
    if (tables["unknowns"]["what"] == "withheld").any():
        return ()
    if not row["reachable"]:
        return (
            text(
                "A survey cannot give a precise figure of fear for this colonia alone: some "
                "{people} people would have to be asked, and fewer adults live here. It can be "
                "asked together with its neighbours.",
                people=number(float(row["people_precise"])),
            ),
        )
    return (
        text(
            "For a direct survey figure of fear of this colonia alone, some {rough} people in "
            "{rough_blocks} blocks would have to be asked (to be used with caution), or {people} "
            "in {blocks} (precise).",
            rough=number(float(row["people_caution"])),
            rough_blocks=number(float(row["clusters_caution"])),
            people=number(float(row["people_precise"])),
            blocks=number(float(row["clusters_precise"])),
        ),
    )


def _is_asked_here(perception: pd.DataFrame) -> bool:
    """Return whether a survey gives a figure of this colonia's fear that is shown."""
    columns = ("area_kind", "indicator", "state", "source")
    told = zip(*(perception[column] for column in columns), strict=True)
    return any(
        row[:3] == ("colonia", "insecurity", words.SHOWN) and row[3] != "model" for row in told
    )


def city_plan_sentences(plan: pd.DataFrame) -> tuple[str, ...]:
    """Return whom the next wave must ask for a figure of the whole city.

    Parameters
    ----------
    plan : pandas.DataFrame
        Canonical table ``survey_plan``.
    """
    if plan.empty:
        return ()
    row = plan.iloc[0]
    reachable = plan["reachable"] & plan["people_precise"].notna()
    said = [
        text(
            "For a figure of fear of the whole city with a margin of three points, some {people} "
            "people in {blocks} blocks would have to be asked.",
            people=number(float(row["city_people"])),
            blocks=number(float(row["city_clusters"])),
        )
    ]
    if not reachable.all():
        said.append(
            text(
                "In {n} of {all} colonias enough adults live for a precise figure of their own; in "
                "the others a survey needs its neighbours, or the model. Each profile tells how "
                "many people that is.",
                n=number(int(reachable.sum())),
                all=number(len(plan)),
            )
        )
    return tuple(said)


def peer_sentences(peers: pd.DataFrame, country: str = COUNTRY) -> tuple[str, ...]:
    """Return how the city's figure of insecurity stands beside the country's and other cities'.

    Parameters
    ----------
    peers : pandas.DataFrame
        Canonical table ``city_peers``.
    country : str
        Name of the row that is the whole country.
    """
    rows = peers[peers["indicator"] == "insecurity"]
    own = rows[rows["versus"] == "itself"]
    others = rows[(rows["versus"] != "itself") & (rows["city"] != country)]
    if own.empty:
        return (text("There is no figure of perception of this city to set beside others."),)
    mine = own.iloc[0]
    said = [
        text(
            "{city}, {month}: {share} of people feel unsafe ({low} to {high}).",
            city=str(mine["city"]),
            month=month(mine["quarter"]),
            share=percent(float(mine["share"]), 1),
            low=number(100 * float(mine["lower"]), 1),
            high=percent(float(mine["upper"]), 1),
        )
    ]
    said += [_country_sentence(row) for _, row in rows[rows["city"] == country].iterrows()]
    if others.empty:
        said.append(
            text(
                "The figures of other cities were not supplied: INEGI's quarterly workbooks "
                "(descriptor ensu_inegi_workbook) hold all of them."
            )
        )
        return tuple(said)
    counted = others["versus"].value_counts()
    said.append(
        text(
            "Of {n} other cities, it lies above {above} and below {below}; from {similar} it "
            "cannot be told apart.",
            n=number(len(others)),
            above=number(int(counted.get("above", 0))),
            below=number(int(counted.get("below", 0))),
            similar=number(int(counted.get("similar", 0))),
        )
    )
    return tuple(said)


def priority_sentences(shift: pd.DataFrame, sensitivity: pd.DataFrame) -> tuple[str, ...]:
    """Return what correcting for crimes never recorded does to a list of priorities.

    Parameters
    ----------
    shift, sensitivity : pandas.DataFrame
        Canonical tables ``priority_shift`` and ``priority_sensitivity``.
    """
    if shift.empty:
        return (text("Without rates and what is believed of reporting there are no two lists."),)
    stay = int((shift["in_before"] & shift["in_after"]).sum())
    listed = int(shift["in_after"].sum())
    said = [
        text(
            "Of the {n} colonias most probably among the tenth with the highest rate, {stay} are "
            "the same as recorded and as probable; {change} leave the list and as many enter it.",
            n=number(listed),
            stay=number(stay),
            change=number(listed - stay),
        )
    ]
    said += [
        text(
            "If {scenario}, {stay} of the {n} would stay.",
            scenario=say(_SCENARIOS[str(row["scenario"])]),
            stay=number(int(row["stay"])),
            n=number(int(row["listed"])),
        )
        for _, row in sensitivity.iterrows()
        if row["scenario"] in _SCENARIOS
    ]
    return tuple(said)


def _country_sentence(row: pd.Series) -> str:
    return text(
        "The country: {share} ({low} to {high}). {reading}",
        share=percent(float(row["share"]), 1),
        low=number(100 * float(row["lower"]), 1),
        high=percent(float(row["upper"]), 1),
        reading=say(_COUNTRY[str(row["versus"])]),
    )


def _row(tables: Tables, name: str) -> Record | None:
    table = tables.get(name)
    if table is None or table.empty:
        return None
    if "group" in table.columns:
        return record_where(table, "group", words.TOTAL)
    return records(table)[0]
