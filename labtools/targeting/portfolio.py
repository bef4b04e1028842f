"""Which actions to take with a budget: expected harm averted, dared or guarded, within floors.

A mixed-integer programme (HiGHS, through SciPy): at most so many actions in a colonia, within
what each agency can do, with floors of spending by delegación and grade of marginality.  With
risk aversion the objective mixes the mean with the mean of the worst draws (CVaR), reached by
cutting planes: Rockafellar & Uryasev (2000), doi:10.21314/JOR.2000.038.

When to use it: to lay options on the table with their price.  When not: as a decision; it sees
only what has a verified figure and a cost, and no patrol and no person is ever allocated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import scipy

from labtools.errors import AnalysisError
from labtools.targeting.options import Options

_ROUNDS = 40
_GAP = 0.01
_SURE = 0.25  # of the gap that is promised, what a search of whole choices may leave
_OPEN = 100  # options that are searched beside a relaxed choice


@dataclass(frozen=True, slots=True)
class Rules:
    """What the choice must keep to.

    Attributes
    ----------
    budget : float
        Pesos.
    capacity : mapping of str to int
        Colonias that each agency can attend; an agency that is not named has no limit.
    per_colonia : int
        Most actions in one colonia: their effects are added, which holds for few.
    borough_floor, grade_floor : mapping of str to float
        Least pesos for each delegación and grade of marginality.
    aversion : float
        0 counts the mean only, 1 the mean of the worst draws only.
    tail : float
        Share of draws that are "the worst".
    """

    budget: float
    capacity: Mapping[str, int] = field(default_factory=dict)
    per_colonia: int = 2
    borough_floor: Mapping[str, float] = field(default_factory=dict)
    grade_floor: Mapping[str, float] = field(default_factory=dict)
    aversion: float = 0.0
    tail: float = 0.2


@dataclass(frozen=True, slots=True)
class Portfolio:
    """A choice of options.

    Attributes
    ----------
    chosen : pandas.Series of bool, shape (n_options,)
    mean, worst : float
        Harm averted: mean over draws, and mean of the worst draws.
    draws : numpy.ndarray, shape (n_draws,)
        Harm averted in each draw.
    cost : float
        Pesos spent.
    price : float
        What the last peso buys: harm averted by one peso more (of the relaxed programme).
    gap : float
        How far the choice may lie from the best, at most, as a share.
    """

    chosen: pd.Series
    mean: float
    worst: float
    draws: np.ndarray
    cost: float
    price: float
    gap: float


def choose_portfolio(options: Options, rules: Rules, *, gap: float = _GAP) -> Portfolio:
    """Return the options to take.

    Raises
    ------
    AnalysisError
        If the floors cannot be kept within budget and capacities.
    """
    rows = constraints_of(options.table, rules)
    mean = options.benefit.mean(axis=0, dtype=float)
    cuts: list[np.ndarray] | None = [] if rules.aversion else None
    best: tuple[float, np.ndarray] = (-np.inf, np.zeros(len(mean)))
    bound, price = np.inf, 0.0
    for _ in range(_ROUNDS):
        point, price = _relaxed(mean, rows, rules, cuts)
        if not _cut(options, rules, point, cuts):
            break
    for _ in range(_ROUNDS):
        point, bound = _whole(mean, rows, rules, cuts, gap)
        value = objective(options, rules, point)
        best = max(best, (value, point), key=lambda pair: pair[0])
        if bound - best[0] <= gap * abs(bound) or not _cut(options, rules, point, cuts):
            break
    return _portfolio(options, rules, best[1], price, (bound - best[0]) / max(abs(bound), 1e-12))


def objective(options: Options, rules: Rules, chosen: np.ndarray) -> float:
    """Return what is maximised, for a choice: the mean mixed with the mean of the worst."""
    return averse(_draws_of(options, chosen), rules)


def averse(draws: np.ndarray, rules: Rules) -> float:
    """Return the worth of draws of harm averted: their mean mixed with that of the worst."""
    worst = np.sort(draws)[: _tail(rules, len(draws))].mean()
    return float((1 - rules.aversion) * draws.mean() + rules.aversion * worst)


def best_value(benefit: np.ndarray, table: pd.DataFrame, rules: Rules) -> tuple[float, np.ndarray]:
    """Return the best value for one draw's benefits, and its choice (whole options, 0 or 1).

    Best within the gap of `choose_portfolio`.  What the relaxed programme is surest of is taken
    for given and the rest is searched; all is searched where that does not prove the gap.
    """
    gain, rows = np.asarray(benefit, float), constraints_of(table, rules)
    relaxed = scipy.optimize.linprog(-gain, A_ub=rows.matrix, b_ub=rows.limits, bounds=(0, 1))
    if relaxed.x is None:
        raise _impossible(rules)
    point = _near(relaxed, gain, rows)
    if point is None or -relaxed.fun - float(point @ gain) > _SURE * _GAP * abs(relaxed.fun):
        point, _ = _whole(gain, rows, rules, None)
    return float(point @ gain), point


def _near(
    relaxed: scipy.optimize.OptimizeResult, gain: np.ndarray, rows: Constraints
) -> np.ndarray | None:
    """Return the best whole choice that differs from a relaxed one in few options, if one does.

    They are those whose gain hardly pays what they use: of least reduced cost.
    """
    point: np.ndarray = np.round(relaxed.x)
    sure = np.abs(relaxed.lower.marginals) + np.abs(relaxed.upper.marginals)
    open_ = np.argsort(sure, kind="stable")[:_OPEN]
    point[open_] = 0.0
    found = scipy.optimize.milp(
        -gain[open_],
        integrality=np.ones(len(open_)),
        bounds=scipy.optimize.Bounds(0, 1),
        constraints=scipy.optimize.LinearConstraint(
            rows.matrix[:, open_], ub=rows.limits - rows.matrix @ point
        ),
        options={"mip_rel_gap": _SURE * _GAP},
    )
    if found.x is None:
        return None
    point[open_] = np.round(found.x)
    return point


@dataclass(frozen=True, slots=True)
class Constraints:
    """Rows ``matrix @ x <= limits``; the budget is the first of them."""

    matrix: scipy.sparse.csr_array
    limits: np.ndarray


def constraints_of(table: pd.DataFrame, rules: Rules) -> Constraints:
    """Return the rows of the programme."""
    cost = table["cost"].to_numpy(float)
    parts: list[np.ndarray | scipy.sparse.csr_array] = [cost[None]]
    limits: list[float] = [rules.budget]
    for agency, most in rules.capacity.items():
        parts.append((table["agency"] == agency).to_numpy(float)[None])
        limits.append(float(most))
    for column, floors in (("borough", rules.borough_floor), ("grade", rules.grade_floor)):
        for name, least in floors.items():
            parts.append(-np.where(table[column] == name, cost, 0.0)[None])
            limits.append(-float(least))
    codes, colonias = pd.factorize(table["colonia_id"])
    ones = scipy.sparse.csr_array((np.ones(len(codes)), (codes, np.arange(len(codes)))))
    return Constraints(
        scipy.sparse.csr_array(scipy.sparse.vstack([*map(scipy.sparse.csr_array, parts), ones])),
        np.array([*limits, *[float(rules.per_colonia)] * len(colonias)]),
    )


def _relaxed(
    mean: np.ndarray, rows: Constraints, rules: Rules, cuts: list[np.ndarray] | None
) -> tuple[np.ndarray, float]:
    gain, matrix, limits, bounds = _programme(mean, rows, rules, cuts)
    found = scipy.optimize.linprog(-gain, A_ub=matrix, b_ub=limits, bounds=bounds, method="highs")
    if found.x is None:
        raise _impossible(rules)
    return np.asarray(found.x[: len(mean)]), float(-found.ineqlin.marginals[0])


def _whole(
    mean: np.ndarray,
    rows: Constraints,
    rules: Rules,
    cuts: list[np.ndarray] | None,
    gap: float = _GAP,
) -> tuple[np.ndarray, float]:
    gain, matrix, limits, bounds = _programme(mean, rows, rules, cuts)
    whole = np.r_[np.ones(len(mean)), np.zeros(len(gain) - len(mean))]
    found = scipy.optimize.milp(
        -gain,
        integrality=whole,
        bounds=scipy.optimize.Bounds(bounds[:, 0], bounds[:, 1]),
        constraints=scipy.optimize.LinearConstraint(matrix, ub=limits),
        options={"mip_rel_gap": _SURE * gap},
    )
    if found.x is None:
        raise _impossible(rules)
    return np.round(found.x[: len(mean)]), float(-found.mip_dual_bound)


def _programme(
    mean: np.ndarray, rows: Constraints, rules: Rules, cuts: list[np.ndarray] | None
) -> tuple[np.ndarray, scipy.sparse.csr_array, np.ndarray, np.ndarray]:
    """Return gains, rows, limits and bounds; with cuts, the last column is the worst draws'."""
    bounds = np.column_stack([np.zeros(len(mean)), np.ones(len(mean))])
    if cuts is None:
        return mean, rows.matrix, rows.limits, bounds
    gain = np.r_[(1 - rules.aversion) * mean, rules.aversion]
    ceiling = np.array([[-np.inf, max(float(np.maximum(mean, 0).sum()), 1.0)]])
    column = scipy.sparse.csr_array((rows.matrix.shape[0], 1))
    matrix = scipy.sparse.hstack([rows.matrix, column])
    if cuts:
        lines = np.column_stack([-np.array(cuts), np.ones(len(cuts))])
        matrix = scipy.sparse.vstack([matrix, scipy.sparse.csr_array(lines)])
    limits = np.r_[rows.limits, np.zeros(len(cuts))]
    return gain, scipy.sparse.csr_array(matrix), limits, np.vstack([bounds, ceiling])


def _cut(options: Options, rules: Rules, point: np.ndarray, cuts: list[np.ndarray] | None) -> bool:
    """Add the mean of the draws that are worst at `point`; return whether it says anything new."""
    if cuts is None:
        return False
    draws = _draws_of(options, point)
    order = np.argsort(draws, kind="stable")[: _tail(rules, len(draws))]
    line = options.benefit[order].mean(axis=0, dtype=float)
    if cuts and min(float(cut @ point) for cut in cuts) <= float(line @ point) * (1 + 1e-3):
        return False
    cuts.append(line)
    return True


def _tail(rules: Rules, n: int) -> int:
    return max(1, round(rules.tail * n))


def _draws_of(options: Options, chosen: np.ndarray) -> np.ndarray:
    used = np.flatnonzero(chosen > 0)
    return np.asarray(options.benefit[:, used].astype(float) @ chosen[used])


def _portfolio(
    options: Options, rules: Rules, point: np.ndarray, price: float, gap: float
) -> Portfolio:
    draws = _draws_of(options, point)
    chosen = pd.Series(point > 0.5, index=options.table.index)  # noqa: PLR2004 - rounded already
    return Portfolio(
        chosen=chosen,
        mean=float(draws.mean()),
        worst=float(np.sort(draws)[: _tail(rules, len(draws))].mean()),
        draws=draws,
        cost=float(options.table.loc[chosen, "cost"].sum()),
        price=price,
        gap=max(float(gap), 0.0),
    )


def _impossible(rules: Rules) -> AnalysisError:
    return AnalysisError(
        "No choice keeps every floor within {budget} pesos and the agencies' capacities. Lower "
        "a floor, or raise the budget or a capacity.",
        budget=f"{rules.budget:,.0f}",
    )
