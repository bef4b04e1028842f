"""The briefing of the council, and its slides: what can be decided on, from released tables.

Six pages at most.  Each section names the table that its sentences come from; a section whose
table is absent or empty is absent.  A new section is a function of the released tables, added
to `BUILDERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from labtools.charts.figures import count, figure_words, named, records, share_words
from labtools.messages import DEFAULT_LANGUAGE, number, plural, say, speaking, text
from labtools.publish import wording
from labtools.publish.changes import TOLD_APART, change_rows
from labtools.publish.evaluations import evaluations_in_short
from labtools.publish.figures import Cell, contact_words, period_words, source_rows
from labtools.publish.printing import Facts, printed, section_facts
from labtools.publish.proposals import proposed_in_short
from labtools.publish.sections import Rows, Section
from labtools.tables import vocabulary as words
from labtools.tables.store import read_table

Tables = Mapping[str, pd.DataFrame]
Builder = Callable[[Tables], Section | None]

MOST_PAGES = 6
_MOST_CHANGES = 40
_MOST_ON_A_SLIDE = 9
_GROUPS = (words.TOTAL, *words.GROUPS, words.SENSITIVE)


def print_briefing(
    tables: Tables, *, language: str = DEFAULT_LANGUAGE, slides: bool = False
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
    """
    with speaking(language):
        facts = _facts(tables, language, _MOST_ON_A_SLIDE if slides else 0)
        return printed("slides" if slides else "briefing", facts)


def released_tables(public: Path) -> Tables:
    """Return every released table of an edition by its name."""
    files = sorted((public / "tables").glob("*.parquet"))
    return {file.stem: read_table(file.stem, file.parent) for file in files}


def briefing_sections(tables: Tables) -> tuple[Section, ...]:
    """Return the sections of the briefing, in the language in force."""
    built = (build(tables) for build in BUILDERS)
    return tuple(section for section in built if section is not None)


def _facts(tables: Tables, language: str, most_rows: int) -> Facts:
    period = tables["period"]
    lang, _, region = wording.HTML_LANGUAGES[language].partition("-")
    sections = [section_facts(section) for section in briefing_sections(tables)]
    return {
        "lang": lang,
        "region": region or None,
        "title": text("Briefing for the council"),
        "lab": str(period["lab"].iloc[0]),
        "place_name": str(period["municipality"].iloc[0]),
        "period": period_words(period),
        "promise": " ".join((wording.frame_words()["promise"], contact_words(period))),
        "sections": sections,
        "most_rows": most_rows,
        "more": text("The other rows stand in the briefing."),
    }


def _in_short(tables: Tables) -> Section:
    change = tables["change"]
    up, down = ((change["verdict"] == verdict).sum() for verdict in TOLD_APART)
    told = [
        say(
            plural(
                "In one comparison of colonia and crime group there is an increase that can be "
                "told apart from chance.",
                "In {n} comparisons of colonia and crime group there is an increase that can be "
                "told apart from chance.",
            ),
            n=int(up),
        ),
        say(
            plural(
                "In one there is a decrease that can be told apart from chance.",
                "In {n} there is a decrease that can be told apart from chance.",
            ),
            n=int(down),
        ),
        text(
            "In the rest, of {n} in all, there is no distinguishable change, or no figure.",
            n=len(change),
        ),
        *_city_feeling(tables),
    ]
    return Section(
        "short",
        text("In short"),
        layout="full",
        sentences=tuple(told),
        listed=True,
        notes=(_tied("change", "perception"),),
    )


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


def _municipality(tables: Tables) -> Section | None:
    table = tables.get("municipality_crime", pd.DataFrame())
    if table.empty:
        return None
    ordered = sorted(records(table), key=lambda row: _GROUPS.index(str(row["group"])))
    rows = tuple(
        (
            Cell(named(str(row["group"]))),
            _counted(row["before"]),
            _counted(row["now"]),
            Cell(figure_words(row["ratio"], row["ratio_lower"], row["ratio_upper"], _state(row))),
            Cell(words.label(str(row["verdict"]))),
        )
        for row in ordered
    )
    said = wording.changes_words()
    heads = (text("Group"), said["before"], said["now"], said["ratio"], text("Reading"))
    title = text("Recorded crime in the municipality")
    return Section(
        "municipality",
        title,
        layout="full",
        tables=(Rows(title, heads, rows, "wide"),),
        notes=(_tied("municipality_crime"),),
    )


def _changes(tables: Tables) -> Section | None:
    rows = change_rows(tables)
    if not rows:
        return None
    said = wording.changes_words()
    heads = (
        text("Colonia"),
        text("Group"),
        text("Reading"),
        said["before"],
        said["now"],
        said["ratio"],
    )
    notes = [said["note"], _tied("change")]
    if len(rows) > _MOST_CHANGES:
        notes.insert(
            0,
            text(
                "Here are the first {shown} of {n} in alphabetical order; all of them stand in "
                "the page of changes of the site.",
                shown=_MOST_CHANGES,
                n=len(rows),
            ),
        )
    table = Rows(said["changes"], heads, tuple(rows[:_MOST_CHANGES]), "wide")
    return Section("changes", said["changes"], layout="full", tables=(table,), notes=tuple(notes))


def _perception(tables: Tables) -> Section | None:
    table = tables.get("perception_change", pd.DataFrame())
    shown = table[table["state"] == words.SHOWN] if len(table) else table
    if shown.empty:
        return None
    rows = tuple(
        (
            Cell(str(row["area"])),
            Cell(named(str(row["indicator"]))),
            Cell(number(100 * float(str(row["before"])))),
            Cell(number(100 * float(str(row["now"])))),
            Cell(_points(row)),
            Cell(words.label(str(row["verdict"]))),
        )
        for row in records(shown)
    )
    heads = (
        text("Area"),
        text("Indicator"),
        text("Before, %"),
        text("Now, %"),
        text("Difference, percentage points (95 % interval)"),
        text("Reading"),
    )
    title = text("What people feel")
    return Section(
        "perception",
        title,
        layout="full",
        tables=(Rows(title, heads, rows, "wide"),),
        notes=(_tied("perception_change"),),
    )


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
        notes=(
            text("That an action was done does not say that it worked; evaluations say that."),
            _tied("actions_done"),
        ),
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
    )


def _sources(tables: Tables) -> Section | None:
    rows = tuple(row[:4] for row in source_rows(tables["sources"]))
    said = wording.ficha_words()
    heads = tuple(said[name] for name in ("source", "publisher", "licence", "cutoff"))
    if not rows:
        return None
    table = Rows(said["sources"], heads, rows, "wide")
    return Section("sources", said["sources"], layout="full", tables=(table,))


#: The sections of the briefing, in reading order.
BUILDERS: tuple[Builder, ...] = (
    _in_short,
    proposed_in_short,
    _municipality,
    _changes,
    evaluations_in_short,
    _perception,
    _actions,
    _limits,
    _sources,
)


def _tied(*tables: str) -> str:
    return text("Released tables: {tables}.", tables=", ".join(tables))


def _counted(n: object) -> Cell:
    if pd.isna(n):
        return Cell(words.label(words.MISSING), words.MISSING)
    return Cell(count(n))


def _state(row: Mapping[str, object]) -> str:
    return words.MISSING if pd.isna(row["ratio"]) else words.SHOWN


def _points(row: Mapping[str, object]) -> str:
    middle, low, high = (100 * float(str(row[k])) for k in ("difference", "lower", "upper"))
    return text(
        "{figure} ({low} to {high})",
        figure=number(middle, 1),
        low=number(low, 1),
        high=number(high, 1),
    )
