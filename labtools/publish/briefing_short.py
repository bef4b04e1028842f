"""What the council's briefing says first: a sentence or two of each of its parts."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from labtools.charts.figures import named, share_words
from labtools.messages import plural, say, text
from labtools.narrative.felt import city_dark_figure_sentences
from labtools.publish.briefing_crime import by_group, changed_words
from labtools.publish.changes import TOLD_APART
from labtools.publish.evaluations import verdicts_in_short
from labtools.publish.sections import Section
from labtools.tables import vocabulary as words
from labtools.tables.records import records

Tables = Mapping[str, pd.DataFrame]


def in_short(tables: Tables) -> Section:
    """Return what changed, how people feel, what worked, and what is asked for."""
    by_table = (
        (("municipality_crime",), _municipality_in_short(tables)),
        (("municipality_dark_figure",), _probable_in_short(tables)),
        (("change",), [_colonias_in_short(tables["change"])]),
        (("perception",), _city_feeling(tables)),
        (("evaluation", "evaluation_facts"), verdicts_in_short(tables)),
        (("proposals",), _asked_in_short(tables)),
    )
    return Section(
        "short",
        text("In short"),
        layout="full",
        sentences=tuple(sentence for _, said in by_table for sentence in said),
        listed=True,
        notes=(text("The number in brackets after a sentence is that of the table it is from."),),
        ties=tuple(tie for tie, said in by_table for _ in said),
    )


def _municipality_in_short(tables: Tables) -> list[str]:
    table = tables.get("municipality_crime", pd.DataFrame())
    found = table[table["verdict"].isin(TOLD_APART)] if len(table) else table
    if table.empty:
        return []
    if found.empty:
        return [text("Recorded crime in the municipality: no distinguishable change in any group.")]
    changes = "; ".join(
        text("{group}, {change}", group=named(str(row["group"])), change=changed_words(row))
        for row in by_group(found)
    )
    return [
        text(
            "Recorded crime in the municipality: {changes}. In the other groups, no "
            "distinguishable change.",
            changes=changes,
        )
    ]


def _probable_in_short(tables: Tables) -> tuple[str, ...]:
    table = tables.get("municipality_dark_figure", pd.DataFrame())
    return city_dark_figure_sentences(table)[:1] if len(table) else ()


def _colonias_in_short(change: pd.DataFrame) -> str:
    up, down = (int((change["verdict"] == verdict).sum()) for verdict in TOLD_APART)
    if not up + down:
        return text(
            "No change in any colonia can be told apart from chance, of {n} comparisons of colonia "
            "and crime group.",
            n=len(change),
        )
    # None is a word and no number: "0 show an increase" is not how people speak.
    rises = say(plural("one shows an increase", "{n} show an increase"), n=up)
    falls = say(plural("one a decrease", "{n} a decrease"), n=down)
    return text(
        "Of {n} comparisons of colonia and crime group, {up} and {down} that can be told apart "
        "from chance; in the rest there is no distinguishable change, or no figure.",
        n=len(change),
        up=rises if up else text("none shows an increase"),
        down=falls if down else text("none a decrease"),
    )


def _asked_in_short(tables: Tables) -> list[str]:
    proposals = tables.get("proposals", pd.DataFrame())
    if proposals.empty:
        return []
    return [
        text(
            "{actions} kinds of action are proposed, in {colonias} colonias; the council decides "
            "which.",
            actions=proposals["intervention"].nunique(),
            colonias=proposals["colonia_id"].nunique(),
        )
    ]


def _city_feeling(tables: Tables) -> list[str]:
    perception = tables.get("perception", pd.DataFrame())
    if perception.empty:
        return []
    asked = perception[
        (perception["area_kind"] == "city")
        & (perception["indicator"] == "insecurity")
        & (perception["state"] == words.SHOWN)
    ].sort_values("period")
    return [
        text(
            "{area}: {share} of people feel unsafe in their city.",
            area=str(row["area"]),
            share=share_words(row["share"], row["lower"], row["upper"], words.SHOWN),
        )
        for row in records(asked.tail(1))
    ]
