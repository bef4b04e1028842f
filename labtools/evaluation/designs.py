"""Every design that a protocol may name, asked in one way.

When to use it: by a run that evaluates a protocol.  When not: to try designs until one tells an
effect; the protocol names beforehand which decides, and which are told beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import ClassVar

import numpy as np
import pandas as pd

from labtools.errors import AnalysisError
from labtools.evaluation.counts import BESIDE
from labtools.evaluation.displaced import displaced_beside, displaced_effect
from labtools.evaluation.estimate import Estimate, Limits
from labtools.evaluation.grouped import synthetic_difference_effect, synthetic_effect
from labtools.evaluation.one_start import OneStart, one_start
from labtools.evaluation.permuted_ratio import drawn_ratio, spatial_ratio
from labtools.evaluation.pooled import micro_synthetic_effect, series_effect
from labtools.evaluation.programme import (
    ALL,
    Cells,
    ProgrammeEffect,
    alike_in_level,
    moved_alike,
    programme_effect,
)
from labtools.evaluation.protocol import Protocol
from labtools.evaluation.waves import waves_effect
from labtools.messages import Sentence, mark
from labtools.tables.shown import Shown

#: Below this the year before the entry tells that the comparison is not one.
_ALIKE = 0.05
#: How a design with one start is asked.
Ask = Callable[..., Estimate]


@dataclass(frozen=True, slots=True)
class Judged(Shown):
    """What a design says of a programme, and whether it may conclude anything.

    Attributes
    ----------
    effect : Estimate
    before : tuple of float or None
        The year before the entry, as if the programme had begun then: log ratio and limits.
        None where too little lies before.
    beside : tuple of float or None
        The places beside it; None where the design does not tell, or neighbours are compared.
    by_time : pandas.DataFrame
        ``log_ratio``, ``lower`` and ``upper`` by quarter since the entry; empty where the design
        knows only before and after.
    comparable : bool
        Whether the year before, and the level of the others, let a verdict be given.
    """

    told_as: ClassVar[Sentence] = mark("What a design says of the programme")
    effect: Estimate
    before: Limits | None
    beside: Limits | None
    by_time: pd.DataFrame
    comparable: bool


def judge(
    method: str, cells: Cells, beside: pd.DataFrame, how: tuple[Protocol, np.random.Generator]
) -> Judged:
    """Return what a design says.

    Parameters
    ----------
    method : str
        As in ``[design] method``.
    cells : Cells
    beside : pandas.DataFrame of bool
        Which places share a border.
    how : tuple
        The protocol, and chance.

    Raises
    ------
    AnalysisError
        If the design does not bear such data: why, and what to plan instead.
    """
    protocol = how[0]
    if method == "imputed_counts":
        return _imputed(cells, beside, protocol)
    if method == "group_time":
        effect, before, trend = waves_effect(cells, beside, protocol)
        return Judged(effect, before, None, pd.DataFrame(), trend >= _ALIKE)
    found = _with_one_start(ONE_START[method], one_start(cells, beside, protocol), how)
    # A lottery makes the two groups alike, but for chance it reckons with.
    if method == "randomisation" or (found.effect.compared and alike_in_level(cells)):
        return found
    return replace(found, comparable=False)


def _imputed(cells: Cells, beside: pd.DataFrame, protocol: Protocol) -> Judged:
    found = programme_effect(cells, beside, level=protocol.level)
    whole = found.whole.effects
    return Judged(
        effect=_of_counts(found),
        before=None if found.before is None else _limits(found.before.effects, ALL),
        beside=_limits(whole, BESIDE) if BESIDE in whole.index else None,
        by_time=found.by_time.effects.drop(index=BESIDE, errors="ignore"),
        comparable=moved_alike(found) and alike_in_level(cells),
    )


def _of_counts(found: ProgrammeEffect) -> Estimate:
    told = found.whole.effects.loc[ALL]
    return Estimate(
        **{name: float(told[name]) for name in ("log_ratio", "lower", "upper", "se", "p")},
        observed=float(told["observed"]),
        places=found.places,
        compared=found.compared,
    )


def _limits(effects: pd.DataFrame, key: str) -> Limits:
    told = effects.loc[key]
    return float(told["log_ratio"]), float(told["lower"]), float(told["upper"])


def _with_one_start(ask: Ask, start: OneStart, how: tuple[Protocol, np.random.Generator]) -> Judged:
    protocol, rng = how
    effect = ask(start, level=protocol.level, rng=rng)
    past = _or_none(ask, start.a_year_earlier(), how)
    beside = None
    if ask is displaced_effect and start.ring.any():
        beside = _or_none(displaced_beside, start, how)
    return Judged(
        effect=effect,
        before=None if past is None else past.limits,
        beside=None if beside is None else beside.limits,
        by_time=pd.DataFrame(),
        comparable=ask is drawn_ratio or (past is not None and past.p >= _ALIKE),
    )


def _or_none(
    ask: Ask, start: OneStart | None, how: tuple[Protocol, np.random.Generator]
) -> Estimate | None:
    if start is None:
        return None
    protocol, rng = how
    try:
        return ask(start, level=protocol.level, rng=rng)
    except AnalysisError:
        return None


#: Designs that know one start, and how each is asked.
ONE_START: Mapping[str, Ask] = MappingProxyType(
    {
        "synthetic_control": synthetic_effect,
        "synthetic_difference": synthetic_difference_effect,
        "micro_synthetic": micro_synthetic_effect,
        "interrupted_series": series_effect,
        "weighted_displacement": displaced_effect,
        "randomisation": drawn_ratio,
        "spatial_permutation": spatial_ratio,
    }
)
