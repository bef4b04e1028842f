"""What the lab's own evaluations found, as effects of its catalogue of evidence.

When to use it: wherever a run's actions are proposed, compared or cited.  When not: in public; what
an evaluation learns of true counts stays in the internal edition, whose facts alone tell it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

import pandas as pd

from labtools.messages import text
from labtools.tables.action_words import action_words
from labtools.targeting.catalogue import Direction, Effect, Intervention, Interventions

_LEVEL = 0.95
_LEAST = -99.9  # a fall of all has no logarithm


def with_own_evidence(
    catalogue: Interventions, facts: pd.DataFrame, end: pd.Timestamp
) -> Interventions:
    """Return the catalogue with what the run's evaluations found, as effects measured here.

    Parameters
    ----------
    facts : pandas.DataFrame
        Canonical table ``evaluation_facts``.
    end : pandas.Timestamp
        End of the run's window.
    """
    own: dict[str, dict[str, Effect]] = {}
    for protocol, rows in facts.groupby("protocol"):
        told = rows.drop_duplicates("fact").set_index("fact")
        if "learned-of" in told.index:
            action = str(told.loc["learned-of", "said"])
            own.setdefault(action, {})[str(protocol)] = _effect(str(protocol), told, end)
    changed = []
    for one in catalogue.intervention:
        found = own.get(one.id)
        effects = (*found.values(), *_without(one.effect, found)) if found else one.effect
        changed.append(one.model_copy(update={"effect": effects}))
    return catalogue.model_copy(update={"intervention": tuple(changed)})


def measured_here(interventions: Iterable[Intervention]) -> tuple[str, ...]:
    """Return, of these actions, which were measured here, and with what that was combined.

    Whoever decides must know that an expected effect is the lab's own, and not only published.
    """
    own = [(one, [it.source for it in one.effect if it.local and it.used]) for one in interventions]
    return tuple(
        text(
            "What “{action}” does was measured here: {sources}.",
            action=action_words(one.id, one.name),
            sources="; ".join(sources),
        )
        for one, sources in own
        if sources
    )


def _without(effects: Sequence[Effect], protocols: Collection[str]) -> tuple[Effect, ...]:
    """Return the effects that none of the protocols measured: they are not counted twice."""
    ours = re.compile("|".join(rf"(?<![\w-]){re.escape(one)}(?![\w-])" for one in protocols))
    return tuple(one for one in effects if not (one.local and ours.search(one.source)))


def _source(protocol: str, others: int) -> str:
    """Return where an effect comes from, wherever it is cited: alone, or with how many others."""
    alone = f"Protocolo {protocol} (evaluación propia"
    if not others:
        return f"{alone})"
    return f"{alone}, combinada con {others} estimaciones publicadas)"


def _effect(protocol: str, told: pd.DataFrame, end: pd.Timestamp) -> Effect:
    value, low, high = (float(told.loc[f"learned-{end}", "number"]) for end in _ENDS)
    others = int(told.loc["learned-published", "number"])
    alone = "Evaluación propia con protocolo sellado"
    direction: Direction = "down" if high < 0 else "up" if low > 0 else "mixed"
    return Effect(
        outcome="crime",
        claim=f"{alone}, combinada con lo publicado" if others else alone,
        direction=direction,
        measure="percent_change",
        value=max(round(value, 1), _LEAST),
        interval=(max(round(low, 1), _LEAST), max(round(high, 1), _LEAST)),
        interval_level=_LEVEL,
        n_studies=1 + others,
        design="cuasi-experimento con protocolo sellado",
        country="México",
        source=_source(protocol, others),
        mark="V",
        verified_on=end.date(),
        by="labtools",
        used=True,
        local=True,
    )


_ENDS = ("value", "lower", "upper")
