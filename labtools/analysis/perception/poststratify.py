"""Multilevel regression and poststratification: areas as sums of kinds of people.

When to use it: it is known how many people of each kind live in each area, and answers differ by
kind (age, sex, schooling) more than the sample is balanced.  When not: kinds without census
counts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import scipy

from labtools.analysis.latent_logit import Candidate, draw_log_odds
from labtools.errors import AnalysisError

_SPREADS = np.geomspace(0.1, 1.6, 7)
_CENTRE_SD, _LEVEL_SD, _DEPARTURE_SD = 1.5, 1.0, 0.4
_SPREAD, _DOUBT = 0.6, 0.4


def poststratified_shares(
    sample: pd.DataFrame,
    census: pd.DataFrame,
    *,
    area: str,
    kinds: Sequence[str],
    rng: np.random.Generator,
    size: int = 1_000,
) -> pd.DataFrame:
    """Return draws of the share of each area, shape (size, n_areas).

    Log-odds of a person = centre + each kind + area; areas are drawn towards each other.  What is
    said of each kind and area is then added up over the people who live there.

    Parameters
    ----------
    sample : pandas.DataFrame
        One row per person: `area`, `kinds`, and ``y`` (0 or 1).
    census : pandas.DataFrame
        One row per area and combination of kinds: `area`, `kinds`, and ``people``.

    Raises
    ------
    AnalysisError
        If the sample has people of a kind or area that the census does not count, an answer
        other than 0 or 1, a kind that is missing, or nobody who answered; or if the census lacks
        a count.

    References
    ----------
    Park, D. K., Gelman, A. & Bafumi, J. (2004). Bayesian multilevel estimation with
    poststratification. Political Analysis 12, 375-385. doi:10.1093/pan/mph024
    """
    keys = [area, *kinds]
    _check(sample, census, keys)
    cells = census.groupby(keys, observed=True)["people"].sum()
    cells = cells[cells > 0]
    answers = sample.dropna(subset=["y"]).groupby(keys, observed=True)["y"].agg(["sum", "size"])
    strange = answers.index.difference(cells.index)
    if len(strange):
        raise AnalysisError(
            "{n} combinations of area and kind were asked but the census counts nobody in them "
            "(the first: {first}). Join kinds until both agree.",
            n=len(strange),
            first=", ".join(map(str, strange[0])),
        )
    table = cells.reset_index().join(answers, on=keys).fillna({"sum": 0.0, "size": 0.0})
    fixed = np.full((len(table), len(table)), _CENTRE_SD**2)
    for kind in kinds:
        fixed = fixed + _LEVEL_SD**2 * _same(table[kind])
    # Kinds together, and each cell of an area, may depart from the sum of their parts.
    both = table[list(kinds)].astype(str).agg("|".join, axis=1)
    fixed = fixed + _DEPARTURE_SD**2 * (_same(both) + np.eye(len(table)))
    together = _same(table[area])
    candidates = [
        Candidate(fixed + sd**2 * together, float(-((np.log(sd / _SPREAD) / 0.5) ** 2) / 2))
        for sd in _SPREADS
    ]
    yes, asked = (table[name].to_numpy(float) for name in ("sum", "size"))
    found = draw_log_odds(yes, asked, np.zeros(len(table)), candidates, size=size, rng=rng)
    people = table["people"].to_numpy(float)
    # Who was asked is known; of the others, as many say yes as chance gives: in an area of few
    # people that is most of the doubt.
    others = np.maximum(people.round() - asked, 0).astype(int)
    said = yes + rng.binomial(others, scipy.special.expit(found.draws))
    code, areas = pd.factorize(table[area])
    member = np.equal.outer(code, np.arange(len(areas))).astype(float)
    shares = said @ member / ((asked + others) @ member)
    return pd.DataFrame(shares, columns=pd.Index(areas, name=area)).rename_axis("draw")


def _check(sample: pd.DataFrame, census: pd.DataFrame, keys: list[str]) -> None:
    answered = sample[sample["y"].notna()]
    strange = answered[~answered["y"].isin([0, 1]) | answered[keys].isna().any(axis=1)]
    if len(strange) or answered.empty:
        raise AnalysisError(
            "{n} people answered neither 0 nor 1, or have no area or kind (the first: row {row}), "
            "or nobody answered at all. Complete them or leave them out.",
            n=len(strange),
            row=strange.index[0] if len(strange) else "-",
        )
    wrong = census[~(census["people"] >= 0) | census[keys].isna().any(axis=1)]
    if len(wrong):
        raise AnalysisError(
            "{n} rows of the census have no number of people, area or kind (the first: row {row}). "
            "Complete them.",
            n=len(wrong),
            row=wrong.index[0],
        )


def _same(column: pd.Series) -> np.ndarray:
    code = pd.factorize(column)[0]
    return np.asarray(np.equal.outer(code, code), dtype=float)
