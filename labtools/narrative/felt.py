"""What was never reported, crime beside fear, and the sample that would answer, in words."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd

from labtools import messages
from labtools.messages import number, say, text
from labtools.narrative.crime import Tables
from labtools.tables import vocabulary as words

_SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "survey": messages.mark(
            "Of every 100 crimes that people of this colonia suffer, between {low} and {high} are "
            "recorded, as victims told the survey of the lab."
        ),
        "national": messages.mark(
            "Of every 100 crimes, between {low} and {high} may be recorded here, as the national "
            "survey of victims lets one suppose: the lab has not asked victims of this city."
        ),
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
        return ()
    said = [
        say(
            _SOURCES[str(row["basis"])],
            low=number(100 * float(row["reporting_lower"])),
            high=number(100 * float(row["reporting_upper"])),
        ),
        text(
            "The {events} case files of twelve months may therefore stand for some {probable} "
            "crimes (between {lower} and {upper}).",
            events=number(float(row["events"])),
            probable=number(float(row["probable"])),
            lower=number(float(row["lower"])),
            upper=number(float(row["upper"])),
        ),
    ]
    return tuple(said)


def fear_gap_sentences(tables: Tables) -> tuple[str, ...]:
    """Return in which quadrant of crime and fear the colonia lies, and what that asks for."""
    row = _row(tables, "fear_gap")
    if row is None or row["state"] != words.SHOWN or row["verdict"] not in _ASKS:
        return ()
    verdict = str(row["verdict"])
    said = [say(_ASKS[verdict])]
    if verdict in words.QUADRANTS:
        said.append(
            text(
                "How probable that is, with the doubt of both: {chance} of 100.",
                chance=number(100 * float(row[verdict])),
            )
        )
    return tuple(said)


def plan_sentences(tables: Tables) -> tuple[str, ...]:
    """Return what sample would give a figure of this colonia, where there is no direct one."""
    row = _row(tables, "survey_plan")
    perception = tables["perception"]
    own = perception[(perception["area_kind"] == "colonia") & (perception["source"] != "model")]
    if row is None or pd.isna(row["people_precise"]) or (own["state"] == words.SHOWN).any():
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
            "For a figure of fear of this colonia alone, some {rough} people in {rough_blocks} "
            "blocks would have to be asked (to be used with caution), or {people} in {blocks} "
            "(precise).",
            rough=number(float(row["people_caution"])),
            rough_blocks=number(float(row["clusters_caution"])),
            people=number(float(row["people_precise"])),
            blocks=number(float(row["clusters_precise"])),
        ),
    )


def _row(tables: Tables, name: str) -> pd.Series | None:
    table = tables.get(name)
    if table is None or table.empty:
        return None
    rows = table[table["group"] == words.TOTAL] if "group" in table.columns else table
    return rows.iloc[0] if len(rows) else None
