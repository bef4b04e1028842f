"""Of which months and days a file of events speaks, and which of them cannot be true.

A month without a row would read as a month without crime, and a day that clerks type when they
do not know the true one as a wave of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import scipy

from labtools.errors import SourceError
from labtools.findings import Finding, Severity
from labtools.messages import plural, text
from labtools.sources.protocol import Intake

#: So seldom would months without a row be met in a file whose months are all there.
_RARE = 0.01
#: So few events nearby do not say how many a month has.
_FEW = 20
#: Months on each side of a gap that say how many events it would have had.
_NEAR = 12
#: Days between the last event and the cut that nobody wonders at.
_QUIET_DAYS = 10
#: A day is a pile of so many events, so many times those of its neighbours, and by chance once
#: in so many files.
_PILE, _TIMES, _PILE_RARE = 10, 3.0, 1e-6
_NEAR_DAYS = 14


@dataclass(frozen=True, slots=True)
class Spanned:
    """What the days of a file say of themselves.

    Attributes
    ----------
    findings : tuple of Finding
    changed : mapping of str to int
        Words of the account → rows.
    """

    findings: tuple[Finding, ...] = ()
    changed: Mapping[str, int] = field(default_factory=dict)


def check_span(intake: Intake, daily: pd.Series) -> Spanned:
    """Refuse a file that lacks whole months, and tell of days that cannot be true.

    Parameters
    ----------
    daily : pandas.Series of int
        Events that are kept of each day on which there was one, indexed by the day.

    Raises
    ------
    SourceError
        If months within the period of the file, or at its end, have no event, and events are so
        many beside them that chance would leave them out in less than one file of a hundred;
        unless ``empty_months`` declares that truly nothing happened in them.
    """
    if daily.empty:
        return Spanned()
    counted = _monthly(intake, daily)
    for gap in _gaps(counted):
        if gap.chance * len(counted) < _RARE:
            raise _missing(intake, list(gap.months.strftime("%Y-%m")), gap.expected)
    piled, told = _piles(intake, daily)
    last = daily.index.max()
    found = (*_empty(intake, counted), *_ends_early(intake, last, counted), *told)
    return Spanned(found, {"date_piled": piled} if piled else {})


@dataclass(frozen=True, slots=True)
class _Gap:
    """Months without an event, one after the other; how many events they should have had."""

    months: pd.DatetimeIndex
    expected: float

    @property
    def chance(self) -> float:
        return float(np.exp(-self.expected * len(self.months)))


def _monthly(intake: Intake, daily: pd.Series) -> pd.Series:
    """Return events of each whole month, from the first of the file to its cut.

    A month that is declared to be empty tells nothing of the others.
    """
    first = daily.index.min() if intake.first_day is None else intake.first_day
    last = (intake.cutoff + pd.Timedelta(days=1)).to_period("M") - 1
    start = first.to_period("M") + int(intake.first_day is not None and first.day > 1)
    months = pd.period_range(start, last, freq="M").to_timestamp()
    counted = daily.groupby(daily.index.to_period("M").to_timestamp()).sum()
    every = counted.reindex(months, fill_value=0)
    declared = every.index.strftime("%Y-%m").isin(intake.descriptor.empty_months)
    return every[~declared | every.gt(0)]


def _gaps(counted: pd.Series) -> Iterable[_Gap]:
    """Return the runs of months without events, with what the months on both sides had."""
    none = counted.eq(0)
    for _, run in none.groupby(none.ne(none.shift()).cumsum()):
        if not run.iloc[0]:
            continue
        at, after = counted.index.get_loc(run.index[0]), counted.index.get_loc(run.index[-1]) + 1
        sides = [counted.iloc[max(0, at - _NEAR) : at], counted.iloc[after : after + _NEAR]]
        # The smaller side: a source that begins small had few events before it grew.
        expected = min((float(side.mean()) for side in sides if len(side)), default=0.0)
        if sum(int(side.sum()) for side in sides) >= _FEW:
            yield _Gap(pd.DatetimeIndex(run.index), expected)


def _missing(intake: Intake, names: list[str], expected: float) -> SourceError:
    return SourceError(
        plural(
            "{path} has no event in {first}, and its months nearby have {expected} each: the month "
            "is missing, and would pass for one without crime. Ask the supplier for it; if truly "
            "nothing happened, write it under “empty_months” in lab.toml; if the file ends or "
            "begins elsewhere, correct “cutoff” or “first_day”.",
            "{path} has no event in {n} months, {first} to {last}, and its months nearby have "
            "{expected} each: the months are missing, and would pass for months without crime. Ask "
            "the supplier for them; if truly nothing happened, write them under “empty_months” in "
            "lab.toml; if the file ends or begins elsewhere, correct “cutoff” or “first_day”.",
        ),
        path=intake.path.name,
        n=len(names),
        first=names[0],
        last=names[-1],
        expected=f"{expected:,.0f}",
    )


def _empty(intake: Intake, counted: pd.Series) -> tuple[Finding, ...]:
    names = list(counted.index[counted.eq(0)].strftime("%Y-%m"))
    if not names or intake.first_day is None:
        return ()
    sentence = plural(
        "{source}: no event in {first}; it counts as a month without any. Compare it with the "
        "supplier.",
        "{source}: no event in {n} months, the first {first}; they count as months without any. "
        "Compare them with the supplier.",
    )
    facts = {"source": intake.source, "n": len(names), "first": names[0]}
    return (Finding(sentence, Severity.CAUTION, facts),)


def _ends_early(intake: Intake, last: pd.Timestamp, counted: pd.Series) -> tuple[Finding, ...]:
    quiet = (intake.cutoff - last).days
    late = counted[counted.gt(0)].iloc[-_NEAR:]
    expected = float(late.mean()) * quiet / 30.4 if late.sum() >= _FEW else 0.0
    if quiet <= _QUIET_DAYS or np.exp(-expected) >= _RARE:
        return ()
    sentence = text(
        "{source}: its last event is of {last:%Y-%m-%d}, {n} days before its cut, "
        "{cutoff:%Y-%m-%d}, and so long a silence is not its habit. "
        "Ask the supplier until when the file speaks."
    )
    facts = {"source": intake.source, "last": last, "n": quiet, "cutoff": intake.cutoff}
    return (Finding(sentence, Severity.CAUTION, facts),)


def _piles(intake: Intake, counted: pd.Series) -> tuple[int, tuple[Finding, ...]]:
    """Return how many events stand on days that are improbably full, and what to say of them."""
    every = pd.date_range(counted.index.min(), counted.index.max())
    daily = counted.reindex(every, fill_value=0).astype(float)
    around = daily.rolling(2 * _NEAR_DAYS + 1, center=True, min_periods=1)
    many = around.count() - 1
    usual = ((around.sum() - daily) / many.where(many > 0)).fillna(daily)
    chance = scipy.stats.poisson.sf(daily - 1, usual.clip(lower=1 / (2 * _NEAR_DAYS)))
    pile = daily[daily.ge(_PILE) & daily.ge(_TIMES * usual) & (chance < _PILE_RARE)]
    if pile.empty:
        return 0, ()
    worst = pile.idxmax()
    sentence = plural(
        "{source}: {events} events are dated {day:%Y-%m-%d}, and the days around it have {usual} "
        "each. It is probably typed where the day is not known; its month is too full.",
        "{source}: {n} days have far more events than those around them; the fullest is "
        "{day:%Y-%m-%d}, with {events} where the days around it have {usual} each. They are "
        "probably typed where the day is not known; their months are too full.",
    )
    facts = {
        "source": intake.source,
        "n": len(pile),
        "day": worst,
        "events": int(pile[worst]),
        "usual": round(float(usual[worst]), 1),
    }
    return int(pile.sum()), (Finding(sentence, Severity.CAUTION, facts),)
