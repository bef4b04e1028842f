"""The surface of risk of each group of crimes: rates with intervals, and their draws.

The spatial model (BYM2) where neighbours are known; otherwise the gamma-Poisson model, which
borrows from the whole municipality only.  Which one made a surface is always said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import scipy

from labtools.analysis.ranks import chance_among_most, place_intervals, tiers
from labtools.analysis.risk.bym2 import Bym2Options, fit_bym2
from labtools.analysis.risk.groups import Pattern
from labtools.analysis.risk.space_time import CountPanel, SpaceTimeOptions, fit_space_time
from labtools.analysis.smoothing import GammaPoissonFit, fit_gamma_poisson
from labtools.errors import AnalysisError
from labtools.privacy.rounding import variance_of_rounding

Method = Literal["space_time", "bym2", "gamma_poisson", "none"]

N_DRAWS = 400
LEVEL = 0.95
_LEAST_MEAN = 1e-3
#: Limits from the kept draws alone would be off by a seventh of a standard deviation.
_DRAWS_FOR_LIMITS = 4 * N_DRAWS
_QUARTERS = 4


@dataclass(frozen=True, slots=True)
class Surface:
    """Rates of one group of crimes in all colonias.

    Attributes
    ----------
    table : pandas.DataFrame, shape (n_areas, 3)
        ``rate``, ``lower``, ``upper`` (95 %), per unit of exposure; missing where the method
        knows nothing.
    draws : pandas.DataFrame, shape (n_draws, n_areas)
        Of the rates, per unit of exposure; index ``draw``, columns the areas.
    method : {"space_time", "bym2", "gamma_poisson", "none"}
        ``none`` where too few areas have population and a count.
    """

    table: pd.DataFrame
    draws: pd.DataFrame
    method: Method


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known of a group's quarters beside its counts.

    Attributes
    ----------
    others : Pattern, optional
        Where the other groups are high.
    programme : pandas.DataFrame, optional
        By area and quarter, share of the quarter in which the area was in a programme.
        Programmes choose their areas and change them: a level that is told once for all years
        would lie above what is there now.
    recorded : pandas.Series, optional
        By quarter, share of its events that is thought to be recorded by now.
    traits : pandas.DataFrame, optional
        By area: see :func:`labtools.analysis.risk.traits.traits_of_level`.
    """

    others: Pattern | None = None
    programme: pd.DataFrame | None = None
    recorded: pd.Series | None = None
    traits: pd.DataFrame | None = None

    def panel(self, events: pd.DataFrame, exposure: pd.Series) -> CountPanel:
        """Return counts by area and quarter with all that is known beside them."""
        covariates, drivers = {}, {}
        if self.others is not None:
            covariates["others"] = self.others.level
        if self.programme is not None:
            force = self.programme.reindex(index=events.index, columns=events.columns).fillna(0.0)
            if force.to_numpy().any():
                ever = (force > 0).any(axis=1).astype(float)
                covariates["ever_in_programme"] = ever - ever.mean()
                drivers["programme"] = force
        return CountPanel(
            events,
            exposure,
            pd.DataFrame(covariates, events.index) if covariates else None,
            drivers,
            season=_QUARTERS,
            doubt=None if self.others is None else self.others.doubt,
            recorded=self.recorded,
            traits=self.traits,
        )


@dataclass(frozen=True, slots=True)
class NoisyCounts:
    """Counts that vary more than chance, and to which noise may have been added.

    Attributes
    ----------
    events, exposure : pandas.Series
        By area.
    dispersion : pandas.Series
        Variance over mean of the true counts, by area.
    rounded_cells : pandas.Series or float
        Of how many counts rounded to base three each one is the sum (0: none was rounded).
    """

    events: pd.Series
    exposure: pd.Series
    dispersion: pd.Series
    rounded_cells: pd.Series | float = 0.0

    def effective(self) -> tuple[pd.Series, pd.Series]:
        """Return events and exposure that carry, as Poisson's, the information there is.

        A count of mean `m` whose variance is ``dispersion * m + noise`` tells as much as a
        Poisson count smaller by that variance over `m`.  The mean is the smoothed one: from
        the count itself, low counts would seem the more certain.
        """
        spread = self.dispersion.reindex(self.events.index)
        if np.any(np.asarray(self.rounded_cells) > 0):
            smooth = _expected(self.events / spread, self.exposure / spread) * spread
            each = (smooth / self.rounded_cells).clip(lower=_LEAST_MEAN)
            spread = spread + variance_of_rounding(each.to_numpy()) / each
        return self.events / spread, self.exposure / spread


def fit_surface(
    counts: NoisyCounts, neighbours: scipy.sparse.csr_array | None, *, rng: np.random.Generator
) -> Surface:
    """Fit the best surface that the data allow.

    Parameters
    ----------
    counts : NoisyCounts
    neighbours : scipy.sparse.csr_array, optional
        In the order of the counts; without it, or without a single pair of neighbours, the
        gamma-Poisson model is fitted.
    rng : numpy.random.Generator
        For the draws.
    """
    events, exposure = counts.effective()
    try:
        if neighbours is not None and (neighbours.data > 0).any() and events.sum() > 0:
            return _spatial(events, exposure, neighbours, rng)
        return _gamma(events, exposure, fit_gamma_poisson(events, exposure), rng)
    except AnalysisError:
        nothing = pd.DataFrame(np.nan, index=events.index, columns=["rate", "lower", "upper"])
        draws = pd.DataFrame(np.nan, index=_draw_index(), columns=events.index)
        return Surface(nothing, draws, "none")


def fit_surface_in_time(
    counts: pd.DataFrame,
    population: pd.Series,
    neighbours: scipy.sparse.csr_array,
    *,
    rounded_cells: float,
    beside: Beside | None = None,
    rng: np.random.Generator,
) -> Surface | None:
    """Fit all quarters in one model; the surface is that of the last four.

    Parameters
    ----------
    counts : pandas.DataFrame, shape (n_areas, n_quarters)
        The latest quarter last; missing where not known.
    population : pandas.Series
    rounded_cells : float
        Of how many counts rounded to base three each one is the sum (0: none was rounded).
    beside : Beside, optional
        Other groups, a programme, and how complete the quarters are.
    rng : numpy.random.Generator
        For the draws.

    Returns
    -------
    Surface or None
        None where the model cannot be fitted: too short a file, or too little to go by.
    """
    if counts.isna().all(axis=None):
        return None
    spread = pd.Series(1.0, counts.index)
    if rounded_cells:
        known = counts.notna().sum(axis=1)
        smooth = _expected(counts.sum(axis=1, min_count=1), population * known)
        each = (smooth / known / rounded_cells).clip(lower=_LEAST_MEAN).fillna(1.0)
        spread = 1 + variance_of_rounding(each.to_numpy()) / each
    panel = (beside or Beside()).panel(counts.div(spread, axis=0), population / _QUARTERS / spread)
    options = SpaceTimeOptions(recent=_QUARTERS, n_draws=_DRAWS_FOR_LIMITS)
    try:
        fit = fit_space_time(panel, neighbours, rng=rng, options=options)
    except (AnalysisError, np.linalg.LinAlgError):
        return None
    return Surface(
        fit.table[["rate", "lower", "upper"]], np.exp(fit.draws.iloc[:N_DRAWS]), "space_time"
    )


def draws_table(surfaces: Mapping[str, Surface], *, per: float) -> pd.DataFrame:
    """Return ``colonia_id``, ``group``, ``draw`` and ``rate`` (per `per` units), in rows."""
    parts = []
    for group, surface in surfaces.items():
        long = (surface.draws * per).T.rename_axis("colonia_id").stack().rename("rate")
        parts.append(long.reset_index().assign(group=group))
    table = pd.concat(parts, ignore_index=True)
    return table[["colonia_id", "group", "draw", "rate"]]


def ranks_table(surfaces: Mapping[str, Surface], *, share: float = 0.1) -> pd.DataFrame:
    """Return who may be among the most affected, and which areas cannot be told apart.

    Parameters
    ----------
    share : float
        The most affected are this share of the areas that have a surface, rounded up.

    Returns
    -------
    pandas.DataFrame
        ``colonia_id``, ``group``, ``chance_among_most``, ``most`` (how many those are),
        ``lower_share`` and ``upper_share`` (of areas with a lower rate, 90 %), and ``tier``.
    """
    parts = []
    for group, surface in surfaces.items():
        draws = surface.draws
        ranked = int(draws.notna().all().sum())
        most = int(np.ceil(share * ranked))
        chance = chance_among_most(draws, most) if ranked else draws.mean()
        places = place_intervals(draws.to_numpy(), draws.columns)
        told = places.assign(chance_among_most=chance, most=most, tier=tiers(draws), group=group)
        parts.append(told.rename_axis("colonia_id").reset_index())
    columns = ["chance_among_most", "most", "lower_share", "upper_share", "tier"]
    return pd.concat(parts, ignore_index=True)[["colonia_id", "group", *columns]]


def _spatial(
    events: pd.Series,
    exposure: pd.Series,
    neighbours: scipy.sparse.csr_array,
    rng: np.random.Generator,
) -> Surface:
    options = Bym2Options(n_draws=N_DRAWS, level=LEVEL)
    fit = fit_bym2(events, exposure, neighbours, rng=rng, options=options)
    return Surface(fit.table[["rate", "lower", "upper"]], np.exp(fit.draws), "bym2")


def _gamma(
    events: pd.Series, exposure: pd.Series, fit: GammaPoissonFit, rng: np.random.Generator
) -> Surface:
    table = fit.posterior(events, exposure, level=LEVEL)
    repeated = np.broadcast_to(events.to_numpy(float), (N_DRAWS, len(events)))
    draws = fit.draws(repeated, exposure, rng=rng)
    return Surface(
        table, pd.DataFrame(draws, index=_draw_index(), columns=events.index), "gamma_poisson"
    )


def _expected(events: pd.Series, exposure: pd.Series) -> pd.Series:
    """Return the smoothed mean of each count; the common rate where there are few areas."""
    try:
        rate = fit_gamma_poisson(events, exposure).posterior(events, exposure, level=LEVEL)["rate"]
    except AnalysisError:
        rate = pd.Series(events.sum() / exposure[events.notna()].sum(), index=events.index)
    return rate * exposure


def _draw_index() -> pd.Index:
    return pd.RangeIndex(N_DRAWS, name="draw")
