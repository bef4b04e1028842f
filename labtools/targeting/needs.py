"""What a colonia needs: each risk factor against colonias like it, with its doubt.

A need is a place among comparable colonias (alike in size, density and census), draw by draw:
the share of them with less need.  "Above" is said only if nine draws in ten lie above the
middle.  When not to use it: to compare colonias that are not alike, or to rank a municipality.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from labtools.errors import AnalysisError
from labtools.targeting.catalogue import Taxonomies

CRIME, FEAR = "crime", "fear"
COMPARABLES = 20
ASKED = ("asked", "asked_lower", "asked_upper")
_LOW, _HIGH, _MIDDLE = 0.05, 0.95, 0.5


def factor_key(number: int) -> str:
    """Return the key of a factor of the taxonomy: ``factor_4``."""
    return f"factor_{number}"


def comparable_colonias(traits: pd.DataFrame, *, k: int = COMPARABLES) -> pd.DataFrame:
    """Return, for each colonia, the `k` most like it (columns 0 to k-1 hold their keys).

    Parameters
    ----------
    traits : pandas.DataFrame
        Numbers by colonia that action does not move: residents, density, census.  Distances
        are of ranks, so that no unit and no outlier weighs more.  A colonia with a missing
        trait has no comparables.

    Raises
    ------
    AnalysisError
        If fewer than `k` + 1 colonias have every trait.
    """
    known = traits.dropna()
    if len(known) <= k:
        raise AnalysisError(
            "Comparing needs {needed} colonias with every trait, and there are {n}. Take fewer "
            "comparables, or traits that more colonias have.",
            needed=k + 1,
            n=len(known),
        )
    ranks = known.rank(pct=True).to_numpy()
    gaps = ((ranks[:, None, :] - ranks[None, :, :]) ** 2).sum(axis=2)
    np.fill_diagonal(gaps, np.inf)
    nearest = np.argsort(gaps, axis=1, kind="stable")[:, :k]
    table = pd.DataFrame(known.index.to_numpy()[nearest], index=known.index)
    return table.reindex(traits.index)


def place_draws(draws: pd.DataFrame, comparables: pd.DataFrame, *, sign: int = 1) -> pd.DataFrame:
    """Return, draw by draw, the share of a colonia's comparables that have less need than it.

    Parameters
    ----------
    draws : pandas.DataFrame, shape (n_draws, n_colonias)
        An indicator; index ``draw``, columns are colonias.
    sign : {1, -1}
        1 if more of it means more need, -1 if it protects.
    """
    values = sign * draws.to_numpy(float)
    beside = draws.columns.get_indexer(comparables.reindex(draws.columns).to_numpy().ravel())
    beside = beside.reshape(len(draws.columns), -1)
    others, own = values[:, beside], values[:, :, None]
    known = (beside >= 0) & np.isfinite(others)
    less = np.where(known, (others < own) + 0.5 * (others == own), 0.0).sum(axis=2)
    count = known.sum(axis=2)
    place = np.where((count > 0) & np.isfinite(values), less / np.maximum(count, 1), np.nan)
    return pd.DataFrame(place, index=draws.index, columns=draws.columns)


def needs_table(
    signs: Mapping[str, pd.DataFrame],
    comparables: pd.DataFrame,
    taxonomies: Taxonomies,
    asked: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the canonical table ``needs``: every factor, crime and fear, of every colonia.

    Parameters
    ----------
    signs : mapping of str to pandas.DataFrame
        Draws by indicator; ``crime`` and ``fear`` stand for themselves, the others for the
        factor that the taxonomy gives them.  A factor without indicator is "unknown".
    asked : pandas.DataFrame, optional
        What citizens' networks put first: see `labtools.targeting.meeting.named_first`.  It
        stands beside what the data say, and does not change it.
    """
    of_need: dict[str, list[tuple[str, int]]] = {CRIME: [(CRIME, 1)], FEAR: [(FEAR, 1)]}
    for factor in taxonomies.factor:
        of_need[factor_key(factor.number)] = [
            (one.key, one.sign) for one in taxonomies.indicator if one.factor == factor.number
        ]
    parts = []
    for need, indicators in of_need.items():
        told = [(key, sign) for key, sign in indicators if key in signs]
        places = [place_draws(signs[key], comparables, sign=sign) for key, sign in told]
        names = tuple(key for key, _ in told)
        parts.append(_summed(need, places, names, comparables))
    table = pd.concat(parts, ignore_index=True)
    if asked is None:
        return table.assign(**dict.fromkeys(ASKED, np.nan), participants=pd.NA)
    pairs = pd.MultiIndex.from_frame(table[["colonia_id", "need"]])
    return table.join(asked.reindex(pairs).reset_index(drop=True))


def is_asked(needs: pd.DataFrame) -> pd.Series:
    """Return which needs most of a network put among their first three, chance allowed for."""
    return needs["asked_lower"].astype(float) > _MIDDLE


def _summed(
    need: str, places: Sequence[pd.DataFrame], names: Sequence[str], comparables: pd.DataFrame
) -> pd.DataFrame:
    index = comparables.index
    beside = comparables.notna().sum(axis=1)
    if places:
        together = sum(_padded(place, index) for place in places) / len(places)
        values = np.asarray(together)
    else:
        values = np.full((1, len(index)), np.nan)
    known = np.isfinite(values).all(axis=0)
    held = np.where(known, values, _MIDDLE)
    low, middle, high = np.quantile(held, [_LOW, _MIDDLE, _HIGH], axis=0)
    verdict = np.select(
        [~known, low > _MIDDLE, high < _MIDDLE], ["unknown", "above", "below"], "similar"
    )
    return pd.DataFrame(
        {
            "colonia_id": index.astype(str),
            "need": need,
            "indicators": " ".join(names),
            "share_lower": np.where(known, middle, np.nan),
            "lower": np.where(known, low, np.nan),
            "upper": np.where(known, high, np.nan),
            "comparables": pd.array(np.where(known, beside, 0), dtype="Int64"),
            "verdict": verdict,
        }
    )


def _padded(place: pd.DataFrame, index: pd.Index) -> np.ndarray:
    return np.asarray(place.reindex(columns=index))
