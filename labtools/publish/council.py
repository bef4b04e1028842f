"""What only the council's internal briefing tells: who could enter, what money buys, other cities.

Colonias are named here because the council decides on them; none of it is published, and they
stand in alphabetical order: a proposal is no ranking.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from labtools.charts.figures import count, real
from labtools.messages import mark, number, percent, say, text
from labtools.narrative.felt import peer_sentences, priority_sentences
from labtools.publish.figures import Cell
from labtools.publish.sections import Rows, Section
from labtools.tables.records import records
from labtools.tables.store import read_table

Tables = Mapping[str, pd.DataFrame]

#: The tables of an internal edition that these sections are made of.
TABLES = (
    *("colonias_shown", "entry_candidates", "entry_rules", "portfolio_frontier"),
    *("city_peers", "priority_shift", "priority_sensitivity"),
)

_MOST = 20
_RULES: Mapping[str, str] = MappingProxyType(
    {
        "expected": mark("most harm expected"),
        "chance": mark("most surely among those with most harm"),
        "count": mark("most recorded crimes last year"),
        "rate": mark("highest recorded rate last year"),
    }
)


def internal_tables(run: Path) -> Tables:
    """Return the tables of `TABLES` of a run's internal edition."""
    city = run / "internal" / "city" / "internal"
    return {name: read_table(name, city) for name in TABLES}


def council_sections(tables: Tables) -> tuple[Section, ...]:
    """Return the sections, in the language in force; absent where their table is empty."""
    built = (
        entry_section(tables),
        priorities_section(tables),
        budget_section(tables),
        peers_section(tables),
    )
    return tuple(section for section in built if section is not None)


def entry_section(tables: Tables) -> Section | None:
    """Return the colonias that rules of entry would choose, and how well each rule does."""
    candidates, rules = tables["entry_candidates"], tables["entry_rules"]
    chosen = candidates[candidates["chosen_by"].str.contains("expected")]
    if chosen.empty:
        return None
    title = text("Colonias proposed to enter the programme")
    by_name = chosen.merge(tables["colonias_shown"], on="colonia_id").sort_values("name")
    heads = (
        text("Colonia"),
        text("Borough"),
        text("Harm expected in a year (90 % interval)"),
        text("Chance of being among those with most"),
        text("Recorded crimes, last 12 months"),
        text("Rules of the four that choose it"),
    )
    rows = tuple(_candidate(row) for row in records(by_name.head(_MOST)))
    said = text(
        "Of {n} colonias outside the programme, {chosen} are proposed, those where most harm is "
        "expected; harm counts crimes never reported too, by the weights of the settings.",
        n=number(len(candidates)),
        chosen=number(len(chosen)),
    )
    notes = (text("In alphabetical order: a proposal is no ranking, and the council decides."),)
    return Section(
        "entry",
        title,
        "full",
        sentences=(said,),
        tables=(Rows(title, heads, rows, "wide"), _rules(rules)),
        notes=notes,
        made_of=("entry_candidates", "entry_rules"),
        ties=(("entry_candidates",),),
    )


def priorities_section(tables: Tables) -> Section | None:
    """Return what correcting for crime never recorded does to the list, and what would move it."""
    shift = tables.get("priority_shift", pd.DataFrame())
    if shift.empty:
        return None
    said = priority_sentences(shift, tables["priority_sensitivity"])
    title = text("What correcting for crime never recorded changes")
    made_of = ("priority_shift", "priority_sensitivity")
    return Section("priorities", title, "full", sentences=said, made_of=made_of)


def peers_section(tables: Tables) -> Section | None:
    """Return how the city's people feel beside those of the country and of other cities."""
    peers = tables.get("city_peers", pd.DataFrame())
    if peers.empty or not (peers["versus"] == "itself").any():
        return None
    title = text("The city beside the country and other cities")
    said = peer_sentences(peers)
    return Section("peers", title, "full", sentences=said, made_of=("city_peers",))


def budget_section(tables: Tables) -> Section | None:
    """Return what each budget that was tried would buy, as an interval."""
    table = tables["portfolio_frontier"]
    if table.empty:
        return None
    title = text("What a budget would buy")
    heads = (
        text("Budget (pesos)"),
        text("Actions"),
        text("Harm averted in a year (90 % interval)"),
        text("In the worst cases, on average"),
    )
    rows = tuple(
        (
            Cell(count(row["budget"])),
            Cell(count(row["actions"])),
            Cell(_between(row["mean"], row["lower"], row["upper"])),
            Cell(count(row["worst"])),
        )
        for row in records(table.sort_values("budget"))
    )
    notes = (
        text(
            "What actions avert is taken from studies elsewhere; only an evaluation says it here."
        ),
    )
    wide = Rows(title, heads, rows, "wide")
    return Section(
        "budget", title, "full", tables=(wide,), notes=notes, made_of=("portfolio_frontier",)
    )


def _candidate(row: Mapping[str, object]) -> tuple[Cell, ...]:
    return (
        Cell(str(row["name"])),
        Cell("" if pd.isna(row["borough"]) else str(row["borough"])),
        Cell(_between(row["expected"], row["lower"], row["upper"])),
        Cell(percent(real(row["chance"]))),
        Cell(count(row["count"])),
        Cell(number(len(str(row["chosen_by"]).split()))),
    )


def _rules(table: pd.DataFrame) -> Rows:
    heads = (
        text("Rule"),
        text("Share of all candidates' harm (90 % interval)"),
        text("Boroughs with one"),
    )
    rows = tuple(
        (
            Cell(say(_RULES[str(row["rule"])])),
            Cell(_share(row)),
            Cell(count(row["boroughs"])),
        )
        for row in records(table)
    )
    return Rows(text("Four rules of entry side by side"), heads, rows, "wide", unseen=False)


def _share(row: Mapping[str, object]) -> str:
    middle, low, high = (percent(real(row[end])) for end in ("captured", "lower", "upper"))
    return text("{figure} ({low} to {high})", figure=middle, low=low, high=high)


def _between(middle: object, low: object, high: object) -> str:
    told = [number(real(end)) for end in (middle, low, high)]
    return text("{figure} ({low} to {high})", figure=told[0], low=told[1], high=told[2])
