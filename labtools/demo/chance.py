"""Chance, one stream per part, so that changing one part leaves the others as they were."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from labtools.errors import SettingsError

Part = Literal[
    "ground",
    "names",
    "people",
    "census",
    "latent",
    "history",
    "programme",
    "case_files",
    "calls",
    "offences",
    "reports",
    "survey",
    "quarterly",
    "case_file_quirks",
    "call_quirks",
    "offence_quirks",
    "report_quirks",
    "national",
    "actions",
    "register",
    "census_quirks",
    "leading_rows",
    "origins",
    "batteries",
    "meetings",
    "files",
    "premises",
]


def generator(seed: int, part: Part) -> np.random.Generator:
    """Return the stream of chance of one part of the city.

    Raises
    ------
    SettingsError
        If the seed is negative.
    """
    if seed < 0:
        raise SettingsError(
            "The seed of the demonstration city is {seed}; it must be zero or a positive whole "
            "number. Choose another and run the command again.",
            seed=seed,
        )
    key = get_args(Part).index(part)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(key,)))


def smooth_field(
    points: np.ndarray, rng: np.random.Generator, *, reach: float = 2_500
) -> np.ndarray:
    """Return one draw of a Gaussian field, shape (n_points,), with mean 0 and variance 1.

    The correlation of two points falls as ``exp(-distance / reach)``, in metres.
    """
    gaps = points[:, None, :] - points[None, :, :]
    correlation = np.exp(-np.hypot(gaps[..., 0], gaps[..., 1]) / reach)
    root = np.linalg.cholesky(correlation + 1e-9 * np.eye(len(points)))
    return np.asarray(root @ rng.standard_normal(len(points)))


def standardised(values: np.ndarray) -> np.ndarray:
    """Return `values` with mean 0 and standard deviation 1."""
    return np.asarray((values - values.mean()) / values.std())


def logistic(values: np.ndarray) -> np.ndarray:
    """Return the share whose log-odds are `values`."""
    return np.asarray(1 / (1 + np.exp(-values)))


def draw_columns(shares: np.ndarray, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return, for each of `rows`, a column of `shares` drawn with that row's weights.

    Parameters
    ----------
    shares : ndarray, shape (n_rows, n_columns)
        Weights, not negative; each row has one that is positive.
    rows : ndarray of int, shape (n_draws,)
        Which row of `shares` each draw uses.
    rng : numpy.random.Generator
        The stream of chance.
    """
    ladder = np.cumsum(shares, axis=1)
    ladder /= ladder[:, -1:]
    chosen = (ladder[rows] <= rng.random(len(rows))[:, None]).sum(axis=1)
    return np.asarray(np.minimum(chosen, shares.shape[1] - 1))
