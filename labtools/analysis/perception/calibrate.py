"""Weights that agree with what the census knows: post-stratification, raking, GREG.

When to use it: when totals of the population are known and related to the answers or to who
answered.  When not: with many categories and few people; weights then vary wildly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from labtools.analysis.perception.design import Design
from labtools.errors import AnalysisError

_ROUNDS = 200


def poststratify(design: Design, groups: pd.Series, population: pd.Series) -> Design:
    """Return the design with weights that add up to each group's population.

    Parameters
    ----------
    groups : pandas.Series, shape (n_rows,)
        Group of each person; nobody may lack one.
    population : pandas.Series
        People of each group; groups with nobody asked are refused.

    Raises
    ------
    AnalysisError
        If groups and population do not name the same groups.
    """
    return rake(design, {str(groups.name or "group"): (groups, population)})


def rake(
    design: Design, margins: Mapping[str, tuple[pd.Series, pd.Series]], *, tolerance: float = 1e-9
) -> Design:
    """Return the design with weights that agree with several margins at once.

    Parameters
    ----------
    margins : mapping of str to (groups, population)
        As in :func:`poststratify`, by name.
    tolerance : float
        Largest relative gap left in any total.

    Raises
    ------
    AnalysisError
        If a margin's groups differ from its population's, or the margins cannot agree.

    References
    ----------
    Deville, J.-C., Särndal, C.-E. & Sautory, O. (1993). Generalized raking procedures in survey
    sampling. J. Am. Stat. Assoc. 88, 1013-1020. doi:10.1080/01621459.1993.10476369
    """
    coded = [_coded(design, name, *margin) for name, margin in margins.items()]
    weight = design.weight.copy()
    for _ in range(_ROUNDS):
        gap = 0.0
        for code, known in coded:
            told = np.bincount(code, weights=weight, minlength=len(known))
            gap = max(gap, float(np.max(np.abs(told / known - 1))))
            weight = weight * (known / told)[code]
        if gap <= tolerance:
            break
    else:
        raise AnalysisError(
            "The margins {names} do not agree after {rounds} rounds; the largest gap is {gap:.2%}. "
            "See that all add up to the same population.",
            names=", ".join(margins),
            rounds=_ROUNDS,
            gap=gap,
        )
    columns = [np.equal.outer(code, np.arange(len(known))) for code, known in coded]
    return _calibrated(design, weight, np.hstack(columns).astype(float))


def calibrate_linear(design: Design, covariates: pd.DataFrame, totals: pd.Series) -> Design:
    """Return the design with GREG weights: those nearest to the first that give `totals`.

    Parameters
    ----------
    covariates : pandas.DataFrame, shape (n_rows, n_totals)
        Include a column of ones to agree with the number of people.
    totals : pandas.Series, shape (n_totals,)
        Totals over the population, by column.

    Raises
    ------
    AnalysisError
        If a total is missing or a weight would turn negative.

    References
    ----------
    Deville, J.-C. & Särndal, C.-E. (1992). Calibration estimators in survey sampling.
    J. Am. Stat. Assoc. 87, 376-382. doi:10.1080/01621459.1992.10475217
    """
    lacking = covariates.columns.difference(totals.index)
    if len(lacking):
        raise AnalysisError(
            "{n} covariates have no known total (the first: {first}). Give the total over the "
            "whole population, or leave them out.",
            n=len(lacking),
            first=lacking[0],
        )
    x = covariates.to_numpy(float)
    gap = totals.reindex(covariates.columns).to_numpy(float) - design.weight @ x
    inner = (x * design.weight[:, None]).T @ x
    weight = design.weight * (1 + x @ np.linalg.lstsq(inner, gap, rcond=None)[0])
    negative = int((weight < 0).sum())
    if negative:
        raise AnalysisError(
            "Agreeing with these totals would make {n} weights negative. Use fewer totals, or "
            "raking.",
            n=negative,
        )
    return _calibrated(design, weight, x)


def _coded(
    design: Design, name: str, groups: pd.Series, population: pd.Series
) -> tuple[np.ndarray, np.ndarray]:
    asked = groups[design.weight > 0]
    unknown = sorted(set(asked.unique()) - set(population.index), key=str)
    empty = sorted(set(population.index[population > 0]) - set(asked.unique()), key=str)
    if asked.isna().any() or unknown or empty:
        raise AnalysisError(
            "The groups of {name} differ: asked but without population {unknown}; with population "
            "but nobody asked {empty}; people without group {lacking}. Join groups until they "
            "agree.",
            name=name,
            unknown=", ".join(map(str, unknown[:3])) or "0",
            empty=", ".join(map(str, empty[:3])) or "0",
            lacking=int(asked.isna().sum()),
        )
    known = population[population > 0]
    code = known.index.get_indexer(groups)
    return np.maximum(code, 0), known.to_numpy(float)


def _calibrated(design: Design, weight: np.ndarray, x: np.ndarray) -> Design:
    root = np.sqrt(design.weight)
    left, size, _ = np.linalg.svd(x * root[:, None], full_matrices=False)
    # Margins repeat each other (both add up to everybody): keep what is independent.
    basis = left[:, size > size.max() * 1e-9]
    return replace(design, weight=weight, basis=basis, base_weight=design.weight)
