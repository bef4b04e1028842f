"""The learning loop: what a sealed evaluation found becomes evidence of the lab's own.

In the internal edition it is told beside the evaluation with the published effects of the same
action (combined with them where together they are five or more); targeting then expects of that
action what it did here, instead of half of what it did elsewhere.  The public edition teaches
nothing: what an evaluation learns of true counts stays inside.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from labtools.errors import AnalysisError
from labtools.evaluation.learning import here, local_estimate
from labtools.evaluation.protocol import Protocol
from labtools.targeting.catalogue import Direction, Effect, Interventions, read_interventions
from labtools.targeting.effects import published_logs
from labtools.workflow.edition import Edition

_LEVEL = 0.95
_PERCENT = 100.0
_ALONE = 1

Fact = tuple[str, float, str | None]


def learned_facts(
    protocol: Protocol, results: pd.DataFrame, facts: pd.DataFrame, edition: Edition
) -> list[Fact]:
    """Return what the evaluation adds to the evidence; nothing where it teaches nothing.

    Nothing in the public edition either: no rule protects the numbers of that table.

    Parameters
    ----------
    results, facts : pandas.DataFrame
        Rows of ``evaluation`` and ``evaluation_facts`` of that protocol.
    """
    known = read_interventions(edition.references).by_id()
    if edition.is_public or protocol.intervention not in known:
        return []
    published = _one_of_each(known[protocol.intervention].about("crime"), protocol.id)
    logs = published_logs(published)
    whole = logs.dropna()
    try:
        own = local_estimate(protocol.id, results, facts, run=protocol.window.last_month)
        if not (np.isfinite(own.log_ratio) and np.isfinite(own.se) and own.se > 0):
            return []
        found = here(own, whole["log_ratio"], whole["se"])
    except AnalysisError:
        return []
    value, lower, upper = found.change(_LEVEL)
    beside = logs if found.studies == _ALONE else logs[logs["se"].isna()]
    return [
        ("intervention", np.nan, known[protocol.intervention].name),
        ("learned-of", np.nan, protocol.intervention),
        ("learned-value", value, None),
        ("learned-lower", lower, None),
        ("learned-upper", upper, None),
        ("learned-published", float(found.studies - 1), None),
        *(
            ("learned-beside", float(_PERCENT * np.expm1(log)), published[int(str(at))].source)
            for at, log in beside["log_ratio"].dropna().items()
        ),
    ]


def with_own_evidence(
    catalogue: Interventions, facts: pd.DataFrame, edition: Edition
) -> Interventions:
    """Return the catalogue with what the run's evaluations found, as effects measured here.

    Parameters
    ----------
    facts : pandas.DataFrame
        Canonical table ``evaluation_facts``.
    """
    own: dict[str, dict[str, Effect]] = {}
    for protocol, rows in facts.groupby("protocol"):
        told = rows.drop_duplicates("fact").set_index("fact")
        if "learned-of" in told.index:
            action = str(told.loc["learned-of", "said"])
            own.setdefault(action, {})[str(protocol)] = _effect(str(protocol), told, edition)
    changed = []
    for one in catalogue.intervention:
        found = own.get(one.id)
        effects = (*found.values(), *_without(one.effect, found)) if found else one.effect
        changed.append(one.model_copy(update={"effect": effects}))
    return catalogue.model_copy(update={"intervention": tuple(changed)})


def _one_of_each(effects: Sequence[Effect], protocol: str) -> list[Effect]:
    """Return the used effects, one of each study (with interval if any has), without our own."""
    studies: dict[str, Effect] = {}
    for effect in _without(effects, [protocol]):
        study = effect.doi or effect.source
        better = study not in studies or (effect.interval and not studies[study].interval)
        if effect.used and better:
            studies[study] = effect
    return list(studies.values())


def _without(effects: Sequence[Effect], protocols: Collection[str]) -> tuple[Effect, ...]:
    """Return the effects that none of the protocols measured: they are not counted twice."""
    ours = re.compile("|".join(rf"(?<![\w-]){re.escape(one)}(?![\w-])" for one in protocols))
    return tuple(one for one in effects if not (one.local and ours.search(one.source)))


def _effect(protocol: str, told: pd.DataFrame, edition: Edition) -> Effect:
    value, low, high = (float(told.loc[f"learned-{end}", "number"]) for end in _ENDS)
    others = int(told.loc["learned-published", "number"])
    alone = "Evaluación propia con protocolo sellado"
    direction: Direction = "down" if high < 0 else "up" if low > 0 else "mixed"
    return Effect(
        outcome="crime",
        claim=f"{alone}, combinada con lo publicado" if others else alone,
        direction=direction,
        measure="percent_change",
        value=round(value, 1),
        interval=(round(low, 1), round(high, 1)),
        interval_level=_LEVEL,
        n_studies=1 + others,
        design="cuasi-experimento con protocolo sellado",
        country="México",
        source=f"Protocolo {protocol}",
        mark="V",
        verified_on=edition.window.end.date(),
        by="labtools",
        used=True,
        local=True,
    )


_ENDS = ("value", "lower", "upper")
