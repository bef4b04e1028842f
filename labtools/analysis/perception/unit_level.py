"""Battese, Harter and Fuller: means of small areas from people's answers and area means.

When to use it: a continuous answer, covariates known for each respondent and, as means, for each
area.  When not: for shares from few people; use
:mod:`labtools.analysis.perception.area_shares`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from labtools.errors import AnalysisError

_NIL = 1e-12


@dataclass(frozen=True, slots=True)
class UnitLevel:
    """Means of areas under a model of people.

    Attributes
    ----------
    value, mse : pandas.Series
        Predicted mean of each area and its mean squared error (its two leading terms, with the
        second twice: what fitting the variances adds is of that order).
    coefficients : pandas.Series
        ``intercept`` first.
    variance_between, variance_within : float
        Between areas, and between people of one area.
    """

    value: pd.Series
    mse: pd.Series
    coefficients: pd.Series
    variance_between: float
    variance_within: float


def fit_unit_level(
    answers: pd.Series, area: pd.Series, covariates: pd.DataFrame, means: pd.DataFrame
) -> UnitLevel:
    """Return empirical best linear unbiased predictors of the means of areas, by REML.

    Parameters
    ----------
    answers, area : pandas.Series, shape (n_people,)
        What each person answered and where; nothing may be missing.
    covariates : pandas.DataFrame, shape (n_people, n_covariates)
        Of each person.
    means : pandas.DataFrame, shape (n_areas, n_covariates)
        Of all people of each area wanted; areas nobody was asked in get the synthetic mean.

    Raises
    ------
    AnalysisError
        If something is missing, people are too few for the coefficients, or their answers do
        not vary.

    References
    ----------
    Battese, G. E., Harter, R. M. & Fuller, W. A. (1988). An error-components model for prediction
    of county crop areas using survey and satellite data. J. Am. Stat. Assoc. 83, 28-36.
    doi:10.1080/01621459.1988.10478561
    """
    names = list(covariates.columns)
    y, x = answers.to_numpy(float), np.column_stack([np.ones(len(answers)), covariates])
    code, areas = pd.factorize(area)
    _check(y, x, means.reindex(columns=names), code)
    _refuse_exact(y, x, code)

    def minus(log_ratio: float) -> float:
        return _restricted(y, x, code, float(np.exp(log_ratio)))[0]

    grid = np.linspace(-12, 6, 37)
    best = int(np.argmin([minus(point) for point in grid]))
    around = (grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)])
    found = scipy.optimize.minimize_scalar(
        minus, bounds=around, method="bounded", options={"xatol": 1e-10}
    )
    ratio = float(np.exp(found.x))
    _, beta, cov, within = _restricted(y, x, code, ratio)
    size = np.bincount(code)
    keep = ratio / (ratio + 1 / size)  # how much of an area's residual is the area's own
    rest = np.bincount(code, y - x @ beta) / size
    own = pd.Series(keep * rest, areas).reindex(means.index).fillna(0.0)
    wanted = np.column_stack([np.ones(len(means)), means[names].to_numpy(float)])
    kept = pd.Series(keep, areas).reindex(means.index).fillna(0.0).to_numpy()
    seen = np.column_stack([np.bincount(code, column) / size for column in x.T])
    inside = pd.DataFrame(seen, areas).reindex(means.index).fillna(0.0).to_numpy()
    left = wanted - kept[:, None] * inside
    spread = np.einsum("ij,jk,ik->i", left, cov * within, left)
    return UnitLevel(
        pd.Series(wanted @ beta, means.index) + own,
        pd.Series((1 - kept) * ratio * within + 2 * spread, means.index),
        pd.Series(beta, ["intercept", *names]),
        ratio * within,
        within,
    )


def _restricted(
    y: np.ndarray, x: np.ndarray, code: np.ndarray, ratio: float
) -> tuple[float, np.ndarray, np.ndarray, float]:
    """Return minus the restricted log likelihood, coefficients, their covariance and variance.

    The covariance is to be multiplied by the variance within areas.
    """
    size = np.bincount(code)
    # The inverse root of I + ratio J takes the same part of its area's mean off each row.
    part = 1 - 1 / np.sqrt(1 + ratio * size)
    means = [np.bincount(code, column) / size for column in (y, *x.T)]
    white_y = y - (part * means[0])[code]
    white_x = x - np.column_stack([(part * mean)[code] for mean in means[1:]])
    inner = white_x.T @ white_x
    cov = np.linalg.inv(inner)
    beta = cov @ white_x.T @ white_y
    freedom = len(y) - x.shape[1]
    within = float(((white_y - white_x @ beta) ** 2).sum()) / freedom
    minus = freedom * np.log(within) + np.log1p(ratio * size).sum() + np.linalg.slogdet(inner)[1]
    return float(minus / 2), beta, cov, within


def _refuse_exact(y: np.ndarray, x: np.ndarray, code: np.ndarray) -> None:
    """Refuse answers that covariates and areas explain wholly: no variance is left to fit."""
    size = np.bincount(code)
    inside = [part - (np.bincount(code, part) / size)[code] for part in (y, *x.T[1:])]
    rest = inside[0]
    if len(inside) > 1:
        others = np.column_stack(inside[1:])
        rest = rest - others @ np.linalg.lstsq(others, rest, rcond=None)[0]
    if len(size) < 2 or (rest**2).sum() <= _NIL * max(float((y**2).sum()), _NIL):  # noqa: PLR2004
        raise AnalysisError(
            "{n} answers in {areas} areas leave nothing to tell people of one area from each "
            "other, or areas from one another. Give answers that vary, of two areas at least.",
            n=len(y),
            areas=len(size),
        )


def _check(y: np.ndarray, x: np.ndarray, means: pd.DataFrame, code: np.ndarray) -> None:
    lacking = int((~np.isfinite(np.column_stack([y, x]))).any(axis=1).sum() + (code < 0).sum())
    unknown = int(means.isna().any(axis=1).sum())
    if lacking or unknown:
        raise AnalysisError(
            "{people} people lack an answer, a covariate or an area, and {areas} areas a mean of "
            "a covariate. Complete them or leave them out.",
            people=lacking,
            areas=unknown,
        )
    if len(y) <= x.shape[1] + len(np.unique(code)) or np.linalg.matrix_rank(x) < x.shape[1]:
        raise AnalysisError(
            "{n} people in {areas} areas do not suffice for {p} coefficients, or the covariates "
            "repeat one another. Use fewer covariates.",
            n=len(y),
            areas=len(np.unique(code)),
            p=x.shape[1],
        )
