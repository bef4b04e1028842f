"""Rates of areas that resemble their neighbours: the BYM2 model, with posterior draws.

When to use it: to say where risk is high, with its uncertainty, from small counts of many
areas; whatever is asked next (a rank, a comparison, who is among the ten most affected) is
answered from the draws.  When not: to say how many events happened (use the count), with
fewer than about ten areas, or to explain why risk is high: the map shows association only.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import scipy

from labtools.analysis.risk.graph import MapPrecision, map_precision
from labtools.analysis.risk.integration import draw_all, integrate
from labtools.analysis.risk.laplace import MapModel, Solved
from labtools.analysis.risk.likelihood import Counts
from labtools.analysis.risk.mixture import Mixture, weighted_summary
from labtools.analysis.risk.priors import Priors
from labtools.errors import AnalysisError
from labtools.findings import Finding, Severity
from labtools.messages import plural

_ENOUGH_AREAS = 5

_UNSEEN = plural(
    "One area has no exposure or no count; its rate is what its neighbours and covariates "
    "suggest: {areas}.",
    "{n} areas have no exposure or no count; their rates are what their neighbours and "
    "covariates suggest: {areas}.",
)
_ISLANDS = plural(
    "One area has no neighbour and borrows from the whole only: {areas}.",
    "{n} areas have no neighbour and borrow from the whole only: {areas}.",
)


@dataclass(frozen=True, slots=True)
class Bym2Options:
    """How a map is fitted.

    Attributes
    ----------
    size : float
        Of the negative binomial law of counts; infinite for Poisson.
    priors : Priors
    n_draws : int
        Posterior draws kept.
    level : float
        Coverage of the intervals.
    """

    size: float = np.inf
    priors: Priors = field(default_factory=Priors)
    n_draws: int = 400
    level: float = 0.95


@dataclass(frozen=True, slots=True)
class Bym2Fit:
    """A fitted map of risk.

    Attributes
    ----------
    table : pandas.DataFrame, shape (n_areas, 6)
        By area: ``log_rate`` and ``log_sd`` (mean and standard deviation of the logarithm of
        the rate), ``rate`` (posterior mean, events per unit of exposure), ``lower`` and
        ``upper`` (its interval), and ``seen`` (whether it has exposure and a count).
    draws : pandas.DataFrame, shape (n_draws, n_areas)
        Logarithms of rates; the index is named ``draw``, the columns are the areas.
    parameters : pandas.DataFrame
        ``mean``, ``sd``, ``lower``, ``upper`` of ``intercept``, each covariate, ``sigma`` (total
        standard deviation) and ``rho`` (spatial share of the variance).
    coefficient_draws : pandas.DataFrame, shape (n_draws, n_coefficients)
        Of the intercept and the covariates, draw by draw with `draws`.
    level : float
    findings : tuple of Finding
        What the reader of these rates must know.
    """

    table: pd.DataFrame
    draws: pd.DataFrame
    parameters: pd.DataFrame
    coefficient_draws: pd.DataFrame
    level: float
    findings: tuple[Finding, ...]


def fit_bym2(
    events: pd.Series,
    exposure: pd.Series,
    neighbours: scipy.sparse.csr_array,
    *,
    rng: np.random.Generator,
    covariates: pd.DataFrame | None = None,
    options: Bym2Options | None = None,
) -> Bym2Fit:
    """Fit the BYM2 map by nested Laplace approximation.

    The counts are Poisson or negative binomial; the logarithm of the rate is an intercept, the
    covariates, and a deviation of which a share is alike among neighbours.  The parameters are
    integrated over a grid, and the Gaussian law at each is moved to its best mean.

    Parameters
    ----------
    events : pandas.Series, shape (n_areas,)
        Counts by area; need not be whole (discounted, or divided by their dispersion).
    exposure : pandas.Series, shape (n_areas,)
        Same index in any order; the rate is per unit of it.
    neighbours : scipy.sparse.csr_array, shape (n_areas, n_areas)
        Above zero where two areas are neighbours, in the order of `events`.
    rng : numpy.random.Generator
        For the draws only.
    covariates : pandas.DataFrame, shape (n_areas, n_covariates), optional
        Without missing values; standardised.
    options : Bym2Options, optional

    Raises
    ------
    AnalysisError
        If fewer than five areas have exposure and a count, if nothing was counted at all, if
        the matrix is not of these areas, or if a covariate has a missing value.

    References
    ----------
    Riebler, A. et al. (2016). An intuitive Bayesian spatial model for disease mapping that
    accounts for scaling. Stat. Methods Med. Res. 25, 1145-1165. doi:10.1177/0962280216660421
    Rue, H., Martino, S. & Chopin, N. (2009). Approximate Bayesian inference for latent Gaussian
    models. J. R. Stat. Soc. B 71, 319-392. doi:10.1111/j.1467-9868.2008.00700.x
    """
    options = options or Bym2Options()
    exposure = exposure.reindex(events.index)
    seen = events.notna() & (exposure > 0)
    _check(events, seen, neighbours, covariates)
    base = float(np.log(events[seen].sum() / exposure[seen].sum()))
    graph = map_precision(neighbours)
    model = _model(graph, (events, exposure * np.exp(base), seen), covariates, options)
    laws, weight, pairs = integrate(model, options.priors, len(events))
    mixture = Mixture(
        np.concatenate([law.eta for law in laws]),
        np.concatenate([law.variances() for law in laws]),
        weight,
    )
    names = ["intercept", *(covariates.columns if covariates is not None else ())]
    eta, coefficients = draw_all(graph, laws, weight, options.n_draws, rng)
    index = pd.RangeIndex(options.n_draws, name="draw")
    coefficients[:, 0] += base
    return Bym2Fit(
        table=_table(graph, mixture, seen, base, options.level),
        draws=pd.DataFrame(graph.take(eta) + base, index=index, columns=events.index),
        parameters=_parameters(names, laws, weight, pairs, base=base, level=options.level),
        coefficient_draws=pd.DataFrame(coefficients, index=index, columns=names),
        level=options.level,
        findings=_findings(seen, graph),
    )


def _check(
    events: pd.Series,
    seen: pd.Series,
    neighbours: scipy.sparse.csr_array,
    covariates: pd.DataFrame | None,
) -> None:
    if neighbours.shape[0] != len(events):
        raise AnalysisError(
            "The matrix of neighbours is of {found} areas and the counts are of {expected}. Make "
            "it of the same areas, in the same order.",
            found=neighbours.shape[0],
            expected=len(events),
        )
    if seen.sum() < _ENOUGH_AREAS or not events[seen].sum() > 0:
        raise AnalysisError(
            "A map of risk needs at least {needed} areas with exposure and a count, and some "
            "event; there are {n} areas and {events} events. Use the plain rates.",
            needed=_ENOUGH_AREAS,
            n=int(seen.sum()),
            events=float(events[seen].sum()),
        )
    if covariates is None:
        return
    holes = covariates.reindex(events.index).isna()
    if holes.to_numpy().any():
        column = str(holes.any().idxmax())
        raise AnalysisError(
            "The covariate {column} has no value in {n} areas; the first is {first}. Fill it, "
            "or leave the covariate out: a map does not guess it.",
            column=column,
            n=int(holes[column].sum()),
            first=str(holes[column].idxmax()),
        )


def _model(
    graph: MapPrecision,
    data: tuple[pd.Series, pd.Series, pd.Series],
    covariates: pd.DataFrame | None,
    options: Bym2Options,
) -> MapModel:
    events, exposure, seen = data
    columns = [np.ones(len(events))]
    if covariates is not None:
        columns.extend(covariates.reindex(events.index).to_numpy(float).T)
    spread = np.full(len(columns), options.priors.coefficients)
    spread[0] = options.priors.intercept
    return MapModel(
        graph=graph,
        counts=Counts(
            events=graph.place(events.where(seen, 0.0).to_numpy(float)),
            exposure=graph.place(exposure.where(seen, 0.0).to_numpy(float)),
            size=options.size,
        ),
        design=graph.place(np.column_stack(columns)),
        coefficient_precision=1 / spread**2,
    )


def _table(
    graph: MapPrecision, mixture: Mixture, seen: pd.Series, base: float, level: float
) -> pd.DataFrame:
    mean, sd = mixture.mean_and_sd()
    tail = (1 - level) / 2
    rate = mixture.weight @ np.exp(mixture.mean + mixture.variance / 2)
    limits = [np.exp(mixture.quantile(share) + base) for share in (tail, 1 - tail)]
    columns = {
        "log_rate": mean + base,
        "log_sd": sd,
        "rate": rate * np.exp(base),
        "lower": limits[0],
        "upper": limits[1],
    }
    table = pd.DataFrame({k: graph.take(v) for k, v in columns.items()}, index=seen.index)
    return table.assign(seen=seen)


def _parameters(
    names: list[str],
    laws: list[Solved],
    weight: np.ndarray,
    pairs: np.ndarray,
    *,
    base: float,
    level: float,
) -> pd.DataFrame:
    mixture = Mixture(
        np.concatenate([law.level.coefficients for law in laws]),
        np.concatenate([np.diagonal(law.level.covariance, axis1=1, axis2=2) for law in laws]),
        weight,
    )
    mean, sd = mixture.mean_and_sd()
    tail = (1 - level) / 2
    limits = [mixture.quantile(tail), mixture.quantile(1 - tail)]
    rows = np.column_stack([mean, sd, *limits])
    rows[0, [0, 2, 3]] += base
    known = [
        weighted_summary(values, weight, tail)
        for values in (np.exp(pairs[:, 0]), np.sin(pairs[:, 1]) ** 2)
    ]
    return pd.DataFrame(
        np.vstack([rows, *known]),
        index=[*names, "sigma", "rho"],
        columns=["mean", "sd", "lower", "upper"],
    )


def _findings(seen: pd.Series, graph: MapPrecision) -> tuple[Finding, ...]:
    found = []
    alone = pd.Series(~graph.take(graph.connected.astype(float)).astype(bool), index=seen.index)
    for which, sentence in ((~seen, _UNSEEN), (alone, _ISLANDS)):
        areas = [str(area) for area in seen.index[which]]
        if areas:
            facts = {"n": len(areas), "areas": tuple(areas[:5])}
            found.append(Finding(sentence, Severity.NOTE, facts))
    return tuple(found)
