"""How areas differ: the variance between them, by likelihood or moments, and what fitting it adds.

When to use it: inside the models of :mod:`labtools.analysis.perception.area_level`.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import scipy

Method = Literal["reml", "ml", "fh"]


def least_squares(
    y: np.ndarray, x: np.ndarray, inverse: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return generalised least squares: coefficients and their covariance."""
    cov = np.linalg.inv(x.T @ inverse @ x)
    return cov @ x.T @ inverse @ y, cov


def fit_between(y: np.ndarray, noise: np.ndarray, x: np.ndarray, method: Method) -> float:
    """Return the variance between areas; zero where the estimates do not tell them apart."""
    top = 10 * (float(np.var(y)) + float(noise.max()))
    if method == "fh":

        def excess(a: float) -> float:
            beta, _ = least_squares(y, x, np.diag(1 / (a + noise)))
            return float(((y - x @ beta) ** 2 / (a + noise)).sum() - len(y) + x.shape[1])

        while excess(top) > 0:
            top *= 10
        return float(scipy.optimize.brentq(excess, 0, top)) if excess(0.0) > 0 else 0.0

    def minus(a: float) -> float:
        return _minus_likelihood(y, x, np.diag(a + noise), restricted=method == "reml")

    grid = np.concatenate([[0.0], np.geomspace(top * 1e-6, top, 60)])
    best = int(np.argmin([minus(a) for a in grid]))
    around = (grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)])
    found = scipy.optimize.minimize_scalar(
        minus, bounds=around, method="bounded", options={"xatol": top * 1e-10}
    )
    return 0.0 if minus(0.0) <= found.fun else float(found.x)


def _minus_likelihood(
    y: np.ndarray, x: np.ndarray, total: np.ndarray, *, restricted: bool
) -> float:
    root = scipy.linalg.cholesky(total, lower=True)
    white_x, white_y = (scipy.linalg.solve_triangular(root, a, lower=True) for a in (x, y))
    beta, *_ = np.linalg.lstsq(white_x, white_y, rcond=None)
    value = np.log(np.diag(root)).sum() + ((white_y - white_x @ beta) ** 2).sum() / 2
    if restricted:
        value += np.linalg.slogdet(white_x.T @ white_x)[1] / 2
    return float(value)


def between_error(
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


def sar(scale: float, rho: float, neighbours: np.ndarray) -> np.ndarray:
    """Return the covariance of areas that resemble their neighbours."""
    away = np.eye(len(neighbours)) - rho * neighbours
    return scale * np.linalg.inv(away.T @ away)


def fit_spatial(
    y: np.ndarray, noise: np.ndarray, x: np.ndarray, neighbours: np.ndarray, sampled: np.ndarray
) -> tuple[float, float]:
    """Return the variance between areas and the likeness of neighbours, by REML."""

    def minus(point: np.ndarray) -> float:
        law = sar(float(np.exp(point[0])), float(np.tanh(point[1])), neighbours)
        total = law[np.ix_(sampled, sampled)] + np.diag(noise)
        return _minus_likelihood(y, x, total, restricted=True)

    size = np.log(float(np.median(noise)))
    starts = [(size + a, np.arctanh(r)) for a in (-2.0, 0.0, 2.0) for r in (-0.3, 0.0, 0.5, 0.8)]
    start = min(starts, key=lambda s: minus(np.array(s)))
    found = scipy.optimize.minimize(
        minus,
        start,
        method="L-BFGS-B",
        bounds=[(size - 12, size + 12), (-2.6, 2.6)],
        options={"ftol": 1e-13, "gtol": 1e-7},
    )
    return float(np.exp(found.x[0])), float(np.tanh(found.x[1]))


def spatial_fitting_error(
    fitted: tuple[float, float],
    neighbours: np.ndarray,
    sampled: np.ndarray,
    inverse: np.ndarray,
    x: np.ndarray,
) -> np.ndarray:
    """Return what fitting both parameters adds to the error of each area."""
    scale, rho = fitted
    law = sar(scale, rho, neighbours) / scale
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
