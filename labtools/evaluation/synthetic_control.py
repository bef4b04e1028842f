"""Synthetic control: a weighted mix of untreated places that moved as the treated one did.

When to use it: one or few treated places with a long history.  When not: the mix does not
follow the treated place before the programme (`before_rmse` is large), or counts are tiny.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import scipy

from labtools.errors import AnalysisError
from labtools.evaluation.choice import Chosen, refuse_by_records
from labtools.messages import Sentence, mark
from labtools.tables.shown import Shown

_SUM_TO_ONE = 1e4
_ENOUGH_BEFORE = 3
_ENOUGH_DONORS = 2


@dataclass(frozen=True, slots=True)
class SyntheticControl(Shown):
    """The gap between a place and its synthetic twin.

    Attributes
    ----------
    weights : pandas.Series, shape (n_donors,)
        Not negative; they sum to 1.
    gaps : pandas.Series, shape (n_periods,)
        Treated less synthetic, in the unit of the outcome.
    effect : float
        Mean gap from the start on.
    before_rmse, ratio : float
        Root mean square gap before the start, and the later one over it.
    """

    told_as: ClassVar[Sentence] = mark("Effect by a synthetic control")
    weights: pd.Series
    gaps: pd.Series
    effect: float
    before_rmse: float
    ratio: float


def synthetic_control(outcome: pd.DataFrame, treated: object, start: object) -> SyntheticControl:
    """Return the synthetic control of one place, matched on its outcomes before `start`.

    Parameters
    ----------
    outcome : pandas.DataFrame, shape (n_periods, n_units)
        Complete; periods in order.  All other columns are donors.
    treated : column label
    start : index label
        First treated period.

    Raises
    ------
    AnalysisError
        If values are missing, or donors or earlier periods are too few.

    References
    ----------
    Abadie, A., Diamond, A. & Hainmueller, J. (2010). Synthetic control methods for comparative
    case studies. JASA 105, 493-505. doi:10.1198/jasa.2009.ap08746
    """
    before = np.asarray(outcome.index < start)
    refuse_unknown(outcome, [treated])
    _check(outcome, before)
    donors = outcome.drop(columns=[treated])
    weights = simplex_weights(
        donors[before].to_numpy(float), outcome.loc[before, treated].to_numpy(float)
    )
    gaps = outcome[treated] - donors @ weights
    early = float(np.sqrt((gaps[before] ** 2).mean()))
    return SyntheticControl(
        weights=pd.Series(weights, index=donors.columns),
        gaps=gaps,
        effect=float(gaps[~before].mean()),
        before_rmse=early,
        ratio=_ratio(gaps.to_numpy(), before),
    )


def refuse_unknown(outcome: pd.DataFrame, treated: Sequence[object]) -> None:
    """Refuse treated places that the outcome does not have, or none at all.

    Raises
    ------
    AnalysisError
        Which.
    """
    unknown = [place for place in treated if place not in outcome.columns]
    if unknown or not len(treated):
        raise AnalysisError(
            "{n} treated places are named, and the outcome lacks {unknown}. Name one or more of "
            "its columns.",
            n=len(treated),
            unknown=tuple(map(str, unknown)) or ("—",),
        )


def placebo_ratios(
    outcome: pd.DataFrame, start: object, *, chosen: Chosen = "otherwise"
) -> pd.Series:
    """Return each place's ratio of later to earlier gaps, as if it had been the treated one.

    The treated place's rank among all, over their number, is the p-value.  With fewer than 20
    places it can never be below 0.05.

    Parameters
    ----------
    outcome : pandas.DataFrame, shape (n_periods, n_units)
    start : index label
    chosen : {"by_records", "by_lottery", "otherwise"}
        How the treated place was chosen; for its records, its rank is that of no other place, and
        the test is refused.

    Raises
    ------
    AnalysisError
        As for :func:`synthetic_control`, and if the place was chosen for its records.
    """
    refuse_by_records(chosen)
    before = np.asarray(outcome.index < start)
    _check(outcome, before)
    table = outcome.to_numpy(float)
    found = [_ratio(_gaps(table, at, before), before) for at in range(table.shape[1])]
    return pd.Series(found, index=outcome.columns, name="ratio")


def _gaps(table: np.ndarray, at: int, before: np.ndarray) -> np.ndarray:
    donors = np.delete(table, at, axis=1)
    return np.asarray(table[:, at] - donors @ simplex_weights(donors[before], table[before, at]))


def _ratio(gaps: np.ndarray, before: np.ndarray) -> float:
    """Return the root mean square gap from the start on, over that before."""
    early, late = (float(np.sqrt((part**2).mean())) for part in (gaps[before], gaps[~before]))
    return late / early if early else (np.inf if late else 1.0)


def simplex_weights(donors: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return weights of least squares, not negative and of sum 1; their support is solved exactly.

    Parameters
    ----------
    donors : numpy.ndarray, shape (n_rows, n_donors)
    target : numpy.ndarray, shape (n_rows,)
    """
    scale = _SUM_TO_ONE * max(float(np.abs(donors).max()), 1e-12)
    rows = np.vstack([donors, np.full(donors.shape[1], scale)])
    near, _ = scipy.optimize.nnls(rows, np.append(target, scale))
    support = near > 0
    used = donors[:, support]
    k = used.shape[1]
    system = np.ones((k + 1, k + 1))
    system[:k, :k] = used.T @ used
    system[k, k] = 0
    exact = scipy.linalg.lstsq(system, np.append(used.T @ target, 1.0))[0][:k]
    weights = near / near.sum()
    if (exact >= 0).all():
        weights[support] = exact
    return np.asarray(weights)


def _check(outcome: pd.DataFrame, before: np.ndarray) -> None:
    gaps = int(outcome.isna().to_numpy().sum())
    if gaps:
        raise AnalysisError(
            "The outcome has {n} missing values. Drop the places or periods that have them.", n=gaps
        )
    donors = outcome.shape[1] - 1
    if before.sum() < _ENOUGH_BEFORE or before.all() or donors < _ENOUGH_DONORS:
        raise AnalysisError(
            "A synthetic control needs two donors, three periods before the start and one after; "
            "there are {donors} donors and {before} periods before. Give a longer history.",
            donors=donors,
            before=int(before.sum()),
        )
