"""Micro-synthetic control: many small treated places against a weighted mix of many others.

When to use it: dozens of small places that start together and hundreds of others; single
places are too noisy for a synthetic control each.  When not: chosen for their records (the
months looked at must not be matched), or without others that resemble them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from labtools.errors import AnalysisError
from labtools.evaluation.choice import Chosen, refuse_by_records

_CLOSE = 1e-6
_STEPS = 100
_LONGEST = 2.0
_ENOUGH_DRAWS = 199
#: Effective places in the mix, below which it rests on a few of them.
_FEWEST_EFFECTIVE = 10
#: Error of a log ratio below which what is matched tells all, and nothing is tested.
_NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class MicroSynthetic:
    """Treated places together against their mix.

    Attributes
    ----------
    log_ratio : float
        Logarithm of the events after the start over those of the mix.
    se : float
        Its standard error, linearised: from what the matched variables leave unexplained.
    p : float
        Share of groups of as many places, drawn from all, each with a mix of its own, that differ
        by as many standard errors; it counts the treated themselves.  Missing where the error
        is nil: nothing is tested then.
    weights : pandas.Series, shape (n_others,)
        Not negative; they sum to the number of treated places.
    effective : float
        Number of equal places that would weigh as the mix does.
    placebos : numpy.ndarray
        Log ratios of those groups over their standard errors; infinite without events.
    """

    log_ratio: float
    se: float
    p: float
    weights: pd.Series
    effective: float
    placebos: np.ndarray


def micro_synthetic(
    matched: pd.DataFrame,
    after: pd.Series,
    treated: pd.Series,
    *,
    rng: np.random.Generator,
    draws: int = 249,
    chosen: Chosen = "otherwise",
) -> MicroSynthetic:
    """Return the ratio of events in treated places to those of a mix that matches their past.

    Parameters
    ----------
    matched : pandas.DataFrame, shape (n_places, n_variables)
        Earlier counts and covariates whose totals the mix must reproduce exactly.
    after : pandas.Series, shape (n_places,)
        Events after the start.
    treated : pandas.Series of bool, shape (n_places,)
    chosen : {"by_records", "by_lottery", "otherwise"}
        How places were chosen; for their records, the test is refused.

    Raises
    ------
    AnalysisError
        If no mix of the others matches the treated, it rests on very few places, or the treated
        were chosen for their records.

    References
    ----------
    Robbins, M. W., Saunders, J. & Kilmer, B. (2017). A framework for synthetic control methods
    with high-dimensional, micro-level data. JASA 112, 109-126.
    doi:10.1080/01621459.2016.1213634
    Hainmueller, J. (2012). Entropy balancing. Political Analysis 20, 25-46.
    doi:10.1093/pan/mpr025
    """
    refuse_by_records(chosen)
    x, y, inside = _checked(matched, after, treated, draws)
    weights = _balanced(x[~inside], x[inside].mean(axis=0))
    if weights is None:
        raise AnalysisError(
            "No mix of the {n} other places has the past of the treated ones. Match fewer "
            "variables, or give places that resemble them.",
            n=int((~inside).sum()),
        )
    effective = float(1 / (weights**2).sum())
    if effective < _FEWEST_EFFECTIVE:
        raise AnalysisError(
            "The mix rests on as few as {n} places. Match fewer variables, or give places that "
            "resemble the treated ones.",
            n=round(effective, 1),
        )
    seen, expected = float(y[inside].sum()), float(inside.sum() * (weights @ y[~inside]))
    if not (seen > 0 and expected > 0):
        raise AnalysisError(
            "In the cells “{key}” there were {observed} events and {expected} were to be "
            "expected: no ratio can be told. Pool more places or more months.",
            key="after",
            observed=int(seen),
            expected=round(expected, 1),
        )
    value, se = _ratio(x, y, inside, weights)
    placebos = np.array([_placebo(x, y, int(inside.sum()), rng) for _ in range(draws)])
    known = placebos[~np.isnan(placebos)]
    told = se > _NOTHING and len(known)
    p = (1 + int((np.abs(known) >= abs(value) / se).sum())) / (1 + len(known)) if told else np.nan
    table = pd.Series(weights * inside.sum(), index=matched.index[~inside])
    return MicroSynthetic(value, se, float(p), table, effective, known)


def _placebo(x: np.ndarray, y: np.ndarray, size: int, rng: np.random.Generator) -> float:
    """Return the statistic of a group drawn from all places, as the treated were under a lottery.

    Were it drawn from the others alone, fewer places would be left for its mix than for that of
    the treated, and the test would be too cautious.
    """
    group = np.zeros(len(x), dtype=bool)
    group[rng.choice(len(x), size, replace=False)] = True
    weights = _balanced(x[~group], x[group].mean(axis=0))
    if weights is None:
        return np.nan
    if not (y[group].sum() > 0 and weights @ y[~group] > 0):
        return np.inf  # as far apart as can be: left out, the others would look farther
    value, se = _ratio(x, y, group, weights)
    return value / se if se > _NOTHING else np.nan


def _ratio(
    x: np.ndarray, y: np.ndarray, inside: np.ndarray, weights: np.ndarray
) -> tuple[float, float]:
    """Return the log ratio of a group to its mix, and its linearised standard error."""
    seen, expected = y[inside].mean(), weights @ y[~inside]
    design = np.column_stack([np.ones(len(x)), x])
    root = np.sqrt(weights)[:, None]
    slope = np.linalg.lstsq(root * design[~inside], root[:, 0] * y[~inside], rcond=None)[0]
    left = y - design @ slope
    own = (left[inside] - left[inside].mean()) / (inside.sum() * seen)
    mixed = weights * (left[~inside] - weights @ left[~inside]) / expected
    return float(np.log(seen / expected)), float(np.sqrt((own**2).sum() + (mixed**2).sum()))


def _balanced(x: np.ndarray, target: np.ndarray) -> np.ndarray | None:
    """Return weights that sum to 1 and reproduce `target`, nearest to equal in entropy."""
    scale = np.where(x.std(axis=0) > 0, x.std(axis=0), 1.0)
    z = (x - target) / scale

    theta = np.zeros(z.shape[1])
    for _ in range(_STEPS):
        weights = _softmax(z @ theta)
        off = weights @ z
        if np.abs(off).max() < _CLOSE:
            return weights
        spread = (z * weights[:, None]).T @ z - np.outer(off, off)
        step = np.linalg.pinv(spread, rcond=1e-10, hermitian=True) @ off
        theta = theta - step * min(1.0, _LONGEST / max(float(np.abs(step).max()), 1e-12))
    return None


def _softmax(index: np.ndarray) -> np.ndarray:
    raw = np.exp(index - index.max())
    return np.asarray(raw / raw.sum())


def _checked(
    matched: pd.DataFrame, after: pd.Series, treated: pd.Series, draws: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x = matched.to_numpy(float)
    y = after.reindex(matched.index).to_numpy(float)
    chosen = treated.reindex(matched.index).fillna(value=False).to_numpy(bool)
    missing = int((~np.isfinite(x)).sum() + (~np.isfinite(y)).sum())
    if missing or not 0 < chosen.sum() <= len(chosen) // 3:
        raise AnalysisError(
            "{missing} values are missing, or {n} of {total} places are treated: a mix needs "
            "whole tables and at least two other places for each treated one.",
            missing=missing,
            n=int(chosen.sum()),
            total=len(chosen),
        )
    if draws < _ENOUGH_DRAWS:
        raise AnalysisError(
            "{draws} draws are too few to tell a p-value of 0.05. Take {needed} or more.",
            draws=draws,
            needed=_ENOUGH_DRAWS,
        )
    return x, y, chosen
