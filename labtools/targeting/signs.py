"""Draws of each indicator of need, from what a run knows: census, counts, surveys.

Each has the doubt that its source leaves: a share of residents that of its residents, a count
that of small numbers, a survey estimate that of its interval.  Where a colonia has no estimate
of its own it takes its borough's, which tells colonias of one borough apart by nothing.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy

from labtools.analysis.smoothing import fit_gamma_poisson

_Z = 1.959964


def share_draws(
    share: pd.Series, people: pd.Series, *, size: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Return draws of a census share (0 to 1) of so many people; missing without people."""
    held = share.clip(0, 1).fillna(0.5).to_numpy(float)
    n = people.reindex(share.index).to_numpy(float)
    known = share.notna().to_numpy() & (n > 0)
    asked = np.where(known, n, 1.0)
    drawn = rng.beta(held * asked + 0.5, (1 - held) * asked + 0.5, (size, len(share)))
    return _table(np.where(known, drawn, np.nan), share.index)


def rate_draws(
    events: pd.Series, people: pd.Series, *, size: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Return draws of smoothed events per resident: see `labtools.analysis.smoothing`."""
    at_risk = people.reindex(events.index).astype(float)
    counts = events.astype(float)
    fit = fit_gamma_poisson(counts, at_risk)
    drawn = fit.draws(np.broadcast_to(counts.to_numpy(), (size, len(counts))), at_risk, rng=rng)
    return _table(np.asarray(drawn), events.index)


def survey_draws(
    perception: pd.DataFrame,
    indicator: str,
    boroughs: pd.Series,
    *,
    size: int,
    rng: np.random.Generator,
) -> pd.DataFrame | None:
    """Return draws of a survey's share by colonia, its own or its borough's; None if not asked.

    Parameters
    ----------
    perception : pandas.DataFrame
        Canonical table ``perception``.
    boroughs : pandas.Series
        Borough by colonia.
    """
    asked = perception[(perception["indicator"] == indicator) & (perception["state"] == "shown")]
    own = _latest(asked, "colonia").reindex(boroughs.index)
    near = _latest(asked, "borough").reindex(boroughs.to_numpy()).set_axis(boroughs.index)
    told = own.where(own["share"].notna(), near)
    if told["share"].isna().all():
        return None
    of_borough = own["share"].isna().to_numpy()
    error = ((told["upper"] - told["lower"]) / (2 * _Z)).to_numpy(float)
    noise = rng.standard_normal((size, len(boroughs)))
    codes = pd.factorize(boroughs)[0]
    # Colonias that speak by their borough move with it.
    by_borough = rng.standard_normal((size, codes.max() + 2))[:, codes]
    z = np.where(of_borough, by_borough, noise)
    drawn = np.clip(told["share"].to_numpy(float) + error * z, 0, 1)
    return _table(drawn, boroughs.index)


def interval_draws(estimate: pd.DataFrame, *, size: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return draws of a positive estimate from its 95 % limits, on the log scale."""
    low, high = np.log(estimate["lower"].clip(lower=1e-9)), np.log(estimate["upper"])
    middle, error = (low + high) / 2, (high - low) / (2 * scipy.special.ndtri(0.975))
    noise = rng.standard_normal((size, len(estimate)))
    return _table(np.exp(middle.to_numpy() + error.to_numpy() * noise), estimate.index)


def _latest(asked: pd.DataFrame, kind: str) -> pd.DataFrame:
    rows = asked[asked["area_kind"] == kind].sort_values("period")
    return rows.drop_duplicates("area", keep="last").set_index("area")[["share", "lower", "upper"]]


def _table(drawn: np.ndarray, colonias: pd.Index) -> pd.DataFrame:
    index = pd.RangeIndex(len(drawn), name="draw")
    return pd.DataFrame(drawn, index=index, columns=colonias)
