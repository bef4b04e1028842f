"""Every sealed protocol, evaluated: from processed tables to the tables ``evaluation*``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from labtools.errors import AnalysisError, LabError
from labtools.evaluation.programme import Enrolment, design_cells
from labtools.evaluation.protocol import Protocol
from labtools.evaluation.sealing import Sealed, Seen, deviations
from labtools.privacy.rules import FEWEST_POOLED
from labtools.settings import Settings
from labtools.tables.contracts import empty_table
from labtools.workflow.edition import Edition
from labtools.workflow.evaluated_answers import answers_told
from labtools.workflow.evaluated_crime import Bounds, CrimeTold, crime_told, harm_rows
from labtools.workflow.learning import learned_facts
from labtools.workflow.protocols import Planned
from labtools.workflow.recording import blocks, recording_facts, revisions_of

_TOUCH = 30.0  # metres between polygons that share a street
TABLES = ("evaluation", "evaluation_time", "evaluation_facts")
_JUDGED = ("colonias", "programme", "survey")

Fact = tuple[str, float, str | None]
Row = dict[str, object]


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
        tables = {name: processed[name] for name in _JUDGED} | {"quarters": quarters}
        for number, plan in enumerate(edition.protocols):
            how = _How(plan, edition, settings.lab.crs, (settings.lab.seed, 9, number))
            for name, table in _one(processed, tables, how).items():
                parts[name].append(table)
    return {
        name: pd.concat(found, ignore_index=True) if found else empty_table(name)
        for name, found in parts.items()
    }


@dataclass(frozen=True, slots=True)
class _How:
    """A planned evaluation, the edition it is made for, and the stream of its chance."""

    plan: Planned
    edition: Edition
    crs: str
    stream: tuple[int, ...]


def _one(
    processed: Mapping[str, pd.DataFrame], tables: Mapping[str, pd.DataFrame], how: _How
) -> dict[str, pd.DataFrame]:
    """Return the tables of one evaluation; `tables` are what a verdict may be made of."""
    plan, protocol, edition = how.plan, how.plan.protocol, how.edition
    facts = _said(protocol)
    if plan.sealed is None:
        return {"evaluation_facts": _facts(protocol, [*facts, _refusal("refused", plan.refusal)])}
    programme = tables["programme"]
    enrolment = _enrolment(programme, _beside(tables["colonias"], how.crs), plan)
    departs = deviations(plan.sealed, _seen(programme, enrolment, protocol, edition))
    facts += _sealed(plan.sealed, departs)
    facts += _delivered(processed["actions"], enrolment, edition)
    facts += _recording(processed["panel"], enrolment, protocol, edition)
    ahead = "not_a_look" in departs
    held = "read_ahead" if ahead else "recording_changed" if blocks(facts) else None
    bounds = Bounds(held, FEWEST_POOLED if edition.is_public else 1)
    found = edition.fits.follow(
        f"evaluation-{edition.audience}-{protocol.id}",
        [protocol.model_dump(mode="json"), plan.lots, repr(bounds), how.crs, how.stream],
        tables,
        lambda asked: _judged(asked, how, bounds, ahead=ahead),
    )
    facts += [(fact, number, said) for fact, number, said in found["facts"].to_numpy().tolist()]
    judged = {name: found[name] for name in ("evaluation", "evaluation_time") if len(found[name])}
    table = _facts(protocol, facts)
    if "evaluation" in judged:
        learned = learned_facts(protocol, judged["evaluation"], table, edition)
        table = _facts(protocol, [*facts, *learned])
    return {**judged, "evaluation_facts": table}


def _judged(
    tables: Mapping[str, pd.DataFrame], how: _How, bounds: Bounds, *, ahead: bool
) -> dict[str, pd.DataFrame]:
    """Return the verdicts on crime and on what people answer, their figures, and facts of them."""
    protocol = how.plan.protocol
    beside = _beside(tables["colonias"], how.crs)
    enrolment = _enrolment(tables["programme"], beside, how.plan)
    facts: list[Fact] = []
    rows: list[Row] = []
    times: list[pd.DataFrame] = []
    try:
        told, of_harm = _judge_crime(tables["quarters"], enrolment, how, bounds)
        rows += [*told.rows, *of_harm]
        times.append(told.times)
        facts += [
            _refusal(fact, why) if isinstance(why, LabError) else (fact, why, None)
            for fact, why in told.facts
        ]
    except AnalysisError as refused:
        facts.append(_refusal("refused", refused))
    try:
        answered = answers_told(tables["survey"], enrolment, protocol, ahead=ahead)
        rows += answered.rows
        times.append(answered.times)
    except AnalysisError as refused:
        facts.append(_refusal("refused-perception", refused))
    filled = [part for part in times if len(part)]
    return {
        "evaluation": _table("evaluation", pd.DataFrame(rows), protocol),
        "evaluation_time": _table(
            "evaluation_time", pd.concat(filled) if filled else pd.DataFrame(), protocol
        ),
        "facts": pd.DataFrame(facts, columns=["fact", "number", "said"]).astype(
            {"fact": "str", "number": float, "said": "str"}
        ),
    }


def _judge_crime(
    quarters: pd.DataFrame, enrolment: Enrolment, how: _How, bounds: Bounds
) -> tuple[CrimeTold, list[Row]]:
    """Return what is told of recorded crime, and of its harm."""
    protocol, rng = how.plan.protocol, np.random.default_rng(how.stream)
    weighed, ours = _harm(quarters, protocol), rng.spawn(1)[0]
    cells = design_cells(_events(quarters, protocol), enrolment, protocol)
    told = crime_told(cells, enrolment.beside, (protocol, rng), bounds)
    if not weighed:
        return told, []
    harm = design_cells(weighed[0], enrolment, protocol)
    return told, harm_rows(harm, enrolment.beside, (protocol, ours), weighed[1])


def _recording(
    panel: pd.DataFrame, enrolment: Enrolment, protocol: Protocol, edition: Edition
) -> list[Fact]:
    """Return whether what was told of the outcome before is told otherwise now."""
    files = panel[panel["record_type"] == "case_file"]
    now = files.groupby(["month", "group"], as_index=False)["events"].sum(min_count=1)
    found = revisions_of(now, edition.earlier, protocol.outcomes.crime.groups)
    start = enrolment.entered[enrolment.evaluated].min()
    return recording_facts(found, protocol, start, is_public=edition.is_public)


def _enrolment(programme: pd.DataFrame, beside: pd.DataFrame, plan: Planned) -> Enrolment:
    first = programme.sort_values("entered_on").groupby("colonia_id").first()
    entered = first["entered_on"].reindex(beside.index)
    stage = first["stage"].reindex(beside.index)
    wanted = plan.protocol.units.stages
    evaluated = entered.notna() & (stage.isin(wanted) if wanted else True)
    return Enrolment(entered, evaluated, beside, plan.lots)


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
    return _table_of(_in_window(quarters, protocol))


def _in_window(quarters: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    first = pd.Timestamp(f"{protocol.window.first_month}-01")
    last = pd.Timestamp(f"{protocol.window.last_month}-01")
    chosen = quarters["group"].isin(protocol.outcomes.crime.groups)
    return quarters[chosen & (quarters["quarter"] >= first) & (quarters["quarter"] <= last)]


def _table_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the sum over groups by colonia and quarter; missing where one of them is."""
    cells = rows.groupby(["colonia_id", "quarter"])["events"]
    told = cells.sum().astype(float).where(cells.count() == cells.size()).dropna()
    return told.unstack("quarter").sort_index().sort_index(axis="columns")


def _harm(quarters: pd.DataFrame, protocol: Protocol) -> tuple[pd.DataFrame, float] | None:
    """Return events weighed by their harm, in events of mean harm, and that mean; None if untold.

    In that unit they vary about as counts do, which every design reckons with.
    """
    weights = protocol.outcomes.crime.harm
    if not weights:
        return None
    rows = _in_window(quarters, protocol)
    weight = rows["group"].map(weights).astype(float)
    events = rows["events"].astype(float)
    unit = float((weight * events).sum() / max(events.sum(), 1.0))
    return _table_of(rows.assign(events=weight * events / unit)), unit


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
        *_doses(inside, float(months), edition),
    ]


def _doses(done: pd.DataFrame, months: float, edition: Edition) -> list[Fact]:
    """Return the dose by colonia and month, unit by unit, and what the log says it cost.

    Units are what somebody wrote in the log: the public edition tells none.
    """
    written = done.iloc[:0] if edition.is_public else done
    dosed = written[written["dose"].notna() & written["unit"].notna()]
    total = dosed.groupby("unit")["dose"].sum()
    cost = [("cost-logged", float(done["cost"].sum()), None)] if done["cost"].notna().any() else []
    return [*(("dose", float(dose / months), str(unit)) for unit, dose in total.items()), *cost]


def _said(protocol: Protocol) -> list[Fact]:
    units, analysis = protocol.units, protocol.analysis
    return [
        ("title", np.nan, protocol.title),
        ("question", np.nan, protocol.question),
        ("responsible", np.nan, protocol.responsible),
        ("groups", np.nan, " ".join(protocol.outcomes.crime.groups)),
        ("indicator", np.nan, protocol.outcomes.perception.indicator),
        *(("harm-of", weight, group) for group, weight in protocol.outcomes.crime.harm.items()),
        ("colonias-planned", float(units.colonias), None),
        ("chosen", float(units.months_looked_at), units.chosen),
        ("comparison", np.nan, protocol.design.comparison),
        ("neighbours", np.nan, protocol.design.neighbours),
        ("method", np.nan, protocol.design.method),
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


def _beside(colonias: gpd.GeoDataFrame, crs: str) -> pd.DataFrame:
    """Return which colonias share a border or a street."""
    shapes = gpd.GeoSeries(colonias.geometry.to_numpy(), crs=colonias.crs).to_crs(crs)
    one, other = shapes.sindex.query(shapes.buffer(_TOUCH), predicate="intersects")
    near = np.zeros((len(shapes), len(shapes)), dtype=bool)
    near[one, other] = True
    np.fill_diagonal(near, val=False)
    keys = pd.Index(colonias["colonia_id"])
    return pd.DataFrame(near | near.T, keys, keys)
