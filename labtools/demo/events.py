"""Events one by one: case files, and the three records that run ahead of crime."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from labtools.demo.chance import Part, draw_columns, generator
from labtools.demo.ground import OUTSIDE, Ground, scatter
from labtools.demo.history import History
from labtools.demo.intensity import MONTHS, N_MONTHS, street_log
from labtools.demo.kinds import GROUPS, HOURS, Group, kinds, kinds_of, recorded_mix
from labtools.demo.people import People

LAST_DAY = np.datetime64("2025-12-31")
NOON_SHARE = 0.07
QUARTER_SHARE = 0.7  # times rounded to a quarter of an hour
SATURDAY = 5
WEEKEND_PULL: dict[Group, float] = {
    "violence": 1.6,
    "robbery": 1.0,
    "theft": 0.9,
    "other": 0.7,
    "sensitive": 1.4,
}
# Mean days between a crime and its case file.
DELAY_DAYS: dict[Group, float] = {
    "violence": 4,
    "robbery": 2,
    "theft": 4,
    "other": 15,
    "sensitive": 12,
}


class Lead(NamedTuple):
    """How a record runs ahead of crime.

    Attributes
    ----------
    part : str
        Its stream of chance.
    months : int
        How many months ahead.
    coefficient : float
        Change of the logarithm of its expected count per unit of the logarithm of the street
        crime (violence, robbery and theft, true) expected `months` later.
    total : int
        Expected number of rows in the six years.
    prefix : str
        How its folios begin.
    """

    part: Part
    months: int
    coefficient: float
    total: int
    prefix: str


LEADS: dict[str, Lead] = {
    "calls_911": Lead("calls", 1, 0.8, 86_000, "911-"),
    "civic_offences": Lead("offences", 2, 0.6, 12_000, "JC-"),
    "reports_070": Lead("reports", 2, 0.4, 25_000, "070-"),
}
CALLS: tuple[tuple[str, str, int, str], ...] = (
    ("Seguridad", "Riña", 14, "night"),
    ("Seguridad", "Persona sospechosa", 15, "night"),
    ("Seguridad", "Robo a transeúnte", 8, "evening"),
    ("Seguridad", "Robo a casa habitación", 6, "day"),
    ("Seguridad", "Robo de vehículo", 5, "night"),
    ("Seguridad", "Detonaciones de arma de fuego", 4, "night"),
    ("Seguridad", "Consumo de alcohol en vía pública", 11, "night"),
    ("Violencia", "Violencia familiar", 12, "night"),
    ("Violencia", "Violencia contra la mujer", 6, "night"),
    ("Médico", "Accidente de tránsito con lesionados", 7, "day"),
    ("Servicios", "Ruido excesivo", 9, "night"),
    ("Servicios", "Cables caídos", 3, "day"),
)
OFFENCES: tuple[tuple[str, str, int, str], ...] = (
    ("Orden público", "Ingerir bebidas alcohólicas en la vía pública", 32, "night"),
    ("Orden público", "Alterar el orden público", 22, "night"),
    ("Orden público", "Riña en la vía pública", 14, "night"),
    ("Convivencia", "Orinar en la vía pública", 12, "night"),
    ("Orden público", "Inhalar sustancias tóxicas en la vía pública", 11, "evening"),
    ("Propiedad", "Pintar grafiti sin permiso", 5, "night"),
    ("Convivencia", "Ruido que molesta a los vecinos", 4, "night"),
)
REPORTS: tuple[tuple[str, str, int, str], ...] = (
    ("darkness", "Luminaria apagada", 38, "evening"),
    ("disorder", "Lote baldío", 14, "day"),
    ("disorder", "Grafiti", 10, "day"),
    ("disorder", "Basura acumulada", 20, "day"),
    ("", "Bache", 12, "day"),
    ("disorder", "Vehículo abandonado", 6, "day"),
)


def case_files(ground: Ground, history: History, seed: int) -> pd.DataFrame:
    """Return the case files, one a row, in order of the day they were opened.

    Columns: ``folio``, ``colonia`` and ``kind`` (positions), ``at`` (when it happened),
    ``noon`` (the clerk wrote 12:00 for want of an hour), ``opened`` (day), ``x`` and ``y``
    (metres).
    """
    rng = generator(seed, "case_files")
    colonia, month, group = _unpacked(history.recorded)
    kind = np.empty(len(colonia), dtype=int)
    for k, name in enumerate(GROUPS):
        of_group = group == k
        kind[of_group] = rng.choice(kinds_of(name), of_group.sum(), p=recorded_mix(name))
    hours = np.array([HOURS[each.hours] for each in kinds()], dtype=float)
    day = _days(month, group, rng)
    at = day + _times(draw_columns(hours, kind, rng), rng)
    noon = rng.random(len(kind)) < NOON_SHARE
    at = np.where(noon, day + np.timedelta64(12, "h"), at)
    place = scatter(ground, colonia, _street_corners(ground, rng), rng)
    table = pd.DataFrame({"colonia": colonia, "kind": kind, "at": at, "noon": noon})
    table["opened"] = _opened(day, group, rng)
    table[["x", "y"]] = place
    table = table.sort_values(["opened", "at", "colonia"], kind="stable", ignore_index=True)
    year = table["opened"].dt.year
    number = table.groupby(year).cumcount() + 1
    table["folio"] = "CI/SLL/" + number.map("{:05d}".format) + "/" + year.astype(str)
    return table


def leading_counts(history: History, name: str, seed: int) -> np.ndarray:
    """Return the counts of one leading record by colonia and month, shape (412, 72)."""
    lead = LEADS[name]
    rng = generator(seed, lead.part)
    ahead = street_log(history.log_true)[:, lead.months : lead.months + N_MONTHS]
    usual = rng.normal(0, 0.20, (len(ahead), 1))
    expected = np.exp(lead.coefficient * ahead + usual)
    expected *= lead.total / expected.sum()
    return np.asarray(rng.poisson(expected * rng.gamma(6, 1 / 6, expected.shape)))


def leading_events(
    ground: Ground, people: People, history: History, name: str, seed: int
) -> pd.DataFrame:
    """Return the rows of one leading record, in order of time.

    Columns: ``colonia``, ``kind`` (position in `CALLS`, `OFFENCES` or `REPORTS`), ``at``,
    ``x``, ``y`` and ``folio``.
    """
    counts = leading_counts(history, name, seed)
    rng = np.random.default_rng(generator(seed, LEADS[name].part).spawn(1)[0])
    catalogue = {"calls_911": CALLS, "civic_offences": OFFENCES, "reports_070": REPORTS}[name]
    colonia, month, _ = _unpacked(counts[:, :, None])
    kind = draw_columns(_mix(catalogue, people.colonias), colonia, rng)
    hours = np.array([HOURS[each[3]] for each in catalogue], dtype=float)
    calm = np.full(len(month), GROUPS.index("violence"))
    at = _days(month, calm, rng) + _times(draw_columns(hours, kind, rng), rng)
    table = pd.DataFrame({"colonia": colonia, "kind": kind, "at": at})
    table[["x", "y"]] = scatter(ground, colonia, _street_corners(ground, rng), rng)
    table = table.sort_values(["at", "colonia"], kind="stable", ignore_index=True)
    prefix = LEADS[name].prefix
    table["folio"] = [f"{prefix}{k + 1:06d}" for k in range(len(table))]
    return table


def _unpacked(counts: np.ndarray) -> tuple[np.ndarray, ...]:
    """One entry per event: its colonia, month and group."""
    return np.unravel_index(np.repeat(np.arange(counts.size), counts.ravel()), counts.shape)


def _mix(catalogue: tuple[tuple[str, str, int, str], ...], colonias: pd.DataFrame) -> np.ndarray:
    """Weights of the kinds in each colonia: darker places report more lamps, and so on."""
    columns = [
        weight
        * np.exp(0.4 * (colonias[theme] if theme in colonias else 0.0 * colonias["disorder"]))
        for theme, _, weight, _ in catalogue
    ]
    return np.column_stack(columns)


def _days(month: np.ndarray, group: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    first = MONTHS.to_numpy().astype("datetime64[D]")
    day = first[:, None] + np.arange(31)
    in_month = day.astype("datetime64[M]") == first[:, None].astype("datetime64[M]")
    weekend = (day.astype(int) + 3) % 7 >= SATURDAY  # 1970-01-01 was a Thursday
    pull = np.array([WEEKEND_PULL[name] for name in GROUPS])
    weight = np.where(weekend[:, None], pull[None, :, None], 1.0) * in_month[:, None]
    flat = weight.reshape(-1, 31)
    chosen = draw_columns(flat, month * len(GROUPS) + group, rng)
    return np.asarray(day[month, chosen].astype("datetime64[s]"))


def _times(hour: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Clock times; people round minutes to quarters."""
    exact = rng.integers(0, 60, len(hour))
    round_ = 15 * rng.integers(0, 4, len(hour))
    minute = np.where(rng.random(len(hour)) < QUARTER_SHARE, round_, exact)
    return np.asarray((hour * 60 + minute) * np.timedelta64(60, "s"))


def _opened(day: np.ndarray, group: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Days on which case files were opened, never after the cut of the extract."""
    delay = rng.exponential(np.array([DELAY_DAYS[name] for name in GROUPS])[group]).astype(int)
    room = (LAST_DAY - day.astype("datetime64[D]")).astype(int)
    delay = np.where(delay > room, rng.integers(0, room + 1), delay)
    return np.asarray(day + delay * np.timedelta64(1, "D"))


def _street_corners(ground: Ground, rng: np.random.Generator) -> np.ndarray:
    """Weights of blocks: a few attract far more than others, so events cluster inside colonias."""
    home = ground.blocks["colonia"].to_numpy()
    return np.where(home == OUTSIDE, 0.0, rng.lognormal(0, 0.9, len(home)))
