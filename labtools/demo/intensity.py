"""How much crime there is before any programme: the latent truth, in logarithms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from labtools.demo.chance import generator, logistic, smooth_field
from labtools.demo.ground import Ground
from labtools.demo.kinds import GROUPS, STREET, Group, group_reporting
from labtools.demo.people import People

MONTHS = pd.date_range("2020-01-01", "2025-12-01", freq="MS")
N_MONTHS = len(MONTHS)
LOOKAHEAD = 2  # leading indicators look this many months beyond the last
RECORDED_PER_MONTH = 2.2  # case files per colonia and month, all groups together

SHARES: dict[Group, float] = {
    "violence": 0.19,
    "robbery": 0.15,
    "theft": 0.33,
    "other": 0.18,
    "sensitive": 0.15,
}
# Effects of one standard deviation of marginality, young men and commerce, in logarithms.
EFFECTS: dict[Group, tuple[float, float, float]] = {
    "violence": (0.25, 0.15, 0.15),
    "robbery": (0.05, 0.12, 0.35),
    "theft": (-0.05, 0.05, 0.40),
    "other": (0.00, 0.05, 0.30),
    "sensitive": (0.25, 0.10, 0.00),
}
# Amplitude of the yearly wave, its highest month (0 = January), and change per year.
RHYTHMS: dict[Group, tuple[float, int, float]] = {
    "violence": (0.10, 4, 0.00),
    "robbery": (0.10, 11, -0.04),
    "theft": (0.08, 11, -0.02),
    "other": (0.04, 2, 0.06),
    "sensitive": (0.12, 4, 0.03),
}
SHARED_SD, OWN_SD, UNSTRUCTURED_SD = 0.30, 0.20, 0.20
MEMORY, WANDERING_SD = 0.70, 0.25
PANDEMIC_MONTHS, PANDEMIC_LOG = slice(3, 6), -0.35
REPORTING_RANGE = (0.20, 0.70)


@dataclass(frozen=True, slots=True)
class Latent:
    """The truth before any programme.

    Attributes
    ----------
    log_true : ndarray, shape (412, 74, 5)
        Logarithm of the expected *true* crimes by colonia, month (two beyond the last) and
        group, without programme.
    reporting : ndarray, shape (412,)
        Probability that a crime of factor 1 becomes a case file, between 0.20 and 0.70.
    wandering : ndarray, shape (412, 74)
        The deviation of each colonia that comes and goes, already inside `log_true`.
    """

    log_true: np.ndarray
    reporting: np.ndarray
    wandering: np.ndarray

    @property
    def recorded_share(self) -> np.ndarray:
        """Probability that a crime is recorded, by colonia and group, shape (412, 5)."""
        return np.outer(self.reporting, group_reporting())


def street_log(log_true: np.ndarray) -> np.ndarray:
    """Return the logarithm of violence, robbery and theft together; the last axis goes."""
    street = [GROUPS.index(group) for group in STREET]
    return np.asarray(np.log(np.exp(log_true[..., street]).sum(axis=-1)))


def imagine(ground: Ground, people: People, seed: int) -> Latent:
    """Return the truth before any programme."""
    rng = generator(seed, "latent")
    colonias = people.colonias
    mean_log = np.log(people.exposure)[:, None] + _by_place(ground, colonias, rng)
    wandering = _wandering(len(colonias), rng)
    log_true = mean_log[:, None, :] + _by_month()[None] + wandering[:, :, None]
    pull = 0.4 - 1.1 * colonias["marginality"].to_numpy() + rng.normal(0, 0.5, len(colonias))
    low, high = REPORTING_RANGE
    reporting = low + (high - low) * logistic(pull)
    latent = Latent(log_true, reporting, wandering)
    return Latent(log_true + _level(latent), reporting, wandering)


def _by_place(ground: Ground, colonias: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    n, places = len(colonias), ground.centres
    covariates = colonias[["marginality", "young_men", "commerce"]].to_numpy()
    effect = covariates @ np.array([EFFECTS[group] for group in GROUPS]).T
    shared = SHARED_SD * smooth_field(places, rng)
    own = OWN_SD * np.column_stack([smooth_field(places, rng) for _ in GROUPS])
    alone = UNSTRUCTURED_SD * rng.standard_normal((n, len(GROUPS)))
    return np.asarray(effect + shared[:, None] + own + alone)


def _by_month() -> np.ndarray:
    month = np.arange(N_MONTHS + LOOKAHEAD)
    columns = []
    for group in GROUPS:
        height, peak, slope = RHYTHMS[group]
        wave = height * np.cos(2 * np.pi * (month % 12 - peak) / 12)
        shut = np.zeros(len(month))
        shut[PANDEMIC_MONTHS] = PANDEMIC_LOG if group in {"robbery", "theft"} else 0.0
        columns.append(wave + slope * month / 12 + shut)
    return np.column_stack(columns)


def _wandering(n: int, rng: np.random.Generator) -> np.ndarray:
    steps = rng.standard_normal((n, N_MONTHS + LOOKAHEAD)) * WANDERING_SD
    path = steps.copy()
    for month in range(1, path.shape[1]):
        path[:, month] = MEMORY * path[:, month - 1] + np.sqrt(1 - MEMORY**2) * steps[:, month]
    return path


def _level(latent: Latent) -> np.ndarray:
    """Logarithms that, added to each group, give as many recorded crimes as wanted."""
    shares = np.array([SHARES[group] for group in GROUPS])
    recorded = np.exp(latent.log_true[:, :N_MONTHS]) * latent.recorded_share[:, None, :]
    return np.asarray(np.log(RECORDED_PER_MONTH * shares / recorded.mean(axis=(0, 1))))
