"""A map fitted over all that its parameters may be."""

from __future__ import annotations

import numpy as np

from labtools.analysis.one_thread import one_thread
from labtools.analysis.risk.graph import MapPrecision
from labtools.analysis.risk.grid import find_peak, lay_grid
from labtools.analysis.risk.laplace import (
    MapModel,
    Solved,
    correct_mean,
    find_mode,
    log_evidence,
)
from labtools.analysis.risk.level import Loadings
from labtools.analysis.risk.priors import Priors

_START = np.array([np.log(0.4), np.pi / 4])
_SMALL_MAP = 150
_FINE, _COARSE = (9, 11), (5, 5)
_LEAST_WEIGHT = 5e-4


def integrate(
    model: MapModel, priors: Priors, n_areas: int
) -> tuple[list[Solved], np.ndarray, np.ndarray]:
    """Return the corrected laws that carry weight, their weights, and their parameters."""
    # Blocks are small: two threads would wait for each other, and sums depend on how many.
    with one_thread():
        return _integrate(model, priors, n_areas)


def _integrate(
    model: MapModel, priors: Priors, n_areas: int
) -> tuple[list[Solved], np.ndarray, np.ndarray]:
    counts = model.counts
    eta = np.log((counts.events + 1) / (counts.exposure + 1))[None]

    def solve(pairs: np.ndarray) -> tuple[Solved, np.ndarray]:
        nonlocal eta
        loadings = Loadings.of(model.graph, np.exp(pairs[:, 0]), np.sin(pairs[:, 1]) ** 2)
        solved = find_mode(model, loadings, np.repeat(eta, len(pairs), axis=0))
        eta = solved.eta[:1]
        return solved, log_evidence(model, solved) + priors.log_density(pairs[:, 0], pairs[:, 1])

    def log_density(pairs: np.ndarray) -> np.ndarray:
        return solve(pairs)[1]

    peak = find_peak(log_density, _START)
    solve(peak[None])
    pairs = lay_grid(log_density, peak, _FINE if n_areas <= _SMALL_MAP else _COARSE)
    solved, height = solve(pairs)
    weight = np.exp(height - height.max())
    weight = weight / weight.sum()
    kept = np.flatnonzero(weight > _LEAST_WEIGHT)
    variance = solved.variances()
    laws = [correct_mean(model, solved.one(int(k)), variance[k : k + 1]) for k in kept]
    return laws, weight[kept] / weight[kept].sum(), pairs[kept]


def draw_all(
    graph: MapPrecision,
    laws: list[Solved],
    weight: np.ndarray,
    n_draws: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Return draws of the mixed laws: logarithms of rates by row, and coefficients."""
    times = rng.multinomial(n_draws, weight)
    made = [law.draw(graph, int(n), rng) for law, n in zip(laws, times, strict=True) if n > 0]
    order = rng.permutation(n_draws)
    eta, coefficients = (np.concatenate(part)[order] for part in zip(*made, strict=True))
    return eta, coefficients
