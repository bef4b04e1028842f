"""The Gaussian approximation of a map of risk, for many values of its parameters at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labtools.analysis.risk.graph import MapPrecision
from labtools.analysis.risk.level import Level, Loadings, Told, solve_level
from labtools.analysis.risk.likelihood import Counts

_STEPS = 40
#: Newton's error after a step is of the order of that step's square.
_NEAR = 1e-3
_LONGEST_STEP = 4.0
_CORRECTIONS = 2


@dataclass(frozen=True, slots=True)
class MapModel:
    """All that does not depend on the parameters; rows as in the map.

    Attributes
    ----------
    graph : MapPrecision
    counts : Counts
    design : numpy.ndarray, shape (n_rows, n_coefficients)
    coefficient_precision : numpy.ndarray, shape (n_coefficients,)
        Of the normal priors of the coefficients, around zero.
    """

    graph: MapPrecision
    counts: Counts
    design: np.ndarray
    coefficient_precision: np.ndarray


@dataclass(frozen=True, slots=True)
class Solved:
    """A Gaussian law of all unknowns, for each value of the parameters.

    Attributes
    ----------
    eta : numpy.ndarray, shape (n_batch, n_rows)
        Logarithm of the rate.
    level : Level
    design : numpy.ndarray, shape (n_rows, n_coefficients)
    """

    eta: np.ndarray
    level: Level
    design: np.ndarray

    def variances(self) -> np.ndarray:
        """Return the variance of each logarithm of a rate, shape (n_batch, n_rows)."""
        lever = self.design - self.level.response
        of_coefficients = ((lever @ self.level.covariance) * lever).sum(-1)
        return np.asarray(of_coefficients + self.level.own_variance())

    def one(self, place: int) -> Solved:
        """Return the law of one value of the parameters."""
        return Solved(self.eta[place : place + 1], self.level.one(place), self.design)

    def draw(
        self, graph: MapPrecision, n_draws: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return draws of the first law: logarithms of rates, and coefficients.

        Shapes (n_draws, n_rows) and (n_draws, n_coefficients).
        """
        deviation, coefficients = self.level.draw(graph, n_draws, rng)
        return deviation + coefficients @ self.design.T, coefficients


def find_mode(model: MapModel, loadings: Loadings, eta: np.ndarray) -> Solved:
    """Return the Gaussian law at the mode, by Newton's steps from `eta`."""
    for _ in range(_STEPS):
        solved = _step(model, loadings, eta, *model.counts.slope_and_bend(eta))
        moved = np.abs(solved.eta - eta).max()
        eta = np.clip(solved.eta, eta - _LONGEST_STEP, eta + _LONGEST_STEP)
        if moved < _NEAR:
            break
    return solved


def log_evidence(model: MapModel, solved: Solved) -> np.ndarray:
    """Return Laplace's approximation of the likelihood of the parameters, in logarithms."""
    fit, level = model.counts.log_likelihood(solved.eta), solved.level
    energy = level.energy + (model.coefficient_precision * level.coefficients**2).sum(-1)
    return np.asarray(fit - (energy + level.log_determinant) / 2)


def correct_mean(model: MapModel, solved: Solved, variance: np.ndarray) -> Solved:
    """Return the law whose mean is the best of all Gaussian laws, not the mode's.

    Counts are skewed: where they are small the mean lies below the mode.  The law's mean is
    moved until the expected slope of the posterior is zero (Kullback-Leibler).

    References
    ----------
    van Niekerk, J. & Rue, H. (2024). Low-rank variational Bayes correction to the Laplace
    method. Journal of Machine Learning Research 25, 1-25.
    """
    for _ in range(_CORRECTIONS):
        eta = solved.eta
        slope, bend = model.counts.expected_slope_and_bend(eta, variance)
        solved = _step(model, solved.level.loadings, eta, slope, bend)
    return solved


def _step(
    model: MapModel, loadings: Loadings, eta: np.ndarray, slope: np.ndarray, bend: np.ndarray
) -> Solved:
    """Return the Gaussian law of a likelihood of that slope and bend at `eta`."""
    design, target = model.design, bend * eta + slope
    cross = bend[..., None] * design
    told = Told(
        weight=bend,
        target=target,
        cross=cross,
        gram=design.T @ cross + np.diag(model.coefficient_precision),
        aim=target @ design,
    )
    level = solve_level(model.graph, loadings, told)
    eta = level.deviation + level.coefficients @ design.T
    return Solved(eta, level, design)
