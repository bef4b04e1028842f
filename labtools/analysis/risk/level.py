"""The level of each area: what its counts tell of it, and what its neighbours add.

Whatever the counts are (one for each area, or one for each month), once months are
integrated out they tell of an area's level by a weight, a target, and how both hang together
with the coefficients.  Deviations from the coefficients are ``s_u u + s_v v``: `u` alike among
neighbours (see :mod:`labtools.analysis.risk.graph`), `v` independent and integrated by hand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labtools.analysis.risk.blocks import BlockCholesky
from labtools.analysis.risk.graph import MapPrecision


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
    def of(
        cls,
        graph: MapPrecision,
        sigma: np.ndarray,
        rho: np.ndarray,
        doubt: np.ndarray | float = 0.0,
    ) -> Loadings:
        """Return the loadings of total deviation `sigma`, of whose variance `rho` is spatial.

        An island has no neighbour to be like: all its deviation is its own.  `doubt`, of shape
        (n_rows,), is a deviation of each area's own that does not depend on the parameters.
        """
        share = rho[:, None] * graph.connected
        own = np.sqrt(sigma[:, None] ** 2 * (1 - share) + np.square(doubt))
        return cls(sigma[:, None] * np.sqrt(share), own)


@dataclass(frozen=True, slots=True)
class Told:
    """What the counts tell, as a quadratic form of deviations and coefficients.

    Attributes
    ----------
    weight, target : numpy.ndarray, shape (n_batch, n_rows)
        Precision of each area's deviation, and the linear term.
    cross : numpy.ndarray, shape (n_batch, n_rows, n_coefficients)
        Precision between deviations and coefficients.
    gram : numpy.ndarray, shape (n_batch, n_coefficients, n_coefficients)
        Precision of the coefficients, their priors included.
    aim : numpy.ndarray, shape (n_batch, n_coefficients)
        Their linear term.
    """

    weight: np.ndarray
    target: np.ndarray
    cross: np.ndarray
    gram: np.ndarray
    aim: np.ndarray


@dataclass(frozen=True, slots=True)
class Level:
    """The Gaussian law of deviations and coefficients, for each value of the parameters.

    Attributes
    ----------
    deviation : numpy.ndarray, shape (n_batch, n_rows)
        Mean of the deviation of each area from what the coefficients say.
    coefficients : numpy.ndarray, shape (n_batch, n_coefficients)
    covariance : numpy.ndarray, shape (n_batch, n_coefficients, n_coefficients)
        Of the coefficients.
    response : numpy.ndarray, shape (n_batch, n_rows, n_coefficients)
        How much a deviation falls where a coefficient rises by one.
    energy : numpy.ndarray, shape (n_batch,)
        Quadratic form of the deviations' priors.
    log_determinant : numpy.ndarray, shape (n_batch,)
        Of the precision, up to a constant.
    pull : numpy.ndarray, shape (n_batch, n_rows)
        Share of the smooth surface that the counts of the area leave in place.
    weight, slope : numpy.ndarray, shape (n_batch, n_rows)
        Precision that the area's counts add to its deviation, and their slope at its mean.
    """

    deviation: np.ndarray
    coefficients: np.ndarray
    covariance: np.ndarray
    response: np.ndarray
    energy: np.ndarray
    log_determinant: np.ndarray
    pull: np.ndarray
    weight: np.ndarray
    slope: np.ndarray
    loadings: Loadings
    factor: BlockCholesky
    sums: np.ndarray
    sums_inverse: np.ndarray

    def own_variance(self) -> np.ndarray:
        """Return the variance of each deviation given the coefficients, (n_batch, n_rows)."""
        free = self.factor.variances() - ((self.sums @ self.sums_inverse) * self.sums).sum(-1)
        smooth = (self.pull * self.loadings.structured) ** 2 * free
        return np.asarray(smooth + self.loadings.unstructured**2 * self.pull)

    def one(self, place: int) -> Level:
        """Return the law of one value of the parameters."""
        cut = slice(place, place + 1)
        loadings = Loadings(self.loadings.structured[cut], self.loadings.unstructured[cut])
        factor = BlockCholesky(self.factor.inverse[cut], self.factor.below[cut])
        rest = {
            name: getattr(self, name)[cut]
            for name in self.__slots__
            if name not in {"factor", "loadings"}
        }
        return Level(**rest, factor=factor, loadings=loadings)

    def draw(
        self, graph: MapPrecision, n_draws: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return draws of the first law: deviations, and coefficients.

        Shapes (n_draws, n_rows) and (n_draws, n_coefficients).
        """
        rows, width = self.deviation.shape[1], self.coefficients.shape[1]
        noise = rng.standard_normal((n_draws, 2 * rows + width))
        free = self.factor.spread(np.ascontiguousarray(noise[:, :rows].T)[None])[0]
        free = free - self.sums[0] @ (self.sums_inverse[0] @ (graph.parts.T @ free))
        moved = noise[:, 2 * rows :] @ np.linalg.cholesky(self.covariance[0]).T
        smooth = self.pull[0] * self.loadings.structured[0] * free.T
        own = self.loadings.unstructured[0] * np.sqrt(self.pull[0]) * noise[:, rows : 2 * rows]
        drawn = self.deviation[0] - moved @ self.response[0].T + smooth + own
        return drawn, self.coefficients[0] + moved


def solve_level(graph: MapPrecision, loadings: Loadings, told: Told) -> Level:
    """Return the Gaussian law of deviations and coefficients given what was told."""
    s_u, s_v = loadings.structured, loadings.unstructured
    pull = 1 / (1 + s_v**2 * told.weight)
    weight, target = pull * told.weight, pull * told.target
    cross = pull[..., None] * told.cross
    turned = told.cross.swapaxes(-1, -2) * (s_v**2)[:, None, :]
    gram = told.gram - turned @ cross
    aim = told.aim[..., None] - turned @ target[..., None]
    factor = graph.factor(s_u**2 * weight)
    parts = np.broadcast_to(graph.parts, (len(weight), *graph.parts.shape))
    loaded = s_u[..., None] * cross
    right = np.concatenate([parts, loaded, (s_u * target)[..., None]], axis=2)
    found = factor.solve(right)
    k = graph.parts.shape[1]
    sums, rest = found[..., :k], found[..., k:]
    sums_inverse = np.linalg.inv(graph.parts.T @ sums)
    rest = rest - sums @ (sums_inverse @ (graph.parts.T @ rest))
    of_cross, of_target = rest[..., :-1], rest[..., -1:]
    precision = gram - loaded.swapaxes(-1, -2) @ of_cross
    covariance = np.linalg.inv(precision)
    coefficients = covariance @ (aim - loaded.swapaxes(-1, -2) @ of_target)
    smooth = (of_target - of_cross @ coefficients)[..., 0]
    slope = target - (cross @ coefficients)[..., 0] - weight * s_u * smooth
    own = s_v * slope
    determinant = factor.log_determinant() - np.log(pull).sum(-1)
    determinant = determinant - np.linalg.slogdet(sums_inverse)[1]
    return Level(
        deviation=s_u * smooth + s_v * own,
        coefficients=coefficients[..., 0],
        covariance=covariance,
        response=(pull * s_u)[..., None] * of_cross + (s_v**2)[..., None] * cross,
        energy=graph.energy(smooth) + (own**2).sum(-1),
        log_determinant=determinant + np.linalg.slogdet(precision)[1],
        pull=pull,
        weight=told.weight,
        slope=slope,
        loadings=loadings,
        factor=factor,
        sums=sums,
        sums_inverse=sums_inverse,
    )
