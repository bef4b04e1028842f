"""Fay-Herriot: direct estimates of areas, drawn towards what the census says of them.

When to use it: each area has a direct estimate with its design variance, and covariates.
When not: when direct estimates are already precise enough, or nothing explains the areas; the
result is then close to one mean for all, and :meth:`AreaEstimates.frame` says "insufficient".
"""

from __future__ import annotations

from typing import Any, TypeAlias, get_args

import numpy as np
import pandas as pd
import scipy

from labtools.analysis.one_thread import one_thread
from labtools.analysis.perception.area_estimates import AreaEstimates
from labtools.analysis.perception.area_law import (
    Method,
    between_error,
    fit_between,
    fit_spatial,
    least_squares,
    sar,
    spatial_fitting_error,
)
from labtools.errors import AnalysisError

Neighbours: TypeAlias = "np.ndarray | pd.DataFrame | scipy.sparse.sparray"


def fay_herriot(
    direct: pd.Series, variance: pd.Series, covariates: pd.DataFrame, *, method: Method = "reml"
) -> AreaEstimates:
    """Return empirical best linear unbiased predictors with Prasad and Rao's error.

    Parameters
    ----------
    direct : pandas.Series
        Design-based estimate by area; missing where nobody was asked.
    variance : pandas.Series
        Its design variance.
    covariates : pandas.DataFrame
        One row per area, known for all; an intercept is added.
    method : {"reml", "ml", "fh"}
        How the variance between areas is fitted: restricted or plain maximum likelihood, or
        Fay and Herriot's moments.

    Raises
    ------
    AnalysisError
        If a covariate is missing, a direct estimate is infinite or lacks a positive variance
        (see :func:`~labtools.analysis.perception.area_estimates.smoothed_variances`), or areas
        are too few for the covariates.

    References
    ----------
    Fay, R. E. & Herriot, R. A. (1979). J. Am. Stat. Assoc. 74, 269-277.
    doi:10.1080/01621459.1979.10482505
    Rao, J. N. K. & Molina, I. (2015). Small Area Estimation, ch. 6. doi:10.1002/9781118735855
    """
    if method not in get_args(Method):
        raise AnalysisError(
            "The variance between areas cannot be fitted by {asked}. Choose one of {options}.",
            asked=repr(method),
            options=", ".join(get_args(Method)),
        )
    # Matrices are small: several threads would wait for each other, and sums depend on how many.
    with one_thread():
        sampled, y, noise, x = _model_inputs(direct, variance, covariates)
        seen = x[sampled]
        between = fit_between(y, noise, seen, method)
        total = between + noise
        beta, cov = least_squares(y, seen, np.diag(1 / total))
        shrink = noise / total
        synthetic = x @ beta
        value = synthetic.copy()
        value[sampled] = y - shrink * (y - synthetic[sampled])
        spread = np.einsum("ij,jk,ik->i", x, cov, x)
        mse = between + spread
        mse[sampled] = (1 - shrink) * noise + shrink**2 * spread[sampled]
        mse[sampled] += between_error(noise, total, seen, cov, method)
        return _packed(direct, covariates, (value, mse, beta, cov), (between, 0.0), np.diag(total))


def spatial_fay_herriot(
    direct: pd.Series, variance: pd.Series, covariates: pd.DataFrame, neighbours: Neighbours
) -> AreaEstimates:
    """Return Fay-Herriot estimates whose areas resemble their neighbours (SAR), by REML.

    The error adds the fitting of both variance parameters twice, as Singh, Shukla and Kundu
    do, without their second-order term: it errs on the safe side.

    Parameters
    ----------
    neighbours : array, table or sparse matrix, shape (areas, areas)
        In the order of `direct`.  Rows add up to 1, or to 0 for an island.

    References
    ----------
    Pratesi, M. & Salvati, N. (2008). Small area estimation: the EBLUP estimator based on
    spatially correlated random area effects. Stat. Methods Appl. 17, 113-141.
    doi:10.1007/s10260-007-0061-9
    """
    sampled, y, noise, x = _model_inputs(direct, variance, covariates)
    near = _square(neighbours)
    sums = near.sum(axis=1)
    if near.shape != (len(x), len(x)) or not np.all(np.isclose(sums, 1) | (sums == 0)):
        raise AnalysisError(
            "The neighbour weights of {areas} areas must be a square table whose rows add up to 1 "
            "(0 for an island). Standardise them by row.",
            areas=len(x),
        )
    with one_thread():  # as above
        scale, rho = fit_spatial(y, noise, x[sampled], near, sampled)
        law = sar(scale, rho, near)
        total = law[np.ix_(sampled, sampled)] + np.diag(noise)
        inverse = np.linalg.inv(total)
        beta, cov = least_squares(y, x[sampled], inverse)
        gain = law[:, sampled] @ inverse
        value = x @ beta + gain @ (y - x[sampled] @ beta)
        left = x - gain @ x[sampled]
        mse = np.diag(law - gain @ law[sampled]) + np.einsum("ij,jk,ik->i", left, cov, left)
        mse = mse + 2 * spatial_fitting_error((scale, rho), near, sampled, inverse, x[sampled])
        return _packed(direct, covariates, (value, mse, beta, cov), (scale, rho), total)


def _model_inputs(
    direct: pd.Series, variance: pd.Series, covariates: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    table = covariates.reindex(direct.index)
    lacking = table.index[table.isna().any(axis=1)]
    if len(lacking):
        raise AnalysisError(
            "{n} areas lack a covariate (the first: {area}). Complete it, or leave them out.",
            n=len(lacking),
            area=lacking[0],
        )
    sampled = direct.notna().to_numpy(bool)
    noise = variance.reindex(direct.index)[sampled].to_numpy(float)
    y = direct.to_numpy(float)[sampled]
    wrong = direct.index[sampled][~((noise > 0) & np.isfinite(noise) & np.isfinite(y))]
    if len(wrong):
        raise AnalysisError(
            "{n} areas have an estimate without a positive variance, or an infinite one (the "
            "first: {area}). A unanimous answer is no certainty: smooth the variances "
            "(smoothed_variances), or leave their estimate empty.",
            n=len(wrong),
            area=wrong[0],
        )
    x = np.column_stack([np.ones(len(table)), table.to_numpy(float)])
    if sampled.sum() <= x.shape[1] or np.linalg.matrix_rank(x[sampled]) < x.shape[1]:
        raise AnalysisError(
            "{n} areas with an estimate do not suffice for {p} coefficients, or the covariates "
            "repeat one another. Use fewer covariates.",
            n=int(sampled.sum()),
            p=x.shape[1],
        )
    return sampled, y, noise, x


def _square(neighbours: Neighbours) -> np.ndarray:
    given: Any = neighbours
    return np.asarray(given.toarray() if scipy.sparse.issparse(given) else given, float)


def _packed(
    direct: pd.Series,
    covariates: pd.DataFrame,
    found: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    law: tuple[float, float],
    total: np.ndarray,
) -> AreaEstimates:
    value, mse, beta, cov = found
    names = pd.Index(["intercept", *covariates.columns])
    sampled = direct.notna()
    y = direct[sampled].to_numpy(float)
    x = np.column_stack([np.ones(len(direct)), covariates.reindex(direct.index).to_numpy(float)])
    rest = y - x[sampled.to_numpy()] @ beta
    likelihood = scipy.stats.multivariate_normal.logpdf(rest, cov=total)
    return AreaEstimates(
        pd.Series(value, direct.index),
        pd.Series(mse, direct.index),
        pd.Series(beta, names),
        pd.Series(np.sqrt(np.diag(cov)), names),
        law[0],
        law[1],
        float(likelihood),
        sampled,
    )
