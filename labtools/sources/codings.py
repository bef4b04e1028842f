"""What persons decided about texts that no rule names: subject → crime code, or risk factor."""

from __future__ import annotations

import pandas as pd

from labtools.sources.protocol import Cleaned, Intake, accounted, cut_short, keys, read_rows, tidy


def clean_codings(intake: Intake) -> Cleaned:
    """Return the canonical table ``codings``; two persons may code the same subject.

    Rejected: a row without subject, or whose code can be none.
    """
    return _clean(intake, "codings", "crime_code")


def clean_factor_codings(intake: Intake) -> Cleaned:
    """Return the canonical table ``factor_codings``, as `clean_codings` does."""
    return _clean(intake, "factor_codings", "factor")


def _clean(intake: Intake, name: str, ours: str) -> Cleaned:
    rows = read_rows(intake, "subject", ours)
    column = intake.descriptor.column

    def cells(wanted: str) -> pd.Series:
        given = column(wanted)
        return tidy(rows.cells[given]) if given else pd.Series(None, rows.cells.index, dtype="str")

    code, _ = keys(cells(ours))
    reasons = cut_short(rows.cells)
    reasons[code.isna()] = "code_not_valid"
    reasons[cells("subject").isna()] = "no_subject"
    table = pd.DataFrame({"subject": cells("subject"), ours: code, "coder": cells("coder")})
    kept = table[reasons.isna()].reset_index(drop=True)
    return Cleaned({name: kept}, accounted(intake, rows, reasons))
