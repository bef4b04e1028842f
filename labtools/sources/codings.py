"""What persons decided about subjects that no rule names: subject → crime code."""

from __future__ import annotations

import pandas as pd

from labtools.sources.protocol import Cleaned, Intake, accounted, cut_short, keys, read_rows, tidy


def clean_codings(intake: Intake) -> Cleaned:
    """Return the canonical table ``codings``; two persons may code the same subject.

    Rejected: a row without subject, or whose code can be none.
    """
    rows = read_rows(intake, "subject", "crime_code")
    column = intake.descriptor.column

    def cells(ours: str) -> pd.Series:
        given = column(ours)
        return tidy(rows.cells[given]) if given else pd.Series(None, rows.cells.index, dtype="str")

    code, _ = keys(cells("crime_code"))
    reasons = cut_short(rows.cells)
    reasons[code.isna()] = "code_not_valid"
    reasons[cells("subject").isna()] = "no_subject"
    table = pd.DataFrame({"subject": cells("subject"), "crime_code": code, "coder": cells("coder")})
    kept = table[reasons.isna()].reset_index(drop=True)
    return Cleaned({"codings": kept}, accounted(intake, rows, reasons))
