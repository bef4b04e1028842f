"""Synthetic controls of a small programme: its colonias together, against groups of as many.

When to use it: a programme in few of many colonias, and a history of two years or more; single
colonias are too noisy to be matched.  When not: for places chosen for their records, or a programme
in a third of all, which leaves too few groups to compare with.
"""

from __future__ import annotations

from itertools import islice

import numpy as np
import pandas as pd

from labtools.errors import AnalysisError
from labtools.evaluation.choice import refuse_by_records
from labtools.evaluation.drawn import drawn_again
from labtools.evaluation.estimate import Estimate, error_within
from labtools.evaluation.one_start import OneStart
from labtools.evaluation.shared_shocks import shared_shocks
from labtools.evaluation.synthetic_control import synthetic_control
from labtools.evaluation.synthetic_did import synthetic_difference

#: Groups that a programme is split into for the synthetic difference.
_PARTS = 4
_FEWEST_GROUPS = 8
#: More groups make placebos dearer, and p no finer.
_MOST_GROUPS = 60
_DRAWS = 199
_HALF = 0.5
_NOTHING = 1e-9


def synthetic_effect(start: OneStart, *, level: float, rng: np.random.Generator) -> Estimate:
    """Return the synthetic control of the programme's places taken together.

    Each group of as many others passes for the programme once: the effect over its gap before the
    start (that of the median group at least), ranked among theirs, gives p and limits.

    Raises
    ------
    AnalysisError
        If there are fewer groups than the level asks for, or places were chosen for their records.

    References
    ----------
    Abadie, A., Diamond, A. & Hainmueller, J. (2010). JASA 105, 493-505.
    doi:10.1198/jasa.2009.ap08746
    """
    table, (own,) = _groups(start, _made(start), 1, rng)
    needed = int(np.ceil(1 / (1 - level) - 1e-9))
    _refuse_few(table.shape[1], needed, start)
    found = {name: synthetic_control(table, name, start.start) for name in table.columns}
    # Many groups may match few quarters by accident: nothing is measured by less than the median.
    early = pd.Series({name: one.before_rmse for name, one in found.items()})
    spread = early.clip(lower=max(float(early.median()), _NOTHING))
    effect = pd.Series({name: one.effect for name, one in found.items()})
    size = (effect / spread).abs()
    factor = shared_shocks(start, start.treated, start.others).factor
    reach = factor * _most(size.drop(own), level) * spread[own]
    p = _rank(size.drop(own), size[own] / factor)
    return _estimate(start, float(effect[own]), reach, (level, p))


def synthetic_difference_effect(
    start: OneStart, *, level: float, rng: np.random.Generator
) -> Estimate:
    """Return the synthetic difference-in-differences of the programme's places in four groups.

    Programmes drawn as by lot, each with those beside it left out as they are here, give p and
    limits.

    Raises
    ------
    AnalysisError
        If there are too few groups, or places were chosen for their records.

    References
    ----------
    Arkhangelsky, D. and others (2021). American Economic Review 111, 4088-4118.
    doi:10.1257/aer.20190159
    """
    table, own = _groups(start, _made(start), _PARTS, rng)
    _refuse_few(table.shape[1], _FEWEST_GROUPS + _PARTS, start)
    effect = synthetic_difference(table, own, start.start).effect
    drawn = zip(*drawn_again(start, _DRAWS, rng), strict=True)
    groups = [_groups(start, choice, _PARTS, rng) for choice in islice(drawn, 1, None)]
    size = pd.Series(
        [abs(synthetic_difference(told, inside, start.start).effect) for told, inside in groups]
    )
    if size.max() <= _NOTHING * float(table.abs().to_numpy().max()):
        return _estimate(start, effect, np.nan, (level, np.nan))
    return _estimate(start, effect, _most(size, level), (level, _rank(size, abs(effect))))


def _made(start: OneStart) -> tuple[np.ndarray, np.ndarray]:
    """Return who is in and who compares, in the choice that was made."""
    return start.treated.to_numpy(bool), start.others.to_numpy(bool)


def _groups(
    start: OneStart, choice: tuple[np.ndarray, np.ndarray], parts: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, list[str]]:
    """Return the logarithm of mean events by quarter and group, and which groups are treated."""
    refuse_by_records(start.chosen)
    ours, others = (rng.permutation(np.flatnonzero(side)) for side in choice)
    size = max(len(ours) // parts, 1)
    counts = start.counts.to_numpy(float)
    groups = {
        **{f"in-{k}": rows for k, rows in enumerate(np.array_split(ours, min(parts, len(ours))))},
        **{
            f"out-{k}": others[k * size : (k + 1) * size]
            for k in range(min(len(others) // size, _MOST_GROUPS))
        },
    }
    told = {
        name: np.log((counts[rows].sum(axis=0) + _HALF) / len(rows))
        for name, rows in groups.items()
    }
    return pd.DataFrame(told), [name for name in groups if name.startswith("in-")]


def _refuse_few(groups: int, needed: int, start: OneStart) -> None:
    if groups < needed:
        raise AnalysisError(
            "The other colonias make {n} groups as large as the programme's, and {needed} are "
            "needed for placebos. Plan the design imputed_counts, which compares them one by one; "
            "this one is for a programme in few of many colonias ({places} of {total} here).",
            n=groups,
            needed=needed,
            places=int(start.treated.sum()),
            total=len(start.treated),
        )


def _most(size: pd.Series, level: float) -> float:
    """Return the smallest size that so many placebos do not exceed, the treated counted in."""
    at = int(np.ceil(level * (len(size) + 1) - 1e-9))
    return float(np.sort(size)[at - 1]) if at <= len(size) else np.inf


def _rank(size: pd.Series, own: float) -> float:
    """Return the share of as large ones, the treated counted in."""
    return float((1 + (size >= own).sum()) / (1 + len(size)))


def _estimate(start: OneStart, effect: float, reach: float, how: tuple[float, float]) -> Estimate:
    level, p = how
    return Estimate(
        log_ratio=effect,
        lower=effect - reach,
        upper=effect + reach,
        se=error_within(effect - reach, effect + reach, level),
        p=p,
        observed=float(start.after[start.treated].sum()),
        places=int(start.treated.sum()),
        compared=int(start.others.sum()),
    )
