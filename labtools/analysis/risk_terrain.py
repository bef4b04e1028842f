"""Which premises events lie near: penalised Poisson regression on layers of the terrain.

When to use it: to choose, among many layers (bars, schools, stops), those that go with more
events, without testing each.  When not: as causes.  A bar may stand where people are; the
sentences of the workbench say "is found together with".

References
----------
Friedman, J., Hastie, T. & Tibshirani, R. (2010). Regularization paths for generalized linear
models via coordinate descent. Journal of Statistical Software 33(1). doi:10.18637/jss.v033.i01
Caplan, J. M., Kennedy, L. W. & Miller, J. (2011). Risk terrain modeling. Justice Quarterly 28,
360-381. doi:10.1080/07418825.2010.486037
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import scipy

from labtools.errors import AnalysisError

_ROUNDS = 200
_SWEEPS = 500
_CLOSE = 1e-9


def distances_to(places: np.ndarray, premises: np.ndarray) -> np.ndarray:
    """Return how far the nearest premise is from each place; infinite where there is none."""
    if not len(premises):
        return np.full(len(places), np.inf)
    return np.asarray(scipy.spatial.cKDTree(premises).query(places)[0])


def standardise(layers: pd.DataFrame) -> pd.DataFrame:
    """Return layers with mean zero and (population) standard deviation one."""
    return (layers - layers.mean()) / layers.std(ddof=0)


def poisson_lasso(
    events: pd.Series, layers: pd.DataFrame, exposure: pd.Series, penalties: Sequence[float]
) -> pd.DataFrame:
    """Fit ``log E[events] = log exposure + a + layers b`` for each penalty on ``|b|``.

    The objective is minus the mean log-likelihood plus the penalty times the sum of absolute
    coefficients; layers should be standardised.

    Returns
    -------
    pandas.DataFrame
        One row for each penalty, in the order given: ``penalty``, ``intercept``, each layer,
        and ``bic``: the smaller, the better.

    Raises
    ------
    AnalysisError
        If a count, a layer or an exposure is missing, or an exposure is not above zero.
    """
    x, y = layers.to_numpy(float), events.reindex(layers.index).to_numpy(float)
    e = exposure.reindex(layers.index).to_numpy(float)
    wrong = ~np.isfinite(x).all(axis=1) | ~np.isfinite(y) | ~(e > 0)
    if wrong.any() or not y.sum():
        raise AnalysisError(
            "A model of the terrain needs a count, every layer and an exposure above zero of each "
            "place, and some events; {n} places lack one, the first is {first}. Leave them out.",
            n=int(wrong.sum()),
            first=str(layers.index[wrong][0]) if wrong.any() else "—",
        )
    offset = np.log(e)
    intercept, beta = float(np.log(y.sum() / e.sum())), np.zeros(x.shape[1])
    found: dict[float, list[float]] = {}
    for penalty in sorted(penalties, reverse=True):
        intercept, beta = _fit(y, x, offset, penalty, (intercept, beta))
        eta = offset + intercept + x @ beta
        fit = float((y * eta - np.exp(eta)).sum())
        used = 1 + int((beta != 0).sum())
        found[penalty] = [intercept, *beta, -2 * fit + np.log(len(y)) * used]
    table = pd.DataFrame(
        [found[p] for p in penalties], columns=["intercept", *layers.columns, "bic"]
    )
    table.insert(0, "penalty", list(penalties))
    return table


def _fit(
    y: np.ndarray,
    x: np.ndarray,
    offset: np.ndarray,
    penalty: float,
    start: tuple[float, np.ndarray],
) -> tuple[float, np.ndarray]:
    """Repeat: approximate by least squares at the current mean, and descend by coordinates."""
    intercept, beta = start[0], start[1].copy()
    for _ in range(_ROUNDS):
        eta = offset + intercept + x @ beta
        mean = np.exp(np.clip(eta, -30, 30))
        target = intercept + x @ beta + (y - mean) / mean
        new_intercept, new_beta = _descend(target, x, mean / len(y), penalty, (intercept, beta))
        moved = max(abs(new_intercept - intercept), np.abs(new_beta - beta).max(initial=0.0))
        intercept, beta = new_intercept, new_beta
        if moved < _CLOSE:
            break
    return intercept, beta


def _descend(
    target: np.ndarray,
    x: np.ndarray,
    weight: np.ndarray,
    penalty: float,
    start: tuple[float, np.ndarray],
) -> tuple[float, np.ndarray]:
    intercept, beta = start[0], start[1].copy()
    squares = weight @ x**2
    left = target - intercept - x @ beta
    for _ in range(_SWEEPS):
        moved = step = float(weight @ left / weight.sum())
        intercept, left = intercept + step, left - step
        for j in range(x.shape[1]):
            pull = weight @ (x[:, j] * left) + squares[j] * beta[j]
            new = np.sign(pull) * max(abs(pull) - penalty, 0.0) / squares[j]
            change, beta[j] = new - beta[j], new
            left = left - change * x[:, j]
            moved = max(abs(moved), abs(change))
        if abs(moved) < _CLOSE / 10:
            break
    return intercept, beta
