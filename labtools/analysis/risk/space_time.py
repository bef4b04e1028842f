"""Risk by area and period: levels that resemble their neighbours', months that remember.

When to use it: in scheduled runs, for the level of risk of the last year, what comes next, and
the effect of what changed in some areas, from small counts of many areas over some years.
When not: interactively (the discounted map, :mod:`labtools.analysis.risk.discount`, costs a
tenth and is nearly as good), with less than two years, or as proof that a programme works.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import scipy

from labtools.analysis.one_thread import one_thread
from labtools.analysis.risk.graph import MapPrecision, map_precision
from labtools.analysis.risk.space_time_design import drivers_of, prior_precision, shared_columns
from labtools.analysis.risk.space_time_integration import Mixed, SpaceTimeOptions, integrate
from labtools.analysis.risk.space_time_laplace import SpaceTimeModel
from labtools.errors import AnalysisError

__all__ = ["CountPanel", "SpaceTimeFit", "SpaceTimeOptions", "fit_space_time"]

_ENOUGH_AREAS, _ENOUGH_YEARS = 5, 2
_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class CountPanel:
    """Counts by area and period, and what may explain them.

    Attributes
    ----------
    events : pandas.DataFrame, shape (n_areas, n_periods)
        Counts, oldest period first; missing where not known.
    exposure : pandas.Series
        Of each area in one period.
    covariates : pandas.DataFrame, shape (n_areas, n_covariates), optional
        Standardised, without missing values.  Where a programme chose its areas by their risk,
        one that tells which areas ever had it keeps their levels out of its effect (Mundlak,
        doi:10.2307/1913646).
    drivers : mapping of str to pandas.DataFrame
        What changes by area and period (a programme in force); same shape as `events`.
    season : int
        Periods in a year.
    doubt : pandas.Series, optional
        By area, standard deviation (logarithms of rates) of what the covariates say of its
        level, where they were themselves estimated.
    recorded : pandas.Series, optional
        By period, share of its events that is thought to be recorded by now; what is not told
        is whole.  Rates are of all events, those still to be recorded included.
    traits : pandas.DataFrame, shape (n_areas, n_traits), optional
        As `covariates`, but many of them, which may say little or the same: their coefficients
        are drawn towards zero, all as far as the counts ask for; see
        :mod:`labtools.analysis.risk.traits`.
    """

    events: pd.DataFrame
    exposure: pd.Series
    covariates: pd.DataFrame | None = None
    drivers: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    season: int = 12
    doubt: pd.Series | None = None
    recorded: pd.Series | None = None
    traits: pd.DataFrame | None = None

    def shares_recorded(self) -> np.ndarray:
        """Return the share of each period's events that is recorded, shape (n_periods,)."""
        if self.recorded is None:
            return np.ones(self.events.shape[1])
        told = self.recorded.reindex(self.events.columns).fillna(1.0)
        return np.asarray(told.to_numpy(float))


@dataclass(frozen=True, slots=True)
class SpaceTimeFit:
    """A fitted model of risk by area and period.

    Attributes
    ----------
    table : pandas.DataFrame, shape (n_areas, 5)
        ``log_rate`` and ``log_sd`` of the mean rate of the recent periods, per unit of
        exposure; ``rate``, ``lower`` and ``upper`` (95 %).
    draws : pandas.DataFrame, shape (n_draws, n_areas)
        Logarithms of those rates; the index is named ``draw``, the columns are the areas.
    parameters : pandas.DataFrame
        ``mean`` and ``sd`` of ``sigma``, ``rho``, ``sd`` and ``phi`` of the wandering, ``size``,
        ``traits_sd`` where there are traits, and of the coefficients of covariates, traits and
        drivers.
    ahead : numpy.ndarray, shape (n_draws, n_areas, n_ahead)
        Draws of the logarithm of the rates of the periods to come.
    sizes : numpy.ndarray, shape (n_draws,)
        Of the negative binomial, draw by draw.
    """

    table: pd.DataFrame
    draws: pd.DataFrame
    parameters: pd.DataFrame
    ahead: np.ndarray
    sizes: np.ndarray


def fit_space_time(
    panel: CountPanel,
    neighbours: scipy.sparse.csr_array,
    *,
    rng: np.random.Generator,
    options: SpaceTimeOptions | None = None,
) -> SpaceTimeFit:
    """Fit levels (BYM2), season, slow trend, drivers and wandering (AR(1)) by nested Laplace.

    Counts are negative binomial.  The five parameters (six with traits) are integrated over
    their mode and two points around it for each.

    Parameters
    ----------
    panel : CountPanel
    neighbours : scipy.sparse.csr_array, shape (n_areas, n_areas)
        In the order of the panel.
    rng : numpy.random.Generator
        For the draws only.

    Raises
    ------
    AnalysisError
        If there are fewer than two years, or fewer than five areas with exposure and counts,
        or no event at all.

    References
    ----------
    Knorr-Held, L. (2000). Bayesian modelling of inseparable space-time variation in disease
    risk. Statistics in Medicine 19, 2555-2567.
    Rue, H., Martino, S. & Chopin, N. (2009). J. R. Stat. Soc. B 71, 319-392.
    doi:10.1111/j.1467-9868.2008.00700.x
    """
    options = options or SpaceTimeOptions()
    model, base = space_time_model(panel, neighbours, recent=options.recent)
    graph = model.graph
    with one_thread():
        mixed = integrate(model, season=panel.season)
        drawn = mixed.draw(model, options, panel.season, rng)
    log_rate = graph.take(drawn.recent) + base
    index = pd.RangeIndex(options.n_draws, name="draw")
    draws = pd.DataFrame(log_rate, index=index, columns=panel.events.index)
    return SpaceTimeFit(
        table=_table(draws),
        draws=draws,
        parameters=_parameters(mixed, panel, base),
        ahead=graph.take(drawn.ahead.swapaxes(1, 2)).swapaxes(1, 2) + base,
        sizes=drawn.sizes,
    )


def space_time_model(
    panel: CountPanel, neighbours: scipy.sparse.csr_array, *, recent: int = 1
) -> tuple[SpaceTimeModel, float]:
    """Return the model of a panel, and the logarithm of the rate of all areas together.

    Raises
    ------
    AnalysisError
        As :func:`fit_space_time`; `recent` periods have to be there.
    """
    _check(panel, recent)
    graph = map_precision(neighbours)
    known = panel.events.notna().to_numpy() & (panel.exposure > 0).to_numpy()[:, None]
    counted = panel.events.fillna(0.0).to_numpy(float) * known
    exposed = panel.exposure.fillna(0.0).to_numpy(float)[:, None] * known * panel.shares_recorded()
    base = float(np.log(counted.sum() / exposed.sum()))
    return _model(graph, panel, counted, exposed * np.exp(base)), base


def _check(panel: CountPanel, recent: int) -> None:
    periods = panel.events.shape[1]
    seen = int(((panel.exposure > 0) & panel.events.notna().any(axis=1)).sum())
    short = periods < _ENOUGH_YEARS * panel.season or recent > periods
    if short or seen < _ENOUGH_AREAS or not panel.events.to_numpy(float, na_value=0).any():
        raise AnalysisError(
            "Risk by area and period needs two years ({needed} periods), five areas with exposure "
            "and counts, and some event; there are {periods} periods and {areas} such areas. Use "
            "the map of one period.",
            needed=_ENOUGH_YEARS * panel.season,
            periods=periods,
            areas=seen,
        )


def _model(
    graph: MapPrecision, panel: CountPanel, counted: np.ndarray, exposed: np.ndarray
) -> SpaceTimeModel:
    areas, periods = panel.events.shape
    columns = [np.ones(areas)]
    if panel.covariates is not None:
        columns.extend(panel.covariates.reindex(panel.events.index).to_numpy(float).T)
    traits = 0 if panel.traits is None else panel.traits.shape[1]
    if panel.traits is not None:
        columns.extend(panel.traits.reindex(panel.events.index).to_numpy(float).T)
    fixed = np.column_stack(columns)
    shared, roughness = shared_columns(periods, panel.season)
    drivers = drivers_of(panel.drivers, panel.events)
    doubt = np.zeros(areas)
    if panel.doubt is not None:
        doubt = panel.doubt.reindex(panel.events.index).fillna(0.0).to_numpy(float)
    return SpaceTimeModel(
        graph=graph,
        events=graph.place(counted).T.copy(),
        exposure=graph.place(exposed).T.copy(),
        fixed=graph.place(fixed),
        shared=shared,
        drivers=np.stack([graph.place(each.T).T for each in drivers], axis=2)
        if len(drivers)
        else np.empty((periods, graph.rows, 0)),
        precision=prior_precision(fixed.shape[1], roughness, len(drivers), traits=traits),
        doubt=graph.place(doubt[:, None])[:, 0],
        traits=traits,
    )


def _table(draws: pd.DataFrame) -> pd.DataFrame:
    tail = (1 - _LEVEL) / 2
    # Of n draws the next one lies below the k-th with a chance of k / (n + 1).
    lower, upper = np.quantile(draws.to_numpy(), [tail, 1 - tail], axis=0, method="weibull")
    told = {
        "log_rate": draws.mean(),
        "log_sd": draws.std(),
        "rate": np.exp(draws).mean(),
        "lower": np.exp(lower),
        "upper": np.exp(upper),
    }
    return pd.DataFrame(told, index=draws.columns)


def _parameters(mixed: Mixed, panel: CountPanel, base: float) -> pd.DataFrame:
    told = mixed.parameters()
    told_of = [table.columns for table in (panel.covariates, panel.traits) if table is not None]
    names = ["intercept", *(name for columns in told_of for name in columns)]
    first, last = mixed.coefficients()[: len(names)], mixed.coefficients()[-len(panel.drivers) :]
    rows = dict(zip(names, first, strict=True))
    if panel.drivers:
        rows |= dict(zip(panel.drivers, last, strict=True))
    table = pd.DataFrame.from_dict({**told, **rows}, orient="index", columns=["mean", "sd"])
    table.loc["intercept", "mean"] += base
    return table
