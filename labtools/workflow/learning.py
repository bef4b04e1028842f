"""The learning loop: what a sealed evaluation found becomes evidence of the lab's own.

In the run it is combined with the published effects of the same action, and told beside the
evaluation; targeting then expects of that action what it did here, instead of half of what it
did elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from labtools.errors import AnalysisError
from labtools.evaluation.learning import LocalEstimate, Posterior, here, local_estimate
from labtools.evaluation.protocol import Protocol
from labtools.targeting.catalogue import Direction, Effect, Interventions, read_interventions
from labtools.targeting.effects import published_logs
from labtools.workflow.edition import Edition

_LEVEL = 0.95
_PERCENT = 100.0

Fact = tuple[str, float, str | None]


def learned_facts(protocol: Protocol, results: pd.DataFrame, facts: pd.DataFrame) -> list[Fact]:
    """Return what the evaluation adds to the evidence; nothing where it teaches nothing.

    Parameters
    ----------
    results, facts : pandas.DataFrame
        Rows of ``evaluation`` and ``evaluation_facts`` of that protocol.
    """
    known = read_interventions().by_id()
    if protocol.intervention not in known:
        return []
    try:
        own = local_estimate(protocol.id, results, facts, run=protocol.window.last_month)
    except AnalysisError:
        return []
    found, left = _combined(own, known[protocol.intervention].about("crime"))
    value, lower, upper = found.change(_LEVEL)
    return [
        ("intervention", np.nan, known[protocol.intervention].name),
        ("learned-of", np.nan, protocol.intervention),
        ("learned-value", value, None),
        ("learned-lower", lower, None),
        ("learned-upper", upper, None),
        ("learned-published", float(found.studies - 1), None),
        ("learned-without-interval", float(left), None),
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
    own: dict[str, list[Effect]] = {}
    for protocol, rows in facts.groupby("protocol"):
        told = rows.drop_duplicates("fact").set_index("fact")
        if "learned-of" in told.index:
            effect = _effect(str(protocol), told, edition)
            own.setdefault(str(told.loc["learned-of", "said"]), []).append(effect)
    changed = tuple(
        one.model_copy(update={"effect": (*own[one.id], *one.effect)}) if one.id in own else one
        for one in catalogue.intervention
    )
    return catalogue.model_copy(update={"intervention": changed})


def _combined(own: LocalEstimate, published: Sequence[Effect]) -> tuple[Posterior, int]:
    logs = published_logs([effect for effect in published if effect.used])
    whole = logs.dropna()
    return here(own, whole["log_ratio"], whole["se"]), len(logs) - len(whole)


def _effect(protocol: str, told: pd.DataFrame, edition: Edition) -> Effect:
    value, low, high = (float(told.loc[f"learned-{end}", "number"]) for end in _ENDS)
    direction: Direction = "down" if high < 0 else "up" if low > 0 else "mixed"
    return Effect(
        outcome="crime",
        claim="Evaluación propia con protocolo sellado, combinada con lo publicado",
        direction=direction,
        measure="percent_change",
        value=round(value, 1),
        interval=(round(low, 1), round(high, 1)),
        interval_level=_LEVEL,
        n_studies=1 + int(told.loc["learned-published", "number"]),
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
