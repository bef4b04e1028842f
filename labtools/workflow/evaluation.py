"""Every sealed protocol, evaluated: from processed tables to the tables ``evaluation*``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from labtools.errors import AnalysisError, LabError
from labtools.evaluation.answers import AnswerEffect, answer_effect
from labtools.evaluation.chance import Choice, before_and_after, nothing_happened
from labtools.evaluation.cost import averted, unit_cost
from labtools.evaluation.counts import BESIDE
from labtools.evaluation.programme import (
    ALL,
    Cells,
    Enrolment,
    ProgrammeEffect,
    alike_in_level,
    design_cells,
    moved_alike,
    programme_effect,
)
from labtools.evaluation.protocol import Protocol
from labtools.evaluation.sealing import Sealed, Seen, deviations
from labtools.evaluation.verdict import times_more, verdict_on_change
from labtools.settings import Settings
from labtools.tables.contracts import empty_table
from labtools.workflow.edition import Edition
from labtools.workflow.learning import learned_facts
from labtools.workflow.protocols import Planned
from labtools.workflow.recording import blocks, recording_facts, revisions_of

_TOUCH = 30.0  # metres between polygons that share a street
_YEAR = 4
_PERCENT = 100.0
TABLES = ("evaluation", "evaluation_time", "evaluation_facts")

Fact = tuple[str, float, str | None]
Row = dict[str, object]
Limits = tuple[float, float, float]


def evaluation_tables(
    processed: Mapping[str, pd.DataFrame],
    quarters: pd.DataFrame,
    edition: Edition,
    settings: Settings,
) -> dict[str, pd.DataFrame]:
    """Return the evaluation tables of every protocol of the workbench.

    A protocol that is not sealed, was changed, or asks what the data cannot answer gives one
    fact: the refusal.

    Parameters
    ----------
    quarters : pandas.DataFrame
        Counts by colonia, quarter and group, protected in the public edition.
    """
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in TABLES}
    if edition.protocols:
        beside = _beside(processed["colonias"], settings.lab.crs)
        for number, plan in enumerate(edition.protocols):
            rng = np.random.default_rng([settings.lab.seed, 9, number])
            for name, table in _one(processed, quarters, plan, beside, (edition, rng)).items():
                parts[name].append(table)
    return {
        name: pd.concat(found, ignore_index=True) if found else empty_table(name)
        for name, found in parts.items()
    }


def _one(
    processed: Mapping[str, pd.DataFrame],
    quarters: pd.DataFrame,
    plan: Planned,
    beside: pd.DataFrame,
    how: tuple[Edition, np.random.Generator],
) -> dict[str, pd.DataFrame]:
    protocol, (edition, rng) = plan.protocol, how
    facts = _said(protocol)
    if plan.sealed is None:
        return {"evaluation_facts": _facts(protocol, [*facts, _refusal("refused", plan.refusal)])}
    enrolment = _enrolment(processed["programme"], beside, protocol)
    departs = deviations(plan.sealed, _seen(processed["programme"], enrolment, protocol, edition))
    facts += _sealed(plan.sealed, departs)
    facts += _delivered(processed["actions"], enrolment, edition)
    found = _Found(facts, [], [], ahead="not_a_look" in departs)
    facts += _recording(processed["panel"], enrolment, protocol, edition)
    try:
        _judge_crime(found, _events(quarters, protocol), enrolment, (protocol, rng))
    except AnalysisError as refused:
        facts.append(_refusal("refused", refused))
    try:
        _judge_answers(found, processed["survey"], enrolment, protocol)
    except AnalysisError as refused:
        facts.append(_refusal("refused-perception", refused))
    tables = {"evaluation_facts": _facts(protocol, facts)}
    if found.rows:
        tables["evaluation"] = _table("evaluation", pd.DataFrame(found.rows), protocol)
        tables["evaluation_time"] = _table("evaluation_time", pd.concat(found.times), protocol)
        judged = tables["evaluation"], tables["evaluation_facts"]
        learned = learned_facts(protocol, *judged, edition)
        tables["evaluation_facts"] = _facts(protocol, [*facts, *learned])
    return tables


@dataclass(frozen=True, slots=True)
class _Found:
    """What was found of a protocol so far; `ahead`: at no month of decision."""

    facts: list[Fact]
    rows: list[Row]
    times: list[pd.DataFrame]
    ahead: bool


def _judge_crime(
    found: _Found,
    events: pd.DataFrame,
    enrolment: Enrolment,
    how: tuple[Protocol, np.random.Generator],
) -> None:
    protocol, rng = how
    cells = design_cells(events, enrolment, protocol)
    effect = programme_effect(cells, enrolment.beside, level=protocol.level)
    blocked = _blocked(found, cells, effect)
    found.rows.extend(_crime_rows(effect, protocol, blocked))
    found.rows.extend(_chance_rows(cells, protocol, rng))
    found.times.append(_crime_times(effect))
    found.facts.append(("needed-times", _needed(effect, protocol), None))


def _blocked(found: _Found, cells: Cells, effect: ProgrammeEffect) -> str | None:
    """Return what stands in the way of a verdict; None where nothing does."""
    if found.ahead:
        return "read_ahead"
    if not (moved_alike(effect) and alike_in_level(cells)):
        return "not_comparable"
    return "recording_changed" if blocks(found.facts) else None


def _recording(
    panel: pd.DataFrame, enrolment: Enrolment, protocol: Protocol, edition: Edition
) -> list[Fact]:
    """Return whether what was told of the outcome before is told otherwise now."""
    files = panel[panel["record_type"] == "case_file"]
    now = files.groupby(["month", "group"], as_index=False)["events"].sum(min_count=1)
    found = revisions_of(now, edition.earlier, protocol.outcomes.crime.groups)
    start = enrolment.entered[enrolment.evaluated].min()
    return recording_facts(found, protocol, start, is_public=edition.is_public)


def _judge_answers(
    found: _Found, survey: pd.DataFrame, enrolment: Enrolment, protocol: Protocol
) -> None:
    effect = _answers(survey, enrolment, protocol)
    found.rows.extend(_answer_rows(effect, protocol, ahead=found.ahead))
    found.times.append(_answer_times(effect))


def _enrolment(programme: pd.DataFrame, beside: pd.DataFrame, protocol: Protocol) -> Enrolment:
    first = programme.sort_values("entered_on").groupby("colonia_id").first()
    entered = first["entered_on"].reindex(beside.index)
    stage = first["stage"].reindex(beside.index)
    wanted = protocol.units.stages
    return Enrolment(entered, entered.notna() & (stage.isin(wanted) if wanted else True), beside)


def _seen(
    programme: pd.DataFrame, enrolment: Enrolment, protocol: Protocol, edition: Edition
) -> Seen:
    entered = enrolment.entered[enrolment.evaluated]
    known = programme["colonia_id"].isin(entered.index)
    return Seen(
        colonias=len(entered),
        first_entry=f"{entered.min():%Y-%m-%d}" if len(entered) else "9999-12-31",
        left=int((programme["left_on"].notna() & known).sum()),
        last_month=edition.window.last_month,
        between_rounds=int((entered < pd.Timestamp(min(protocol.units.chosen_on))).sum()),
    )


def _events(quarters: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    first = pd.Timestamp(f"{protocol.window.first_month}-01")
    last = pd.Timestamp(f"{protocol.window.last_month}-01")
    chosen = quarters["group"].isin(protocol.outcomes.crime.groups)
    chosen &= (quarters["quarter"] >= first) & (quarters["quarter"] <= last)
    table = quarters[chosen].pivot_table(
        index="colonia_id", columns="quarter", values="events", aggfunc=_whole_sum
    )
    return table.astype(float)


def _whole_sum(values: pd.Series) -> float:
    return float(values.sum()) if values.notna().all() else np.nan


def _crime_rows(effect: ProgrammeEffect, protocol: Protocol, blocked: str | None) -> list[Row]:
    whole = effect.whole.effects
    told = whole.loc[ALL]
    limits = tuple(told[["log_ratio", "lower", "upper"]])
    verdict: str = verdict_on_change(
        _PERCENT * np.expm1(limits[1]),
        _PERCENT * np.expm1(limits[2]),
        worthwhile=protocol.analysis.minimum_effect,
    )
    of = {"outcome": "crime", "places": effect.places, "compared": effect.compared}
    none = {**of, "verdict": "none_given"}
    rows = [
        {
            **of,
            "aspect": "effect",
            **_percent(limits),
            "verdict": blocked or verdict,
        }
    ]
    if BESIDE in whole.index:
        near = tuple(whole.loc[BESIDE, ["log_ratio", "lower", "upper"]])
        rows.append({**none, "aspect": "beside", **_percent(near)})
    if effect.before is not None:
        past = tuple(effect.before.effects.loc[ALL, ["log_ratio", "lower", "upper"]])
        rows.append({**none, "aspect": "before", **_percent(past)})
    good = averted(float(told["expected"]), limits)
    rows.append({**none, "aspect": "averted", **_limits(good), "unit": "events"})
    if protocol.delivery.cost:
        cost = unit_cost(protocol.delivery.cost, good)
        each = (cost.value, cost.lower, cost.upper)
        rows.append({**none, "aspect": "unit_cost", **_limits(each), "unit": "money"})
    return rows


def _chance_rows(cells: Cells, protocol: Protocol, rng: np.random.Generator) -> list[Row]:
    """Return what a plain before and after says, and what it says where nothing was done."""
    if protocol.units.chosen != "by_records":
        return []
    counts, inside = cells.panel.counts, cells.inside
    places, choices = _rounds(cells, protocol)
    untouched = ~(cells.since >= 0).any(axis=0).to_numpy()
    early = counts.loc[:, untouched]
    none = {"outcome": "crime", "places": int(inside.any(axis=1).sum()), "verdict": "none_given"}
    rows = []
    if choices:
        plain = before_and_after(counts.to_numpy(float), places, choices)
        rows.append({**none, "aspect": "plain", **_percent((plain, np.nan, np.nan))})
        found = nothing_happened(early, choices, rng=rng)
        limits = (found.log_ratio, found.lower, found.upper)
        rows.append({**none, "aspect": "nothing", **_percent(limits)})
    return rows


def _rounds(cells: Cells, protocol: Protocol) -> tuple[list[np.ndarray], tuple[Choice, ...]]:
    """Return who was chosen in each round, and the quarters before and after."""
    quarters = pd.DatetimeIndex(cells.panel.counts.columns)
    entry = cells.since.eq(0) & cells.inside
    began = entry.idxmax(axis=1).where(entry.any(axis=1))
    days = [pd.Timestamp(day) for day in sorted(protocol.units.chosen_on)]
    places, choices = [], []
    for day, following in zip(days, [*days[1:], pd.Timestamp.max], strict=True):
        chosen = np.flatnonzero((began >= _quarter(day)) & (began < following))
        first = quarters.searchsorted(_quarter(day))
        past = quarters.searchsorted(
            _quarter(day - pd.DateOffset(months=protocol.units.months_looked_at))
        )
        after = slice(first, min(first + _YEAR, len(quarters)))
        if len(chosen) and past < first and after.start < after.stop:
            places.append(chosen)
            choices.append(Choice(slice(past, first), after, len(chosen)))
    return places, tuple(choices)


def _quarter(day: pd.Timestamp) -> pd.Timestamp:
    return day.to_period("Q").start_time


def _crime_times(effect: ProgrammeEffect) -> pd.DataFrame:
    told = effect.by_time.effects.drop(index=BESIDE, errors="ignore")
    table = _PERCENT * np.expm1(told[["log_ratio", "lower", "upper"]].astype(float))
    table.columns = pd.Index(["value", "lower", "upper"])
    return table.assign(since=told.index, outcome="crime")


def _answers(survey: pd.DataFrame, enrolment: Enrolment, protocol: Protocol) -> AnswerEffect:
    chosen = survey[survey["indicator"] == protocol.outcomes.perception.indicator]
    if chosen.empty:
        raise AnalysisError(
            "No survey asked about “{indicator}”. Ask people before and after: without it, only "
            "half of the question is answered.",
            indicator=protocol.outcomes.perception.indicator,
        )
    answers = chosen.rename(columns={"colonia_id": "place"})[["place", "wave", "weight", "value"]]
    others = enrolment.entered.index[enrolment.entered.notna() & ~enrolment.evaluated]
    kept = answers[~answers["place"].isin(others)]
    return answer_effect(kept, enrolment.entered[enrolment.evaluated], level=protocol.level)


def _answer_rows(effect: AnswerEffect, protocol: Protocol, *, ahead: bool) -> list[Row]:
    of = {"outcome": "perception", "places": effect.places, "compared": effect.compared}
    limits = (_PERCENT * effect.change, _PERCENT * effect.lower, _PERCENT * effect.upper)
    verdict = "read_ahead" if ahead else verdict_on_change(limits[1], limits[2], worthwhile=0.0)
    good = effect.persons / _PERCENT
    people = (-good * limits[0], -good * limits[2], -good * limits[1])
    none = {**of, "verdict": "none_given"}
    rows: list[Row] = [
        {**of, "aspect": "effect", **_limits(limits), "unit": "points", "verdict": verdict},
        {**none, "aspect": "averted", **_limits(people), "unit": "people"},
    ]
    if protocol.delivery.cost and np.isfinite(people).all():
        cost = unit_cost(protocol.delivery.cost, people)
        each = (cost.value, cost.lower, cost.upper)
        rows.append({**none, "aspect": "unit_cost", **_limits(each), "unit": "money"})
    return rows


def _answer_times(effect: AnswerEffect) -> pd.DataFrame:
    table = effect.by_wave.dropna().mul(_PERCENT).rename(columns={"change": "value"})
    return table.assign(since=table.index, outcome="perception")


def _needed(effect: ProgrammeEffect, protocol: Protocol) -> float:
    error = float(effect.whole.effects.loc[ALL, "se"])
    return times_more(error, protocol.analysis.minimum_effect, level=protocol.level)


def _delivered(actions: pd.DataFrame, enrolment: Enrolment, edition: Edition) -> list[Fact]:
    """Return what was done, beside what was planned: dose and fidelity."""
    entered = enrolment.entered[enrolment.evaluated]
    known = actions[actions["colonia_id"].isin(entered.index)]
    start = known["colonia_id"].map(entered)
    inside = known[(known["done_on"] >= start) & (known["done_on"] < edition.window.end)]
    months = ((edition.window.end - entered).dt.days / 30.4375).clip(lower=0).sum()
    if not months or actions.empty:
        return [("no-actions-log", np.nan, None)]
    reached = inside["colonia_id"].nunique() / len(entered)
    return [
        ("actions", float(len(inside)), None),
        ("actions-per-month", float(len(inside) / months), None),
        ("colonias-reached", float(reached), None),
    ]


def _said(protocol: Protocol) -> list[Fact]:
    units, analysis = protocol.units, protocol.analysis
    return [
        ("title", np.nan, protocol.title),
        ("question", np.nan, protocol.question),
        ("responsible", np.nan, protocol.responsible),
        ("groups", np.nan, " ".join(protocol.outcomes.crime.groups)),
        ("indicator", np.nan, protocol.outcomes.perception.indicator),
        ("colonias-planned", float(units.colonias), None),
        ("chosen", float(units.months_looked_at), units.chosen),
        ("comparison", np.nan, protocol.design.comparison),
        ("neighbours", np.nan, protocol.design.neighbours),
        ("window", np.nan, f"{protocol.window.first_month} – {protocol.window.last_month}"),
        ("looks", np.nan, " ".join(analysis.looks)),
        ("stopping", np.nan, analysis.stopping),
        ("minimum-effect", analysis.minimum_effect, None),
        ("level", protocol.level, None),
        ("cost", protocol.delivery.cost or np.nan, protocol.delivery.cost_currency),
        ("cost-source", np.nan, protocol.delivery.cost_source or None),
        ("actions-planned", protocol.delivery.actions_per_month or np.nan, None),
        *(("concurrent", np.nan, name) for name in protocol.concurrent),
    ]


def _sealed(sealed: Sealed, departs: Mapping[str, Mapping[str, object]]) -> list[Fact]:
    return [
        ("sealed-on", np.nan, sealed.sealed_on),
        ("digest", np.nan, sealed.digest),
        *((f"deviation-{name}", np.nan, _json(told)) for name, told in departs.items()),
    ]


def _refusal(fact: str, error: LabError | None) -> Fact:
    told = {"sentence": str(error.sentence), "facts": error.facts} if error else {}
    return fact, np.nan, _json(told)


def _json(told: Mapping[str, object]) -> str:
    return json.dumps(told, sort_keys=True, ensure_ascii=False, default=str)


def _facts(protocol: Protocol, facts: Sequence[Fact]) -> pd.DataFrame:
    table = pd.DataFrame(facts, columns=["fact", "number", "said"])
    table.insert(0, "protocol", protocol.id)
    return table.astype({"number": float, "said": "str"})


def _table(name: str, rows: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    table = rows.assign(protocol=protocol.id)
    table = table.replace([np.inf, -np.inf], np.nan)
    whole = table.reindex(columns=empty_table(name).columns).reset_index(drop=True)
    return whole.astype({c: "Int64" for c in ("places", "compared", "since") if c in whole})


def _percent(limits: tuple[float, ...]) -> dict[str, object]:
    return {**_limits(tuple(_PERCENT * np.expm1(v) for v in limits)), "unit": "percent"}


def _limits(limits: tuple[float, ...]) -> dict[str, object]:
    return dict(zip(("value", "lower", "upper"), map(float, limits), strict=True))


def _beside(colonias: gpd.GeoDataFrame, crs: str) -> pd.DataFrame:
    """Return which colonias share a border or a street."""
    shapes = gpd.GeoSeries(colonias.geometry.to_numpy(), crs=colonias.crs).to_crs(crs)
    one, other = shapes.sindex.query(shapes.buffer(_TOUCH), predicate="intersects")
    near = np.zeros((len(shapes), len(shapes)), dtype=bool)
    near[one, other] = True
    np.fill_diagonal(near, val=False)
    keys = pd.Index(colonias["colonia_id"])
    return pd.DataFrame(near | near.T, keys, keys)
