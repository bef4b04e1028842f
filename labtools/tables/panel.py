"""Counts by colonia, month and group, with explicit zeros and known gaps."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from labtools.tables import vocabulary as words
from labtools.tables.contracts import check_table
from labtools.tables.periods import quarter_of


@dataclass(frozen=True, slots=True)
class Counted:
    """A panel, and what became of each event.

    Attributes
    ----------
    panel : pandas.DataFrame
        Canonical table ``panel`` of one record type.
    kept : int
        Events that the panel counts.
    apart : mapping of str to int
        Events it does not count, by reason.
    """

    panel: pd.DataFrame
    kept: int
    apart: dict[str, int]


def complete_months(first_day: pd.Timestamp, cutoff: pd.Timestamp) -> pd.DatetimeIndex:
    """Return the first days of the months wholly inside ``[first_day, cutoff]``."""
    start = first_day if first_day.day == 1 else first_day + pd.offsets.MonthBegin(1)
    end = (cutoff + pd.Timedelta(days=1)).to_period("M").start_time
    return pd.date_range(start.normalize(), end, freq="MS", inclusive="left")


def count_events(
    events: pd.DataFrame, colonias: pd.Index, months: pd.DatetimeIndex, groups: tuple[str, ...]
) -> Counted:
    """Count classified events of one record type by colonia, month and group.

    Every combination has a row: zero means that the source covers the month and nothing was
    recorded there.

    Parameters
    ----------
    events : pandas.DataFrame
        Canonical table ``classified``, of one record type.
    colonias : pandas.Index
        Keys of the register.
    months : pandas.DatetimeIndex
        Months that the source covers whole.
    groups : tuple of str
        Groups that get a row, whether anything of theirs was recorded or not.
    """
    month = events["occurred_on"].dt.to_period("M").dt.start_time
    reason = pd.Series(None, index=events.index, dtype="object")
    reason[~events["crime_group"].isin(groups)] = "group_not_counted"
    reason[~events["colonia_id"].isin(colonias)] = "not_in_register"
    reason[events["colonia_id"].isna()] = "not_located"
    reason[~month.isin(months)] = "month_not_complete"
    kept = reason.isna()
    full = pd.MultiIndex.from_product(
        [colonias, months, groups], names=["colonia_id", "month", "group"]
    )
    keys = [events.loc[kept, "colonia_id"], month[kept], events.loc[kept, "crime_group"]]
    counts = events[kept].groupby(keys, observed=True).size().reindex(full, fill_value=0)
    table = counts.rename("events").reset_index()
    table.insert(2, "record_type", events["record_type"].iloc[0] if len(events) else "case_file")
    apart = {str(name): int(n) for name, n in reason.value_counts().items()}
    return Counted(check_table("panel", table), int(kept.sum()), apart)


def count_origins(events: pd.DataFrame, origins: pd.DataFrame, colonias: pd.Index) -> pd.DataFrame:
    """Return the canonical table ``origin_counts``: located case files by how they were known.

    Parameters
    ----------
    events : pandas.DataFrame
        Canonical table ``classified`` of one source.
    origins : pandas.DataFrame
        Canonical table ``origins`` of the same source.
    colonias : pandas.Index
        Keys of the register.
    """
    files = events[(events["record_type"] == "case_file") & events["colonia_id"].isin(colonias)]
    told = files.merge(origins, on="event_id", how="left").fillna({"origin": "unknown"})
    told = told.assign(
        month=told["occurred_on"].dt.to_period("M").dt.start_time, group=told["crime_group"]
    )
    keys = ["colonia_id", "month", "group", "origin"]
    table = told.groupby(keys, observed=True).size().rename("events").reset_index()
    return check_table("origin_counts", table)


def quarterly(panel: pd.DataFrame) -> pd.DataFrame:
    """Return the canonical table ``quarters``: case files by colonia, complete quarter and group.

    Only the groups that are shown by colonia; a quarter with a missing month is left out, and
    one with a month whose count is not known has no count either.
    """
    chosen = panel[(panel["record_type"] == "case_file") & panel["group"].isin(words.GROUPS)]
    quarter = quarter_of(chosen["month"])
    whole = chosen["month"].groupby(quarter).nunique()
    complete = quarter.isin(whole.index[whole == 3])  # noqa: PLR2004 - months in a quarter
    keys = [chosen["colonia_id"], quarter.rename("quarter"), chosen["group"]]
    summed = chosen[complete].groupby(keys)["events"].sum(skipna=False).reset_index()
    return check_table("quarters", summed.assign(state=words.SHOWN))
