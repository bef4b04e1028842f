"""Synthetic difference-in-differences: weights on places and on earlier periods together.

When to use it: few treated places that start together, many untreated ones, long history.
When not: staggered entry (cohort by cohort), or fewer untreated than treated places: the
placebo error cannot be told then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from labtools.errors import AnalysisError
from labtools.evaluation.choice import Chosen, refuse_by_records
from labtools.evaluation.synthetic_control import refuse_unknown

_STEPS = 10_000
_FIRST_STEPS = 100
_CLOSE = 1e-5
_ENOUGH_BEFORE = 3
_ENOUGH_DRAWS = 20
#: Of the largest outcome: placebos nearer to each other do not vary at all.
_NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class SyntheticDifference:
    """The effect on treated places, with its weights.

    Attributes
    ----------
    effect : float
        Mean effect from the start on, in the unit of the outcome.
    places : pandas.Series, shape (n_untreated,)
        Weights; not negative, they sum to 1.
    periods : pandas.Series, shape (n_before,)
        Weights of the periods before the start.
    plain : float
        The plain difference-in-differences, with equal weights.
    """

    effect: float
    places: pd.Series
    periods: pd.Series
    plain: float


@dataclass(frozen=True, slots=True)
class PlaceboError:
    """The error of an effect, from untreated places that pass for treated ones.

    Attributes
    ----------
    se : float
        0 where the placebos do not vary.
    lower, upper, p : float
        Normal interval and test with that error; missing where it is 0: nothing is tested then.
    placebos : numpy.ndarray, shape (n_draws,)
    """

    se: float
    lower: float
    upper: float
    p: float
    placebos: np.ndarray


def synthetic_difference(
    outcome: pd.DataFrame, treated: Sequence[object], start: object
) -> SyntheticDifference:
    """Return the synthetic difference-in-differences of places that start together.

    Parameters
    ----------
    outcome : pandas.DataFrame, shape (n_periods, n_places)
        Complete; periods in order.
    treated : sequence of column labels
    start : index label
        First treated period.

    Raises
    ------
    AnalysisError
        If values are missing, or untreated places or earlier periods are too few.

    References
    ----------
    Arkhangelsky, D., Athey, S., Hirshberg, D. A., Imbens, G. W. & Wager, S. (2021). Synthetic
    difference-in-differences. American Economic Review 111, 4088-4118.
    doi:10.1257/aer.20190159
    """
    refuse_unknown(outcome, treated)
    before = np.asarray(outcome.index < start)
    others = [column for column in outcome.columns if column not in set(treated)]
    _check(outcome, before, len(others))
    table = outcome[[*others, *treated]].to_numpy(float).T
    given = np.arange(len(table))[None, :] >= len(others)
    effects, omega, lambda_ = _differences(table, given, before)
    early, late = table[:, before].mean(axis=1), table[:, ~before].mean(axis=1)
    change = late - early
    return SyntheticDifference(
        effect=float(effects[0]),
        places=pd.Series(omega[0, : len(others)], index=others),
        periods=pd.Series(lambda_[0], index=outcome.index[before]),
        plain=float(change[len(others) :].mean() - change[: len(others)].mean()),
    )


def placebo_error(
    outcome: pd.DataFrame,
    treated: Sequence[object],
    start: object,
    *,
    rng: np.random.Generator,
    draws: int = 200,
    chosen: Chosen = "otherwise",
) -> PlaceboError:
    """Return the error of the effect: untreated places, as many as treated, drawn at random.

    It holds where treated and untreated places vary alike; treated places that are larger, or
    were chosen for their records, vary more.

    Parameters
    ----------
    chosen : {"by_records", "by_lottery", "otherwise"}
        How places were chosen; for their records, the test is refused.

    Raises
    ------
    AnalysisError
        If treated places were chosen for their records, or there are not more untreated than
        treated places.
    """
    refuse_by_records(chosen)
    refuse_unknown(outcome, treated)
    if draws < _ENOUGH_DRAWS:
        raise AnalysisError(
            "{draws} draws are too few to tell a p-value of 0.05. Take {needed} or more.",
            draws=draws,
            needed=_ENOUGH_DRAWS,
        )
    before = np.asarray(outcome.index < start)
    others = [column for column in outcome.columns if column not in set(treated)]
    if len(others) <= len(treated):
        raise AnalysisError(
            "The placebo error needs more untreated places than treated ones; there are "
            "{untreated} and {treated}. Give more untreated places.",
            untreated=len(others),
            treated=len(treated),
        )
    table = outcome[others].to_numpy(float).T
    passing = np.zeros((draws, len(others)), dtype=bool)
    for one in passing:
        one[rng.permutation(len(others))[-len(treated) :]] = True
    placebos = _differences(table, passing, before)[0]
    effect = synthetic_difference(outcome, treated, start).effect
    se = float(placebos.std())
    reach = stats.norm.ppf(0.975) * se
    if se <= _NOTHING * float(np.abs(outcome.to_numpy(float)).max()):
        return PlaceboError(0.0, np.nan, np.nan, np.nan, placebos)
    p = float(2 * stats.norm.sf(abs(effect) / se))
    return PlaceboError(se, effect - reach, effect + reach, p, placebos)


@dataclass(frozen=True, slots=True)
class _Fits:
    """Least squares on the simplex, one for each group of treated places.

    All groups share one table; each leaves out rows and columns of its own, so that a step of all
    is one product of matrices.
    """

    table: np.ndarray  # (n_rows, n_columns)
    rows: np.ndarray  # (n_groups, n_rows) of bool
    columns: np.ndarray  # (n_groups, n_columns) of bool
    target: np.ndarray  # (n_groups, n_rows)
    zeta: np.ndarray  # (n_groups,)
    least: np.ndarray  # (n_groups,)

    def only(self, some: np.ndarray) -> _Fits:
        parts = (self.rows, self.columns, self.target, self.zeta, self.least)
        return _Fits(self.table, *(part[some] for part in parts))


def _differences(
    table: np.ndarray, treated: np.ndarray, before: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return effects and both weights, for each row of `treated` places."""
    n_after, sizes = int((~before).sum()), treated.sum(axis=1)
    early, late = table[:, before], table[:, ~before].mean(axis=1)
    noise = _noise(early, ~treated)
    every = np.ones((len(treated), early.shape[1]), dtype=bool)
    own = treated @ early / sizes[:, None]
    zeta = (sizes * n_after) ** 0.25 * noise
    omega = _weights(_Fits(early.T, every, ~treated, own, zeta, 1e-5 * noise))
    after = np.broadcast_to(late, treated.shape)
    lambda_ = _weights(_Fits(early, ~treated, every, after, 1e-6 * noise, 1e-5 * noise))
    change = late - lambda_ @ early.T
    effects = (change * treated).sum(axis=1) / sizes - (omega * change).sum(axis=1)
    return effects, omega, lambda_


def _noise(early: np.ndarray, untreated: np.ndarray) -> np.ndarray:
    """Return the standard deviation of one step of the untreated places."""
    steps = np.diff(early, axis=1)
    n = untreated.sum(axis=1) * steps.shape[1]
    mean = untreated @ steps.sum(axis=1) / n
    squares = untreated @ (steps**2).sum(axis=1)
    return np.asarray(np.sqrt(np.maximum(squares - n * mean**2, 0.0) / (n - 1)))


def _weights(fits: _Fits) -> np.ndarray:
    """Return weights on the simplex by Frank-Wolfe, made sparse once, as the authors do."""
    equal = fits.columns / fits.columns.sum(axis=1, keepdims=True)
    first = _frank_wolfe(fits, equal, _FIRST_STEPS)
    first = np.where(first <= first.max(axis=1, keepdims=True) / 4, 0.0, first)
    return _frank_wolfe(fits, first / first.sum(axis=1, keepdims=True), _STEPS)


def _frank_wolfe(fits: _Fits, weights: np.ndarray, steps: int) -> np.ndarray:
    """Take steps towards the best corner; a group is done when its fit no longer improves."""
    found, going = weights.copy(), np.arange(len(weights))
    fitted, target, centre = _centred(fits, weights)
    size = int(fits.rows[0].sum())  # every group leaves out as many rows
    last = np.full(len(weights), np.inf)
    for _ in range(steps):
        eta, rows = size * fits.zeta**2, np.arange(len(weights))
        half = (fitted - target) @ fits.table + eta[:, None] * weights
        towards = np.where(fits.columns, half, np.inf).argmin(axis=1)
        shift = (fits.table[:, towards].T - centre[rows, towards][:, None]) * fits.rows - fitted
        own = weights[rows, towards]
        length = (weights**2).sum(axis=1) - 2 * own + 1
        slope = half[rows, towards] - (half * weights).sum(axis=1)
        curve = (shift**2).sum(axis=1) + eta * length
        step = np.divide(-slope, curve, out=np.zeros(len(rows)), where=curve > 0).clip(0, 1)
        weights = weights * (1 - step)[:, None]
        weights[rows, towards] += step
        fitted = fitted + step[:, None] * shift
        squares = ((fitted - target) ** 2).sum(axis=1)
        value = fits.zeta**2 * (weights**2).sum(axis=1) + squares / size
        more = last - value > fits.least**2
        last = value
        if not more.all():
            found[going] = weights
            going, weights, last = going[more], weights[more], last[more]
            fits, fitted, target, centre = (
                fits.only(more),
                *(part[more] for part in (fitted, target, centre)),
            )
        if not len(going):
            return found
    found[going] = weights
    return found


def _centred(fits: _Fits, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return fit and target less their means over the rows of each group, and columns' means."""
    n = fits.rows.sum(axis=1, keepdims=True)
    centre = fits.rows @ fits.table / n
    fitted = (weights @ fits.table.T - (weights * centre).sum(axis=1, keepdims=True)) * fits.rows
    mean = (fits.target * fits.rows).sum(axis=1, keepdims=True) / n
    return fitted, (fits.target - mean) * fits.rows, centre


def _check(outcome: pd.DataFrame, before: np.ndarray, untreated: int) -> None:
    gaps = int(outcome.isna().to_numpy().sum())
    if gaps:
        raise AnalysisError(
            "The outcome has {n} missing values. Drop the places or periods that have them.", n=gaps
        )
    if before.sum() < _ENOUGH_BEFORE or before.all() or untreated < 2:  # noqa: PLR2004 - a mix
        raise AnalysisError(
            "A synthetic difference needs two untreated places, three periods before the start "
            "and one after; there are {donors} places and {before} periods before. Give a longer "
            "history.",
            donors=untreated,
            before=int(before.sum()),
        )
