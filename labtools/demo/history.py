"""What happened: true crimes, the part that was recorded, and the programme they led to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labtools.demo.chance import generator
from labtools.demo.ground import Ground
from labtools.demo.intensity import MONTHS, N_MONTHS, Latent
from labtools.demo.kinds import GROUPS
from labtools.demo.people import People
from labtools.demo.programme import Programme, enrol, nobody, take_effect

# Gamma shape of the overdispersion: variance / mean = 1 + mean / SHAPE = 1.5 at a mean of 2.2.
SHAPE = 4.4
CHOICES: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("2022-11-01", (1,)),
    ("2024-01-01", (2, 3, 4, 5)),
)


@dataclass(frozen=True, slots=True)
class History:
    """Six years of crime.

    Attributes
    ----------
    log_true : ndarray, shape (412, 74, 5)
        Logarithm of the expected true crimes, programme and displacement included.
    true, recorded : ndarray of int, shape (412, 72, 5)
        Crimes that happened, and those of them that became a case file.
    programme : Programme
        Who entered when.
    """

    log_true: np.ndarray
    true: np.ndarray
    recorded: np.ndarray
    programme: Programme


def unfold(ground: Ground, people: People, latent: Latent, seed: int) -> History:
    """Let the months pass: the programme enrols by what had been recorded until then."""
    rng, choosing = generator(seed, "history"), generator(seed, "programme")
    n = len(people.colonias)
    unrest = rng.gamma(SHAPE, 1 / SHAPE, size=(n, N_MONTHS))
    true = np.zeros((n, N_MONTHS, len(GROUPS)), dtype=int)
    recorded = np.zeros_like(true)
    stage = nobody(n)
    stops = [int(MONTHS.get_loc(day)) for day, _ in CHOICES] + [N_MONTHS]
    for k, stop in enumerate(stops):
        months = slice(stops[k - 1] if k else 0, stop)
        log_true = latent.log_true + take_effect(stage, ground.neighbours).on_groups()
        expected = np.exp(log_true[:, months]) * unrest[:, months, None]
        true[:, months] = rng.poisson(expected)
        recorded[:, months] = rng.binomial(true[:, months], latent.recorded_share[:, None, :])
        if k < len(CHOICES):
            past = recorded[:, max(0, stop - 24) : stop].sum(axis=(1, 2))
            stage = enrol(stage, CHOICES[k][1], past, people, choosing)
    return History(log_true, true, recorded, take_effect(stage, ground.neighbours))
