"""Other names of colonias, and what persons decided about written names; dated."""

from __future__ import annotations

import pandas as pd

from labtools.sources.days import days
from labtools.sources.protocol import Cleaned, Intake, accounted, cut_short, keys, read_rows, tidy


def clean_aliases(intake: Intake) -> Cleaned:
    """Return the canonical table ``aliases``: what a written name means, and between which days.

    A row without key says that the name is no colonia of this register.  A colonia that was
    renamed has a row with its old name; one that was split, a row of the old name for each
    part, so that the name alone means none of them.

    Rejected: a row without a name, with a key that is none, a date that is not one,
    or an end before its beginning.
    """
    rows = read_rows(intake, "colonia_id", "name")
    column = intake.descriptor.column

    def cells(ours: str) -> pd.Series:
        given = column(ours)
        return tidy(rows.cells[given]) if given else pd.Series(None, rows.cells.index, dtype="str")

    key, _ = keys(cells("colonia_id"))
    reasons = cut_short(rows.cells)
    limits = {}
    for ours in ("valid_from", "valid_until"):
        limits[ours] = pd.Series(pd.NaT, rows.cells.index)
        if column(ours):
            limits[ours] = days(intake, rows.cells, column(ours))
            reasons[limits[ours].isna() & cells(ours).notna()] = "date_not_valid"
    reasons[limits["valid_until"] < limits["valid_from"]] = "ends_before_it_begins"
    reasons[key.isna() & cells("colonia_id").notna()] = "key_not_valid"
    reasons[cells("name").isna()] = "no_name"
    table = pd.DataFrame(
        {
            "colonia_id": key,
            "name": cells("name"),
            "borough": cells("borough"),
            **limits,
            "why": cells("why"),
        }
    )[reasons.isna()]
    return Cleaned({"aliases": table.reset_index(drop=True)}, accounted(intake, rows, reasons))
