"""Whether programmes worked: the page of the site, and the section of the briefing."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd

from labtools.charts.effects import effects_chart
from labtools.messages import mark, say, text
from labtools.narrative.evaluated import evaluation_of
from labtools.narrative.evaluation import SECTIONS, evaluation_sentences
from labtools.publish.sections import Section

Tables = Mapping[str, pd.DataFrame]

_TITLES: Mapping[str, str] = MappingProxyType(
    {
        "verdict": mark("Did it work? Recorded crime"),
        "people": mark("Do people feel safer?"),
        "beside": mark("Did crime move next door?"),
        "trust": mark("Can the comparison be trusted?"),
        "plan": mark("What was said beforehand, and what departed from it"),
        "delivered": mark("What was done"),
        "cost": mark("What it cost"),
        "needed": mark("What would be needed to know more"),
    }
)
_OUTCOMES: Mapping[str, str] = MappingProxyType({"verdict": "crime", "people": "perception"})
_WRITTEN = ("title", "question", "comparison", "concurrent")
_IN_SHORT = ("verdict", "people", "beside", "cost")


def evaluations_facts(tables: Tables) -> dict[str, object]:
    """Return what the page of evaluations is filled with, in the language in force."""
    return {
        "title": text("Evaluations"),
        "lead": text("Whether each programme did what it was for, with how sure that is."),
        "nothing": text("No programme has a sealed protocol in this edition."),
        "protocols": [
            (title, _sections(tables, protocol, place), own_words(tables, protocol))
            for place, (protocol, title) in enumerate(protocols(tables).items(), start=1)
        ],
    }


def own_words(tables: Tables, protocol: str) -> tuple[str, ...]:
    """Return what the lab wrote in a protocol, in its own language, as pages quote it."""
    facts = tables["evaluation_facts"]
    mine = facts[(facts["protocol"] == protocol) & facts["fact"].isin(_WRITTEN)]
    return tuple(str(words) for words in mine["said"].dropna() if str(words).strip())


def evaluations_in_short(tables: Tables) -> Section | None:
    """Return the section of the briefing: each programme, its verdict, its cost."""
    told = []
    for protocol, title in protocols(tables).items():
        said = _said(tables, protocol)
        parts = [" ".join(said[name]) for name in _IN_SHORT if said[name]]
        told += [f"{title}. {part}" if place == 0 else part for place, part in enumerate(parts)]
    if not told:
        return None
    return Section(
        "evaluations",
        text("Evaluations"),
        layout="full",
        listed=True,
        sentences=tuple(told),
        made_of=("evaluation", "evaluation_facts"),
    )


def verdicts_in_short(tables: Tables) -> list[str]:
    """Return the verdict of each programme, a sentence each."""
    return [
        text("{programme}: {verdict}", programme=title, verdict=said["verdict"][0])
        for protocol, title in protocols(tables).items()
        if (said := _said(tables, protocol))["verdict"]
    ]


def protocols(tables: Tables) -> dict[str, str]:
    """Return the protocols of an edition with their titles; none where it has no such table."""
    facts = tables.get("evaluation_facts", pd.DataFrame())
    if facts.empty or "evaluation" not in tables:
        return {}
    titles = facts[facts["fact"] == "title"]
    return dict(zip(titles["protocol"], titles["said"], strict=True))


def _sections(tables: Tables, protocol: str, place: int) -> list[Section]:
    said = _said(tables, protocol)
    return [
        Section(
            f"{name}-{place}",
            say(_TITLES[name]),
            layout="full",
            sentences=tuple(said[name]),
            pictures=_pictures(tables, protocol, _OUTCOMES.get(name, "")),
        )
        for name in SECTIONS
        if said[name]
    ]


def _said(tables: Tables, protocol: str) -> Mapping[str, tuple[str, ...]]:
    found = evaluation_of(protocol, tables["evaluation"], tables["evaluation_facts"])
    return evaluation_sentences(found)


def _pictures(tables: Tables, protocol: str, outcome: str) -> tuple[str, ...]:
    times = tables.get("evaluation_time", pd.DataFrame())
    if not outcome or times.empty:
        return ()
    own = times[times["protocol"] == protocol]
    if not (own["outcome"] == outcome).any():
        return ()
    level = evaluation_of(protocol, tables["evaluation"], tables["evaluation_facts"]).figure(
        "level"
    )
    return (effects_chart(own, outcome=outcome, level=level),)
