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
    programme: pd.DataFrame, series: pd.DataFrame, colonias: pd.Index
) -> pd.DataFrame:
    """Return by colonia and quarter the share of the quarter in which it was in the programme."""
    starts = pd.DatetimeIndex(sorted(series["quarter"].unique()))
    ends = starts + pd.DateOffset(months=3)
    told = programme[programme["colonia_id"].isin(colonias)]
    found = pd.DataFrame(0.0, index=colonias, columns=starts)
    for start, end in zip(starts, ends, strict=True):
        first = told["entered_on"].clip(lower=start)
        last = told["left_on"].fillna(end).clip(upper=end)
        days = (last - first).dt.days.clip(lower=0)
        share = (days / (end - start).days).groupby(told["colonia_id"]).sum().clip(upper=1.0)
        found[start] = share.reindex(colonias).fillna(0.0)
    return found
