"""What the records would show if nothing had been done: the same choice, in simulated worlds.

When to use it: beside every result, to see what choosing the worst places does by itself.
When not: as a test of the programme; it has the size of the trap, not of the effect.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from labtools.errors import AnalysisError

_YEAR = 4


@dataclass(frozen=True, slots=True)
class Choice:
    """A round of choice, as positions in the columns of a table of counts.

    Attributes
    ----------
    looked_at : slice
        Periods that the choice looked at.
    after : slice
        Periods in which the chosen are then seen.
    places : int
        How many were chosen: those with most events.
    """

    looked_at: slice
    after: slice
    places: int


@dataclass(frozen=True, slots=True)
class NothingHappened:
    """Before and after, where nothing was done.

    Attributes
    ----------
    log_ratio : float
        Mean over simulated worlds of later over earlier events of the chosen, by period.
    lower, upper : float
        Where 95 % of the worlds lie.
    dispersion : float
        Variance over mean with which the worlds were drawn.
    """

    log_ratio: float
    lower: float
    upper: float
    dispersion: float


def nothing_happened(
    counts: pd.DataFrame,
    choices: tuple[Choice, ...],
    *,
    rng: np.random.Generator,
    draws: int = 200,
) -> NothingHappened:
    """Return what a plain before and after shows of the worst places, with nothing done.

    Parameters
    ----------
    counts : pandas.DataFrame, shape (n_places, n_periods)
        Periods before the programme: places' levels and dispersion are taken from them.
    choices : tuple of Choice
        Rounds, in order; who is chosen once is not chosen again.
    rng : numpy.random.Generator
    draws : int

    Raises
    ------
    AnalysisError
        If the counts are missing or all zero.
    """
    table = counts.to_numpy(float)
    if not np.isfinite(table).all() or not table.sum() > 0:
        raise AnalysisError(
            "The counts before the programme are missing or all zero. Give earlier periods."
        )
    level, spread = _levels(table)
    last = max(choice.after.stop for choice in choices)
    mean = np.broadcast_to(level[:, None], (len(level), last))
    found = np.array([_one_world(_draw(mean, spread, rng), choices) for _ in range(draws)])
    low, high = np.quantile(found, [0.025, 0.975])
    return NothingHappened(float(found.mean()), float(low), float(high), spread)


def before_and_after(
    counts: np.ndarray, chosen: list[np.ndarray], choices: tuple[Choice, ...]
) -> float:
    """Return the plain log ratio of later to earlier events by period, over all rounds."""
    before = after = 0.0
    for places, choice in zip(chosen, choices, strict=True):
        before += counts[places, choice.looked_at].mean(axis=1).sum()
        after += counts[places, choice.after].mean(axis=1).sum()
    return float(np.log(after / before)) if before > 0 and after > 0 else np.nan


def _one_world(counts: np.ndarray, choices: tuple[Choice, ...]) -> float:
    free = np.ones(len(counts), dtype=bool)
    chosen = []
    for choice in choices:
        past = np.where(free, counts[:, choice.looked_at].sum(axis=1), -1.0)
        worst = np.argsort(-past, kind="stable")[: choice.places]
        free[worst] = False
        chosen.append(worst)
    return before_and_after(counts, chosen, choices)


def _levels(table: np.ndarray) -> tuple[np.ndarray, float]:
    """Return levels of places shrunk towards their mean, and the variance over the mean."""
    periods = table.shape[1]
    mean = table.mean(axis=1)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    freedom = (table.shape[0] - 1) * (periods - 1)
    pearson = (table - expected) ** 2 / np.where(expected > 0, expected, 1)
    spread = max(1.0, float(pearson.sum() / freedom))
    noise = spread * mean.mean() / periods
    between = max(0.0, float(mean.var(ddof=1)) - noise)
    weight = between / (between + noise) if between + noise > 0 else 0.0
    return mean.mean() + weight * (mean - mean.mean()), spread


def _draw(mean: np.ndarray, spread: float, rng: np.random.Generator) -> np.ndarray:
    if spread <= 1:
        return rng.poisson(mean).astype(float)
    size = np.maximum(mean / (spread - 1), 1e-9)
    return rng.negative_binomial(size, 1 / spread).astype(float)
