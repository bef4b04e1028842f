"""What people feel and what they answer: the latent fear, the survey and the city series."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from labtools.demo.batteries import ask_batteries
from labtools.demo.chance import generator, logistic
from labtools.demo.ground import OUTSIDE, Ground
from labtools.demo.history import History
from labtools.demo.intensity import MONTHS, N_MONTHS, Latent, street_log
from labtools.demo.people import ADULT_SHARE, People

WAVES = ("2024-05", "2024-11", "2025-05", "2025-11")
BLOCKS_PER_WAVE, PERSONS_PER_BLOCK = 400, 5
SMALLEST_BLOCK = 8  # dwellings; smaller blocks are not in the frame
CITY_LOG_ODDS = 0.45
BLOCK_SD = 0.45
WOMAN_SHARE, WOMAN_LOG_ODDS = 0.52, 0.24
CRIME, DISORDER, DARKNESS, OWN = 0.40, 0.30, 0.25, 0.25
QUARTERLY_ERROR = 0.022
MISSING_QUARTER = "2020T2"  # the real survey could not go out that quarter either
NO_ANSWER = 9
SILENT_SHARE, SILENT_SHARE_OVERALL = 0.02, 0.008
#: A victim's crime is recorded less often than the colonia's mean, and denounced more often: of
#: every 100 denounced, so many have a case file.
RECORDED, OPENED = 0.8, 0.70
_ITEMS = {"BP1_2_03": 0.35, "BP1_2_09": 0.60, "BP1_4_1": 0.2, "BP1_4_2": -0.6, "BP1_4_3": -1.0}


@dataclass(frozen=True, slots=True)
class Fear:
    """The truth about who feels insecure.

    Attributes
    ----------
    share : ndarray, shape (412, 72)
        Share of adults of each colonia who feel insecure, by month; missing where nobody lives.
    city : ndarray, shape (72,)
        The same for the municipality.
    by_block : ndarray, shape (n_blocks,)
        What each block adds to the log-odds of its colonia.
    log_odds : ndarray, shape (412, 72)
        Of a man in a block like any other.
    """

    share: np.ndarray
    city: np.ndarray
    by_block: np.ndarray
    log_odds: np.ndarray


def feel(ground: Ground, people: People, history: History, rng: np.random.Generator) -> Fear:
    """Return the latent fear: it follows street crime, disorder and darkness."""
    rate = street_log(history.log_true)[:, :N_MONTHS] - np.log(people.exposure)[:, None]
    usual = rate.mean(axis=1)
    crime = (rate - usual.mean()) / usual.std()
    colonias = people.colonias
    steady = DISORDER * colonias["disorder"] + DARKNESS * colonias["darkness"]
    steady = steady.to_numpy() + OWN * rng.standard_normal(len(colonias))
    log_odds = CITY_LOG_ODDS + CRIME * crime + steady[:, None]
    by_block = rng.normal(0, BLOCK_SD, len(ground.blocks))
    home = ground.blocks["colonia"].to_numpy()
    lived = (home != OUTSIDE) & (people.census["POBTOT"].to_numpy() > 0)
    weight = people.census["POBTOT"].to_numpy(float)[lived]
    afraid = _share(log_odds[home[lived]] + by_block[lived, None])
    totals = np.zeros((len(colonias), N_MONTHS))
    np.add.at(totals, home[lived], afraid * weight[:, None])
    inhabitants = np.bincount(home[lived], weight, len(colonias))
    share = totals / np.where(inhabitants > 0, inhabitants, np.nan)[:, None]
    return Fear(share, totals.sum(axis=0) / weight.sum(), by_block, log_odds)


def interview(
    ground: Ground, people: People, latent: Latent, history: History, seed: int
) -> tuple[Fear, pd.DataFrame]:
    """Return the latent fear and the interviews of the four waves, one a row.

    Columns: ``wave``, ``colonia``, ``stratum``, ``block``, ``weight`` (persons that each one
    stands for), ``age``, ``woman`` and the answers as coded in the file.
    """
    rng = generator(seed, "survey")
    fear = feel(ground, people, history, rng)
    frame = _frame(ground, people)
    victims = _victim_share(people, history)
    waves = []
    for wave in WAVES:
        persons = _sample(frame, rng).assign(wave=wave)
        month = int(MONTHS.get_loc(f"{wave}-01"))
        persons = _answers(persons, fear, month, rng)
        persons["COHESION"] = _cohesion(persons, people.colonias, rng)
        persons["VICTIMA"], persons["DENUNCIO"] = _victims(persons, victims[:, month], latent, rng)
        waves.append(persons)
    persons = pd.concat(waves, ignore_index=True)
    persons["CARPETA"] = _files(persons, generator(seed, "files"))
    return fear, persons.join(_batteries(persons, fear, people, generator(seed, "batteries")))


def quarterly_series(fear: Fear, seed: int) -> pd.DataFrame:
    """Return the city's quarterly figure: true share (``true``), estimate and CV, in per cent."""
    rng = generator(seed, "quarterly")
    true = fear.city.reshape(-1, 3).mean(axis=1)
    quarter = [f"{2020 + k // 4}T{k % 4 + 1}" for k in range(len(true))]
    estimate = np.round(100 * (true + rng.normal(0, QUARTERLY_ERROR, len(true))), 1)
    table = pd.DataFrame({"quarter": quarter, "true": true, "estimate": estimate})
    table["cv"] = (100 * 100 * QUARTERLY_ERROR / estimate).round(2)
    return table[table["quarter"] != MISSING_QUARTER].reset_index(drop=True)


def _share(log_odds: np.ndarray) -> np.ndarray:
    """Share of men and women together."""
    women = logistic(log_odds + WOMAN_LOG_ODDS)
    return np.asarray(WOMAN_SHARE * women + (1 - WOMAN_SHARE) * logistic(log_odds))


def _frame(ground: Ground, people: People) -> pd.DataFrame:
    """Blocks that can be drawn, with their stratum (delegación × marginality)."""
    colonias = people.colonias
    high = colonias["marginality"] > colonias.groupby("borough")["marginality"].transform("median")
    stratum = (10 * (colonias["borough"] + 1) + high.astype(int) + 1).to_numpy()
    frame = pd.DataFrame({"block": np.arange(len(ground.blocks))})
    frame["colonia"] = ground.blocks["colonia"].to_numpy()
    frame["dwellings"] = people.census["TVIVHAB"].to_numpy()
    frame["people"] = people.census["POBTOT"].to_numpy()
    frame = frame[(frame["colonia"] != OUTSIDE) & (frame["dwellings"] >= SMALLEST_BLOCK)]
    return frame.assign(stratum=stratum[frame["colonia"]])


def _sample(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Two stages: blocks with probability by size, then one adult in each of five dwellings."""
    parts = []
    strata = frame.groupby("stratum")
    # Small strata get more than their part: weights are unequal on purpose.
    size = np.sqrt(strata["dwellings"].sum())
    for stratum, blocks in strata:
        n = round(BLOCKS_PER_WAVE * size[stratum] / size.sum())
        measure = np.minimum(blocks["dwellings"], blocks["dwellings"].sum() / n / 1.3)
        chance = (n * measure / measure.sum()).to_numpy()
        ladder = np.cumsum(chance)
        drawn = np.searchsorted(ladder, rng.random() + np.arange(n), side="right")
        chosen = np.minimum(drawn, len(blocks) - 1)
        parts.append(blocks.iloc[chosen].assign(chance=chance[chosen]))
    blocks = pd.concat(parts)
    persons = blocks.loc[blocks.index.repeat(PERSONS_PER_BLOCK)].reset_index(drop=True)
    adults_here = ADULT_SHARE * persons["people"] / persons["dwellings"]
    adults = 1 + rng.poisson(np.maximum(adults_here - 1, 0.05))
    inside = PERSONS_PER_BLOCK / persons["dwellings"].clip(lower=PERSONS_PER_BLOCK)
    weight = np.maximum(1, (adults / persons["chance"] / inside).round()).astype(int)
    return persons.assign(weight=weight, age=rng.integers(18, 85, len(persons))).drop(
        columns=["chance", "dwellings", "people"]
    )


def _answers(
    persons: pd.DataFrame, fear: Fear, month: int, rng: np.random.Generator
) -> pd.DataFrame:
    colonia, block = persons["colonia"].to_numpy(), persons["block"].to_numpy()
    woman = rng.random(len(persons)) < WOMAN_SHARE
    lean = fear.log_odds[colonia, month] + fear.by_block[block] + WOMAN_LOG_ODDS * woman
    insecure = rng.random(len(persons)) < logistic(lean)
    answers = {"BP1_1": np.where(insecure, 2, 1)}
    for item, ease in _ITEMS.items():
        yes = rng.random(len(persons)) < logistic(
            ease + 0.5 * (lean - CITY_LOG_ODDS) + insecure - 0.6
        )
        # Places are coded 1 safe, 2 unsafe; conducts 1 seen, 2 not seen.
        answers[item] = np.where(yes, 2, 1) if item.startswith("BP1_2") else np.where(yes, 1, 2)
    for item, values in answers.items():
        usual = SILENT_SHARE_OVERALL if item == "BP1_1" else SILENT_SHARE
        silent = rng.random(len(persons)) < usual
        answers[item] = np.where(silent, NO_ANSWER, values)
    return persons.assign(woman=woman, **answers)


def _batteries(
    persons: pd.DataFrame, fear: Fear, people: People, rng: np.random.Generator
) -> pd.DataFrame:
    month = MONTHS.get_indexer(pd.DatetimeIndex(persons["wave"] + "-01"))
    colonia = persons["colonia"].to_numpy()
    lean = fear.log_odds[colonia, month] + fear.by_block[persons["block"]] - CITY_LOG_ODDS
    lean = lean + WOMAN_LOG_ODDS * persons["woman"].to_numpy()
    disorder = people.colonias["disorder"].to_numpy()[colonia]
    return ask_batteries(lean, disorder, silent=SILENT_SHARE, rng=rng)


def _cohesion(
    persons: pd.DataFrame, colonias: pd.DataFrame, rng: np.random.Generator
) -> np.ndarray:
    disorder = colonias["disorder"].to_numpy()[persons["colonia"]]
    felt = 3.2 - 0.35 * disorder + rng.normal(0, 1, len(persons))
    rounded = np.clip(np.round(felt), 1, 5).astype(int)
    return np.where(rng.random(len(persons)) < SILENT_SHARE, NO_ANSWER, rounded)


def _victim_share(people: People, history: History) -> np.ndarray:
    """Probability that an adult suffered some crime in the twelve months up to each month."""
    expected = np.exp(history.log_true[:, :N_MONTHS]).sum(axis=2)
    sums = np.cumsum(expected, axis=1)
    year = sums.copy()
    year[:, 12:] = sums[:, 12:] - sums[:, :-12]
    return np.asarray(1 - np.exp(-year / (ADULT_SHARE * people.exposure)[:, None]))


def _victims(
    persons: pd.DataFrame, victims: np.ndarray, latent: Latent, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    colonia = persons["colonia"].to_numpy()
    victim = rng.random(len(persons)) < victims[colonia]
    # Not every denounced crime has a case file: to have one, more must have been denounced.
    denounced = RECORDED * latent.reporting[colonia] / OPENED
    told = rng.random(len(persons)) < denounced
    return np.where(victim, 1, 2), np.where(victim, np.where(told, "1", "2"), "")


def _files(persons: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Return what victims who denounced say of a case file: of every 100, :data:`OPENED`."""
    opened = np.where(rng.random(len(persons)) < OPENED, "1", "2")
    return np.where(persons["DENUNCIO"] == "1", opened, "")
