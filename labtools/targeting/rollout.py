"""A roll-out that can be evaluated: who starts when, by lot among fair lots, sealed beforehand.

Lots are drawn at random; only those that balance the covariates among waves are kept, and one
of them is taken by chance (constrained randomisation: Moulton 2004,
doi:10.1191/1740774504cn024oa).  Neighbours of an earlier wave do not serve as its comparison:
they are its buffer, and lots that leave a later wave without comparisons are not fair.  The
sealed plan tells the evaluation what was promised.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

import numpy as np
import pandas as pd

from labtools.errors import AnalysisError

_TRIES, _FAIR = 2_000, 0.05
#: Colonias of a later wave that serve as comparison, at least.
FEWEST = 2


@dataclass(frozen=True, slots=True)
class RollOut:
    """A plan of starts.

    Attributes
    ----------
    wave : pandas.Series of int
        By colonia: 1 starts first; the last waves are the comparison of the first.
    buffer : pandas.Series of bool
        Colonias that lie beside one of an earlier wave: left out of comparisons.
    imbalance : float
        Largest difference of waves' means, in standard deviations, over the covariates.
    imbalance_of_any : float
        The same for the middle lot of all that were drawn.
    spare : int
        Fewest colonias of a later wave that are no buffer.
    fair : int
        Lots that balanced as well; one of them was taken by chance.
    lots : pandas.DataFrame of int, shape (n_colonias, fair)
        Those lots, wave by colonia; the one that was taken comes first.  An evaluation draws the
        choice again from them, as it was made.
    seal : str
        sha256 of the plan with its rule; kept before the start, it proves the plan was not
        changed.
    """

    wave: pd.Series
    buffer: pd.Series
    imbalance: float
    imbalance_of_any: float
    spare: int
    fair: int
    lots: pd.DataFrame
    seal: str


def plan_rollout(
    covariates: pd.DataFrame,
    neighbours: Mapping[str, frozenset[str]],
    *,
    waves: int,
    rng: np.random.Generator,
    fewest: int = FEWEST,
    tries: int = _TRIES,
) -> RollOut:
    """Return a fair lot of starts, sealed.

    Parameters
    ----------
    covariates : pandas.DataFrame
        Numbers by colonia, known before: past counts, residents, marginality.
    neighbours : mapping of str to frozenset of str
        Colonias that touch each one.
    waves : int
        Starts; sizes differ by one at most.
    fewest : int
        Colonias of each later wave that touch none of an earlier one, at least.

    Raises
    ------
    AnalysisError
        If there are fewer than two colonias a wave, a covariate is missing, or every lot leaves
        a later wave too few colonias that touch none of an earlier one.
    """
    n = len(covariates)
    if waves < 2 or n < 2 * waves or covariates.isna().any(axis=None):  # noqa: PLR2004 - pairs
        raise AnalysisError(
            "{n} colonias cannot start in {waves} waves: a wave needs two at least, and every "
            "covariate must be known. Take fewer waves, or colonias whose data are whole.",
            n=n,
            waves=waves,
        )
    spread = covariates.std(ddof=0)
    scaled = ((covariates - covariates.mean()) / spread.where(spread > 0, 1.0)).to_numpy(float)
    lots = rng.permuted(np.tile(np.arange(n) % waves, (tries, 1)), axis=1)
    gaps = _imbalance(scaled, lots, waves)
    spare = _spare(lots, _touching(covariates.index, neighbours), waves)
    if spare.max() < fewest:
        raise AnalysisError(
            "However the {n} colonias are drawn, a later wave has {most} that touch none of an "
            "earlier one, and a comparison needs {fewest}. Take fewer waves, or colonias that lie "
            "further apart.",
            n=n,
            most=int(spare.max()),
            fewest=fewest,
        )
    open_ = spare >= fewest
    fair = np.flatnonzero(open_ & (gaps <= np.quantile(gaps[open_], _FAIR)))
    taken = int(rng.choice(fair))
    kept = lots[[taken, *fair[fair != taken]]].T + 1
    wave = pd.Series(lots[taken] + 1, index=covariates.index.astype(str), name="wave")
    buffer = _buffer(wave, neighbours)
    return RollOut(
        wave=wave,
        buffer=buffer,
        imbalance=float(gaps[taken]),
        imbalance_of_any=float(np.median(gaps)),
        spare=int(spare[taken]),
        fair=len(fair),
        lots=pd.DataFrame(kept, wave.index, [f"lot_{k}" for k in range(len(fair))]),
        seal=seal_of_rollout(wave, buffer),
    )


def seal_of_rollout(wave: pd.Series, buffer: pd.Series) -> str:
    """Return the seal of a plan: any change of a start or a buffer changes it."""
    told = [[str(key), int(wave[key]), bool(buffer[key])] for key in sorted(wave.index)]
    return sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()


def check_seal(rollout: RollOut) -> None:
    """Refuse a plan that is not the one that was sealed.

    Raises
    ------
    AnalysisError
        If a start was changed since.
    """
    found = seal_of_rollout(rollout.wave, rollout.buffer)
    if found != rollout.seal:
        raise AnalysisError(
            "The roll-out was changed after it was sealed ({seal}). Evaluate it as it was sealed, "
            "or say in the protocol why it changed and seal it anew.",
            seal=rollout.seal[:12],
        )


def calendar(
    rollout: RollOut, actions: pd.DataFrame, *, start: date, months_between: int
) -> pd.DataFrame:
    """Return who does what where and from when: one row for each colonia and action.

    Parameters
    ----------
    actions : pandas.DataFrame
        ``colonia_id``, ``intervention`` and ``agency``: the portfolio's choice.
    start : datetime.date
        Of the first wave.
    months_between : int
        From one wave to the next.
    """
    check_seal(rollout)
    table = actions[actions["colonia_id"].isin(rollout.wave.index)].copy()
    table["wave"] = table["colonia_id"].map(rollout.wave)
    table["buffer"] = table["colonia_id"].map(rollout.buffer)
    starts = [
        pd.Timestamp(start) + pd.DateOffset(months=months_between * (int(wave) - 1))
        for wave in table["wave"]
    ]
    table["starts_on"] = pd.to_datetime(pd.Series(starts, index=table.index))
    columns = ["agency", "starts_on", "colonia_id", "intervention", "wave", "buffer"]
    return table[columns].sort_values(columns[:4], ignore_index=True)


def _imbalance(scaled: np.ndarray, lots: np.ndarray, waves: int) -> np.ndarray:
    """Return, for each lot, the largest difference between waves' means over covariates."""
    means = []
    for wave in range(waves):
        inside = (lots == wave).astype(float)
        means.append(inside @ scaled / inside.sum(axis=1, keepdims=True))
    stacked = np.stack(means)
    return np.asarray((stacked.max(axis=0) - stacked.min(axis=0)).max(axis=1))


def _touching(keys: pd.Index, neighbours: Mapping[str, frozenset[str]]) -> np.ndarray:
    """Return which colonias (rows) touch which (columns), as 0 and 1."""
    names = [str(key) for key in keys]
    at = {name: k for k, name in enumerate(names)}
    matrix = np.zeros((len(names), len(names)))
    for name, k in at.items():
        matrix[k, [at[other] for other in neighbours.get(name, ()) if other in at]] = 1
    return matrix


def _spare(lots: np.ndarray, touching: np.ndarray, waves: int) -> np.ndarray:
    """Return, for each lot, the fewest colonias of a later wave that touch none of an earlier."""
    counts = []
    for wave in range(1, waves):
        beside = (lots < wave).astype(float) @ touching.T > 0
        counts.append(((lots == wave) & ~beside).sum(axis=1))
    return np.asarray(np.min(counts, axis=0))


def _buffer(wave: pd.Series, neighbours: Mapping[str, frozenset[str]]) -> pd.Series:
    beside = [
        any(wave.get(other, np.inf) < wave[key] for other in neighbours.get(str(key), ()))
        for key in wave.index
    ]
    return pd.Series(beside, index=wave.index, name="buffer")
