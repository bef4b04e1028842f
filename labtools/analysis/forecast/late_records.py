"""How many of a month's records are there when the month is first looked at.

Case files come in for weeks after the fact.  What earlier runs said of their youngest month,
beside what is said of it now, tells how much was still missing.

When to use it: before a young month is compared with what was expected.  When not: where the
rules of recording changed between the runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

_ENOUGH_EVENTS = 200
_LEAST = 0.3
_WEIGHT = 50.0
_QUARTER, _YEAR, _QUARTERS = 3, 12, 4


@dataclass(frozen=True, slots=True)
class Completeness:
    """The share of a young month's records that is already there.

    Attributes
    ----------
    share : float
        Between 0.3 and 1; missing where too little is known to tell.
    runs : int
        Earlier looks that it was learnt from.
    """

    share: float
    runs: int


def learn_completeness(now: pd.Series, earlier: Sequence[pd.Series], *, age: int) -> Completeness:
    """Learn from earlier looks how complete a month is at `age` months after the last known one.

    Parameters
    ----------
    now : pandas.Series
        Events of the whole municipality by month, as known now.
    earlier : sequence of pandas.Series
        The same as known at earlier looks; the youngest month of each is its last.
    age : int
        0 for the youngest month, 1 for the one before.

    Notes
    -----
    The ratio of sums is drawn towards one by the weight of 50 events, so that little evidence
    changes little.
    """
    pairs = [_pair(now, told, age) for told in earlier]
    known = np.array([pair for pair in pairs if pair is not None], float).reshape(-1, 2)
    then, since = known.sum(axis=0)
    if since < _ENOUGH_EVENTS:
        return Completeness(np.nan, 0)
    share = (then + _WEIGHT) / (since + _WEIGHT)
    return Completeness(float(np.clip(share, _LEAST, 1.0)), len(known))


def share_recorded(now: pd.Series, earlier: Sequence[pd.Series], *, age: int, months: int) -> float:
    """Return which share of the events of the last `months` months is recorded by now.

    Parameters
    ----------
    now, earlier, age
        As in :func:`learn_completeness`; `age` is that of the youngest of those months.

    Returns
    -------
    float
        Missing where earlier looks tell nothing of one of those months: not known is not whole.
    """
    known = now.dropna().sort_index()
    last = known.iloc[len(known) - age - months : len(known) - age]
    ages = range(age + len(last) - 1, age - 1, -1)
    shares = [learn_completeness(now, earlier, age=each).share for each in ages]
    # What is recorded, over what it is a share of.
    return float(last.sum() / (last / shares).sum(skipna=False)) if last.sum() else np.nan


def recorded_by_quarter(totals: pd.Series, by_span: Mapping[int, float]) -> pd.Series:
    """Return which share of the events of each of the last four quarters is recorded by now.

    Parameters
    ----------
    totals : pandas.Series
        Events of the whole municipality by quarter, the latest last.
    by_span : mapping of int to float
        What :func:`share_recorded` says of the last 3 and 12 months; a span that is not told is
        not known, and nothing is allowed for it.

    Returns
    -------
    pandas.Series
        By quarter, between 0.3 and 1; the three older ones of a year have one share together.
        Empty where nothing is known.
    """
    year = totals.dropna().sort_index().iloc[-_QUARTERS:]
    shares: dict[object, float] = {}
    if _QUARTER in by_span and len(year):
        shares[year.index[-1]] = by_span[_QUARTER]
    if {_QUARTER, _YEAR} <= set(by_span) and len(year) == _QUARTERS and year.iloc[:-1].sum():
        # What is to come of the year, less what is to come of its last quarter.
        whole = year.sum() / by_span[_YEAR] - year.iloc[-1] / by_span[_QUARTER]
        older = year.iloc[:-1].sum() / max(whole, year.iloc[:-1].sum())
        shares |= dict.fromkeys(year.index[:-1], float(older))
    return pd.Series(shares, dtype=float).clip(_LEAST, 1.0).sort_index()


def _pair(now: pd.Series, told: pd.Series, age: int) -> tuple[float, float] | None:
    known = told.dropna().sort_index()
    if len(known) <= age:
        return None
    month = known.index[-1 - age]
    # A month that is as young now as it was then has not had the time to fill.
    if month not in now.index or month >= now.dropna().index.max() - pd.DateOffset(months=2):
        return None
    return float(known[month]), float(now[month])
