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
import scipy

from labtools.errors import AnalysisError
from labtools.evaluation.choice import Chosen, refuse_by_records
from labtools.evaluation.synthetic_control import refuse_unknown, simplex_weights

_ENOUGH_BEFORE = 3
_ENOUGH_DRAWS = 20
#: Of the largest outcome: placebos nearer to each other do not vary at all.
_NOTHING = 1e-9
#: Penalty of the periods' weights, of one step of the outcome: enough to make them unique.
_ALMOST_NONE = 1e-6


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
    lower, upper : float
        Normal interval with that error.
    p : float
        Share of groups of as many places, drawn from all, whose effect is as far from nil; it
        counts the treated themselves.  Under a lottery it errs as often as it says, be outcomes
        normal or not.  Interval and p are missing where the error is 0: nothing is tested then.
    placebos, any_group : numpy.ndarray, shape (n_draws,)
        Effects on groups of untreated places, and on groups drawn from all; none of the latter
        where nothing is tested.
    """

    se: float
    lower: float
    upper: float
    p: float
    placebos: np.ndarray
    any_group: np.ndarray


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
    effect, omega, lambda_ = _difference(table, len(others), before)
    early, late = table[:, before].mean(axis=1), table[:, ~before].mean(axis=1)
    change = late - early
    return SyntheticDifference(
        effect=effect,
        places=pd.Series(omega, index=others),
        periods=pd.Series(lambda_, index=outcome.index[before]),
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
    table = outcome[[*others, *treated]].to_numpy(float).T
    placebos = _drawn(table[: len(others)], len(treated), before, (rng, draws))
    effect = synthetic_difference(outcome, treated, start).effect
    se = float(placebos.std())
    reach = scipy.stats.norm.ppf(0.975) * se
    if se <= _NOTHING * float(np.abs(outcome.to_numpy(float)).max()):
        return PlaceboError(0.0, np.nan, np.nan, np.nan, placebos, placebos[:0])
    any_group = _drawn(table, len(treated), before, (rng, draws))
    p = (1 + int((np.abs(any_group) >= abs(effect)).sum())) / (1 + draws)
    return PlaceboError(se, effect - reach, effect + reach, p, placebos, any_group)


def _drawn(
    table: np.ndarray, treated: int, before: np.ndarray, how: tuple[np.random.Generator, int]
) -> np.ndarray:
    """Return the effects on as many places as were treated, drawn from the rows of `table`."""
    (rng, draws), kept = how, len(table) - treated
    return np.array(
        [_difference(table[rng.permutation(len(table))], kept, before)[0] for _ in range(draws)]
    )


def _difference(
    table: np.ndarray, untreated: int, before: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """Return the effect and both weights; untreated places come first in `table`."""
    n_after = int((~before).sum())
    treated = len(table) - untreated
    early = table[:, before]
    noise = np.diff(early[:untreated], axis=1).std(ddof=1)
    late = table[:, ~before].mean(axis=1)
    zeta = (treated * n_after) ** 0.25 * noise
    across = early[:untreated]
    omega = _weights(across.T, early[untreated:].mean(axis=0), zeta)
    lambda_ = _weights(across, late[:untreated], _ALMOST_NONE * noise)
    change = late - early @ lambda_
    effect = float(change[untreated:].mean() - omega @ change[:untreated])
    return effect, omega, lambda_


def _weights(donors: np.ndarray, target: np.ndarray, zeta: float) -> np.ndarray:
    """Return weights on the simplex, exactly; the authors stop Frank-Wolfe steps near them.

    The penalty is that of as many rows more: ``len(donors) zeta**2`` times the squared weights.
    """
    n, k = donors.shape
    penalty = np.sqrt(n) * zeta * np.eye(k)
    rows = np.vstack([donors - donors.mean(axis=0), penalty])
    return simplex_weights(rows, np.append(target - target.mean(), np.zeros(k)))


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
