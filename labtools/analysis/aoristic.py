"""Time of day when it is known between two limits only, or not at all.

A theft found in the morning happened some time in the night: each hour between the limits gets
its share of the event (aoristic weights).  Clerks write noon where they do not know; what noon
has above its neighbours is taken as unknown and shared out as the known ones are.

When to use it: to choose hours for an action.  When not: for a single event, nor where the
limits are days apart: the weights then say nothing, and :func:`hours_of_day` counts them apart.

References
----------
Ratcliffe, J. H. (2002). Aoristic signatures and the spatio-temporal analysis of high volume
crime patterns. J. Quant. Criminol. 18, 23-43. doi:10.1023/A:1013240828824
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from labtools.errors import AnalysisError

_HOURS = 24
_SURE = 0.95
_DRAWS = 999
_SECONDS = 3_600.0


@dataclass(frozen=True, slots=True)
class HoursOfDay:
    """How events are spread over the hours of the day.

    Attributes
    ----------
    table : pandas.DataFrame
        By hour from 0 to 23: ``events`` (may be parts), ``share``, and ``lower`` and ``upper``,
        95 % limits of the share.
    unknown : float
        Events whose hour was shared out as the known ones are.
    """

    table: pd.DataFrame
    unknown: float


def aoristic_weights(start: pd.Series, end: pd.Series) -> pd.DataFrame:
    """Return the share of each event in each hour of the day; each row sums to one.

    Parameters
    ----------
    start, end : pandas.Series of timestamps
        The limits, ``[start, end)``; equal limits mean that the moment is known.  A missing
        limit, or limits a day apart or more, tell nothing: the row is missing.

    Raises
    ------
    AnalysisError
        If an event ends before it starts.
    """
    last = end.reindex(start.index)
    wrong = last < start
    if wrong.any():
        raise AnalysisError(
            "An event cannot end before it starts: {n} do, the first is {first}. Correct the "
            "limits in the source.",
            n=int(wrong.sum()),
            first=str(start.index[wrong][0]),
        )
    length = (last - start).dt.total_seconds().to_numpy() / _SECONDS
    clock = (start - start.dt.normalize()).dt.total_seconds().to_numpy() / _SECONDS
    hours = np.arange(2 * _HOURS)
    begin = np.maximum(hours[None], clock[:, None])
    close = np.minimum(hours[None] + 1.0, (clock + length)[:, None])
    overlap = np.clip(close - begin, 0, None)
    folded = overlap[:, :_HOURS] + overlap[:, _HOURS:]
    with np.errstate(invalid="ignore", divide="ignore"):
        weights = folded / length[:, None]
    moment = length == 0
    known_hour = np.floor(np.nan_to_num(clock)).astype(int)
    weights[moment] = np.eye(_HOURS)[known_hour[moment]]
    weights[~(length < _HOURS)] = np.nan
    return pd.DataFrame(weights, index=start.index, columns=range(_HOURS))


def hours_of_day(weights: pd.DataFrame, *, rng: np.random.Generator) -> HoursOfDay:
    """Return the spread over hours, the unknown shared out as the known are.

    Limits are those of a multinomial of as many events as are known.

    Raises
    ------
    AnalysisError
        If no event has a known hour.
    """
    known = weights.dropna()
    total = known.to_numpy().sum(axis=0)
    if not total.sum():
        raise AnalysisError(
            "None of the {n} events has a known hour. Leave the hours out of the report.",
            n=len(weights),
        )
    unknown = float(len(weights) - len(known))
    return _spread(total, unknown, rng)


def hours_without_heap(
    hours: pd.Series, *, heaps: tuple[int, ...] = (0, 12), rng: np.random.Generator
) -> HoursOfDay:
    """Return the spread over whole hours, what default hours have too much taken as unknown.

    Parameters
    ----------
    hours : pandas.Series of Int64
        Hour of each event, 0 to 23; missing where nobody wrote one.
    heaps : tuple of int
        Hours that stand for "not known": what they have above the mean of the hours beside
        them is not believed.
    """
    counts = hours.dropna().astype(int).value_counts().reindex(range(_HOURS), fill_value=0)
    kept = counts.to_numpy(float)
    beside = {hour: (kept[hour - 1] + kept[(hour + 1) % _HOURS]) / 2 for hour in heaps}
    excess = 0.0
    for hour, usual in beside.items():
        excess += max(0.0, kept[hour] - usual)
        kept[hour] = min(kept[hour], usual)
    if not kept.sum():
        raise AnalysisError(
            "None of the {n} events has a known hour. Leave the hours out of the report.",
            n=len(hours),
        )
    return _spread(kept, float(hours.isna().sum()) + excess, rng)


def _spread(known: np.ndarray, unknown: float, rng: np.random.Generator) -> HoursOfDay:
    share = known / known.sum()
    draws = rng.multinomial(max(1, round(known.sum())), share, size=_DRAWS) / known.sum()
    tail = (1 - _SURE) / 2
    table = pd.DataFrame(
        {
            "events": known + unknown * share,
            "share": share,
            "lower": np.quantile(draws, tail, axis=0),
            "upper": np.quantile(draws, 1 - tail, axis=0),
        },
        index=pd.RangeIndex(_HOURS, name="hour"),
    )
    return HoursOfDay(table, unknown)
