"""The ratio of a programme's events to those of others, with limits from a permutation test.

When to use it: a lottery (randomisation inference, which draws the choice again), or places
whose neighbours resemble each other (:func:`spatial_ratio`).  When not: places chosen for their
records.  The limits are the effects that the test does not reject.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from labtools.errors import AnalysisError
from labtools.evaluation.choice import refuse_by_records
from labtools.evaluation.drawn import drawn_again, who_compares
from labtools.evaluation.estimate import Estimate, error_within
from labtools.evaluation.one_start import OneStart
from labtools.evaluation.randomisation import map_patterns, studentised

_DRAWS = 999
#: Each stride is twice the one before: the farthest ends at a ratio of 4.7.
_STEP, _STRIDES, _HALVINGS = 0.05, 5, 14
_NONE = 1e-12
#: p-value of a vector of changes, one for each place.
Test = Callable[[np.ndarray], float]


def drawn_ratio(start: OneStart, *, level: float, rng: np.random.Generator) -> Estimate:
    """Return the ratio, its limits and p by drawing the lottery again.

    From the lots that a staggered start was drawn from, where the protocol names them; else from
    all choices of as many places.  Who lies beside the programme is found anew in each draw, so
    that the test holds although neighbours do not compare.

    Raises
    ------
    AnalysisError
        If places were not chosen by lottery, or nothing happened to compare.

    References
    ----------
    Rosenbaum, P. R. (2002). Covariance adjustment in randomized experiments and observational
    studies. Statistical Science 17, 286-327. doi:10.1214/ss/1042727942
    Blattman, C., Green, D., Ortega, D. & Tobon, S. (2021). Place-based interventions at scale.
    JEEA 19, 2022-2051. doi:10.1093/jeea/jvab002
    """
    if start.chosen != "by_lottery":
        raise AnalysisError(
            "Only a lottery can be drawn again, and these places were chosen otherwise. Plan the "
            "design imputed_counts."
        )
    drawn = _choices(start, level, rng)
    others = who_compares(start, drawn)

    def rare(change: np.ndarray) -> float:
        found = np.abs(studentised(change, drawn, others))
        return float((found >= found[0] * (1 - _NONE)).mean())

    return _estimate(start, rare, level)


def _choices(start: OneStart, level: float, rng: np.random.Generator) -> np.ndarray:
    """Return the choices that could have been made; the one that was made comes first."""
    if start.drawn is None:
        return drawn_again(start, _DRAWS, rng)[0]
    needed = int(np.ceil(1 / (1 - level) - _NONE))
    if len(start.drawn) < needed:
        raise AnalysisError(
            "Only {n} lots could have been taken, and {needed} are needed for such an error. Draw "
            "the next start among more colonias.",
            n=len(start.drawn),
            needed=needed,
        )
    return start.drawn


def spatial_ratio(start: OneStart, *, level: float, rng: np.random.Generator) -> Estimate:
    """Return the ratio, its limits and p among maps as alike next door as the one seen.

    Raises
    ------
    AnalysisError
        If places were chosen for their records, or nothing happened to compare.

    References
    ----------
    Wagner, H. H. & Dray, S. (2015). Methods in Ecology and Evolution 6, 1169-1178.
    doi:10.1111/2041-210X.12407
    """
    refuse_by_records(start.chosen)
    kept = (start.treated | start.others).to_numpy()
    inside = start.treated.to_numpy(bool)[kept]
    # Two borders apart: of one, the programme would be beside nobody where neighbours are left out.
    near = start.beside.to_numpy(float)
    near = ((near + near @ near) > 0) & ~np.eye(len(near), dtype=bool)
    patterns = map_patterns(near[np.ix_(kept, kept)].astype(float))
    weight = inside / inside.sum() - ~inside / (~inside).sum()
    part = patterns.T @ weight
    signs = rng.integers(0, 2, (_DRAWS, len(weight))) * 2.0 - 1

    def rare(change: np.ndarray) -> float:
        own = change[kept]
        terms = part * (patterns.T @ (own - own.mean()))
        return float(
            (1 + (np.abs(signs @ terms) >= abs(terms.sum()) * (1 - _NONE)).sum()) / (1 + _DRAWS)
        )

    return _estimate(start, rare, level)


def _estimate(start: OneStart, rare: Test, level: float) -> Estimate:
    before = start.years_before(1).iloc[:, 0].to_numpy(float)
    after = start.after.to_numpy(float)
    treated, others = start.treated.to_numpy(bool), start.others.to_numpy(bool)
    sums = [part[rows].sum() for part in (after, before) for rows in (treated, others)]
    if min(sums) <= 0 or min(treated.sum(), others.sum()) < 2:  # noqa: PLR2004 - a pair
        raise AnalysisError(
            "In the cells “{key}” there were {observed} events and {expected} were to be "
            "expected: no ratio can be told. Pool more places or more months.",
            key="after",
            observed=int(sums[0]),
            expected=int(sums[2]),
        )
    value = float(np.log(sums[0] * sums[3] / (sums[1] * sums[2])))

    def p_of(effect: float) -> float:
        told = np.where(treated, after * np.exp(-effect), after)
        return rare(told - told.sum() / before.sum() * before)

    lower, upper = (_edge(p_of, value, sign, 1 - level) for sign in (-1, 1))
    return Estimate(
        log_ratio=value,
        lower=lower,
        upper=upper,
        se=error_within(lower, upper, level),
        p=p_of(0.0),
        observed=float(sums[0]),
        places=int(treated.sum()),
        compared=int(others.sum()),
    )


def _edge(p_of: Callable[[float], float], value: float, sign: int, error: float) -> float:
    """Return the effect furthest from `value` on one side that the test does not reject."""
    near, step = value, _STEP
    for _ in range(_STRIDES):
        far = near + sign * step
        if p_of(far) <= error:
            break
        near, step = far, 2 * step
    else:
        return sign * np.inf
    for _ in range(_HALVINGS):
        middle = (near + far) / 2
        near, far = (middle, far) if p_of(middle) > error else (near, middle)
    return float(far)
