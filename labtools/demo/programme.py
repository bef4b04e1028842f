"""The prevention programme: which colonias enter when, what it does to crime, and its log."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from labtools.demo.chance import standardised
from labtools.demo.intensity import LOOKAHEAD, MONTHS, N_MONTHS
from labtools.demo.kinds import GROUPS, Group
from labtools.demo.names import PILOTS
from labtools.demo.people import People

# Date of entry and number of colonias; the second stage are the two pilots, by name.
STAGES: tuple[tuple[str, int], ...] = (
    ("2022-11-01", 126),
    ("2024-01-15", 2),
    ("2024-06-01", 27),
    ("2024-11-01", 27),
    ("2025-05-01", 26),
)
FULL_EFFECT = float(np.log(0.80))
SPILLOVER = float(np.log(1.04))
RAMP_MONTHS = 6
AFFECTED: tuple[Group, ...] = ("robbery", "theft")
NEVER = -1
CHOICE_STRENGTH = 1.2  # how strongly one standard deviation of past risk raises the odds
SMALLEST_ELIGIBLE = 60

# Kind of action, agency, unit of the dose, its typical size, pesos per unit, frequency.
ACTIONS: tuple[tuple[str, str, str, int, int, float], ...] = (
    ("Red ciudadana", "Prevención Social", "personas", 18, 60, 0.24),
    ("Marcha exploratoria", "Prevención Social", "personas", 15, 80, 0.14),
    ("Taller en escuela", "Educación y Cultura", "personas", 45, 40, 0.16),
    ("Recuperación de espacio público", "Obras Públicas", "metros cuadrados", 350, 900, 0.08),
    ("Instalación de luminarias", "Servicios Públicos", "luminarias", 9, 7_500, 0.12),
    ("Jornada de servicios", "Desarrollo Social", "personas", 120, 70, 0.14),
    ("Acción con comercio", "Desarrollo Económico", "comercios", 8, 350, 0.12),
)


@dataclass(frozen=True, slots=True)
class Programme:
    """Who is in the programme, and since when.

    Attributes
    ----------
    stage : ndarray of int, shape (412,)
        Stage of entry (1 to 5); 0 for colonias that never enter.
    first_month : ndarray of int, shape (412,)
        Position in `MONTHS` of the month of entry; -1 for those that never enter.
    effect : ndarray, shape (412, 74)
        What being in the programme adds to the logarithm of robbery and theft.
    displacement : ndarray, shape (412, 74)
        What a neighbour in the programme adds to it, in colonias that are not in.
    """

    stage: np.ndarray
    first_month: np.ndarray
    effect: np.ndarray
    displacement: np.ndarray

    def on_groups(self) -> np.ndarray:
        """Return effect and displacement by group, shape (412, 74, 5)."""
        touched = np.array([group in AFFECTED for group in GROUPS], dtype=float)
        return np.asarray((self.effect + self.displacement)[:, :, None] * touched)


def nobody(n: int) -> np.ndarray:
    """Return the stages of `n` colonias before the programme begins."""
    return np.zeros(n, dtype=int)


def enrol(
    stage: np.ndarray,
    stages: tuple[int, ...],
    past_recorded: np.ndarray,
    people: People,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return `stage` with the colonias of some later stages added.

    Parameters
    ----------
    stage : ndarray of int, shape (412,)
        Who is in already (0: not in).
    stages : tuple of int
        The stages to fill, 1 to 5, in order.
    past_recorded : ndarray, shape (412,)
        Case files recorded before the choice: more of them, likelier to be chosen.
    people : People
        Names and populations; a colonia with fewer than 60 inhabitants is not chosen.
    rng : numpy.random.Generator
        The stream of chance.
    """
    stage = stage.copy()
    pilots = people.colonias["name"].isin(PILOTS).to_numpy()
    eligible = (people.colonias["population"].to_numpy() >= SMALLEST_ELIGIBLE) & ~pilots
    liking = CHOICE_STRENGTH * standardised(np.log1p(past_recorded)) + rng.gumbel(size=len(stage))
    for number in stages:
        if number == STAGES.index(("2024-01-15", 2)) + 1:
            stage[pilots] = number
            continue
        order = np.argsort(np.where(eligible & (stage == 0), -liking, np.inf))
        stage[order[: STAGES[number - 1][1]]] = number
    return stage


def take_effect(stage: np.ndarray, neighbours: scipy.sparse.csr_array) -> Programme:
    """Return the programme with its effects, given who enters at which stage."""
    starts = [(pd.Timestamp(day).to_period("M") - MONTHS[0].to_period("M")).n for day, _ in STAGES]
    first = np.array([NEVER, *starts])[stage]
    months = np.arange(N_MONTHS + LOOKAHEAD)
    since = np.clip((months[None, :] - first[:, None] + 1) / RAMP_MONTHS, 0, 1)
    ramp = np.where(first[:, None] == NEVER, 0.0, since)
    near = np.zeros_like(ramp)
    for colonia in range(len(stage)):
        beside = neighbours.indices[neighbours.indptr[colonia] : neighbours.indptr[colonia + 1]]
        near[colonia] = ramp[beside].max(axis=0) if len(beside) else 0.0
    return Programme(stage, first, FULL_EFFECT * ramp, np.where(ramp > 0, 0.0, SPILLOVER * near))


def log_actions(programme: Programme, rng: np.random.Generator) -> pd.DataFrame:
    """Return the actions of the programme, one a row, in the colonias and months it was there.

    Columns: ``colonia`` (position), ``date``, ``kind`` (position in `ACTIONS`), ``dose``
    (in the unit of the kind) and ``cost`` (pesos).
    """
    months = np.arange(N_MONTHS)
    present = (programme.first_month != NEVER)[:, None] & (months >= programme.first_month[:, None])
    counts = rng.poisson(0.9 * present)
    colonia, month = np.divmod(np.repeat(np.arange(counts.size), counts.ravel()), N_MONTHS)
    kind = rng.choice(len(ACTIONS), len(colonia), p=[action[5] for action in ACTIONS])
    typical, price = (np.array([action[k] for action in ACTIONS])[kind] for k in (3, 4))
    dose = np.maximum(1, np.round(typical * rng.lognormal(0, 0.35, len(kind)))).astype(int)
    cost = np.round(dose * price * rng.uniform(0.8, 1.2, len(kind)), -1).astype(int)
    day = rng.integers(0, 28, len(kind))
    date = MONTHS.to_numpy()[month] + day * np.timedelta64(1, "D")
    # The pilots enter on the 15th: nothing may be logged before that.
    entry = pd.to_datetime([STAGES[max(s, 1) - 1][0] for s in programme.stage]).to_numpy()
    date = np.maximum(date, entry[colonia])
    table = pd.DataFrame(
        {"colonia": colonia, "date": date, "kind": kind, "dose": dose, "cost": cost}
    )
    return table.sort_values(["date", "colonia", "kind"], kind="stable", ignore_index=True)
