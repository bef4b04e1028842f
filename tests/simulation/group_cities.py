"""Cities of several groups of crimes that go together as far as is wanted; the truth is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from tests.simulation.risk_cities import icar, map_of_neighbours

QUARTERS = 20
#: Recorded events an area and month, by group: from many to very few.
MEANS = (2.0, 0.8, 0.3, 0.1)
_SMOOTH_SD, _OWN_SD, _WANDERING_SD, _MEMORY, _SIZE = 0.35, 0.3, 0.22, 0.5, 30.0


@dataclass(frozen=True, slots=True)
class GroupCity:
    """A city of several groups.

    Attributes
    ----------
    neighbours : scipy.sparse.csr_array
    residents : pandas.Series
        By area, their mean one.
    quarters : tuple of pandas.DataFrame
        By group, counts by area and quarter.
    log_rate : numpy.ndarray, shape (n_areas, n_groups)
        Logarithm of the true yearly rate of the last four quarters.
    """

    neighbours: sparse.csr_array
    residents: pd.Series
    quarters: tuple[pd.DataFrame, ...]
    log_rate: np.ndarray


def group_city(n: int, seed: int, *, shared: float) -> GroupCity:
    """Return a city of `n` areas.

    Each group's levels (a smooth and an independent surface) and its wandering are made of a
    common part, whose share of the variance is `shared`, and one of its own.
    """
    rng = np.random.default_rng([seed, n, round(100 * shared)])
    neighbours = map_of_neighbours(rng.random((n, 2)))
    residents = rng.lognormal(0, 0.9, n)
    residents = residents / residents.mean()

    def levels() -> np.ndarray:
        found = _SMOOTH_SD * icar(neighbours, rng) + _OWN_SD * rng.standard_normal(n)
        return np.asarray(found[:, None] + _wandering(n, rng))

    common = levels()
    own = [np.sqrt(shared) * common + np.sqrt(1 - shared) * levels() for _ in MEANS]
    season = 0.08 * np.cos(2 * np.pi * np.arange(QUARTERS) / 4)
    log_mean = np.stack(own, axis=2) + np.log(3 * np.array(MEANS)) + season[:, None]
    mean = residents[:, None, None] * np.exp(log_mean)
    counts = rng.poisson(mean * rng.gamma(_SIZE, 1 / _SIZE, mean.shape)).astype(float)
    areas = pd.Index([f"c{k:04d}" for k in range(n)])
    return GroupCity(
        neighbours,
        pd.Series(residents, areas),
        tuple(pd.DataFrame(counts[:, :, g], areas) for g in range(len(MEANS))),
        np.log(np.exp(log_mean[:, -4:]).sum(axis=1)),
    )


def _wandering(n: int, rng: np.random.Generator) -> np.ndarray:
    path = _WANDERING_SD * rng.standard_normal((n, QUARTERS))
    for t in range(1, QUARTERS):
        path[:, t] = _MEMORY * path[:, t - 1] + np.sqrt(1 - _MEMORY**2) * path[:, t]
    return path
