"""Batteries of questions of a survey, and which of them are told of a colonia.

ENSU asks where people feel unsafe, what they saw near home, what they stopped doing and what
they quarrelled about; the lab's form of cohesion asks what neighbours would do for one another.
An indicator belongs to a battery by how its key begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from labtools import messages
from labtools.messages import mark

PROTECTS, PLACES, CONDUCTS, HABITS, CONFLICTS = (
    "protects",
    "places",
    "conducts",
    "habits",
    "conflicts",
)
#: What protects first, and then what worries: the order in which they are told.
BATTERIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        PROTECTS: ("cohesion", "control_"),
        PLACES: ("insecurity_",),
        CONDUCTS: ("witnessed_",),
        HABITS: ("habit_",),
        CONFLICTS: ("conflict_",),
    }
)
#: Enough people are asked these for a model of colonias; the others are of city and boroughs.
OF_COLONIAS = ("insecurity", "insecurity_street", "insecurity_transport", "cohesion", "reported")
#: Asked of few: told of the city and its boroughs, and of no colonia.
OF_CITY = ("file_opened",)
_LABELS = MappingProxyType(
    {
        PROTECTS: mark("What protects: neighbours"),
        PLACES: mark("Where people feel unsafe"),
        CONDUCTS: mark("What people saw or heard of near home"),
        HABITS: mark("What people stopped doing for fear"),
        CONFLICTS: mark("What people quarrelled about"),
    }
)


@lru_cache(maxsize=1024)
def battery_of(indicator: str) -> str:
    """Return the battery of an indicator: empty if it is of none."""
    for battery, beginnings in BATTERIES.items():
        if indicator.startswith(beginnings):
            return battery
    return ""


def is_told_by_colonia(indicator: str) -> bool:
    """Return whether a question is told of colonias; a lab's own questions are."""
    if indicator in OF_CITY:
        return False
    return indicator in OF_COLONIAS or not battery_of(indicator)


def battery_label(battery: str) -> str:
    """Return what a battery is called, in the language in force."""
    return messages.say(_LABELS[battery])
