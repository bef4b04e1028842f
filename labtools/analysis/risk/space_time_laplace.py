"""The Gaussian approximation of risk by area and period, for many parameters at once.

Logarithm of the rate of an area in a period: its level (covariates, and a BYM2 deviation),
what all areas share in the period (season, slow trend), drivers of the area in the period
(a programme), and a wandering deviation of its own.  The wandering paths are integrated out
area by area in one sweep; what is left is a map (:mod:`labtools.analysis.risk.level`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labtools.analysis.risk.graph import MapPrecision
from labtools.analysis.risk.level import Level, Loadings, Told, solve_level
from labtools.analysis.risk.likelihood import Counts
from labtools.analysis.risk.reshaping import LevelLaw
from labtools.analysis.risk.wandering import Swept, Wandering

_STEPS = 30
_NEAR = 2e-3
_LONGEST_STEP = 3.0


@dataclass(frozen=True, slots=True)
class SpaceTimeModel:
    """All that does not depend on the parameters; rows as in the map, periods first.

    Attributes
    ----------
    graph : MapPrecision
    events, exposure : numpy.ndarray, shape (n_periods, n_rows)
        Exposure is zero where nothing is known.
    fixed : numpy.ndarray, shape (n_rows, n_fixed)
        Covariates of the level, the intercept first.
    shared : numpy.ndarray, shape (n_periods, n_shared)
        What all areas share: season and trend.
    drivers : numpy.ndarray, shape (n_periods, n_rows, n_drivers)
    precision : numpy.ndarray, shape (n_coefficients, n_coefficients)
        Prior of the coefficients: fixed, then shared, then drivers; zero for those of traits,
        whose prior is one of the parameters.
    doubt : numpy.ndarray, shape (n_rows,)
        Standard deviation of each level that is known beforehand: of the covariates' own error.
    traits : int
        How many of the fixed columns, the last ones, are traits.
    """

    graph: MapPrecision
    events: np.ndarray
    exposure: np.ndarray
    fixed: np.ndarray
    shared: np.ndarray
    drivers: np.ndarray
    precision: np.ndarray
    doubt: np.ndarray
    traits: int = 0

    def precisions(self, values: Parameters) -> np.ndarray:
        """Return the prior of all coefficients, (n_batch, n_coefficients, n_coefficients)."""
        width = self.fixed.shape[1]
        drawn = np.arange(width - self.traits, width)
        found = np.repeat(self.precision[None], len(values.sigma), axis=0)
        found[:, drawn, drawn] = 1 / values.traits[:, None] ** 2
        return found

    def counts(self, size: np.ndarray) -> Counts:
        """Return the counts of every value of the size, with a batch axis."""
        return Counts(self.events[:, None, :], self.exposure[:, None, :], size[:, None])


@dataclass(frozen=True, slots=True)
class Parameters:
    """Values to try; each of shape (n_batch,).

    Attributes
    ----------
    sigma, rho : numpy.ndarray
        Total deviation of the levels, and the spatial share of its variance.
    sd, phi : numpy.ndarray
        Deviation and memory of the wandering.
    size : numpy.ndarray
        Of the negative binomial.
    traits : numpy.ndarray
        Standard deviation of the coefficients of traits.
    """

    sigma: np.ndarray
    rho: np.ndarray
    sd: np.ndarray
    phi: np.ndarray
    size: np.ndarray
    traits: np.ndarray


@dataclass(frozen=True, slots=True)
class SpaceTimeSolved:
    """A Gaussian law of all unknowns, for each value of the parameters.

    Attributes
    ----------
    eta : numpy.ndarray, shape (n_periods, n_batch, n_rows)
        Logarithm of the rate.
    level : Level
        Deviations of the areas, and all coefficients.
    path : numpy.ndarray, shape (n_periods, n_batch, n_rows)
        Wandering deviation.
    swept : Swept
    lever : numpy.ndarray, shape (n_periods, n_batch, n_rows, 1 + n_shared + n_drivers)
        How much the logarithm of a rate follows its area's level, what is shared, and the
        drivers, the wandering path giving way.
    bend, linear : numpy.ndarray, shape (n_periods, n_batch, n_rows)
        Of the likelihood that the law is of.
    """

    eta: np.ndarray
    level: Level
    path: np.ndarray
    swept: Swept
    lever: np.ndarray
    bend: np.ndarray
    linear: np.ndarray


def find_mode(
    model: SpaceTimeModel, values: Parameters, eta: np.ndarray
) -> tuple[SpaceTimeSolved, np.ndarray]:
    """Return the Gaussian law at the mode, and the log evidence, (n_batch,)."""
    counts = model.counts(values.size)
    for _ in range(_STEPS):
        solved = solve_step(model, values, eta, counts.slope_and_bend(eta))
        moved = np.abs(solved.eta - eta).max()
        eta = np.clip(solved.eta, eta - _LONGEST_STEP, eta + _LONGEST_STEP)
        if moved < _NEAR:
            break
    return solved, _log_evidence(model, values, solved)


def solve_step(
    model: SpaceTimeModel,
    values: Parameters,
    eta: np.ndarray,
    slope_and_bend: tuple[np.ndarray, np.ndarray],
) -> SpaceTimeSolved:
    """Return the Gaussian law of a likelihood of that slope and bend at `eta`."""
    slope, bend = slope_and_bend
    linear = bend * eta + slope
    wandering = Wandering(values.sd[:, None], values.phi[:, None])
    swept = wandering.given(bend)
    columns = _columns(model, bend.shape)
    right = np.concatenate([bend[..., None] * columns, linear[..., None]], axis=3)
    found = swept.solve(right)
    lever, rest = columns - found[..., :-1], linear - bend * found[..., -1]
    level = solve_level(
        model.graph,
        Loadings.of(model.graph, values.sigma, values.rho, model.doubt),
        _told(model, model.precisions(values), bend, (columns, lever), rest),
    )
    steps = _steps_of(model, level)
    moved = np.einsum("tgnc,gnc->tgn", columns - lever, steps)
    path = found[..., -1] - moved
    eta = np.einsum("tgnc,gnc->tgn", columns, steps) + path
    return SpaceTimeSolved(eta, level, path, swept, lever, bend, linear)


def variances(model: SpaceTimeModel, solved: SpaceTimeSolved) -> np.ndarray:
    """Return the variance of each logarithm of a rate, (n_periods, n_batch, n_rows)."""
    of_level, level_variance = _level_variance(model, solved.level)
    spread, width = solved.level.covariance, model.fixed.shape[1]
    with_shared = (of_level @ spread)[..., width:]
    first, others = solved.lever[..., 0], solved.lever[..., 1:]
    found = solved.swept.variances() + first**2 * level_variance
    found += 2 * first * np.einsum("tgnc,gnc->tgn", others, with_shared)
    found += np.einsum(
        "tgnc,gcd,tgnd->tgn", others, spread[:, width:, width:], others, optimize=True
    )
    return np.asarray(found)


def level_law(model: SpaceTimeModel, solved: SpaceTimeSolved) -> LevelLaw:
    """Return the law of the level of each area (covariates and deviation) of the first law."""
    level, width = solved.level, model.fixed.shape[1]
    mean = level.deviation[0] + level.coefficients[0, :width] @ model.fixed.T
    return LevelLaw(
        mean=mean,
        variance=_level_variance(model, level)[1][0],
        slope=level.slope[0],
        weight=level.weight[0],
        own=level.loadings.unstructured[0],
    )


def _level_variance(model: SpaceTimeModel, level: Level) -> tuple[np.ndarray, np.ndarray]:
    """Return how each level follows the coefficients, and its variance."""
    width = model.fixed.shape[1]
    # The area's level is its covariates' part, less the response, plus what is its own.
    follows = np.concatenate(
        [model.fixed - level.response[..., :width], -level.response[..., width:]], axis=2
    )
    own = level.own_variance()
    return follows, ((follows @ level.covariance) * follows).sum(-1) + own


def correct_mean(
    model: SpaceTimeModel, values: Parameters, solved: SpaceTimeSolved, *, times: int = 2
) -> SpaceTimeSolved:
    """Return the law moved to its best mean; see :func:`labtools.analysis.risk.laplace`."""
    spread = variances(model, solved)
    counts = model.counts(values.size)
    for _ in range(times):
        told = counts.expected_slope_and_bend(solved.eta, spread)
        solved = solve_step(model, values, solved.eta, told)
    return solved


def _columns(model: SpaceTimeModel, shape: tuple[int, ...]) -> np.ndarray:
    """Return the columns of one, of what is shared and of drivers, for every cell."""
    periods, batch, rows = shape
    q, d = model.shared.shape[1], model.drivers.shape[2]
    columns = np.empty((periods, batch, rows, 1 + q + d))
    columns[..., 0] = 1.0
    columns[..., 1 : 1 + q] = model.shared[:, None, None, :]
    columns[..., 1 + q :] = model.drivers[:, None]
    return columns


def _told(
    model: SpaceTimeModel,
    precision: np.ndarray,
    bend: np.ndarray,
    columns_and_lever: tuple[np.ndarray, np.ndarray],
    rest: np.ndarray,
) -> Told:
    columns, lever = columns_and_lever
    weighted = bend[..., None] * lever
    both = np.einsum("tgnc->gnc", weighted)
    weight, cross = both[..., 0], both[..., 1:]
    batch = bend.shape[1]
    flat = [
        part.swapaxes(0, 1).reshape(batch, -1, columns.shape[3]) for part in (columns, weighted)
    ]
    gram_shared = (flat[0].swapaxes(1, 2) @ flat[1])[:, 1:, 1:]
    target = rest.sum(0)
    aim_shared = np.einsum("tgnc,tgn->gc", columns[..., 1:], rest)
    fixed = model.fixed
    gram_fixed = fixed.T @ (weight[..., None] * fixed)
    across = fixed.T @ cross
    gram = np.concatenate(
        [
            np.concatenate([gram_fixed, across], axis=2),
            np.concatenate([across.swapaxes(1, 2), gram_shared], axis=2),
        ],
        axis=1,
    )
    return Told(
        weight=weight,
        target=target,
        cross=np.concatenate([weight[..., None] * fixed, cross], axis=2),
        gram=gram + precision,
        aim=np.concatenate([target @ fixed, aim_shared], axis=1),
    )


def _steps_of(model: SpaceTimeModel, level: Level) -> np.ndarray:
    """Return, by area, its level and the coefficients of what is shared and of drivers."""
    width = model.fixed.shape[1]
    own = level.deviation + level.coefficients[:, :width] @ model.fixed.T
    rest = np.broadcast_to(
        level.coefficients[:, None, width:], (*own.shape, level.coefficients.shape[1] - width)
    )
    return np.concatenate([own[..., None], rest], axis=2)


def _log_evidence(model: SpaceTimeModel, values: Parameters, solved: SpaceTimeSolved) -> np.ndarray:
    level = solved.level
    wandering = Wandering(values.sd[:, None], values.phi[:, None])
    periods, rows = model.events.shape
    coefficients = level.coefficients
    energy = level.energy + wandering.energy(solved.path)
    precision = model.precisions(values)
    energy += np.einsum("gc,gcd,gd->g", coefficients, precision, coefficients)
    determinant = level.log_determinant + solved.swept.log_determinant()
    determinant -= wandering.log_determinant(periods, rows)
    determinant += 2 * model.traits * np.log(values.traits)
    fit = model.counts(values.size).log_likelihood(solved.eta).sum(0)
    return np.asarray(fit - (energy + determinant) / 2)
