"""The Gaussian approximation of a map of risk, for many values of its parameters at once.

Logarithm of the rate of an area: ``x b + s_u u + s_v v``, with `u` alike among neighbours
(scaled, see :mod:`labtools.analysis.risk.graph`) and `v` independent.  `v` is integrated by
hand, so that each step factors one sparse matrix of as many rows as areas.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labtools.analysis.risk.blocks import BlockCholesky
from labtools.analysis.risk.graph import MapPrecision
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
class Loadings:
    """Standard deviations of the two surfaces, one row for each value of the parameters.

    Attributes
    ----------
    structured, unstructured : numpy.ndarray, shape (n_batch, n_rows)
    """

    structured: np.ndarray
    unstructured: np.ndarray

    @classmethod
    def of(cls, graph: MapPrecision, sigma: np.ndarray, rho: np.ndarray) -> Loadings:
        """Return the loadings of total deviation `sigma`, of whose variance `rho` is spatial.

        An island has no neighbour to be like: all its deviation is its own.
        """
        share = rho[:, None] * graph.connected
        return cls(sigma[:, None] * np.sqrt(share), sigma[:, None] * np.sqrt(1 - share))


@dataclass(frozen=True, slots=True)
class Solved:
    """A Gaussian law of all unknowns, for each value of the parameters.

    Attributes
    ----------
    eta : numpy.ndarray, shape (n_batch, n_rows)
        Logarithm of the rate.
    coefficients : numpy.ndarray, shape (n_batch, n_coefficients)
    covariance : numpy.ndarray, shape (n_batch, n_coefficients, n_coefficients)
        Of the coefficients.
    energy : numpy.ndarray, shape (n_batch,)
        Quadratic form of the priors.
    log_determinant : numpy.ndarray, shape (n_batch,)
        Of the precision of all unknowns, up to a constant.
    """

    eta: np.ndarray
    coefficients: np.ndarray
    covariance: np.ndarray
    energy: np.ndarray
    log_determinant: np.ndarray
    pull: np.ndarray
    lever: np.ndarray
    factor: BlockCholesky
    sums: np.ndarray
    sums_inverse: np.ndarray
    loadings: Loadings

    def variances(self) -> np.ndarray:
        """Return the variance of each logarithm of a rate, shape (n_batch, n_rows)."""
        free = self.factor.variances() - ((self.sums @ self.sums_inverse) * self.sums).sum(-1)
        smooth = ((self.lever @ self.covariance) * self.lever).sum(-1)
        smooth = smooth + self.loadings.structured**2 * free
        return np.asarray(self.pull**2 * smooth + self.loadings.unstructured**2 * self.pull)

    def one(self, place: int) -> Solved:
        """Return the law of one value of the parameters."""
        cut = slice(place, place + 1)
        loadings = Loadings(self.loadings.structured[cut], self.loadings.unstructured[cut])
        factor = BlockCholesky(self.factor.inverse[cut], self.factor.below[cut])
        rest = {
            name: getattr(self, name)[cut]
            for name in self.__slots__
            if name not in {"factor", "loadings"}
        }
        return Solved(**rest, factor=factor, loadings=loadings)

    def draw(
        self, graph: MapPrecision, n_draws: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return draws of the first law: logarithms of rates, and coefficients.

        Shapes (n_draws, n_rows) and (n_draws, n_coefficients).
        """
        rows, width = self.eta.shape[1], self.coefficients.shape[1]
        noise = rng.standard_normal((n_draws, 2 * rows + width))
        free = self.factor.spread(np.ascontiguousarray(noise[:, :rows].T)[None])[0]
        free = free - self.sums[0] @ (self.sums_inverse[0] @ (graph.parts.T @ free))
        moved = noise[:, 2 * rows :] @ np.linalg.cholesky(self.covariance[0]).T
        smooth = self.lever[0] @ moved.T + self.loadings.structured[0][:, None] * free
        own = self.loadings.unstructured[0] * np.sqrt(self.pull[0]) * noise[:, rows : 2 * rows]
        return self.eta[0] + self.pull[0] * smooth.T + own, self.coefficients[0] + moved


def find_mode(model: MapModel, loadings: Loadings, eta: np.ndarray) -> Solved:
    """Return the Gaussian law at the mode, by Newton's steps from `eta`."""
    for _ in range(_STEPS):
        solved = _solve(model, loadings, eta, *model.counts.slope_and_bend(eta))
        moved = np.abs(solved.eta - eta).max()
        eta = np.clip(solved.eta, eta - _LONGEST_STEP, eta + _LONGEST_STEP)
        if moved < _NEAR:
            break
    return solved


def log_evidence(model: MapModel, solved: Solved) -> np.ndarray:
    """Return Laplace's approximation of the likelihood of the parameters, in logarithms."""
    fit = model.counts.log_likelihood(solved.eta)
    return np.asarray(fit - (solved.energy + solved.log_determinant) / 2)


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
        solved = _solve(model, solved.loadings, eta, slope, bend)
    return solved


def _solve(
    model: MapModel, loadings: Loadings, eta: np.ndarray, slope: np.ndarray, bend: np.ndarray
) -> Solved:
    """Return the Gaussian law of a likelihood of that slope and bend at `eta`."""
    graph, design = model.graph, model.design
    s_u = loadings.structured
    pull = 1 / (1 + loadings.unstructured**2 * bend)
    weight, target = pull * bend, pull * (bend * eta + slope)
    factor = graph.factor(s_u**2 * weight)
    weighted = weight[..., None] * design
    right = np.concatenate(
        [
            np.broadcast_to(graph.parts, (len(eta), *graph.parts.shape)),
            s_u[..., None] * weighted,
            (s_u * target)[..., None],
        ],
        axis=2,
    )
    found = factor.solve(right)
    k, p = graph.parts.shape[1], design.shape[1]
    sums, rest = found[..., :k], found[..., k:]
    sums_inverse = np.linalg.inv(graph.parts.T @ sums)
    rest = rest - sums @ (sums_inverse @ (graph.parts.T @ rest))
    of_design, of_target = rest[..., :p], rest[..., p:]
    turned = (s_u[..., None] * weighted).swapaxes(-1, -2)
    precision = design.T @ weighted - turned @ of_design + np.diag(model.coefficient_precision)
    covariance = np.linalg.inv(precision)
    aim = design.T @ target[..., None] - turned @ of_target
    coefficients = covariance @ aim
    smooth = (of_target - of_design @ coefficients)[..., 0]
    level = (design @ coefficients)[..., 0] + s_u * smooth
    own = loadings.unstructured * (target - weight * level)
    coefficients = coefficients[..., 0]
    energy = (model.coefficient_precision * coefficients**2).sum(-1) + (own**2).sum(-1)
    determinant = factor.log_determinant() - np.log(pull).sum(-1)
    determinant = determinant - np.linalg.slogdet(sums_inverse)[1]
    determinant = determinant + np.linalg.slogdet(precision)[1]
    return Solved(
        eta=level + loadings.unstructured * own,
        coefficients=coefficients,
        covariance=covariance,
        energy=energy + graph.energy(smooth),
        log_determinant=determinant,
        pull=pull,
        lever=design - s_u[..., None] * of_design,
        factor=factor,
        sums=sums,
        sums_inverse=sums_inverse,
        loadings=loadings,
    )
