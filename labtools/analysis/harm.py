"""Crimes weighed by how grave the law holds them: a picture beside that of counts.

One homicide and a hundred stolen mirrors are not alike; a count says they are a hundred and one.
Weights are days of prison at the least penalty (Cambridge's index starts from the same idea): a
choice that the lab declares.  Codes differ from state to state and penalties can be read in more
ways than one, so everything is also told with each weight anywhere between half and double.

When to use it: to see whether counts hide few but grave crimes; always beside the counts.  When
not: to publish one sum, which a few rare crimes decide, nor where weights are not verified.

References
----------
Sherman, L., Neyroud, P. W. & Neyroud, E. (2016). The Cambridge crime harm index: measuring total
harm from crime based on sentencing guidelines. Policing 10, 171-183. doi:10.1093/police/paw003
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from labtools import paths
from labtools.errors import AnalysisError
from labtools.findings import Finding, Severity

_DRAWS = 999
_SURE = 0.95
#: Other defensible ways to weigh: all alike, as the law says, and with the gravest tempered.
_POWERS = (0.0, 0.5, 1.0)
#: A penalty in another code, or read otherwise, may be so many times as long or as short.
_APART = 2.0
_WAYS = 99


@dataclass(frozen=True, slots=True)
class HarmWeights:
    """What each crime weighs.

    Attributes
    ----------
    days : pandas.Series
        Days of prison by crime code.
    table : pandas.DataFrame
        ``crime_code``, ``days``, ``basis``, ``source`` and ``verified_on``, empty where nobody
        has read the law for it.
    """

    days: pd.Series
    table: pd.DataFrame

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Say how many weights are not verified."""
        waiting = int((self.table["verified_on"] == "").sum())
        if not waiting:
            return ()
        return (
            Finding(
                "{n} of {total} harm weights are not verified: do not cite what is computed with "
                "them.",
                Severity.BLOCKER,
                {"n": waiting, "total": len(self.table)},
            ),
        )


def load_harm_weights() -> HarmWeights:
    """Return the weights of ``data/reference/harm_weights.toml``."""
    path = paths.bundled("data", "reference", "harm_weights.toml")
    told = tomllib.loads(path.read_text(encoding="utf-8"))["weight"]
    table = pd.DataFrame(told)
    return HarmWeights(table.set_index("crime_code")["days"].astype(float), table)


def weigh_harm(
    counts: pd.DataFrame, weights: pd.Series, *, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the harm of each place, with the chance that is in its counts.

    Parameters
    ----------
    counts : pandas.DataFrame, shape (n_places, n_codes)
        Counts by place and crime code.
    weights : pandas.Series
        By crime code; codes without one are left out, and :func:`share_weighed` tells how much
        that is.

    Returns
    -------
    pandas.DataFrame
        By place: ``events`` that have a weight, ``harm``, ``lower`` and ``upper`` (95 %, the
        counts taken as Poisson with Jeffreys' prior), ``best_place`` and ``worst_place``: the
        share of places with less harm, between its least and greatest over the defensible ways
        to weigh (all alike, square roots, days, and each code's days between half and double);
        ``doubt_lower`` and ``doubt_upper``: as ``lower`` and ``upper``, weights varied too.

    Raises
    ------
    AnalysisError
        If no code of the counts has a weight.
    """
    codes = [code for code in counts.columns if code in weights.index]
    if not codes:
        raise AnalysisError(
            "None of the {n} crime codes has a harm weight. Add them to harm_weights.toml.",
            n=counts.shape[1],
        )
    y, days = counts[codes].to_numpy(float), weights[codes].to_numpy(float)
    harm = y @ days
    drawn = rng.gamma(y + 0.5, size=(_DRAWS, *y.shape))
    draws = drawn @ days
    apart = days * _APART ** rng.uniform(-1, 1, (_DRAWS, len(days)))
    doubted = np.einsum("dpc,dc->dp", drawn, apart)
    tail = (1 - _SURE) / 2
    weighed = [*(days**power for power in _POWERS), *apart[:_WAYS]]
    ways = pd.DataFrame({k: y @ way for k, way in enumerate(weighed)}, index=counts.index)
    below = (ways.rank(method="average") - 1) / max(1, len(ways) - 1)
    return pd.DataFrame(
        {
            "events": y.sum(axis=1),
            "harm": harm,
            "lower": np.quantile(draws, tail, axis=0),
            "upper": np.quantile(draws, 1 - tail, axis=0),
            "best_place": below.min(axis=1),
            "worst_place": below.max(axis=1),
            "doubt_lower": np.quantile(doubted, tail, axis=0),
            "doubt_upper": np.quantile(doubted, 1 - tail, axis=0),
        },
        index=counts.index,
    )


def share_weighed(counts: pd.DataFrame, weights: pd.Series) -> float:
    """Return the share of events whose crime code has a weight."""
    total = float(counts.to_numpy().sum())
    weighed = counts[[c for c in counts.columns if c in weights.index]].to_numpy().sum()
    return float(weighed / total) if total else float("nan")
