"""Recorded crime in a sealed protocol: what its design says, what others say, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from labtools.errors import AnalysisError
from labtools.evaluation.chance import Choice, nothing_happened
from labtools.evaluation.cost import averted, unit_cost
from labtools.evaluation.counts import BESIDE
from labtools.evaluation.designs import Judged, judge
from labtools.evaluation.estimate import Estimate
from labtools.evaluation.programme import Cells, programme_effect
from labtools.evaluation.protocol import Protocol
from labtools.evaluation.sensitivity import drift_borne
from labtools.evaluation.verdict import times_more, verdict_on_change

_YEAR = 4
_PERCENT = 100.0

Row = dict[str, object]
How = tuple[Protocol, np.random.Generator]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What bounds what may be told.

    Attributes
    ----------
    held : str or None
        What forbids a verdict whatever the figures say.
    fewest : int
        Colonias of which anything may be told in this edition.
    """

    held: str | None = None
    fewest: int = 1


@dataclass(frozen=True, slots=True)
class CrimeTold:
    """What is told of recorded crime.

    Attributes
    ----------
    rows : list of mapping
        Of the table ``evaluation``; the design that decides comes first.
    times : pandas.DataFrame
        Of the table ``evaluation_time``: by the design that decides, or where that one knows only
        before and after, by imputation of counts; none where neither bears it.
    facts : list of pairs
        A number, or the refusal of a design that was to be told beside.
    """

    rows: list[Row]
    times: pd.DataFrame
    facts: list[tuple[str, float | AnalysisError]]


def crime_told(cells: Cells, beside: pd.DataFrame, how: How, bounds: Bounds) -> CrimeTold:
    """Return the figures of the design that decides, its verdict, and the others beside it.

    Parameters
    ----------
    cells : Cells
    beside : pandas.DataFrame of bool
        Which colonias share a border.
    how : tuple
        The protocol, and chance.
    bounds : Bounds

    Raises
    ------
    AnalysisError
        If the design that decides does not bear such data, or speaks of too few for this edition.
    """
    protocol, rng = how
    # A stream for each design: which others are told beside it changes no figure.
    ours, *others = rng.spawn(1 + len(protocol.design.also))
    found = judge(protocol.design.method, cells, beside, (protocol, ours))
    _refuse_few(found.effect, bounds)
    held = bounds.held
    if not found.comparable and held != "read_ahead":
        held = "not_comparable"
    rows = _crime_rows(found, protocol, held)
    rows += _chance_rows(cells, protocol, rng)
    facts: list[tuple[str, float | AnalysisError]] = []
    for method, own in zip(protocol.design.also, others, strict=True):
        try:
            told = judge(method, cells, beside, (protocol, own)).effect
            _refuse_few(told, bounds)
        except AnalysisError as refused:
            facts.append((f"refused-{method.replace('_', '-')}", refused))
            continue
        of = _of(told)
        rows.append(
            {**of, "aspect": f"by_{method}", "verdict": "none_given", **_percent(told.limits)}
        )
    facts.append(("needed-times", _needed(found, protocol)))
    if found.before is not None:
        facts.append(("drift-borne", _borne(found, cells, protocol)))
    fact, quarters = _by_quarter(found, cells, beside, protocol)
    if len(quarters):
        facts.append((fact, float(len(quarters))))
    return CrimeTold(rows, _crime_times(quarters), facts)


def harm_rows(cells: Cells, beside: pd.DataFrame, how: How, unit: float) -> list[Row]:
    """Return the effect on harm by the design that decides on counts, what was averted, its cost.

    Nothing where that design does not bear harm.

    Parameters
    ----------
    cells : Cells
        Of events weighed by their harm, in events of mean harm.
    beside : pandas.DataFrame of bool
        Which colonias share a border.
    how : tuple
        The protocol, and chance.
    unit : float
        Harm of a mean event.
    """
    protocol, rng = how
    try:
        found = judge(protocol.design.method, cells, beside, (protocol, rng)).effect
    except AnalysisError:
        return []
    none = {**_of(found), "verdict": "none_given"}
    good = averted(unit * found.expected, found.limits)
    rows = [
        {**none, "aspect": "harm", **_percent(found.limits)},
        {**none, "aspect": "harm_averted", **limits_of(good), "unit": "harm"},
    ]
    if protocol.delivery.cost:
        cost = unit_cost(protocol.delivery.cost, good)
        each = limits_of((cost.value, cost.lower, cost.upper))
        rows.append({**none, "aspect": "harm_cost", **each, "unit": "money"})
    return rows


def _refuse_few(told: Estimate, bounds: Bounds) -> None:
    fewest = min([told.places, *([told.compared] if told.compared else [])])
    if fewest < bounds.fewest:
        raise AnalysisError(
            "It speaks of {n} colonias, and this edition tells nothing of fewer than {needed} "
            "together, so that none of them can be known. The internal edition tells it.",
            n=fewest,
            needed=bounds.fewest,
        )


def _of(told: Estimate) -> Row:
    # Where none compares there is no number of them.
    return {"outcome": "crime", "places": told.places, "compared": told.compared or None}


def _crime_rows(found: Judged, protocol: Protocol, blocked: str | None) -> list[Row]:
    effect = found.effect
    limits = effect.limits
    verdict: str = verdict_on_change(
        _PERCENT * np.expm1(limits[1]),
        _PERCENT * np.expm1(limits[2]),
        worthwhile=protocol.analysis.minimum_effect,
    )
    of = _of(effect)
    none = {**of, "verdict": "none_given"}
    rows = [
        {
            **of,
            "aspect": "effect",
            **_percent(limits),
            "verdict": blocked or verdict,
        }
    ]
    if found.beside is not None:
        rows.append({**none, "aspect": "beside", **_percent(found.beside)})
    if found.before is not None:
        rows.append({**none, "aspect": "before", **_percent(found.before)})
    good = averted(effect.expected, limits)
    rows.append({**none, "aspect": "averted", **limits_of(good), "unit": "events"})
    if protocol.delivery.cost:
        cost = unit_cost(protocol.delivery.cost, good)
        each = (cost.value, cost.lower, cost.upper)
        rows.append({**none, "aspect": "unit_cost", **limits_of(each), "unit": "money"})
    return rows


def _chance_rows(cells: Cells, protocol: Protocol, rng: np.random.Generator) -> list[Row]:
    """Return what a plain before and after says where nothing was done.

    What it says of the programme is told nowhere: it has no interval that means anything.
    """
    if protocol.units.chosen != "by_records":
        return []
    counts, inside = cells.panel.counts, cells.inside
    choices = _rounds(cells, protocol)
    if not choices:
        return []
    untouched = ~(cells.since >= 0).any(axis=0).to_numpy()
    found = nothing_happened(counts.loc[:, untouched], choices, rng=rng)
    of = {"outcome": "crime", "places": int(inside.any(axis=1).sum()), "verdict": "none_given"}
    limits = (found.log_ratio, found.lower, found.upper)
    return [{**of, "aspect": "nothing", **_percent(limits)}]


def _rounds(cells: Cells, protocol: Protocol) -> tuple[Choice, ...]:
    """Return how many were chosen in each round, and the quarters before and after."""
    quarters = pd.DatetimeIndex(cells.panel.counts.columns)
    entry = cells.since.eq(0) & cells.inside
    began = entry.idxmax(axis=1).where(entry.any(axis=1))
    days = [pd.Timestamp(day) for day in sorted(protocol.units.chosen_on)]
    choices = []
    for day, following in zip(days, [*days[1:], pd.Timestamp.max], strict=True):
        chosen = int(((began >= _quarter(day)) & (began < following)).sum())
        first = quarters.searchsorted(_quarter(day))
        past = quarters.searchsorted(
            _quarter(day - pd.DateOffset(months=protocol.units.months_looked_at))
        )
        after = slice(first, min(first + _YEAR, len(quarters)))
        if chosen and past < first and after.start < after.stop:
            choices.append(Choice(slice(past, first), after, chosen))
    return tuple(choices)


def _quarter(day: pd.Timestamp) -> pd.Timestamp:
    return day.to_period("Q").start_time


def _by_quarter(
    found: Judged, cells: Cells, beside: pd.DataFrame, protocol: Protocol
) -> tuple[str, pd.DataFrame]:
    """Return the effect by quarter since the entry, and the fact that tells by which design."""
    if not found.by_time.empty:
        return "quarters-shown", found.by_time
    try:
        told = programme_effect(cells, beside, level=protocol.level).by_time.effects
    except AnalysisError:
        return "quarters-imputed", pd.DataFrame()
    return "quarters-imputed", told.drop(index=BESIDE, errors="ignore")


def _crime_times(quarters: pd.DataFrame) -> pd.DataFrame:
    if quarters.empty:
        return pd.DataFrame(columns=["value", "lower", "upper", "since", "outcome"])
    table = _PERCENT * np.expm1(quarters[["log_ratio", "lower", "upper"]].astype(float))
    table.columns = pd.Index(["value", "lower", "upper"])
    return table.assign(since=quarters.index, outcome="crime")


def _borne(found: Judged, cells: Cells, protocol: Protocol) -> float:
    """Return how many times the gap of the year before the paths may drift apart each year."""
    since = cells.since.where(cells.inside).to_numpy(float)
    borne = drift_borne(
        found.effect.log_ratio,
        found.effect.se,
        gap=found.before[0] if found.before else np.nan,
        years=float(np.nanmean(since) + 1) / _YEAR,
        level=protocol.level,
    )
    return borne if np.isfinite(borne) else np.nan


def _needed(found: Judged, protocol: Protocol) -> float:
    error = found.effect.se
    return times_more(error, protocol.analysis.minimum_effect, level=protocol.level)


def limits_of(limits: tuple[float, ...]) -> Mapping[str, float]:
    """Return the columns of a figure with its limits."""
    return dict(zip(("value", "lower", "upper"), map(float, limits), strict=True))


def _percent(limits: tuple[float, ...]) -> Row:
    return {**limits_of(tuple(_PERCENT * np.expm1(v) for v in limits)), "unit": "percent"}
