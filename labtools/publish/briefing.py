"""The briefing of the council, and its slides: what can be decided on, from released tables.

Six pages at most.  Each section names the table that its sentences come from; a section whose
table is absent or empty is absent.  A new section is a function of the released tables, added
to `BUILDERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from labtools.charts.figures import count
from labtools.messages import DEFAULT_LANGUAGE, speaking, text
from labtools.privacy.cards import expiry_of_tables
from labtools.publish import wording
from labtools.publish.briefing_crime import changes_section, municipality_section
from labtools.publish.briefing_short import in_short
from labtools.publish.council import council_sections
from labtools.publish.evaluations import evaluations_in_short
from labtools.publish.felt import fear_gap_in_short, perception_section, probable_crime_section
from labtools.publish.figures import (
    Cell,
    contact_words,
    period_words,
    source_rows,
    sources_by_day,
    valid_words,
)
from labtools.publish.printing import (
    ROOM_OF_PAGES,
    ROOM_OF_SLIDES,
    Facts,
    pages_of,
    printed,
    section_facts,
)
from labtools.publish.proposals import proposed_in_short
from labtools.publish.sections import Rows, Section
from labtools.publish.ties import with_ties
from labtools.tables import vocabulary as words
from labtools.tables.store import read_table

Tables = Mapping[str, pd.DataFrame]
Builder = Callable[[Tables], Section | None]

MOST_PAGES = 6
_SIZES = (8.8, 8.2, 7.6)
_MOST_ON_SLIDES, _ROWS_ON_A_SLIDE, _LINES_ON_A_SLIDE = 15, 6, 14


def print_briefing(
    tables: Tables,
    *,
    language: str = DEFAULT_LANGUAGE,
    slides: bool = False,
    internal: Tables | None = None,
) -> bytes:
    """Return the briefing as PDF: the same tables give the same bytes.

    Use it for a session of the council.  For one colonia, print its ficha.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Released tables; see `released_tables`.
    language : {"es_MX", "en"}
        Edition.
    slides : bool, default False
        Make slides to show, in place of pages to read.
    internal : mapping of str to DataFrame, optional
        Tables of the internal edition (`labtools.publish.council`): who could enter the programme
        and what a budget would buy are told too, and every page says that it is not public.
    """
    with speaking(language):
        facts = _facts(tables, language, _MOST_ON_SLIDES if slides else 0, internal)
        if slides:
            return printed("slides", facts)
        # Letters grow smaller before a seventh page begins, as far as paper can be read.
        made = b""
        for size in _SIZES:
            made = printed("briefing", {**facts, "size": size})
            if pages_of(made) <= MOST_PAGES:
                break
        return made


def released_tables(public: Path) -> Tables:
    """Return every released table of an edition by its name."""
    files = sorted((public / "tables").glob("*.parquet"))
    return {file.stem: read_table(file.stem, file.parent) for file in files}


def briefing_sections(tables: Tables, internal: Tables | None = None) -> tuple[Section, ...]:
    """Return the sections of the briefing, in the language in force, each sentence with its tie."""
    built = [section for build in BUILDERS if (section := build(tables)) is not None]
    if internal is None:
        return with_ties(built)
    decided = [section.key for section in built].index("limits")
    return with_ties((*built[:decided], *council_sections(internal), *built[decided:]))


def _facts(tables: Tables, language: str, most_rows: int, internal: Tables | None) -> Facts:
    period = tables["period"]
    lang, _, region = wording.HTML_LANGUAGES[language].partition("-")
    room = ROOM_OF_SLIDES if most_rows else ROOM_OF_PAGES
    told = briefing_sections(tables, internal)
    sections = [section_facts(section, room=room) for section in told]
    return {
        "lang": lang,
        "region": region or None,
        "title": text("Briefing for the council"),
        "lab": str(period["lab"].iloc[0]),
        "place_name": str(period["municipality"].iloc[0]),
        "period": " · ".join(filter(None, (period_words(tables), _valid(tables)))),
        "internal": "" if internal is None else text("Internal: not for the public"),
        "promise": " ".join((wording.frame_words()["promise"], contact_words(period))),
        "sections": sections,
        "most_rows": most_rows,
        "rows_on_a_slide": _ROWS_ON_A_SLIDE,
        "lines_on_a_slide": _LINES_ON_A_SLIDE,
        "more": text("The other rows stand in the briefing."),
    }


def _valid(tables: Tables) -> str:
    """Return until when the figures hold: a briefing is taken out of its drawer next year too."""
    cards = tables.get("cards", pd.DataFrame())
    return valid_words(expiry_of_tables(cards).get("municipality_crime", "")) if len(cards) else ""


def _actions(tables: Tables) -> Section | None:
    table = tables.get("actions_done", pd.DataFrame())
    if table.empty:
        return None
    agencies = table.assign(agency=table["agency"].fillna(words.label(words.MISSING)))
    summed = agencies.groupby("agency").agg(times=("times", "sum"), n=("colonia_id", "nunique"))
    rows = tuple(
        (Cell(str(agency)), Cell(count(row["times"])), Cell(count(row["n"])))
        for agency, row in summed.iterrows()
    )
    title = text("What the programme did in the period")
    heads = (text("Agency"), text("Actions"), text("Colonias reached"))
    return Section(
        "actions",
        title,
        layout="full",
        tables=(Rows(title, heads, rows),),
        notes=(text("That an action was done does not say that it worked; evaluations say that."),),
        made_of=("actions_done",),
    )


def _limits(_tables: Tables) -> Section:
    return Section(
        "limits",
        text("What these figures do not say"),
        layout="full",
        listed=True,
        sentences=(
            text(
                "More recorded crime can mean more crime, more trust in reporting, or both: many "
                "crimes are never reported."
            ),
            text(
                "“No distinguishable change” does not mean that nothing changed: with few crimes, "
                "changes of that size happen by chance."
            ),
            text(
                "Public counts are rounded so that nobody can be singled out; sums need not agree."
            ),
        ),
        # What a figure is not for stands in the cards; to what counts are rounded, in the period.
        ties=(("cards",), ("cards",), ("period",)),
    )


def _sources(tables: Tables) -> Section | None:
    told = sources_by_day(source_rows(tables["sources"]))
    if not told:
        return None
    title = wording.ficha_words()["sources"]
    return Section(
        "sources", title, layout="full", sentences=told, listed=True, made_of=("sources",)
    )


#: The sections of the briefing, in reading order.
BUILDERS: tuple[Builder, ...] = (
    in_short,
    proposed_in_short,
    municipality_section,
    probable_crime_section,
    changes_section,
    evaluations_in_short,
    perception_section,
    fear_gap_in_short,
    _actions,
    _limits,
    _sources,
)
