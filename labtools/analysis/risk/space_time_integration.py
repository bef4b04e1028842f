"""Risk by area and period over all that its parameters may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy

from labtools.analysis.risk.reshaping import reshape
from labtools.analysis.risk.space_time_design import shared_ahead
from labtools.analysis.risk.space_time_laplace import (
    Parameters,
    SpaceTimeModel,
    SpaceTimeSolved,
    correct_mean,
    find_mode,
    level_law,
)
from labtools.analysis.risk.wandering import memory_of_means

#: log deviation, angle of mixing, log deviation and logit memory of the wandering, log size;
#: and, where there are traits, log deviation of their coefficients.
_START = np.array([np.log(0.5), np.pi / 4, np.log(0.3), 1.0, np.log(15.0), np.log(0.1)])
_LOW = np.array([-5.0, 0.0, -4.5, -3.0, -1.0, -5.0])
_HIGH = np.array([2.0, np.pi / 2, 1.5, 5.0, 8.0, 1.0])
_WITHOUT_TRAITS = 5
_SMALL_STEP, _STEP = 0.005, 0.1
_BATCH_CELLS = 250_000
_FAR = 1.1  # of the points around the mode, in deviations times the root of their number
#: How often, and between which limits, each point is moved along its line.
_STRETCHES, _SHORTEST, _LONGEST = 3, 0.2, 2.0
#: Of the angle of mixing: its place, how far a point may lie from the mode, and how much more a
#: point may weigh where the density has hardly fallen.
_ANGLE, _WIDEST_ANGLE, _MOST = 1, 1.2, 4.0
_RATE, _SIZE_RATE = 4.605, 9.21  # 1 % to a deviation above one; to a clumping above one half
_TRAITS_RATE = 9.21  # 1 % to coefficients of traits that are mostly above one half
_MONTHLY_MEMORY, _MEMORY_SD = 1 / (1 + np.exp(-1.0)), 1.5


@dataclass(frozen=True, slots=True)
class SpaceTimeOptions:
    """How the model is fitted.

    Attributes
    ----------
    recent : int
        Last periods whose mean rate is the level told.
    ahead : int
        Periods to look ahead.
    n_draws : int
        Posterior draws kept.
    """

    recent: int = 12
    ahead: int = 0
    n_draws: int = 400


@dataclass(frozen=True, slots=True)
class Drawn:
    """Posterior draws, by row of the map.

    Attributes
    ----------
    recent : numpy.ndarray, shape (n_draws, n_rows)
        Logarithm of the mean rate of the recent periods.
    ahead : numpy.ndarray, shape (n_draws, n_rows, n_ahead)
        Logarithms of the rates to come.
    sizes : numpy.ndarray, shape (n_draws,)
    """

    recent: np.ndarray
    ahead: np.ndarray
    sizes: np.ndarray


@dataclass(frozen=True, slots=True)
class Mixed:
    """Gaussian laws at points of the parameters, with their weights."""

    points: np.ndarray
    weight: np.ndarray
    laws: tuple[SpaceTimeSolved, ...]

    def parameters(self) -> dict[str, tuple[float, float]]:
        """Return mean and deviation of each parameter."""
        values = _parameters(self.points)
        told = {
            "sigma": values.sigma,
            "rho": values.rho,
            "wandering_sd": values.sd,
            "memory": values.phi,
            "size": values.size,
        }
        if self.points.shape[1] > _WITHOUT_TRAITS:
            told["traits_sd"] = values.traits
        return {name: self._summary(value, np.zeros_like(value)) for name, value in told.items()}

    def coefficients(self) -> list[tuple[float, float]]:
        """Return mean and deviation of each coefficient."""
        means = np.concatenate([law.level.coefficients for law in self.laws])
        spread = np.concatenate(
            [np.diagonal(law.level.covariance, axis1=1, axis2=2) for law in self.laws]
        )
        return [self._summary(m, v) for m, v in zip(means.T, spread.T, strict=True)]

    def draw(
        self, model: SpaceTimeModel, wanted: SpaceTimeOptions, season: int, rng: np.random.Generator
    ) -> Drawn:
        """Return posterior draws."""
        times = rng.multinomial(wanted.n_draws, self.weight)
        values = _parameters(self.points)
        parts = [
            _draw_law(model, law, (values.sd[k], values.phi[k], int(n)), (wanted, season), rng)
            for k, (law, n) in enumerate(zip(self.laws, times, strict=True))
            if n
        ]
        order = rng.permutation(wanted.n_draws)
        return Drawn(
            np.concatenate([part[0] for part in parts])[order],
            np.concatenate([part[1] for part in parts])[order],
            np.repeat(values.size, times)[order],
        )

    def _summary(self, means: np.ndarray, variances: np.ndarray) -> tuple[float, float]:
        mean = float(self.weight @ means)
        return mean, float(np.sqrt(self.weight @ (variances + (means - mean) ** 2)))


def integrate(model: SpaceTimeModel, *, season: int = 12) -> Mixed:
    """Return the laws at the mode of the parameters and at points around it.

    What is believed of the memory is said of months; `season` tells how many months a period has.
    """
    evaluate = _Evaluation(model, _crude(model), season)
    peak = _peak(evaluate)
    points, weight = _points(evaluate.log_density, peak)
    laws = []
    for point in points:
        values = _parameters(point[None])
        solved, _ = find_mode(model, values, evaluate.eta[:, None])
        laws.append(correct_mean(model, values, solved))
    return Mixed(points, weight / weight.sum(), tuple(laws))


def most_likely(model: SpaceTimeModel, *, season: int = 12) -> np.ndarray:
    """Return the mode of the parameters; see :func:`at_one_point`."""
    return _peak(_Evaluation(model, _crude(model), season))


def at_one_point(model: SpaceTimeModel, point: np.ndarray) -> Mixed:
    """Return the law at one value of the parameters, moved to its best mean."""
    values = _parameters(point[None])
    solved, _ = find_mode(model, values, _crude(model)[:, None])
    return Mixed(point[None], np.ones(1), (correct_mean(model, values, solved),))


def _crude(model: SpaceTimeModel) -> np.ndarray:
    start = np.log((model.events + 0.5) / (model.exposure + 0.5))
    return np.where(model.exposure > 0, 0.5 * start, 0.0)


class _Evaluation:
    """The log density of the parameters; remembers where the last mode was, to start there."""

    def __init__(self, model: SpaceTimeModel, eta: np.ndarray, season: int) -> None:
        self.model = model
        self.eta = eta
        months = max(1, 12 // season)
        self.memory = scipy.special.logit(memory_of_means(_MONTHLY_MEMORY, months))

    def log_density(self, points: np.ndarray) -> np.ndarray:
        at_once = max(1, _BATCH_CELLS // self.model.events.size)
        found = []
        for first in range(0, len(points), at_once):
            some = points[first : first + at_once]
            eta = np.repeat(self.eta[:, None], len(some), axis=1)
            solved, evidence = find_mode(self.model, _parameters(some), eta)
            if first == 0:
                self.eta = solved.eta[:, 0].copy()
            found.append(evidence + _log_prior(some, self.memory))
        return np.concatenate(found)


def _peak(evaluate: _Evaluation) -> np.ndarray:
    width = len(_START) if evaluate.model.traits else _WITHOUT_TRAITS

    def minus(point: np.ndarray) -> tuple[float, np.ndarray]:
        moved = point + _SMALL_STEP * np.eye(width)
        told = evaluate.log_density(np.vstack([point, moved]))
        return float(-told[0]), -(told[1:] - told[0]) / _SMALL_STEP

    found = scipy.optimize.minimize(
        minus,
        _START[:width],
        jac=True,
        method="L-BFGS-B",
        bounds=list(zip(_LOW[:width], _HIGH[:width], strict=True)),
        options={"maxiter": 25, "ftol": 1e-7, "gtol": 0.5},
    )
    return np.asarray(found.x)


def _points(
    log_density: Callable[[np.ndarray], np.ndarray], peak: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the mode and points around it, and their weights.

    Along each line the point is put where the density has fallen as far as a normal law's would
    have: with few events the law of a deviation is steep on one side and long on the other, and
    points at the same distance would miss the long one.  A point weighs as its line is long; the
    first two moments of a normal law are exact.  The spatial share ends at zero and at one, so
    that a point on its line stays inside, and weighs more where the density has hardly fallen.

    References
    ----------
    Rue, H., Martino, S. & Chopin, N. (2009), section 6.5.
    Martins, T. G. et al. (2013). Bayesian computing with INLA: new features. Computational
    Statistics & Data Analysis 67, 68-83. doi:10.1016/j.csda.2013.04.014 (lines of unequal sides)
    """
    width = len(peak)
    bend = _bend(log_density, peak)
    values, axes = np.linalg.eigh(bend)
    reach = _FAR * np.sqrt(width) / np.sqrt(np.maximum(values, 1.0))
    arms = np.vstack([(axes * reach).T, -(axes * reach).T])
    wanted = _FAR**2 * width / 2
    longest = np.minimum(_LONGEST, _WIDEST_ANGLE / np.maximum(np.abs(arms[:, _ANGLE]), 1e-9))
    length = np.minimum(1.0, longest)
    for _ in range(_STRETCHES):
        steep = np.maximum(_fall(log_density, peak, length[:, None] * arms), wanted / 16)
        length = np.clip(length * np.sqrt(wanted / steep), _SHORTEST, longest)
    moves = length[:, None] * arms
    even = np.minimum(np.exp(wanted - _fall(log_density, peak, moves)), _MOST)
    around = length * even / (_FAR**2 * 2 * width)
    return np.vstack([peak, peak + moves]), np.concatenate([[1 - 1 / _FAR**2], around])


def _fall(
    log_density: Callable[[np.ndarray], np.ndarray], peak: np.ndarray, moves: np.ndarray
) -> np.ndarray:
    """Return by how much the log density is lower than at its peak."""
    told = log_density(np.vstack([peak, peak + moves]))
    return np.asarray(told[0] - told[1:])


def _bend(log_density: Callable[[np.ndarray], np.ndarray], peak: np.ndarray) -> np.ndarray:
    """Return minus the second derivatives of the log density at its peak."""
    width = len(peak)
    unit = np.eye(width)
    ends = log_density(np.vstack([peak, peak + _STEP * unit, peak - _STEP * unit]))
    first = (2 * ends[0] - ends[1 : width + 1] - ends[width + 1 :]) / _STEP**2
    step = np.clip(1 / np.sqrt(np.maximum(first, 1.0)), 0.02, 0.3)
    pairs = [(i, j) for i in range(width) for j in range(i)]
    arms = step[:, None] * unit
    ends = log_density(np.vstack([peak, peak + arms, peak - arms]))
    bend = np.diag((2 * ends[0] - ends[1 : width + 1] - ends[width + 1 :]) / step**2)
    corners = log_density(np.array([peak + arms[i] + arms[j] for i, j in pairs]))
    opposite = log_density(np.array([peak - arms[i] - arms[j] for i, j in pairs]))
    for (i, j), plus, minus in zip(pairs, corners, opposite, strict=True):
        sides = ends[1 + i] + ends[1 + j] + ends[width + 1 + i] + ends[width + 1 + j]
        bend[i, j] = bend[j, i] = -(plus + minus - sides + 2 * ends[0]) / (2 * step[i] * step[j])
    return bend


def _parameters(points: np.ndarray) -> Parameters:
    return Parameters(
        sigma=np.exp(points[:, 0]),
        rho=np.sin(points[:, 1]) ** 2,
        sd=np.exp(points[:, 2]),
        phi=scipy.special.expit(points[:, 3]),
        size=np.exp(points[:, 4]),
        traits=np.exp(points[:, _WITHOUT_TRAITS:].sum(axis=1)),
    )


def _log_prior(points: np.ndarray, believed: float) -> np.ndarray:
    log_sigma, _, log_sd, memory, log_size = points[:, :_WITHOUT_TRAITS].T
    log_traits = points[:, _WITHOUT_TRAITS:].sum(axis=1)
    told = log_sigma - _RATE * np.exp(log_sigma) + log_sd - _RATE * np.exp(log_sd)
    told = told - ((memory - believed) / _MEMORY_SD) ** 2 / 2
    told = told + log_traits - _TRAITS_RATE * np.exp(log_traits)
    return np.asarray(told - _SIZE_RATE * np.exp(-log_size / 2) - log_size / 2)


def _draw_law(
    model: SpaceTimeModel,
    law: SpaceTimeSolved,
    told: tuple[float, float, int],
    wanted: tuple[SpaceTimeOptions, int],
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    (sd, phi, n), (asked, season) = told, wanted
    deviation, coefficients = law.level.draw(model.graph, n, rng)
    width, q = model.fixed.shape[1], model.shared.shape[1]
    own = (deviation + coefficients[:, :width] @ model.fixed.T).T
    moved = reshape(own, level_law(model, law))
    level = own + (model.shared @ coefficients[:, width : width + q].T)[:, None]
    level = level + model.drivers @ coefficients[:, width + q :].T
    right = law.linear[:, 0, :, None] - law.bend[:, 0, :, None] * level
    noise = rng.standard_normal((asked.recent, own.shape[0], n))
    path = law.swept.draw_last(right, asked.recent, noise)
    recent = scipy.special.logsumexp(level[-asked.recent :] + path, axis=0) - np.log(asked.recent)
    recent += moved
    steps = []
    state = path[-1]
    ahead_of_all = shared_ahead(model.shared, season, asked.ahead)
    for h in range(asked.ahead):
        state = phi * state + sd * np.sqrt(1 - phi**2) * rng.standard_normal(state.shape)
        since = (ahead_of_all[h] - model.shared[-1]) @ coefficients[:, width : width + q].T
        steps.append(level[-1] + moved + since + state)
    ahead = np.stack(steps, axis=2) if steps else np.empty((*recent.shape, 0))
    return recent.T, ahead.swapaxes(0, 1)
