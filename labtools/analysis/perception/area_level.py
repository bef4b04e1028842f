"""Fay-Herriot: direct estimates of areas, drawn towards what the census says of them.

When to use it: each area has a direct estimate with its design variance, and covariates.
When not: when direct estimates are already precise enough, or nothing explains the areas; the
result is then close to one mean for all, and :meth:`AreaEstimates.frame` says "insufficient".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import pandas as pd
from scipy import linalg, optimize, sparse, special, stats
from threadpoolctl import threadpool_limits

from labtools.errors import AnalysisError

Method = Literal["reml", "ml", "fh"]
Neighbours: TypeAlias = "np.ndarray | pd.DataFrame | sparse.sparray"


#: People lent to each area when its variance is smoothed (Agresti and Coull's four).
_BORROWED = 4.0


@dataclass(frozen=True, slots=True)
class AreaEstimates:
    """Estimates by area under a model.

    Attributes
    ----------
    value, mse : pandas.Series
        Estimate and mean squared error, in the units of the direct estimate and its square.
        An area without direct estimate has the synthetic one.
    coefficients, standard_errors : pandas.Series
        Of the covariates, ``intercept`` first.
    variance : float
        Between areas, beyond the covariates; zero: every estimate is the synthetic one.
    correlation : float
        Between neighbours, of a spatial model; zero otherwise.
    log_likelihood : float
        Of the direct estimates (not the restricted one, whatever the method).
    sampled : pandas.Series of bool
        Areas that had a direct estimate.
    """

    value: pd.Series
    mse: pd.Series
    coefficients: pd.Series
    standard_errors: pd.Series
    variance: float
    correlation: float
    log_likelihood: float
    sampled: pd.Series

    def frame(
        self, *, level: float = 0.95, widest: float = np.inf, share: bool = False
    ) -> pd.DataFrame:
        """Return ``value``, ``mse``, ``lower``, ``upper``, ``sampled`` and ``verdict``.

        An interval wider than `widest` (in the units of the value) says nothing:
        its verdict is "insufficient".  So is that of a `share` that the model, which knows no
        bounds, puts at or beyond 0 or 1; the limits of the others are made of log-odds, and
        stay inside (for many such areas, see
        :func:`labtools.analysis.perception.area_shares.fit_area_shares`).
        """
        reach = stats.norm.ppf((1 + level) / 2) * np.sqrt(self.mse)
        table = pd.DataFrame({"value": self.value, "mse": self.mse, "sampled": self.sampled})
        table["lower"], table["upper"] = self.value - reach, self.value + reach
        says = (2 * reach <= widest) & self.mse.notna()
        if share:
            inside = (self.value > 0) & (self.value < 1)
            kept = self.value.where(inside)
            table["lower"], table["upper"] = (
                special.expit(special.logit(kept) + side * reach / (kept * (1 - kept)))
                for side in (-1, 1)
            )
            says = says & inside & (table["upper"] - table["lower"] <= widest)
        table["verdict"] = np.where(says, "enough", "insufficient")
        return table


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
        (see :func:`smoothed_variances`), or areas are too few for the covariates.

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
    with threadpool_limits(limits=1, user_api="blas"):
        sampled, y, noise, x = _model_inputs(direct, variance, covariates)
        seen = x[sampled]
        between = _fit_between(y, noise, seen, method)
        total = between + noise
        beta, cov = _least_squares(y, seen, np.diag(1 / total))
        shrink = noise / total
        synthetic = x @ beta
        value = synthetic.copy()
        value[sampled] = y - shrink * (y - synthetic[sampled])
        spread = np.einsum("ij,jk,ik->i", x, cov, x)
        mse = between + spread
        mse[sampled] = (1 - shrink) * noise + shrink**2 * spread[sampled]
        mse[sampled] += _between_error(noise, total, seen, cov, method)
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
    with threadpool_limits(limits=1, user_api="blas"):  # as above
        scale, rho = _fit_spatial(y, noise, x[sampled], near, sampled)
        law = _sar(scale, rho, near)
        total = law[np.ix_(sampled, sampled)] + np.diag(noise)
        inverse = np.linalg.inv(total)
        beta, cov = _least_squares(y, x[sampled], inverse)
        gain = law[:, sampled] @ inverse
        value = x @ beta + gain @ (y - x[sampled] @ beta)
        left = x - gain @ x[sampled]
        mse = np.diag(law - gain @ law[sampled]) + np.einsum("ij,jk,ik->i", left, cov, left)
        mse = mse + 2 * _spatial_fitting_error((scale, rho), near, sampled, inverse, x[sampled])
        return _packed(direct, covariates, (value, mse, beta, cov), (scale, rho), total)


def smoothed_variances(
    direct: pd.Series, respondents: pd.Series, *, effect: float = 1.0
) -> pd.Series:
    """Return design variances of shares that do not depend on each area's own few answers.

    Five people who all say yes have an estimated variance of zero, and Fay-Herriot would take
    them for certain.  Here each share is first drawn towards that of all (as if four more people
    had answered as the city does), and its variance is that of a simple sample times the effect
    of the design.  When not: areas with enough people to estimate their own variance.

    Parameters
    ----------
    direct : pandas.Series
        Share by area, from 0 to 1; missing where nobody was asked.
    respondents : pandas.Series
        People who answered.
    effect : float
        Variance over that of a simple sample of as many people.

    References
    ----------
    Wolter, K. M. (2007). Introduction to Variance Estimation, 2nd ed., ch. 7 (generalised
    variance functions). doi:10.1007/978-0-387-35099-8
    """
    asked = respondents.reindex(direct.index).where(direct.notna())
    asked = asked.where(asked > 0)
    city = float((direct * asked).sum() / asked.sum())
    if not 0 < city < 1:
        raise AnalysisError(
            "A share of {share} in all areas together has no variance to smooth: nobody differs, "
            "or nobody was asked.",
            share=city,
        )
    drawn = (direct * asked + _BORROWED * city) / (asked + _BORROWED)
    return effect * drawn * (1 - drawn) / asked


def benchmark(
    estimates: pd.Series,
    people: pd.Series,
    city: float,
    *,
    mse: pd.Series | None = None,
) -> pd.Series:
    """Return the estimates moved so that their mean over `people` is the city's figure.

    By one ratio for all; or, given `mse`, most where the estimate is least certain (the move
    that costs least, weighted by 1 / mse).  Neither knows that shares end at 0 and 1: of shares,
    look at the result, or move log-odds (:meth:`AreaShares.benchmarked`).

    References
    ----------
    Wang, J., Fuller, W. A. & Qu, Y. (2008). Small area estimation under a restriction.
    Survey Methodology 34, 29-36.
    """
    share = people.reindex(estimates.index) / people.reindex(estimates.index).sum()
    now = float((share * estimates).sum())
    if share.isna().any() or estimates.isna().any() or (mse is None and now == 0):
        raise AnalysisError(
            "The estimates cannot be made to agree with the city's figure: {n} areas lack an "
            "estimate or people, or all estimates are zero. Complete them or leave areas out.",
            n=int((share.isna() | estimates.isna()).sum()),
        )
    if mse is None:
        return estimates * (city / now)
    pull = mse.reindex(estimates.index) * share
    return estimates + pull / float((pull * share).sum()) * (city - now)


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
    return np.asarray(given.toarray() if sparse.issparse(given) else given, float)


def _least_squares(
    y: np.ndarray, x: np.ndarray, inverse: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    cov = np.linalg.inv(x.T @ inverse @ x)
    return cov @ x.T @ inverse @ y, cov


def _fit_between(y: np.ndarray, noise: np.ndarray, x: np.ndarray, method: Method) -> float:
    top = 10 * (float(np.var(y)) + float(noise.max()))
    if method == "fh":

        def excess(a: float) -> float:
            beta, _ = _least_squares(y, x, np.diag(1 / (a + noise)))
            return float(((y - x @ beta) ** 2 / (a + noise)).sum() - len(y) + x.shape[1])

        while excess(top) > 0:
            top *= 10
        return float(optimize.brentq(excess, 0, top)) if excess(0.0) > 0 else 0.0

    def minus(a: float) -> float:
        return _minus_likelihood(y, x, np.diag(a + noise), restricted=method == "reml")

    grid = np.concatenate([[0.0], np.geomspace(top * 1e-6, top, 60)])
    best = int(np.argmin([minus(a) for a in grid]))
    around = (grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)])
    found = optimize.minimize_scalar(
        minus, bounds=around, method="bounded", options={"xatol": top * 1e-10}
    )
    return 0.0 if minus(0.0) <= found.fun else float(found.x)


def _minus_likelihood(
    y: np.ndarray, x: np.ndarray, total: np.ndarray, *, restricted: bool
) -> float:
    root = linalg.cholesky(total, lower=True)
    white_x, white_y = (linalg.solve_triangular(root, a, lower=True) for a in (x, y))
    beta, *_ = np.linalg.lstsq(white_x, white_y, rcond=None)
    value = np.log(np.diag(root)).sum() + ((white_y - white_x @ beta) ** 2).sum() / 2
    if restricted:
        value += np.linalg.slogdet(white_x.T @ white_x)[1] / 2
    return float(value)


def _between_error(
    noise: np.ndarray, total: np.ndarray, x: np.ndarray, cov: np.ndarray, method: Method
) -> np.ndarray:
    """Return what fitting the variance adds: twice g3, less the bias of ML or moments."""
    one, two, shrink = (1 / total).sum(), (1 / total**2).sum(), noise / total
    if method == "fh":
        m = len(noise)
        bias = 2 * (m * two - one**2) / one**3
        return np.asarray(2 * shrink**2 / total * 2 * m / one**2 - bias * shrink**2)
    twice = 2 * shrink**2 / total * 2 / two
    if method == "reml":
        return np.asarray(twice)
    bias = -np.trace(cov @ (x.T / total**2) @ x) / two
    return np.asarray(twice - bias * shrink**2)


def _sar(scale: float, rho: float, neighbours: np.ndarray) -> np.ndarray:
    away = np.eye(len(neighbours)) - rho * neighbours
    return scale * np.linalg.inv(away.T @ away)


def _fit_spatial(
    y: np.ndarray, noise: np.ndarray, x: np.ndarray, neighbours: np.ndarray, sampled: np.ndarray
) -> tuple[float, float]:
    def minus(point: np.ndarray) -> float:
        law = _sar(float(np.exp(point[0])), float(np.tanh(point[1])), neighbours)
        total = law[np.ix_(sampled, sampled)] + np.diag(noise)
        return _minus_likelihood(y, x, total, restricted=True)

    size = np.log(float(np.median(noise)))
    starts = [(size + a, np.arctanh(r)) for a in (-2.0, 0.0, 2.0) for r in (-0.3, 0.0, 0.5, 0.8)]
    start = min(starts, key=lambda s: minus(np.array(s)))
    found = optimize.minimize(
        minus,
        start,
        method="L-BFGS-B",
        bounds=[(size - 12, size + 12), (-2.6, 2.6)],
        options={"ftol": 1e-13, "gtol": 1e-7},
    )
    return float(np.exp(found.x[0])), float(np.tanh(found.x[1]))


def _spatial_fitting_error(
    fitted: tuple[float, float],
    neighbours: np.ndarray,
    sampled: np.ndarray,
    inverse: np.ndarray,
    x: np.ndarray,
) -> np.ndarray:
    scale, rho = fitted
    law = _sar(scale, rho, neighbours) / scale
    bend = neighbours + neighbours.T - 2 * rho * neighbours.T @ neighbours
    slopes = (law, scale * law @ bend @ law)
    inside = [slope[np.ix_(sampled, sampled)] for slope in slopes]
    projected = inverse - inverse @ x @ np.linalg.inv(x.T @ inverse @ x) @ x.T @ inverse
    information = np.array(
        [[np.trace(projected @ a @ projected @ b) / 2 for b in inside] for a in inside]
    )
    law = scale * law
    moved = [
        slope[:, sampled] @ inverse - law[:, sampled] @ inverse @ part @ inverse
        for slope, part in zip(slopes, inside, strict=True)
    ]
    # The moves times V times the moves, weighted by the covariance of both parameters.
    spread, total = np.linalg.pinv(information), np.linalg.inv(inverse)
    return np.asarray(
        sum(
            spread[i, j] * np.einsum("ij,jk,ik->i", moved[i], total, moved[j])
            for i in (0, 1)
            for j in (0, 1)
        )
    )


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
    likelihood = stats.multivariate_normal.logpdf(rest, cov=total)
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
