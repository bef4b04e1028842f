"""The learning loop: what a sealed evaluation found becomes evidence of the lab's own.

In the internal edition it is told beside the evaluation with the published effects of the same
action (combined with them where together they are five or more); targeting then expects of that
action what it did here, instead of half of what it did elsewhere.  The public edition teaches
nothing: what an evaluation learns of true counts stays inside.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from labtools.errors import AnalysisError
from labtools.evaluation.learning import here, local_estimate
from labtools.evaluation.protocol import Protocol
from labtools.targeting.catalogue import Effect, read_interventions
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
    published = _one_of_each(known[protocol.intervention].about("crime"))
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


def _one_of_each(effects: Sequence[Effect]) -> list[Effect]:
    """Return the used effects, one of each study (with interval if any has), none measured here.

    Targeting reckons with every effect measured here: combined with another, it would count twice.
    """
    studies: dict[str, Effect] = {}
    for effect in effects:
        study = effect.doi or effect.source
        better = study not in studies or (effect.interval and not studies[study].interval)
        if effect.used and better and not effect.local:
            studies[study] = effect
    return list(studies.values())
