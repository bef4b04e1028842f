"""Effects of a programme that reached places at different times (Callaway-Sant'Anna).

When to use it: many places, adoption in waves, and places that would have moved alike.
When not: few treated places (synthetic control), or places chosen for a bad year (see the
regression to the mean first).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pandas as pd
import scipy

from labtools.errors import AnalysisError
from labtools.evaluation.choice import Chosen, refuse_by_records
from labtools.evaluation.counts import clustered_variance
from labtools.evaluation.ratio_effect import ratio_effect
from labtools.messages import Sentence, mark
from labtools.tables.shown import Shown

Method = Literal["doubly_robust", "weighting", "regression", "ratio"]
Controls = Literal["never", "not_yet"]
Summary = Literal["simple", "group", "dynamic", "calendar"]
_STEPS = 50
_FEWEST_UNITS = 5
_NEAR_ONE = 1 - 1e-6


@dataclass(frozen=True, slots=True)
class Panel:
    """A balanced panel, ready to compare.

    Attributes
    ----------
    outcome : pandas.DataFrame, shape (n_units, n_periods)
        Missing nowhere; columns are consecutive periods in order.
    first : pandas.Series, shape (n_units,)
        First treated period; missing or 0 for never.
    covariates : pandas.DataFrame, shape (n_units, n_covariates)
        Fixed before the programme; may have no columns.
    """

    outcome: pd.DataFrame
    first: pd.Series
    covariates: pd.DataFrame


@dataclass(frozen=True, slots=True)
class GroupTimeEffects(Shown):
    """Average effect on each group in each period.

    Attributes
    ----------
    cells : pandas.DataFrame, shape (n_cells, 4)
        ``group``, ``period``, ``effect`` and ``se``, in the unit of the outcome.
    influence : numpy.ndarray, shape (n_units, n_cells)
        Influence functions; errors of any average of cells follow from them.
    first : numpy.ndarray, shape (n_units,)
        First treated period, 0 for never.
    near : numpy.ndarray, shape (n_units, n_units), optional
        Weight of each pair's shared error; None where units are unrelated.
    """

    told_as: ClassVar[Sentence] = mark("Effects by waves of entry")
    cells: pd.DataFrame
    influence: np.ndarray
    first: np.ndarray
    near: np.ndarray | None = None

    def frame(self) -> pd.DataFrame:
        """Return the cells."""
        return self.cells


@dataclass(frozen=True, slots=True)
class Average(Shown):
    """An average of group-time effects: overall, and by group, event time or period.

    Attributes
    ----------
    effect, se : float
        Overall.
    parts : pandas.DataFrame
        ``effect`` and ``se``; its index is the group, event time or period.
    influence : numpy.ndarray, shape (n_units,)
        Of the overall one.
    """

    told_as: ClassVar[Sentence] = mark("Average of group-time effects")
    effect: float
    se: float
    parts: pd.DataFrame
    influence: np.ndarray


def group_time_effects(
    panel: Panel,
    *,
    method: Method = "doubly_robust",
    controls: Controls = "not_yet",
    anticipation: int = 0,
    chosen: Chosen = "otherwise",
    near: np.ndarray | None = None,
) -> GroupTimeEffects:
    """Return the effect on each group in each period, against units not treated.

    Before treatment each period is compared with the one before it; afterwards, with the last
    one before treatment.  A cell with fewer
    than five units, treated or compared, is left out: its error could not be told.

    Parameters
    ----------
    panel : Panel
    method : {"doubly_robust", "weighting", "regression", "ratio"}
        The last one is for counts: effects are logarithms of ratios
        (:mod:`labtools.evaluation.ratio_effect`).
    controls : {"not_yet", "never"}
    anticipation : int, default 0
        Periods before treatment that may already differ: because it was expected, or because
        the choice of units looked at them.  The base lies before them, and who is treated within
        so many periods compares with nobody.
    chosen : {"by_records", "by_lottery", "otherwise"}
        How places were chosen; for their records, the test is refused.
    near : numpy.ndarray, shape (n_units, n_units), optional
        Weight of each pair's shared error, 1 on the diagonal
        (:func:`labtools.evaluation.counts.nearness`): shocks that neighbours share would
        otherwise pass for an effect, or for paths that differed before.

    Raises
    ------
    AnalysisError
        If the panel has gaps or its indexes differ, no cell can be compared, or units were
        chosen for their records.

    References
    ----------
    Callaway, B. & Sant'Anna, P. H. C. (2021). Difference-in-differences with multiple time
    periods. Journal of Econometrics 225, 200-230. doi:10.1016/j.jeconom.2020.12.001
    """
    refuse_by_records(chosen)
    outcome, first, covariates = _checked(panel)
    periods = panel.outcome.columns.to_numpy()
    if anticipation < 0:
        raise AnalysisError("The anticipation is {n} periods. Give 0 or more.", n=anticipation)
    rows, influence = [], []
    for group in np.unique(first[(first > periods[0]) & (first <= periods[-1])]):
        for at in range(len(periods)):
            base = _base(periods, group, at, anticipation)
            free = first == 0
            if controls == "not_yet":
                free |= (first > periods[max(at, base)] + anticipation) & (first != group)
            unit = free | (first == group)
            if base < 0 or min((first == group).sum(), free.sum()) < _FEWEST_UNITS:
                continue
            pair = outcome[unit, base], outcome[unit, at]
            effect, part = _effect(pair, first[unit] == group, covariates[unit], method)
            full = np.zeros(len(first))
            full[unit] = part * len(first) / unit.sum()
            rows.append((group, periods[at], effect, _se(full, near)))
            influence.append(full)
    if not rows:
        raise AnalysisError(
            "No group of units can be compared with untreated ones in any period. Give units "
            "treated later or never, and a period before treatment."
        )
    cells = pd.DataFrame(rows, columns=["group", "period", "effect", "se"])
    return GroupTimeEffects(cells, np.column_stack(influence), first, near)


def average_effects(effects: GroupTimeEffects, summary: Summary) -> Average:
    """Return the average of group-time effects, counting that group sizes are estimated.

    ``simple`` weighs treated cells by group size; ``group``, ``dynamic`` and ``calendar`` first
    average by group, by time since the start, or by period.
    """
    group = effects.cells["group"].to_numpy()
    period = effects.cells["period"].to_numpy()
    treated = period >= group
    if not treated.any():
        raise AnalysisError(
            "No group of units can be compared with untreated ones in any period. Give units "
            "treated later or never, and a period before treatment."
        )
    if summary == "simple":
        value, part = _weighted(effects, treated)
        return Average(value, _se(part, effects.near), pd.DataFrame(columns=["effect", "se"]), part)
    key = {"group": group, "dynamic": period - group, "calendar": period}[summary]
    shown = np.ones(len(key), bool) if summary == "dynamic" else treated
    labels = np.unique(key[shown])
    pairs = [_weighted(effects, shown & (key == label)) for label in labels]
    values = np.array([value for value, _ in pairs])
    parts = np.column_stack([part for _, part in pairs])
    overall, influence = _overall(effects.first, summary, labels, values, parts)
    table = {"effect": values, "se": [_se(part, effects.near) for part in parts.T]}
    return Average(
        overall, _se(influence, effects.near), pd.DataFrame(table, index=labels), influence
    )


def pretrend_p(effects: GroupTimeEffects) -> float:
    """Return the p-value of the joint test that all effects before treatment are nil.

    A large value does not prove parallel trends: short or noisy histories never reject.

    Raises
    ------
    AnalysisError
        If there are no cells before treatment.
    """
    before = (effects.cells["period"] < effects.cells["group"]).to_numpy()
    if not before.any():
        raise AnalysisError("There are no periods before treatment to test. Give a longer history.")
    influence, n = effects.influence[:, before], len(effects.first)
    value = effects.cells["effect"].to_numpy()[before]
    alone = influence.T @ influence / n**2
    plain = value @ np.linalg.pinv(alone) @ value
    rank = int(np.linalg.matrix_rank(alone))
    if effects.near is None:
        return float(scipy.stats.chi2.sf(plain, rank))
    together = influence.T @ effects.near @ influence / n**2
    # Weights that fall with the distance may take from the variance: it is never the smaller one.
    statistic = min(plain, max(0.0, float(value @ np.linalg.pinv(together) @ value)))
    freedom = min((effects.first > 0).sum(), (effects.first == 0).sum()) - rank
    if freedom < 1:
        return 1.0
    scale = freedom / (rank * (freedom + rank - 1))
    return float(scipy.stats.f.sf(statistic * scale, rank, freedom))


def _checked(panel: Panel) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    outcome = panel.outcome.to_numpy(float)
    first = panel.first.reindex(panel.outcome.index).fillna(0).to_numpy(float)
    covariates = panel.covariates.reindex(panel.outcome.index).to_numpy(float)
    gaps = int((~np.isfinite(outcome)).sum() + (~np.isfinite(covariates)).sum())
    if gaps or not panel.first.index.equals(panel.outcome.index):
        raise AnalysisError(
            "The panel has {n} missing values, or its tables speak of different units. Give one "
            "value for each unit and period, in the same order.",
            n=gaps,
        )
    return outcome, first, np.column_stack([np.ones(len(first)), covariates])


def _base(periods: np.ndarray, group: float, at: int, anticipation: int) -> int:
    """Return the position of the period to compare with; -1 where there is none."""
    if periods[at] < group:
        return at - 1
    return int(np.searchsorted(periods, group - anticipation)) - 1


def _effect(
    pair: tuple[np.ndarray, np.ndarray], treated: np.ndarray, x: np.ndarray, method: Method
) -> tuple[float, np.ndarray]:
    """Return the effect on the treated and its influence function (Sant'Anna & Zhao 2020)."""
    if method == "ratio":
        return ratio_effect(*pair, treated, x)
    change = pair[1] - pair[0]
    d, n = treated.astype(float), len(change)
    fitted, ols = np.zeros(n), np.zeros_like(x)
    if method != "weighting":
        gram = np.linalg.pinv(x.T @ (x * (1 - d)[:, None]) / n)
        slope = gram @ (x.T @ ((1 - d) * change) / n)
        fitted = x @ slope
        ols = ((1 - d) * (change - fitted))[:, None] * x @ gram
    gap = change - fitted
    value = float((d * gap).sum() / d.sum())
    part = d * (gap - value) - ols @ (d[:, None] * x).mean(axis=0)
    part /= d.mean()
    if method == "regression":
        return value, part
    score, chance = _propensity(d, x)
    odds = chance * (1 - d) / (1 - chance)
    control = float((odds * gap).sum() / odds.sum())
    other = odds * (gap - control)
    other += score @ ((odds * (gap - control))[:, None] * x).mean(axis=0)
    other -= ols @ (odds[:, None] * x).mean(axis=0)
    return value - control, part - other / odds.mean()


def _propensity(d: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    slope = np.zeros(x.shape[1])
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(x @ slope, -30, 30)))
        hessian = np.linalg.pinv(x.T @ (x * (chance * (1 - chance))[:, None]) / len(d))
        step = hessian @ (x.T @ (d - chance) / len(d))
        slope = slope + step
        if np.abs(step).max() < 1e-12:  # noqa: PLR2004 - Newton has converged
            break
    return ((d - chance)[:, None] * x) @ hessian, np.minimum(chance, _NEAR_ONE)


def _weighted(effects: GroupTimeEffects, kept: np.ndarray) -> tuple[float, np.ndarray]:
    member = effects.first[:, None] == effects.cells["group"].to_numpy()[kept]
    return _mix(member, effects.cells["effect"].to_numpy()[kept], effects.influence[:, kept])


def _mix(member: np.ndarray, values: np.ndarray, parts: np.ndarray) -> tuple[float, np.ndarray]:
    size = member.mean(axis=0)
    weight = size / size.sum()
    off = member - size
    sizes = off / size.sum() - off.sum(axis=1, keepdims=True) * size / size.sum() ** 2
    return float(values @ weight), parts @ weight + sizes @ values


def _overall(
    first: np.ndarray, summary: Summary, labels: np.ndarray, values: np.ndarray, parts: np.ndarray
) -> tuple[float, np.ndarray]:
    if summary == "group":
        return _mix(first[:, None] == labels, values, parts)
    kept = labels >= 0 if summary == "dynamic" else np.ones(len(labels), bool)
    return float(values[kept].mean()), parts[:, kept].mean(axis=1)


def _se(influence: np.ndarray, near: np.ndarray | None) -> float:
    n = len(influence)
    if near is None:
        return float(np.sqrt((influence**2).mean() / n))
    return float(np.sqrt(clustered_variance(influence[:, None], near)[0])) / n
