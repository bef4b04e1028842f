"""Half-open spans of months and quarters."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from labtools.errors import SettingsError

MONTHS_IN_WINDOW = 12


@dataclass(frozen=True, slots=True)
class Window:
    """The twelve months that a ficha speaks of, and the twelve before them.

    Attributes
    ----------
    before_start, start, end : pandas.Timestamp
        ``[before_start, start)`` is compared with ``[start, end)``; first days of quarters.
    """

    before_start: pd.Timestamp
    start: pd.Timestamp
    end: pd.Timestamp

    @property
    def last_month(self) -> str:
        """The last month inside, as ``YYYY-MM``."""
        return f"{self.end - pd.DateOffset(months=1):%Y-%m}"


def window_ending(period_end: str, *, first: pd.Timestamp, last: pd.Timestamp) -> Window:
    """Return the window whose last month is `period_end`.

    Parameters
    ----------
    period_end : str
        ``YYYY-MM``, the last month of a quarter; empty for the last complete quarter.
    first, last : pandas.Timestamp
        First and last month with data.

    Raises
    ------
    SettingsError
        If the text is not a month, does not end a quarter, or the data do not cover it.
    """
    asked = last_month_asked(period_end) if period_end else None
    end = asked + pd.DateOffset(months=1) if asked else _last_quarter_end(last)
    window = Window(
        end - pd.DateOffset(months=2 * MONTHS_IN_WINDOW),
        end - pd.DateOffset(months=MONTHS_IN_WINDOW),
        end,
    )
    if window.start < first or end > last + pd.DateOffset(months=1):
        raise SettingsError(
            "There are no data for the twelve months that end in {asked}: the data run from "
            "{first} to {last}. Ask for a period inside them.",
            asked=window.last_month,
            first=f"{first:%Y-%m}",
            last=f"{last:%Y-%m}",
        )
    return window


def last_month_asked(period_end: str) -> pd.Timestamp:
    """Return the first day of the month that `period_end` (``YYYY-MM``) names.

    Raises
    ------
    SettingsError
        If the text is not a month, or the month does not end a quarter.
    """
    try:
        month = pd.to_datetime(period_end, format="%Y-%m")
    except ValueError as wrong:
        raise SettingsError(
            "“{asked}” is not a month: write the last month as YYYY-MM, for example 2025-12.",
            asked=period_end,
        ) from wrong
    if month.month % 3:
        raise SettingsError(
            "The period must end with a quarter (March, June, September or December), and "
            "{asked} does not: what is published by colonia is counted by quarters.",
            asked=period_end,
        )
    return month


def quarter_of(months: pd.Series) -> pd.Series:
    """Return the first day of the quarter of each month."""
    return months.dt.to_period("Q").dt.start_time.astype("datetime64[us]")


def _last_quarter_end(last: pd.Timestamp) -> pd.Timestamp:
    after = last + pd.DateOffset(months=1)
    return after.to_period("Q").start_time.as_unit("us")
