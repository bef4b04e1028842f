"""Cities whose true risk is known, to see how far a model's answer lies from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse import csgraph
from scipy.spatial import Delaunay

MONTHS, AHEAD, RECENT = 60, 6, 12


@dataclass(frozen=True, slots=True)
class RiskCity:
    """A city, its counts, and the truth.

    Attributes
    ----------
    neighbours : scipy.sparse.csr_array, shape (n, n)
    exposure : pandas.Series, shape (n,)
    covariates : pandas.DataFrame, shape (n, 3)
    mean, counts : numpy.ndarray, shape (n, MONTHS + AHEAD)
    treated : numpy.ndarray of bool, shape (n, MONTHS)
        Where a programme is in force.
    log_risk : numpy.ndarray, shape (n,)
        Logarithm of the mean recorded rate of the last twelve months.
    """

    neighbours: sparse.csr_array
    exposure: pd.Series
    covariates: pd.DataFrame
    mean: np.ndarray
    counts: np.ndarray
    treated: np.ndarray
    log_risk: np.ndarray


def risk_city(n: int, seed: int, *, mean: float, stress: bool = False) -> RiskCity:
    """Return a city of `n` areas with `mean` recorded events an area and month.

    Levels: a smooth (ICAR) and an independent surface, three covariates, a small hot cluster.
    Months: season, trend, an autoregression for each area, negative binomial noise of size 10.
    Reporting: 20 to 80 %, lower where marginality is higher.  A programme enters 35 % of the
    areas, chosen by risk, in three stages; it takes away 20 % and its neighbours 5 %.  The
    stressed city has steps for a smooth surface, heavy tails, jumps for an autoregression,
    exposures known with an error of 30 %, and clumps of size 3.
    """
    rng = np.random.default_rng([seed, n, int(stress)])
    places = rng.random((n, 2))
    neighbours = map_of_neighbours(places)
    true_exposure = rng.lognormal(0, 1.1, n)
    covariates = rng.standard_normal((n, 3))
    smooth = _steps(places, rng) if stress else icar(neighbours, rng)
    own = 0.2 * (rng.standard_t(3, n) if stress else rng.standard_normal(n))
    level = 0.35 * smooth + own + covariates @ np.array([0.2, 0.15, 0.1])
    level[np.argsort(np.hypot(*(places - places[0]).T))[:4]] += 0.5
    reporting = 0.2 + 0.6 / (1 + np.exp(1.2 * covariates[:, 0] + 0.5 * rng.standard_normal(n)))
    month = np.arange(MONTHS + AHEAD)
    shared = 0.12 * np.cos(2 * np.pi * (month - 4) / 12) - 0.002 * month
    eta = (level + np.log(reporting))[:, None] + shared + _wandering(n, rng, stress=stress)
    treated, effect = _programme(level, neighbours, rng)
    eta = eta + effect
    rate = np.exp(eta) * mean / np.average(np.exp(eta).mean(1), weights=true_exposure)
    exposure = true_exposure / true_exposure.mean()
    told = exposure * (rng.lognormal(0, 0.3, n) if stress else 1.0)
    expected = exposure[:, None] * rate
    size = 3.0 if stress else 10.0
    counts = rng.poisson(expected * rng.gamma(size, 1 / size, expected.shape)).astype(float)
    areas = pd.Index([f"c{k:04d}" for k in range(n)])
    recent = expected[:, MONTHS - RECENT : MONTHS].mean(1) / told
    return RiskCity(
        neighbours,
        pd.Series(told, areas),
        pd.DataFrame(covariates, areas, ["marginality", "young", "commerce"]),
        expected,
        counts,
        treated[:, :MONTHS],
        np.log(recent),
    )


def map_of_neighbours(places: np.ndarray) -> sparse.csr_array:
    """Return who is neighbour of whom among random places."""
    n = len(places)
    sides = Delaunay(places).simplices
    pairs = np.vstack([sides[:, [0, 1]], sides[:, [1, 2]], sides[:, [0, 2]]])
    pairs = pairs[np.hypot(*(places[pairs[:, 0]] - places[pairs[:, 1]]).T) < 4 / np.sqrt(n)]
    ends = (np.r_[pairs[:, 0], pairs[:, 1]], np.r_[pairs[:, 1], pairs[:, 0]])
    matrix = sparse.csr_array((np.ones(2 * len(pairs)), ends), shape=(n, n))
    matrix.data[:] = 1.0
    return matrix


def icar(neighbours: sparse.csr_array, rng: np.random.Generator) -> np.ndarray:
    """Return a smooth surface of deviation one: areas resemble their neighbours."""
    values, vectors = np.linalg.eigh(csgraph.laplacian(neighbours).toarray())
    held = values > 1e-9
    field = vectors[:, held] @ (rng.standard_normal(held.sum()) / np.sqrt(values[held]))
    return np.asarray(field / field.std())


def _steps(places: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    block = (places * 4).astype(int) @ np.array([4, 1])
    field = rng.standard_normal(20)[block]
    return np.asarray(field / field.std())


def _wandering(n: int, rng: np.random.Generator, *, stress: bool) -> np.ndarray:
    months = MONTHS + AHEAD
    if stress:
        jumps = rng.random((n, months)) < 1 / 30
        return np.asarray(np.cumsum(jumps * 0.3 * rng.standard_normal((n, months)), axis=1))
    path = 0.25 * rng.standard_normal((n, months))
    for t in range(1, months):
        path[:, t] = 0.7 * path[:, t - 1] + np.sqrt(1 - 0.49) * path[:, t]
    return path


def _programme(
    level: np.ndarray, neighbours: sparse.csr_array, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    n, months = len(level), MONTHS + AHEAD
    first = np.full(n, months + 1)
    chosen = np.argsort(-(level + 0.3 * rng.standard_normal(n)))[: int(0.35 * n)]
    first[chosen] = rng.choice([30, 38, 46], len(chosen))
    since = np.arange(months) - first[:, None]
    dose = np.clip((since + 1) / 6, 0, 1)
    near = (neighbours @ (since >= 0).astype(float)) > 0
    effect = np.log(0.8) * dose + np.log(0.95) * (near & (since < 0))
    return since >= 0, effect
