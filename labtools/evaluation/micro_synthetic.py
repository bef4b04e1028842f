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

#: Who would have been treated, and who would have compared, in each choice.
Choices = tuple[np.ndarray, np.ndarray]
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
    draws: int | Choices = 249,
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
    draws : int or pair of numpy.ndarray, shape (n_choices, n_places)
        How many groups of as many places to draw from all; or who would have been treated, and who
        would have compared, in each choice that could have been made, that which was made first.
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
    x, y, inside = _checked(matched, after, treated)
    groups, others = _choices(inside, draws, rng)
    (mix,) = _balanced(x, groups[:1], others[:1])
    if np.isnan(mix).any():
        raise AnalysisError(
            "No mix of the {n} other places has the past of the treated ones. Match fewer "
            "variables, or give places that resemble them.",
            n=int(others[0].sum()),
        )
    effective = float(1 / (mix**2).sum())
    if effective < _FEWEST_EFFECTIVE:
        raise AnalysisError(
            "The mix rests on as few as {n} places. Match fewer variables, or give places that "
            "resemble the treated ones.",
            n=round(effective, 1),
        )
    seen, expected = float(y[inside].sum()), float(inside.sum() * (mix @ y))
    if not (seen > 0 and expected > 0):
        raise AnalysisError(
            "In the cells “{key}” there were {observed} events and {expected} were to be "
            "expected: no ratio can be told. Pool more places or more months.",
            key="after",
            observed=int(seen),
            expected=round(expected, 1),
        )
    value, se = (float(told.item()) for told in _ratios(x, y, inside[None, :], mix[None, :]))
    known = _placebos(x, y, groups[1:], others[1:])
    told = se > _NOTHING and len(known)
    p = (1 + int((np.abs(known) >= abs(value) / se).sum())) / (1 + len(known)) if told else np.nan
    table = pd.Series(mix[others[0]] * inside.sum(), index=matched.index[others[0]])
    return MicroSynthetic(value, se, float(p), table, effective, known)


def _choices(
    inside: np.ndarray, draws: int | Choices, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return who was treated and who compares; then groups drawn as the treated under a lottery.

    Were they drawn from the others alone, fewer places would be left for their mixes than for that
    of the treated, and the test would be too cautious.
    """
    many = draws if isinstance(draws, int) else len(draws[0])
    if many < _ENOUGH_DRAWS:
        raise AnalysisError(
            "{draws} draws are too few to tell a p-value of 0.05. Take {needed} or more.",
            draws=many,
            needed=_ENOUGH_DRAWS,
        )
    if not isinstance(draws, int):
        return draws
    groups = np.zeros((1 + draws, len(inside)), dtype=bool)
    groups[0] = inside
    for group in groups[1:]:
        group[rng.choice(len(inside), int(inside.sum()), replace=False)] = True
    return groups, ~groups


def _placebos(x: np.ndarray, y: np.ndarray, groups: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the statistics of groups that could have been treated."""
    mixes = _balanced(x, groups, others)
    mixed = np.isfinite(mixes).all(axis=1)
    groups, mixes = groups[mixed], mixes[mixed]
    empty = (groups @ y == 0) | (mixes @ y == 0)
    values, errors = _ratios(x, y, groups[~empty], mixes[~empty])
    # Without events as far apart as can be: left out, the others would look farther.
    apart = np.full(int(empty.sum()), np.inf)
    told = errors > _NOTHING
    return np.concatenate([values[told] / errors[told], apart])


def _ratios(
    x: np.ndarray, y: np.ndarray, groups: np.ndarray, mixes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return each group's log ratio to its mix, and its linearised standard error."""
    sizes = groups.sum(axis=1, keepdims=True)
    seen, expected = groups @ y / sizes[:, 0], mixes @ y
    design = np.column_stack([np.ones(len(x)), (x - x.mean(axis=0)) / _scale(x)])
    products = design[:, :, None] * design[:, None, :]
    inner = np.tensordot(mixes, products, axes=1)
    slopes = np.linalg.pinv(inner, hermitian=True) @ (mixes @ (design * y[:, None]))[:, :, None]
    left = y - slopes[:, :, 0] @ design.T
    own = groups * (left - (groups * left).sum(axis=1, keepdims=True) / sizes) / sizes
    other = mixes * (left - (mixes * left).sum(axis=1, keepdims=True))
    variance = (own**2).sum(axis=1) / seen**2 + (other**2).sum(axis=1) / expected**2
    return np.log(seen / expected), np.sqrt(variance)


def _balanced(x: np.ndarray, groups: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return for each group a mix of the others with its means, or missing weights.

    Of all such mixes, that nearest to equal weights in entropy; each sums to 1.
    """
    means = groups @ x / groups.sum(axis=1, keepdims=True)
    z = (x[None] - means[:, None]) / _scale(x)
    outside = np.where(others, 0.0, -np.inf)
    theta = np.zeros((len(groups), x.shape[1]))
    for _ in range(_STEPS):
        index = np.einsum("dnk,dk->dn", z, theta) + outside
        raw = np.exp(index - index.max(axis=1, keepdims=True))
        weights = raw / raw.sum(axis=1, keepdims=True)
        off = np.einsum("dn,dnk->dk", weights, z)
        if np.abs(off).max() < _CLOSE:
            break
        spread = np.einsum("dn,dnk,dnl->dkl", weights, z, z, optimize=True)
        spread -= off[:, :, None] * off[:, None, :]
        step = (np.linalg.pinv(spread, rcond=1e-10, hermitian=True) @ off[:, :, None])[:, :, 0]
        longest = np.maximum(np.abs(step).max(axis=1, keepdims=True), 1e-12)
        theta = theta - step * np.minimum(1.0, _LONGEST / longest)
    done = np.abs(off).max(axis=1, keepdims=True) < _CLOSE
    return np.where(done, weights, np.nan)


def _scale(x: np.ndarray) -> np.ndarray:
    return np.asarray(np.where(x.std(axis=0) > 0, x.std(axis=0), 1.0))


def _checked(
    matched: pd.DataFrame, after: pd.Series, treated: pd.Series
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
    return x, y, chosen
