"""A claim about crime, checked: "bajó 9 %" with its base, its interval, and whether it compares.

When to use it: before a percentage is repeated.  When not: to choose which percentage to claim.
"""

from __future__ import annotations

import pandas as pd

from labtools.analysis.change import compare_windows
from labtools.errors import AnalysisError
from labtools.tables.claimed import Checked, verdict_of


def check_claim(
    claimed: float,
    counts: pd.Series,
    *,
    now: tuple[str, str],
    before: tuple[str, str],
    dispersion: float = 1.0,
    complete: float = 1.0,
) -> Checked:
    """Check a claimed percentage of change between two spans of months.

    Parameters
    ----------
    claimed : float
        Per cent, negative for a fall; see :func:`labtools.tables.claimed.read_claim`.
    counts : pandas.Series
        Events by month (first days).
    now, before : (str, str)
        First month and the month after the last, ``("2025-01", "2026-01")``.
    dispersion : float
        Variance over mean of the counts.
    complete : float
        Share of the events of `now` that were recorded when they were counted; below one the
        periods do not compare.

    Raises
    ------
    AnalysisError
        If a month of either span is not known.
    """
    spans = [_months(span) for span in (before, now)]
    told = [counts.reindex(months).astype(float) for months in spans]
    missing = pd.concat(told).isna()
    if missing.any():
        raise AnalysisError(
            "{n} months of the two periods have no count; the first is {first}. A claim about "
            "them cannot be checked.",
            n=int(missing.sum()),
            first=missing.idxmax().strftime("%Y-%m"),
        )
    base, latest = (float(part.sum()) for part in told)
    comparable = [list(m.month) for m in spans]
    alike = comparable[0] == comparable[1] and complete >= 1
    index = pd.Index(["all"])
    row = compare_windows(
        pd.Series([base], index), pd.Series([latest], index), dispersion=dispersion
    ).table.iloc[0]
    percent, lower, upper = ((row[name] - 1) * 100 for name in ("ratio", "lower", "upper"))
    verdict = verdict_of(claimed, lower, upper) if alike else "not_comparable"
    return Checked(claimed, base, latest, percent, lower, upper, verdict)


def _months(span: tuple[str, str]) -> pd.DatetimeIndex:
    return pd.date_range(span[0], span[1], freq="MS", inclusive="left")
