"""The people of the municipality: inhabitants, dwellings and what the census asks them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from labtools.demo.chance import generator, logistic, smooth_field, standardised
from labtools.demo.ground import OUTSIDE, Ground, centre_point
from labtools.demo.names import INDUSTRIAL_PARK, PILOTS, colonia_names

KEY = "99001"
N_TINY = 12
LARGEST = 16_000
MEDIAN_POPULATION = 1_560
PERSONS_PER_DWELLING = 3.4
ADULT_SHARE = 0.70
COUNTS = (
    "POBTOT",
    "POBFEM",
    "POBMAS",
    "P_15A17_M",
    "P_18A24_M",
    "PEA",
    "PDESOCUP",
    "VIVTOT",
    "TVIVHAB",
    "VPH_INTER",
    "VPH_AUTOM",
)


@dataclass(frozen=True, slots=True)
class People:
    """Who lives where.

    Attributes
    ----------
    colonias : pandas.DataFrame, shape (412, 10)
        Indexed by position: ``colonia_id``, ``name``, ``borough`` (0 to 6), ``population``,
        ``dwellings`` (inhabited), ``marginality``, ``young_men`` and ``commerce`` (standard
        scores), ``disorder`` and ``darkness`` (standard scores).
    census : pandas.DataFrame, shape (n_blocks, 12)
        The census of 2020 by block: the columns of `COUNTS` and ``GRAPROES`` (mean years of
        school).
    """

    colonias: pd.DataFrame
    census: pd.DataFrame

    @property
    def exposure(self) -> np.ndarray:
        """Persons at risk, shape (412,): the inhabitants, or the workers where nobody lives."""
        population = self.colonias["population"].to_numpy(float)
        return np.where(population > 0, population, 800.0)


def settle(ground: Ground, seed: int) -> People:
    """Return the people of the municipality."""
    colonias = _colonias(ground, seed)
    census = _census(ground, colonias, generator(seed, "census"))
    home = ground.blocks["colonia"].to_numpy()
    dwellings = np.bincount(home[home != OUTSIDE], census.loc[home != OUTSIDE, "TVIVHAB"])
    return People(colonias.assign(dwellings=dwellings.astype(int)), census)


def _colonias(ground: Ground, seed: int) -> pd.DataFrame:
    names = np.array(colonia_names(ground.boroughs, generator(seed, "names")))
    rng = generator(seed, "people")
    places = ground.centres
    distance = np.hypot(*(places - centre_point()).T)
    noise = rng.standard_normal((4, len(places)))
    edge, hub = standardised(distance), np.exp(-distance / 2_000)
    marginality = standardised(smooth_field(places, rng) + 0.7 * edge + 0.5 * noise[0])
    disorder = smooth_field(places, rng) + 0.5 * marginality + 0.4 * noise[1]
    return pd.DataFrame(
        {
            "colonia_id": _keys(len(places), rng),
            "name": names,
            "borough": ground.boroughs,
            "population": _populations(names, distance, rng),
            "marginality": marginality,
            "young_men": standardised(
                smooth_field(places, rng) + 0.3 * marginality + 0.6 * noise[2]
            ),
            "commerce": standardised(smooth_field(places, rng) + 3.0 * hub + 0.5 * noise[3]),
            "disorder": standardised(disorder),
            "darkness": standardised(smooth_field(places, rng) + 0.4 * marginality),
        }
    )


def _keys(n: int, rng: np.random.Generator) -> list[str]:
    """Return keys in order, with some numbers skipped, as registers have."""
    numbers = np.sort(rng.choice(np.arange(1, n + 50), n, replace=False))
    return [f"{KEY}_{number:04d}" for number in numbers]


def _populations(names: np.ndarray, distance: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    n = len(names)
    size = np.clip(MEDIAN_POPULATION * np.exp(0.83 * rng.standard_normal(n)), 75, LARGEST)
    fixed = np.isin(names, [INDUSTRIAL_PARK, *PILOTS])
    tiny = np.argsort(np.where(fixed, -np.inf, distance + rng.normal(0, 900, n)))[-N_TINY:]
    size[tiny] = rng.integers(12, 60, N_TINY)
    size[names == INDUSTRIAL_PARK] = 0
    return np.asarray(size.astype(int))


def _census(ground: Ground, colonias: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    home = ground.blocks["colonia"].to_numpy()
    poor = np.where(home == OUTSIDE, 1.0, colonias["marginality"].to_numpy()[home])
    poor = poor + rng.normal(0, 0.35, len(home))
    young = np.where(home == OUTSIDE, 0.0, colonias["young_men"].to_numpy()[home])
    people = _block_populations(ground, colonias["population"].to_numpy(), rng)
    women = rng.binomial(people, 0.512)
    men = people - women
    teenage = rng.binomial(men, np.clip(0.055 + 0.008 * young, 0.01, 0.12))
    grown = rng.binomial(men - teenage, np.clip(0.125 + 0.018 * young, 0.03, 0.25))
    active = rng.binomial(people, 0.50)
    lived_in = np.ceil(people / PERSONS_PER_DWELLING * rng.uniform(0.85, 1.15, len(people)))
    lived_in = lived_in.astype(int)
    return pd.DataFrame(
        {
            "POBTOT": people,
            "POBFEM": women,
            "POBMAS": men,
            "P_15A17_M": teenage,
            "P_18A24_M": grown,
            "PEA": active,
            "PDESOCUP": rng.binomial(active, np.clip(0.025 + 0.006 * poor, 0.005, 0.08)),
            "VIVTOT": lived_in + rng.poisson(0.14 * lived_in),
            "TVIVHAB": lived_in,
            "VPH_INTER": rng.binomial(lived_in, logistic(0.6 - 0.9 * poor)),
            "VPH_AUTOM": rng.binomial(lived_in, logistic(0.1 - 0.7 * poor)),
            "GRAPROES": np.clip(10.4 - 1.5 * poor, 3, 18).round(2),
        }
    )


def _block_populations(
    ground: Ground, population: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Share out each colonia among its blocks, unevenly: some blocks stay nearly empty."""
    home = ground.blocks["colonia"].to_numpy()
    pull = rng.gamma(1.3, size=len(home)) * ground.blocks["area"].to_numpy()
    people = np.zeros(len(home), dtype=int)
    for colonia, total in enumerate(population):
        mine = np.flatnonzero(home == colonia)
        people[mine] = rng.multinomial(total, pull[mine] / pull[mine].sum())
    return people
