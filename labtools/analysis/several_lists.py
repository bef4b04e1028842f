"""How many there are, from several incomplete lists of the same people or events.

When to use it: three lists or so can be matched one by one, and nobody knows the whole.  When
not: to pick one model and believe it.  Models that fit alike say very different numbers: all are
shown, as a range.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pandas as pd
import scipy

from labtools.errors import AnalysisError

_FEWEST, _MOST = 2, 5
_ROUNDS, _NIL = 200, 1e-12
#: An overlap of nobody drives the number of those not listed beyond any bound.
_LARGEST = 1e6


def list_models(seen: Mapping[str, int], lists: str) -> pd.DataFrame:
    """Return what each log-linear model with pairs of lists that resemble each other says.

    Parameters
    ----------
    seen : mapping of str to int
        How many were on exactly which lists: {"110": 21, ...}, one digit for each list; a
        history that is not there was seen 0 times.
    lists : str
        A letter for each list, in the order of the digits: "PQE".

    Returns
    -------
    pandas.DataFrame
        One row per model, named by the groups of lists that depend on each other ("PQ,E"):
        ``number`` (everybody, listed or not), ``deviance``, ``aic`` and ``freedom``.  A model
        whose number does not exist (no overlap at all) has it missing.

    Raises
    ------
    AnalysisError
        If a history does not have one digit for each list, a count is negative, or all are zero.

    References
    ----------
    Chao, A. et al. (2001). The applications of capture-recapture models to epidemiological data.
    Stat. Med. 20, 3123-3157. doi:10.1002/sim.996
    """
    histories = _histories(seen, lists)
    digits = np.array([[int(d) for d in history] for history in histories], float)
    count = np.array([seen.get(history, 0) for history in histories], float)
    pairs = list(combinations(range(len(lists)), 2))
    rows = {}
    for size in range(len(pairs) + 1):
        for chosen in combinations(pairs, size):
            both = [digits[:, i] * digits[:, j] for i, j in chosen]
            x = np.column_stack([np.ones(len(count)), digits, *both])
            if x.shape[1] <= len(count):
                rows[_name(lists, chosen)] = _fitted(x, count)
    return pd.DataFrame.from_dict(rows, orient="index").astype({"freedom": int})


def _histories(seen: Mapping[str, int], lists: str) -> list[str]:
    n = len(lists)
    whole = [f"{k:0{n}b}" for k in range(2**n - 1, 0, -1)] if _FEWEST <= n <= _MOST else []
    wrong = [h for h, count in seen.items() if h not in whole or not 0 <= count < np.inf]
    if wrong or not whole or not sum(seen.values()) > 0:
        raise AnalysisError(
            "“{first}” is no history of {n} lists with a count ({wrong} such), or nobody was seen. "
            "Give one digit for each list, 1 where it was seen: “101”; from two to five lists.",
            first=wrong[0] if wrong else "",
            n=n,
            wrong=len(wrong),
        )
    return whole


def _name(lists: str, chosen: tuple[tuple[int, int], ...]) -> str:
    alone = [name for k, name in enumerate(lists) if not any(k in pair for pair in chosen)]
    return ",".join([*(lists[i] + lists[j] for i, j in chosen), *alone])


def _fitted(x: np.ndarray, count: np.ndarray) -> dict[str, float]:
    """Return a Poisson model of the counts, by Newton's steps, and what nobody listed."""
    # Between each count and the mean of all: as generalised linear models begin.
    beta = np.linalg.lstsq(x, np.log((count + count.mean()) / 2), rcond=None)[0]
    for _ in range(_ROUNDS):
        mean = np.exp(np.clip(x @ beta, -50, 50))
        step = np.linalg.lstsq(x.T @ (mean[:, None] * x), x.T @ (count - mean), rcond=None)[0]
        beta = beta + step
        if np.abs(step).max() < _NIL:
            break
    mean = np.exp(np.clip(x @ beta, -50, 50))
    deviance = 2 * float((scipy.special.xlogy(count, count / mean) - count + mean).sum())
    likelihood = float(
        (scipy.special.xlogy(count, mean) - mean - scipy.special.gammaln(count + 1)).sum()
    )
    hidden = float(np.exp(beta[0]))
    exists = hidden < _LARGEST * count.sum()
    return {
        "number": count.sum() + hidden if exists else np.nan,
        "deviance": max(deviance, 0.0),
        "aic": 2 * x.shape[1] - 2 * likelihood,
        "freedom": len(count) - x.shape[1],
    }
