"""The briefing of the council, and its slides: what can be decided on, from released tables.

Six pages at most.  Each section names the table that its sentences come from; a section whose
table is absent or empty is absent.  A new section is a function of the released tables, added
to `BUILDERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from labtools.charts.change import change_chart
from labtools.charts.figures import change_words, count, named, records, share_words
from labtools.charts.perception import area_words, perception_chart
from labtools.messages import DEFAULT_LANGUAGE, number, percent, speaking, text
from labtools.publish import wording
from labtools.publish.changes import TOLD_APART, change_rows
from labtools.publish.evaluations import evaluations_in_short, verdicts_in_short
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
    told = [*_municipality_in_short(tables), _colonias_in_short(tables["change"])]
    told += [*_city_feeling(tables), *verdicts_in_short(tables), *_asked_in_short(tables)]
    named_here = ("municipality_crime", "change", "perception", "evaluation", "proposals")
    return Section(
        "short",
        text("In short"),
        layout="full",
        sentences=tuple(told),
        listed=True,
        notes=(_tied(*(name for name in named_here if len(tables.get(name, ())))),),
    )


def _municipality_in_short(tables: Tables) -> list[str]:
    table = tables.get("municipality_crime", pd.DataFrame())
    found = table[table["verdict"].isin(TOLD_APART)] if len(table) else table
    if table.empty:
        return []
    if found.empty:
        return [text("Recorded crime in the municipality: no distinguishable change in any group.")]
    changes = "; ".join(
        text("{group}, {change}", group=named(str(row["group"])), change=_changed(row))
        for row in _ordered(found)
    )
    return [
        text(
            "Recorded crime in the municipality: {changes}. In the other groups, no "
            "distinguishable change.",
            changes=changes,
        )
    ]


def _colonias_in_short(change: pd.DataFrame) -> str:
    up, down = (int((change["verdict"] == verdict).sum()) for verdict in TOLD_APART)
    if not up + down:
        return text(
            "No change in any colonia can be told apart from chance, of {n} comparisons of colonia "
            "and crime group.",
            n=len(change),
        )
    return text(
        "Of {n} comparisons of colonia and crime group, {up} show an increase that can be told "
        "apart from chance, and {down} a decrease; in the rest there is no distinguishable "
        "change, or no figure.",
        n=len(change),
        up=up,
        down=down,
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


def _municipality(tables: Tables) -> Section | None:
    table = tables.get("municipality_crime", pd.DataFrame())
    if table.empty:
        return None
    rows = tuple(
        (
            Cell(named(str(row["group"]))),
            _counted(row["before"]),
            _counted(row["now"]),
            Cell(_changed(row)),
            Cell(words.label(str(row["verdict"]))),
        )
        for row in _ordered(table)
    )
    said = wording.changes_words()
    heads = (text("Group"), said["before"], said["now"], said["ratio"], text("Reading"))
    title = text("Recorded crime in the municipality")
    drawn = _as_one_place(table)
    return Section(
        "municipality",
        title,
        layout="full",
        tables=(Rows(title, heads, rows, "wide"),),
        pictures=(change_chart(drawn, title=title),) if len(drawn) else (),
        notes=(
            text(
                "The groups share one error of 5 %: a change whose own interval leaves out nil may "
                "still not be distinguishable."
            ),
            _tied("municipality_crime"),
        ),
    )


def _as_one_place(table: pd.DataFrame) -> pd.DataFrame:
    """Return the municipality's changes as the chart of a place reads them."""
    shown = table[table["group"] != words.SENSITIVE]
    ends = {"ratio_lower": "lower", "ratio_upper": "upper"}
    shown = shown.drop(columns=[*ends.values()], errors="ignore").rename(columns=ends)
    return shown.assign(state=words.SHOWN, colonia_id="")


def _ordered(table: pd.DataFrame) -> list[dict[str, object]]:
    return sorted(records(table), key=lambda row: _GROUPS.index(str(row["group"])))


def _changed(row: Mapping[str, object]) -> str:
    return change_words(row["ratio"], row["ratio_lower"], row["ratio_upper"], _state(row))


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
    shown = _over_a_year(table[table["state"] == words.SHOWN]) if len(table) else table
    if shown.empty:
        return None
    told_apart = shown["verdict"].isin(TOLD_APART)
    told = shown[(shown["area_kind"] == "city") | (shown["indicator"] == "insecurity") | told_apart]
    rows = tuple(
        (
            Cell(area_words(row) if row["area_kind"] == "city" else str(row["area"])),
            Cell(named(str(row["indicator"]))),
            Cell(_share_on(row["before"], row["before_period"])),
            Cell(_share_on(row["now"], row["period"])),
            Cell(_points(row)),
            Cell(words.label(str(row["verdict"]))),
        )
        for row in records(told)
    )
    heads = (
        text("Area"),
        text("Indicator"),
        text("Before"),
        text("Now"),
        text("Difference, percentage points (95 % interval)"),
        text("Reading"),
    )
    title = text("What people feel")
    feeling = _feeling(tables)
    counted = text(
        "Of {n} comparisons over a year, of the city and its boroughs, {found} can be told apart "
        "from chance.",
        n=len(shown),
        found=int(told_apart.sum()),
    )
    return Section(
        "perception",
        title,
        layout="full",
        sentences=(counted,),
        tables=(Rows(title, heads, rows, "wide"),),
        pictures=(perception_chart(feeling),) if len(feeling) else (),
        notes=(_tied("perception_change", "perception"),),
    )


def _over_a_year(table: pd.DataFrame) -> pd.DataFrame:
    """Return one comparison of each area and indicator: that nearest to a year."""
    apart = table["period"] - table["before_period"]
    nearest = (apart - pd.Timedelta(days=365)).abs()
    order = nearest.sort_values(kind="stable").index
    first = table.loc[order].drop_duplicates(["area_kind", "area", "indicator", "source"])
    kinds = (first["area_kind"] != "city").rename("kind")
    places = first.assign(kind=kinds).sort_values(["kind", "area", "indicator", "source"])
    return places.drop(columns="kind")


def _feeling(tables: Tables) -> pd.DataFrame:
    perception = tables.get("perception", pd.DataFrame())
    if perception.empty:
        return perception
    asked = perception["indicator"] == "insecurity"
    return perception[asked & perception["area_kind"].isin(["city", "borough"])]


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
    rows = tuple(source_rows(tables["sources"]))
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
    return text("Released tables: {tables}.", tables=", ".join(f"{name}.csv" for name in tables))


def _counted(n: object) -> Cell:
    if pd.isna(n):
        return Cell(words.label(words.MISSING), words.MISSING)
    return Cell(count(n))


def _state(row: Mapping[str, object]) -> str:
    return words.MISSING if pd.isna(row["ratio"]) else words.SHOWN


def _points(row: Mapping[str, object]) -> str:
    middle, low, high = (_signed(row[end]) for end in ("difference", "lower", "upper"))
    return text("{figure} ({low} to {high})", figure=middle, low=low, high=high)


def _signed(share: object) -> str:
    points = round(100 * float(str(share)), 1)
    sign = "−" if points < 0 else "+" if points else ""
    return f"{sign}{number(abs(points), 1)}"


def _share_on(share: object, period: object) -> str:
    asked = pd.Timestamp(str(period))
    return f"{percent(float(str(share)))} ({asked:%m/%Y})"
