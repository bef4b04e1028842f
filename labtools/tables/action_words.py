"""What readers see for the needs, actions and cautions that the tables of targeting hold.

Factors have the official names of PRONAPRED in Spanish; actions those of the catalogue.
"""

from __future__ import annotations

from types import MappingProxyType

from labtools.messages import mark, say

NEEDS = MappingProxyType(
    {
        "crime": mark("Recorded crime"),
        "fear": mark("Feeling unsafe"),
        "factor_1": mark("Early pregnancy"),
        "factor_2": mark("Marginalisation and social exclusion"),
        "factor_3": mark("Lack of job opportunities, informality and unemployment"),
        "factor_4": mark("Insufficient and deteriorated public spaces"),
        "factor_5": mark("Incipient social capital and participation"),
        "factor_6": mark("Dropping out of school"),
        "factor_7": mark("Use and abuse of legal and illegal drugs"),
        "factor_8": mark("Deteriorated and problematic family environments"),
    }
)
#: The factors of the official list, which a network puts in order.
FACTORS = tuple(need for need in NEEDS if need.startswith("factor_"))
ACTIONS = MappingProxyType(
    {
        "street_lighting": mark("Street lighting"),
        "cctv": mark("Actively monitored CCTV, with other measures"),
        "alley_gating": mark("Closing alleys and escape routes"),
        "shop_cpted": mark("Crime prevention through design in shops, several components"),
        "vacant_lots": mark("Cleaning and greening vacant lots"),
        "integral_upgrading": mark("Integral upgrading of the neighbourhood, with transport"),
        "home_environment": mark("Home security and improvements of surroundings"),
        "problem_oriented_policing": mark("Problem-oriented policing (SARA)"),
        "focused_deterrence": mark("Focused deterrence"),
        "community_policing": mark("Community-oriented policing"),
        "neighbourhood_watch": mark("Citizens' networks (neighbourhood watch)"),
        "police_diversion": mark("Police-led diversion of adolescents"),
        "restorative_conferences": mark("Restorative conferences and mediation"),
        "alcohol_hours": mark("Hours and outlets of alcohol"),
        "cbt_cash": mark("Cognitive-behavioural therapy with cash for men at high risk"),
        "cbt_school": mark("Cognitive-behavioural therapy at school"),
        "summer_jobs": mark("Summer jobs for young people at risk"),
        "mentoring": mark("Mentoring"),
        "after_school": mark("After-school programmes"),
        "sports": mark("Sports programmes"),
        "parent_training": mark("Training of parents (children up to 5)"),
        "nurse_visits": mark("Home visits by nurses"),
        "preschool": mark("Enriched preschool"),
        "school_violence_prevention": mark("Universal prevention of violence at school"),
        "anti_bullying": mark("Programmes against bullying"),
        "communities_that_care": mark("Communities That Care (local diagnosis and coalition)"),
        "victim_advocacy": mark("Advocacy for women who live with violence"),
        "second_responders": mark("Second responders (police and social work)"),
        "norm_change": mark("Changing norms about violence"),
        "violence_interrupters": mark("Violence interrupters"),
        "health_police_data": mark("Data shared by health services and police"),
    }
)
CAVEATS = MappingProxyType(
    {
        "on_participants": mark(
            "Measured on those who took part: it does not say how the colonia's count changes."
        ),
        "not_from_mexico": mark("No verified study is from Mexico."),
        "not_on_fear": mark("It has not been shown to lower fear."),
        "reviews_differ": mark("Reviews differ."),
    }
)
STANDINGS = MappingProxyType(
    {
        "proposed": mark("proposed"),
        "under_way": mark("already being done"),
        "firm": mark("chosen, and firm"),
        "chosen": mark("chosen; another could be as good"),
        "alternative": mark("alternative not distinguishable from what was chosen"),
    }
)


def need_words(need: str) -> str:
    """Return what a reader sees for a need."""
    return say(NEEDS[need])


def action_words(intervention: str, name: str) -> str:
    """Return what a reader sees for an action; `name`, its own, if a lab added it."""
    return say(ACTIONS[intervention]) if intervention in ACTIONS else name


def standing_words(standing: str) -> str:
    """Return what a reader sees for how an action stands."""
    return say(STANDINGS[standing])


def caveat_words(caveats: str) -> str:
    """Return the cautions of a proposal as sentences."""
    return " ".join(say(CAVEATS[word]) for word in caveats.split() if word in CAVEATS)
