"""The words that canonical tables may hold, and what readers see in their place."""

from __future__ import annotations

from types import MappingProxyType

from labtools.messages import mark, say

TOTAL = "total"

#: Crime groups shown by colonia; `SENSITIVE` is shown for the whole municipality and year only.
GROUPS = ("violence", "robbery", "theft", "other")
SENSITIVE = "sensitive"
UNCLASSIFIED = "unclassified"
NOT_A_CRIME = "not_a_crime"

#: Who gave an event its code: a rule of the crosswalk, a person, the text model, nobody yet.
CODE_ORIGINS = ("rule", "person", "text_model", "nobody")

RECORD_TYPES = ("case_file", "call", "civic_offence", "citizen_report")

#: How an event came to be known: somebody told of it, or a patrol came upon it.
REPORTED, DISCOVERED = "reported_by_somebody", "discovered_by_patrol"
ORIGINS = (REPORTED, DISCOVERED, "unknown")

SHOWN, MISSING, SUPPRESSED = "shown", "missing", "suppressed"
#: A survey asked, and too few answered for a figure.
INSUFFICIENT = "insufficient"
STATES = (SHOWN, MISSING, SUPPRESSED)

#: What became of a colonia from one register to the next.
CHANGES_OF_REGISTER = ("same", "renamed", "redrawn", "split", "merged", "gone", "new")
LOCATED = ("inside", "on_edge", "by_name", "by_likeness")
NOT_LOCATED = (
    "outside",
    "default_point",
    "municipality_centre",
    "no_place",
    "doubtful_name",
    "unknown_name",
    "ambiguous_name",
)

VERDICTS = ("increase", "decrease", "none", "unknown")
#: Crime beside fear, each against the city's own.
#: The whole country, as INEGI names it in its tables by city.
COUNTRY = "Estados Unidos Mexicanos"
QUADRANTS = ("both_high", "fear_only", "crime_only", "both_low")
VERSUS = ("below", "similar", "above", "unknown")

#: How a place stands through the years, and what rates and shares may be of.
PERSISTENCE = ("chronic", "emerging", "fading", "occasional", "never")
BY_PLACE, BY_RESIDENTS = "place", "residents"
EXPOSURES = ("residents", "households", "premises", "ambient")

#: Models that may make the forecast, from the simplest.
FORECASTS = (
    "same_month_last_year",
    "last_twelve_months",
    "shrunken_counts",
    "discounted_counts",
    "endemic_epidemic",
    "space_time",
    "endemic_epidemic_leads",
)
#: What an association of a trait with the rates comes to.
READINGS = ("association", "indistinct", "confounded", "collinear")
#: Where high or low rates gather.
GATHERINGS = ("high", "low", "neither")
#: How an area stands to its neighbours: like them, or unlike (local Moran).
LIKENESS = ("high-high", "low-low", "high-low", "low-high", "neither")

_LABELS = MappingProxyType(
    {
        TOTAL: mark("All recorded crime shown here"),
        "violence": mark("Violence against persons"),
        "robbery": mark("Robbery with violence"),
        "theft": mark("Theft and damage without violence"),
        "other": mark("Other recorded crimes"),
        SENSITIVE: mark("Sexual and family violence and crimes against minors"),
        UNCLASSIFIED: mark("Not yet classified"),
        NOT_A_CRIME: mark("Facts that are not crimes"),
        REPORTED: mark("Reported by somebody"),
        DISCOVERED: mark("Discovered by a patrol"),
        "case_file": mark("Case files"),
        "call": mark("Emergency calls (9-1-1)"),
        "civic_offence": mark("Civic offences"),
        "citizen_report": mark("Citizen reports (070)"),
        "inside": mark("point inside the colonia"),
        "on_edge": mark("point within five metres of another colonia"),
        "by_name": mark("colonia by its written name"),
        "by_likeness": mark("colonia by a name with slips"),
        "outside": mark("point outside every colonia"),
        "default_point": mark("default point of an office"),
        "municipality_centre": mark("pile on the centre of the municipality or a borough"),
        "no_place": mark("neither point nor name"),
        "doubtful_name": mark("name with slips, left for a person to decide"),
        "unknown_name": mark("name not in the register"),
        "ambiguous_name": mark("name of several colonias"),
        "increase": mark("increased"),
        "decrease": mark("decreased"),
        "none": mark("no distinguishable change"),
        "unknown": mark("not known"),
        "chronic": mark("Above the municipality every year"),
        "emerging": mark("Above it since lately, after a rise"),
        "fading": mark("No longer above it, after a fall"),
        "occasional": mark("Above it in some year"),
        "never": mark("Never above it"),
        BY_RESIDENTS: mark("residents"),
        "households": mark("dwellings"),
        "premises": mark("premises"),
        "ambient": mark("people present"),
        BY_PLACE: mark("colonias, all alike"),
        "same_month_last_year": mark("The same month a year ago"),
        "last_twelve_months": mark("The mean of the last twelve months"),
        "shrunken_counts": mark("The last twelve months, drawn towards the mean of all"),
        "discounted_counts": mark("Months that fade, the city's level and its season"),
        "endemic_epidemic": mark("Own past, neighbours and season (endemic-epidemic)"),
        "space_time": mark("Neighbours, census traits, season and programme in one model"),
        "endemic_epidemic_leads": mark("The same, with other records that run ahead"),
        "below": mark("below the municipality"),
        "similar": mark("not distinguishable from the municipality"),
        "above": mark("above the municipality"),
        SHOWN: mark("shown"),
        MISSING: mark("no data"),
        SUPPRESSED: mark("withheld to protect people"),
        "association": mark("goes together with the rate"),
        "indistinct": mark("no distinguishable association"),
        "confounded": mark("cannot be told apart from the place"),
        "collinear": mark("cannot be told apart from another trait"),
        "high": mark("high together with its neighbours"),
        "low": mark("low together with its neighbours"),
        "neither": mark("neither high nor low together with its neighbours"),
        "high-high": mark("high among high neighbours"),
        "low-low": mark("low among low neighbours"),
        "high-low": mark("high among low neighbours"),
        "low-high": mark("low among high neighbours"),
        "insufficient": mark("insufficient sample"),
        "not_located": mark("without colonia"),
        "both_high": mark("more crime and more fear than in the city"),
        "fear_only": mark("more fear than in the city, and not more crime"),
        "crime_only": mark("more crime than in the city, and not more fear"),
        "both_low": mark("neither more crime nor more fear than in the city"),
        "insecurity": mark("Feel unsafe in their city"),
        "insecurity_street": mark("Feel unsafe in the streets they use"),
        "insecurity_transport": mark("Feel unsafe in public transport"),
        "insecurity_home": mark("Feel unsafe at home"),
        "insecurity_work": mark("Feel unsafe at work"),
        "insecurity_school": mark("Feel unsafe at school"),
        "insecurity_market": mark("Feel unsafe in the market"),
        "insecurity_mall": mark("Feel unsafe in shopping centres"),
        "insecurity_bank": mark("Feel unsafe in the bank"),
        "insecurity_cash_machine": mark("Feel unsafe at cash machines in the street"),
        "insecurity_car": mark("Feel unsafe in the car"),
        "insecurity_road": mark("Feel unsafe on the motorway"),
        "insecurity_park": mark("Feel unsafe in the park"),
        "witnessed_vandalism": mark("Saw or heard of vandalism near home"),
        "witnessed_alcohol": mark("Saw or heard of drinking in the streets near home"),
        "witnessed_robbery": mark("Saw or heard of robberies near home"),
        "witnessed_gangs": mark("Saw or heard of violent gangs near home"),
        "witnessed_drugs": mark("Saw or heard of drugs sold or used near home"),
        "witnessed_gunshots": mark("Heard shots fired often near home"),
        "witnessed_fuel_theft": mark("Saw or heard of stolen fuel near home"),
        "witnessed_power_theft": mark("Saw or heard of illegal power lines near home"),
        "habit_valuables": mark("Stopped carrying valuables for fear"),
        "habit_walking_at_night": mark("Stopped walking near home after eight for fear"),
        "habit_visits": mark("Stopped visiting relatives or friends for fear"),
        "habit_children": mark("Stopped letting children go out for fear"),
        "conflict_noise": mark("Had a conflict about noise"),
        "conflict_traffic": mark("Had a conflict in transport or traffic"),
        "conflict_rubbish": mark("Had a conflict about rubbish"),
        "conflict_fees": mark("Had a conflict about fees of neighbours"),
        "conflict_parking": mark("Had a conflict about parking"),
        "conflict_children": mark("Had a conflict about neighbours' children"),
        "conflict_family": mark("Had a dispute in the family"),
        "conflict_gossip": mark("Had a conflict about gossip"),
        "conflict_pets": mark("Had a conflict about pets"),
        "conflict_drunks": mark("Were bothered by drunk or drugged people or gangs"),
        "conflict_business": mark("Had a conflict about noise or smells of a business"),
        "conflict_purchase": mark("Had a conflict about a purchase"),
        "conflict_street_trade": mark("Had a conflict about trade in the street"),
        "conflict_police": mark("Had a conflict about abuse by police"),
        "conflict_paperwork": mark("Had a conflict about paperwork or services"),
        "conflict_graffiti": mark("Had a conflict about graffiti on the house"),
        "conflict_other": mark("Had another conflict"),
        "cohesion": mark("Trust their neighbours"),
        "cohesion_close_knit": mark("Say that their colonia is close-knit"),
        "cohesion_help": mark("Say that people here help their neighbours"),
        "control_school": mark("Say that neighbours would act on children out of school"),
        "control_graffiti": mark("Say that neighbours would act on youths who paint a wall"),
        "reported": mark("Victims who reported the crime"),
        "file_opened": mark("Reported crimes of which a case file was opened"),
    }
)


def label(word: str) -> str:
    """Return what a reader sees for a word of the vocabulary, in the language in force."""
    return say(_LABELS[word])
