"""Which colonias could enter the programme: chances, not a list of the worst.

Four rules are laid side by side.  What each would choose is told with the chance that the
colonia truly is among those with most harm, and with how much of its last count is a bad year:
a colonia chosen for a bad year falls the next one by itself (regression to the mean), and no
programme may take that fall for its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from labtools.errors import AnalysisError

EntryRule = Literal["expected", "chance", "count", "rate"]


@dataclass(frozen=True, slots=True)
class Entry:
    """What rules of entry would choose.

    Attributes
    ----------
    candidates : pandas.DataFrame
        By colonia: ``expected`` (harm), ``lower`` and ``upper`` (90 %), ``chance`` (of being
        among the so many with most harm), ``count`` (recorded), ``fall`` (share of the count
        that the next year is expected to lose without any programme).
    rules : pandas.DataFrame
        By rule: ``captured`` (share of the expected harm of all candidates that lies in those
        chosen), ``lower``, ``upper``, ``fall`` (of those chosen, together) and ``boroughs``
        (how many have one).
    chosen : mapping of rule to tuple of str
    """

    candidates: pd.DataFrame
    rules: pd.DataFrame
    chosen: dict[str, tuple[str, ...]]


def compare_entries(
    harm: pd.DataFrame,
    recorded: pd.Series,
    expected_recorded: pd.Series,
    places: pd.DataFrame,
    *,
    size: int,
) -> Entry:
    """Return what each rule would choose among the candidates.

    Parameters
    ----------
    harm : pandas.DataFrame, shape (n_draws, n_candidates)
        Draws of a year's harm.
    recorded, expected_recorded : pandas.Series
        Case files of the last year, and their expectation by the model.
    places : pandas.DataFrame
        ``population`` and ``borough``, by colonia.
    size : int
        Colonias that may enter.  Each borough with candidates has one at least, if there is room.

    Raises
    ------
    AnalysisError
        If there are fewer candidates than places.
    """
    known = harm.dropna(axis=1)
    if known.shape[1] < size or size < 1:
        raise AnalysisError(
            "{size} colonias are to enter and there are {n} candidates with known harm. Ask for "
            "fewer.",
            size=size,
            n=known.shape[1],
        )
    keys = known.columns
    values = known.to_numpy(float)
    ranks = (-values).argsort(axis=1, kind="stable").argsort(axis=1)
    table = pd.DataFrame(
        {
            "expected": values.mean(axis=0),
            "lower": np.quantile(values, 0.05, axis=0),
            "upper": np.quantile(values, 0.95, axis=0),
            "chance": (ranks < size).mean(axis=0),
            "count": recorded.reindex(keys).to_numpy(float),
            "fall": _fall(recorded.reindex(keys), expected_recorded.reindex(keys)),
        },
        index=keys,
    )
    people = places["population"].reindex(keys)
    scores = {
        "expected": table["expected"],
        "chance": table["chance"] + 1e-6 * table["expected"].rank(pct=True),
        "count": table["count"],
        "rate": table["count"] / people.where(people > 0),
    }
    borough = places["borough"].reindex(keys)
    chosen = {rule: _choose(score, borough, size) for rule, score in scores.items()}
    rows = {
        rule: _judged(known, list(taken), recorded, expected_recorded, borough)
        for rule, taken in chosen.items()
    }
    return Entry(table, pd.DataFrame(rows).T, chosen)


def _fall(recorded: pd.Series, expected: pd.Series) -> np.ndarray:
    counted = recorded.to_numpy(float)
    return np.where(counted > 0, 1 - expected.to_numpy(float) / np.maximum(counted, 1), np.nan)


def _choose(score: pd.Series, borough: pd.Series, size: int) -> tuple[str, ...]:
    order = score.sort_values(ascending=False, kind="stable").index
    first = borough.reindex(order).dropna().drop_duplicates().index[:size]
    rest = [key for key in order if key not in set(first)]
    return tuple(str(key) for key in [*first, *rest][:size])


def _judged(
    harm: pd.DataFrame,
    chosen: list[str],
    recorded: pd.Series,
    expected: pd.Series,
    borough: pd.Series,
) -> dict[str, float]:
    share = harm[chosen].sum(axis=1) / harm.sum(axis=1)
    counted = float(recorded.reindex(chosen).sum())
    return {
        "captured": float(share.mean()),
        "lower": float(share.quantile(0.05)),
        "upper": float(share.quantile(0.95)),
        "fall": 1 - float(expected.reindex(chosen).sum()) / counted if counted else np.nan,
        "boroughs": float(borough.reindex(chosen).nunique()),
    }
