"""What is known of each quarter beside its counts: who was in a programme, what is recorded."""

from __future__ import annotations

import pandas as pd

from labtools.analysis.forecast.late_records import recorded_by_quarter
from labtools.tables import vocabulary as words
from labtools.workflow.edition import Edition


def quarters_recorded(series: pd.DataFrame, edition: Edition) -> pd.Series:
    """Return by quarter the share of its case files that is thought to be recorded by now.

    Empty where no earlier run can tell.
    """
    known = series[(series["group"] == words.TOTAL) & (series["quarter"] < edition.window.end)]
    totals = known.groupby("quarter")["events"].sum(min_count=1).astype("Float64").astype(float)
    return recorded_by_quarter(totals, edition.recorded)


def programme_in_force(
    programme: pd.DataFrame, starts: pd.DatetimeIndex, colonias: pd.Index, *, months: int
) -> pd.DataFrame:
    """Return by colonia and period the share of the period in which it was in the programme.

    Parameters
    ----------
    programme : pandas.DataFrame
        Canonical table ``programme``.
    starts : pandas.DatetimeIndex
        First days of the periods.
    months : int
        Length of a period.
    """
    ends = starts + pd.DateOffset(months=months)
    told = programme[programme["colonia_id"].isin(colonias)]
    found = pd.DataFrame(0.0, index=colonias, columns=starts)
    for start, end in zip(starts, ends, strict=True):
        first = told["entered_on"].clip(lower=start)
        last = told["left_on"].fillna(end).clip(upper=end)
        days = (last - first).dt.days.clip(lower=0)
        share = (days / (end - start).days).groupby(told["colonia_id"]).sum().clip(upper=1.0)
        found[start] = share.reindex(colonias).fillna(0.0)
    return found
