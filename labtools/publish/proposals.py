"""What is proposed in a colonia, as a section: each action with its reasons and its doubt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from labtools.messages import number, text
from labtools.narrative.proposals import change_words, fewer_words, proposals_here
from labtools.publish.figures import Cell
from labtools.publish.sections import Rows, Section, Source
from labtools.publish.ties import tied
from labtools.tables.action_words import action_words, caveat_words, need_words, standing_words

#: So many are shown, those with more evidence first; the others are in the open data.
MOST = 3


def proposals_section(source: Source) -> Section | None:
    """Return what is proposed, each action with its reason, agency, evidence and cautions."""
    if "proposals" not in source.tables:
        return None
    table = proposals_here(source.tables)
    told = source.told("proposed")
    # Those that open and close: the table says what the sentences of each action say.
    said = (*told[: len(told) - len(table) - 1], *told[-1:]) if len(table) else told
    rows = tuple(_row(row) for _, row in table.head(MOST).iterrows())
    title = text("What is proposed")
    heads = (
        text("Action"),
        text("Answers to"),
        text("Who would do it"),
        text("Expected on crime"),
        text("Expected on fear"),
        text("Evidence and cautions"),
    )
    tables = (Rows(title, heads, rows, "wide"),) if rows else ()
    # In a cell these words would take five lines of paper.
    notes = tuple(
        text("{action}: {fewer}.", action=_action(row), fewer=fewer)
        for _, row in table.head(MOST).iterrows()
        if (fewer := fewer_words(row))
    )
    notes = (" ".join(notes),) if notes else ()
    if len(table) > MOST:
        notes = (
            *notes,
            text(
                "Here are {shown} of them, those with most evidence first; all {n} are in the open "
                "data.",
                shown=MOST,
                n=len(table),
            ),
        )
    return Section("proposed", title, "full", sentences=said, tables=tables, notes=notes)


def _row(row: pd.Series) -> tuple[Cell, ...]:
    action = _action(row)
    standing = str(row["standing"])
    evidence = _cited(str(row["evidence"]), str(row["caveats"]))
    return (
        Cell(action if standing == "proposed" else f"{action} ({standing_words(standing)})"),
        Cell(need_words(str(row["need"]))),
        Cell(str(row["agency_name"]), own=True),
        Cell(change_words(_anywhere(row), "crime")),
        Cell(change_words(row, "fear")),
        Cell(evidence),
    )


def _action(row: pd.Series) -> str:
    return action_words(str(row["intervention"]), str(row["name"]))


def _anywhere(row: pd.Series) -> pd.Series:
    return row.drop(["fewer_lower", "fewer_upper"], errors="ignore")


def proposed_in_short(tables: Mapping[str, pd.DataFrame]) -> Section | None:
    """Return what is proposed in the whole municipality, by action: what a council decides on."""
    table = tables.get("proposals", pd.DataFrame())
    if table.empty:
        return None
    rows = tuple(_in_short(action) for _, action in table.groupby("intervention", sort=True))
    title = text("Decisions asked for: what is proposed")
    heads = (
        text("Action"),
        text("Who would do it"),
        text("Colonias where it is proposed"),
        text("Expected on crime"),
        text("Expected on fear"),
        text("Evidence and cautions"),
    )
    notes = (
        text("The expected change is that of studies elsewhere; only an evaluation says it here."),
    )
    wide = Rows(title, heads, rows, "wide")
    return Section("decisions", title, "full", tables=(wide,), notes=notes, made_of=("proposals",))


def proposals_facts(tables: Mapping[str, pd.DataFrame]) -> dict[str, object]:
    """Return what the page of proposals is filled with, in the language in force."""
    section = proposed_in_short(tables)
    return {
        "title": text("What is proposed"),
        "lead": text(
            "Actions that answer what stands out in each colonia beside others like it, with "
            "what is known of their effect and what is not. Which colonias is told in each "
            "profile; none is ranked."
        ),
        "nothing": text("This edition proposes no action with a verified figure."),
        "section": section and replace(section, notes=(*section.notes, tied(*section.made_of))),
    }


def _cited(evidence: str, caveats: str) -> str:
    """Return a citation with its caveats; one that ends in a point (et al.) needs no other."""
    stop = "" if evidence.endswith(".") else "."
    return f"{evidence}{stop} {caveat_words(caveats)}".strip()


def _in_short(rows: pd.DataFrame) -> tuple[Cell, ...]:
    # How many fewer is of one colonia: it says nothing of all of them together.
    first = _anywhere(rows.iloc[0])
    caveats = " ".join(dict.fromkeys(" ".join(rows["caveats"].astype(str)).split()))
    return (
        Cell(action_words(str(first["intervention"]), str(first["name"]))),
        Cell(", ".join(sorted(map(str, rows["agency_name"].unique()))), own=True),
        Cell(number(rows["colonia_id"].nunique())),
        Cell(change_words(first, "crime")),
        Cell(change_words(first, "fear")),
        Cell(_cited(str(first["evidence"]), caveats)),
    )
