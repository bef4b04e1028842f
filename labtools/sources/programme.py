"""The prevention programme: which colonias since when (dated data), and what was done where."""

from __future__ import annotations

import pandas as pd

from labtools.errors import SourceError
from labtools.sources.days import days
from labtools.sources.figures import measures, missing_by_reason, row_in_file
from labtools.sources.protocol import (
    Cleaned,
    Intake,
    accounted,
    cut_short,
    dates,
    fold_text,
    keys,
    read_rows,
    tidy,
)
from labtools.sources.repeats import are_totals, refuse_pasted, repeated_rows


def clean_programme(intake: Intake) -> Cleaned:
    """Return the canonical table ``programme``: a row for each entry of a colonia.

    Rejected: a row without a key, and one whose date of entry or of leaving is not a date (a
    colonia must not stay in the programme because of a slip), that says what another said, or an
    entry of a colonia that had not left since another.

    Raises
    ------
    SourceError
        If two rows of one entry contradict each other.
    """
    rows = read_rows(intake, "colonia_id", "entered_on")
    column = intake.descriptor.column
    entered = days(intake, rows.cells, column("entered_on"))
    written = tidy(_cells(intake, rows.cells, "left_on"))
    left = days(intake, rows.cells, column("left_on")) if column("left_on") else dates(written, "")
    key, _ = keys(_cells(intake, rows.cells, "colonia_id"))
    reasons = cut_short(rows.cells)
    said = [name for name in (column("left_on"), column("stage")) if name]
    told = rows.cells.loc[reasons.isna(), [column("colonia_id"), column("entered_on"), *said]]
    reasons[told.index[repeated_rows(intake, told, said)]] = "row_repeated"
    reasons[entered.isna() | (written.notna() & left.isna())] = "date_not_valid"
    reasons[left < entered] = "left_before_entering"
    reasons[key.isna()] = "no_key"
    good = pd.DataFrame({"key": key, "entered": entered, "left": left})[reasons.isna()]
    reasons[_still_in(good)] = "still_in_programme"
    table = pd.DataFrame(
        {
            "colonia_id": key,
            "entered_on": entered,
            "left_on": left,
            "stage": tidy(_cells(intake, rows.cells, "stage")),
        }
    )[reasons.isna()].reset_index(drop=True)
    return Cleaned({"programme": table}, accounted(intake, rows, reasons))


def clean_actions(intake: Intake) -> Cleaned:
    """Return the canonical table ``actions``: what was done where, when, by whom, at what cost.

    Rejected: a row that does not say what was done, whose key is none, whose date is not one,
    or that was done after the cut.  A row without a key is an action in no one colonia.

    Raises
    ------
    SourceError
        If a block of rows was pasted twice, or a dose or a cost is no number.
    """
    rows = read_rows(intake, "colonia_id", "done_on", "action_type")
    refuse_pasted(intake, rows.cells)
    done = days(intake, rows.cells, intake.descriptor.column("done_on"))
    written = _cells(intake, rows.cells, "colonia_id")
    key, _ = keys(written)
    what = tidy(_cells(intake, rows.cells, "action_type"))
    reasons = cut_short(rows.cells)
    reasons[what.isna()] = "no_action_type"
    reasons[are_totals(fold_text(what))] = "total_row"
    reasons[key.isna() & tidy(written).notna()] = "key_not_valid"
    reasons[done > intake.cutoff] = "after_cutoff"
    reasons[done.isna()] = "date_not_valid"
    table = pd.DataFrame(
        {
            "colonia_id": key,
            "done_on": done,
            "action_type": what,
            "agency": tidy(_cells(intake, rows.cells, "agency")),
            "dose": _amounts(intake, rows.cells, "dose"),
            "unit": tidy(_cells(intake, rows.cells, "unit")),
            "cost": _amounts(intake, rows.cells, "cost"),
        }
    )[reasons.isna()].reset_index(drop=True)
    amounts = [it for it in map(intake.descriptor.column, ("dose", "cost")) if it]
    why = missing_by_reason(intake, rows.cells[reasons.isna()], amounts)
    return Cleaned({"actions": table}, accounted(intake, rows, reasons, why))


def _still_in(entries: pd.DataFrame) -> pd.Index:
    """Return the entries of colonias that were in the programme already."""
    order = entries.sort_values(["key", "entered"], kind="stable")
    until = order["left"].fillna(pd.Timestamp.max)
    before = until.groupby(order["key"]).cummax().groupby(order["key"]).shift()
    return order.index[before.notna() & (order["entered"] < before)]


def _cells(intake: Intake, cells: pd.DataFrame, ours: str) -> pd.Series:
    column = intake.descriptor.column(ours)
    return cells[column] if column else pd.Series(None, index=cells.index, dtype="str")


def _amounts(intake: Intake, cells: pd.DataFrame, ours: str) -> pd.Series:
    """Return doses or costs (in pesos); missing where the file has none."""
    column = intake.descriptor.column(ours)
    if not column:
        return pd.Series(float("nan"), cells.index)
    amount = measures(intake, cells, column)
    below = amount[amount < 0]
    if len(below):
        raise SourceError(
            "{path}, column “{column}”: {value} in row {row} is less than nothing ({n} such "
            "cells). Ask the supplier whether it takes back an action, and leave both out.",
            path=intake.path.name,
            column=column,
            value=str(cells.loc[below.index[0], column]),
            row=row_in_file(intake, below.index[0]),
            n=len(below),
        )
    return amount
