"""Tests that need no model of chance: the choice of places is drawn again as it was made.

When to use it: a lottery, whole or within strata, or a choice whose odds are known.  When
not: places picked by judgement; nobody can draw that again (:func:`spatial_permutation` asks
at least that neighbours resemble each other).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from labtools.errors import AnalysisError
from labtools.evaluation.choice import Chosen, refuse_by_records

Draw = Callable[[np.random.Generator], np.ndarray]
_ENOUGH_DRAWS = 199


@dataclass(frozen=True, slots=True)
class Permuted:
    """A difference and how rare it is among choices that could have been made.

    Attributes
    ----------
    difference : float
        Mean of the treated less that of the others, in the unit of the outcome.
    p : float
        Two-sided; it counts the choice that was made among those that could have been.
    draws : int
    """

    difference: float
    p: float
    draws: int


def lottery(treated: pd.Series, strata: pd.Series | None = None) -> Draw:
    """Return how to draw as many places again, within each stratum."""
    chosen = treated.to_numpy(bool)
    of = (
        np.zeros(len(chosen), dtype=int)
        if strata is None
        else pd.factorize(strata.reindex(treated.index))[0]
    )

    def draw(rng: np.random.Generator) -> np.ndarray:
        # Sorting by stratum, then at random, shuffles within each stratum.
        order = np.lexsort((rng.random(len(chosen)), of))
        drawn = np.empty(len(chosen), dtype=bool)
        drawn[order] = chosen[np.argsort(of, kind="stable")]
        return drawn

    return draw


def choice_by_odds(log_odds: pd.Series, places: int) -> Draw:
    """Return how to draw so many places again, one after another, each with its odds.

    Use it where records raised the odds of being chosen by a known rule: the test then holds
    although the worst places get better by themselves.
    """
    liking = log_odds.to_numpy(float)

    def draw(rng: np.random.Generator) -> np.ndarray:
        order = np.argsort(-(liking + rng.gumbel(size=len(liking))))
        drawn = np.zeros(len(liking), dtype=bool)
        drawn[order[:places]] = True
        return drawn

    return draw


def randomisation_test(
    outcome: pd.Series,
    treated: pd.Series,
    draw: Draw,
    *,
    rng: np.random.Generator,
    draws: int = 1_999,
) -> Permuted:
    """Return the p-value of no effect on anybody, by drawing the choice again.

    Parameters
    ----------
    outcome : pandas.Series, shape (n_places,)
        A rate, a change, or events less those expected; whatever was fixed beforehand.
    treated : pandas.Series of bool, shape (n_places,)
    draw : callable
        Draws the choice again: :func:`lottery`, :func:`choice_by_odds`, or the lab's own rule.

    Raises
    ------
    AnalysisError
        If outcomes are missing, everybody or nobody is treated, or there are too few draws.

    References
    ----------
    Fisher, R. A. (1935). The Design of Experiments; Young, A. (2019). Quarterly Journal of
    Economics 134, 557-598. doi:10.1093/qje/qjy029
    """
    y, chosen = _checked(outcome, treated, draws)
    seen = studentised(y, chosen[None, :], ~chosen[None, :])[0]
    drawn = np.array([draw(rng) for _ in range(draws)])
    found = np.abs(studentised(y, drawn, ~drawn))
    p = (1 + (found >= abs(seen) * (1 - 1e-12)).sum()) / (1 + draws)
    return Permuted(float(y[chosen].mean() - y[~chosen].mean()), float(p), draws)


def spatial_permutation(
    outcome: pd.Series,
    treated: pd.Series,
    beside: pd.DataFrame,
    *,
    rng: np.random.Generator,
    draws: int = 1_999,
    chosen: Chosen = "otherwise",
) -> Permuted:
    """Return the p-value of no difference, among maps as alike next door as the one seen.

    The outcome is written as a sum of map patterns (Moran's eigenvectors) and the sign of
    each is drawn: every drawn map has the same autocorrelation.  A plain permutation would
    scatter the values and err too often.

    Parameters
    ----------
    beside : pandas.DataFrame of bool, shape (n_places, n_places)
        Which places share a border.
    chosen : {"by_records", "by_lottery", "otherwise"}
        How places were chosen; for their records, the test is refused.

    Raises
    ------
    AnalysisError
        As for :func:`randomisation_test`, and if places were chosen for their records.

    References
    ----------
    Wagner, H. H. & Dray, S. (2015). Generating spatially constrained null models for irregularly
    spaced data using Moran spectral randomization methods. Methods in Ecology and Evolution 6,
    1169-1178. doi:10.1111/2041-210X.12407
    """
    refuse_by_records(chosen)
    y, inside = _checked(outcome, treated, draws)
    graph = beside.reindex(index=outcome.index, columns=outcome.index).to_numpy(float)
    patterns = map_patterns(graph)
    part = patterns.T @ (y - y.mean())
    # Difference of means as a weighted sum of the outcome.
    weight = inside / inside.sum() - ~inside / (~inside).sum()
    terms = (patterns.T @ weight) * part
    signs = rng.integers(0, 2, (draws, len(y))) * 2 - 1
    found = np.abs(signs @ terms)
    seen = float(weight @ y)
    p = (1 + (found >= abs(seen) * (1 - 1e-12)).sum()) / (1 + draws)
    return Permuted(seen, float(p), draws)


def _checked(outcome: pd.Series, treated: pd.Series, draws: int) -> tuple[np.ndarray, np.ndarray]:
    y = outcome.to_numpy(float)
    chosen = treated.reindex(outcome.index).fillna(value=False).to_numpy(bool)
    missing = int((~np.isfinite(y)).sum())
    if missing or not 1 < chosen.sum() < len(chosen) - 1:
        raise AnalysisError(
            "{missing} outcomes are missing, or fewer than two places are treated or not: {n} "
            "of {total}. Give whole outcomes, and two places or more of each.",
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
    return y, chosen


def map_patterns(graph: np.ndarray) -> np.ndarray:
    """Return the patterns that maps of these neighbours are sums of: Moran's eigenvectors.

    Parameters
    ----------
    graph : numpy.ndarray, shape (n_places, n_places)
        1 where two places share a border.
    """
    centring = np.eye(len(graph)) - 1 / len(graph)
    return np.asarray(np.linalg.eigh(centring @ ((graph + graph.T) / 2) @ centring)[1])


def studentised(y: np.ndarray, chosen: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the difference of means over its error, for each row of choices.

    Parameters
    ----------
    y : numpy.ndarray, shape (n_places,)
    chosen, others : numpy.ndarray of bool, shape (n_choices, n_places)
        Who is in, and who compares.
    """
    sides = [chosen.astype(float), others.astype(float)]
    sizes = [np.maximum(side.sum(axis=1), 1) for side in sides]
    means = [(side @ y) / size for side, size in zip(sides, sizes, strict=True)]
    squares = [(side @ y**2) / size for side, size in zip(sides, sizes, strict=True)]
    spread = sum(
        np.maximum(square - mean**2, 0) / np.maximum(size - 1, 1)
        for square, mean, size in zip(squares, means, sizes, strict=True)
    )
    return np.asarray((means[0] - means[1]) / np.sqrt(np.maximum(spread, 1e-300)))
