"""The prevention programme: which colonias since when (dated data), and what was done where."""

from __future__ import annotations

import pandas as pd

from labtools.sources.files import read_cells, require_columns
from labtools.sources.protocol import Cleaned, Intake, dates, numbers, tidy
from labtools.tables.account import Account


def clean_programme(intake: Intake) -> Cleaned:
    """Return the canonical table ``programme``: a row for each entry of a colonia.

    Rejected: a row without key, and one whose date of entry is not a date.
    """
    cells = read_cells(intake.path, intake.descriptor.file)
    require_columns(intake.path, cells, intake.descriptor.columns)
    column = intake.descriptor.column
    entered = dates(cells[column("entered_on")], intake.descriptor.date_format)
    key = tidy(cells[column("colonia_id")])
    reasons = pd.Series(None, index=cells.index, dtype="object")
    reasons[entered.isna()] = "date_not_valid"
    reasons[key.isna()] = "no_key"
    kept = reasons.isna()
    blank = pd.Series(None, index=cells.index, dtype="str")
    left = dates(cells[column("left_on")], intake.descriptor.date_format)
    table = pd.DataFrame(
        {
            "colonia_id": key,
            "entered_on": entered,
            "left_on": left,
            "stage": tidy(cells[column("stage")]) if column("stage") else blank,
        }
    )[kept].reset_index(drop=True)
    return Cleaned({"programme": table}, _account(intake, cells, reasons))


def clean_actions(intake: Intake) -> Cleaned:
    """Return the canonical table ``actions``: what was done, where, when, how much, by whom."""
    cells = read_cells(intake.path, intake.descriptor.file)
    require_columns(intake.path, cells, intake.descriptor.columns)
    column = intake.descriptor.column
    done = dates(cells[column("done_on")], intake.descriptor.date_format)
    reasons = pd.Series(None, index=cells.index, dtype="object")
    reasons[done > intake.cutoff] = "after_cutoff"
    reasons[done.isna()] = "date_not_valid"
    table = pd.DataFrame(
        {
            "colonia_id": tidy(cells[column("colonia_id")]),
            "done_on": done,
            "action_type": tidy(cells[column("action_type")]),
            "agency": tidy(cells[column("agency")]),
            "dose": numbers(intake, cells, column("dose")),
            "unit": tidy(cells[column("unit")]),
        }
    )[reasons.isna()].reset_index(drop=True)
    return Cleaned({"actions": table}, _account(intake, cells, reasons))


def _account(intake: Intake, cells: pd.DataFrame, reasons: pd.Series) -> Account:
    return Account(
        "clean",
        intake.source,
        read=len(cells),
        kept=int(reasons.isna().sum()),
        rejected={str(reason): int(n) for reason, n in reasons.value_counts().items()},
    )
