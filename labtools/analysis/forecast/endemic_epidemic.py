"""The endemic-epidemic model of counts by area and time (the hhh4 family).

The mean of a count is a sum of three parts: what the area itself had a step ago, what its
neighbours had, and an endemic level with trend, season, covariates and an effect of its own
for each area.

When to use it: to expect the next months of counts that follow each other, and to give
alarm when more happens.  When not: as an explanation, or where fewer than about twenty
steps are known.

References
----------
Held, L., Höhle, M. & Hofmann, M. (2005). A statistical framework for the analysis of
multivariate infectious disease surveillance counts. Statistical Modelling 5, 187-199.
doi:10.1191/1471082X05st098oa
Paul, M. & Held, L. (2011). Predictive assessment of a non-linear random effects model for
multivariate time series of infectious disease counts. Statistics in Medicine 30, 1118-1136.
doi:10.1002/sim.4177
Meyer, S. & Held, L. (2014). Power-law models for infectious disease spread. Annals of
Applied Statistics 8, 1612-1639. doi:10.1214/14-AOAS743
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from labtools.analysis.forecast.endemic_likelihood import (
    FLAT,
    Place,
    SteppedCounts,
    Terms,
    around,
    epidemic_names,
    expected_mean,
    judged,
    log_likelihood_of,
    parts_of,
    total_of,
)
from labtools.errors import AnalysisError

_ENOUGH_TIMES = 12
_MOST_STEPS = 200
_CLOSE = 1e-9
_NUDGE = 1e-4
#: Logarithms beyond these make no visible difference, and the search would wander off.
_BOUNDS = {"own_past": (-9.0, 3.0), "neighbours": (-9.0, 12.0), "decay": (-3.0, 2.1)}


@dataclass(frozen=True, slots=True)
class EndemicEpidemicFit:
    """A fitted model, ready to expect what comes.

    How sure its coefficients are: :func:`labtools.analysis.forecast.coefficient_errors
    .coefficient_table`.

    Attributes
    ----------
    coefficients : pandas.Series
        ``own_past`` and ``neighbours`` (logarithms of the shares passed on), ``attraction``,
        ``decay`` (logarithm of the power), and of the endemic logarithm ``level``, ``trend`` by
        step, ``sin_1``, ``cos_1``, … and covariates.
    own_level : pandas.Series
        By area: its endemic logarithm beside the common level; zero where not asked for.
    own_level_sd, own_level_variance : float, pandas.Series
        Standard deviation of the levels over areas; and how uncertain each one is.
    overdispersion : float
        The variance is ``mean + overdispersion * mean ** 2``; zero for Poisson.
    log_likelihood : float
        Of the counts given the levels (not penalised).
    aic : float
        Missing where areas have levels of their own.
    steps : int
        Until it stood still.
    terms : Terms
    """

    coefficients: pd.Series
    own_level: pd.Series
    own_level_sd: float
    own_level_variance: pd.Series
    overdispersion: float
    log_likelihood: float
    aic: float
    steps: int
    terms: Terms

    @property
    def decay(self) -> float:
        """The power by which neighbours weigh less with each border; zero with one ring."""
        return float(np.exp(self.coefficients.get("decay", -np.inf)))


def fit_endemic_epidemic(
    counts: pd.DataFrame,
    terms: Terms,
    *,
    exposure: pd.Series | None = None,
    covariates: Mapping[str, pd.DataFrame] | None = None,
    start: EndemicEpidemicFit | None = None,
) -> EndemicEpidemicFit:
    """Fit by maximum likelihood, the levels of areas integrated out by Laplace's method.

    Scoring steps use the analytic gradient; the areas' own levels are eliminated block by
    block, so that the cost grows in proportion to areas times steps.

    Parameters
    ----------
    counts : pandas.DataFrame, shape (n_areas, n_times)
        Columns are consecutive steps.  A missing count takes no part; as a neighbour's past it
        is taken to be the mean of its area.
    terms : Terms
    exposure : pandas.Series, optional
        By area, above zero: the endemic level is per unit of it.
    covariates : mapping of str to pandas.DataFrame, optional
        Of the shape of `counts`: what was known at each step, of the step before or earlier.
    start : EndemicEpidemicFit, optional
        An earlier fit of the same terms, from which to begin.

    Raises
    ------
    AnalysisError
        If there are fewer than twelve steps, nothing happened, or an exposure is not above
        zero.
    """
    data = prepare_counts(counts, terms, exposure, covariates or {})
    state = _begin(data, start, counts.index)
    state, steps = _climb(data, state)
    used = len(data.names) + (terms.family == "negative_binomial")
    uncertain = _level_variance(data, state)
    return EndemicEpidemicFit(
        pd.Series(state.theta, index=list(data.names)),
        pd.Series(state.levels, index=counts.index),
        float(np.sqrt(state.variance)),
        pd.Series(uncertain, index=counts.index),
        state.overdispersion,
        state.log_likelihood,
        np.nan if terms.own_level else 2 * used - 2 * state.log_likelihood,
        steps,
        terms,
    )


def endemic_design(
    first: int, n_times: int, terms: Terms, covariates: Mapping[str, np.ndarray], n_areas: int
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the columns of the endemic part, shape (n_columns, n_areas, n_times), and names.

    Steps are counted from zero at the first one that the model was fitted on.
    """
    t = np.arange(first, first + n_times, dtype=float)
    columns = {"level": np.ones(n_times)}
    if terms.trend:
        columns["trend"] = t
    if terms.season:
        for k in range(1, terms.harmonics + 1):
            columns[f"sin_{k}"] = np.sin(2 * np.pi * k * t / terms.season)
            columns[f"cos_{k}"] = np.cos(2 * np.pi * k * t / terms.season)
    shape = (n_areas, n_times)
    stacked = [np.broadcast_to(column, shape) for column in columns.values()]
    stacked += [np.asarray(values, float) for values in covariates.values()]
    return np.stack(stacked), (*columns, *covariates)


def passed_on(fit: EndemicEpidemicFit, past: np.ndarray, attraction: np.ndarray) -> np.ndarray:
    """Return the part of the mean that comes from `past`, shape (n_areas, n_times)."""
    passed = np.zeros(past.shape)
    known = fit.coefficients
    if fit.terms.own_past:
        passed = passed + np.exp(known["own_past"]) * past
    if fit.terms.rings is not None:
        received = np.exp(known["neighbours"] + known.get("attraction", 0.0) * attraction)
        passed = passed + received[:, None] * around(fit.terms, past, fit.decay)
    return passed


def log_exposure(exposure: pd.Series | None, areas: pd.Index) -> np.ndarray:
    """Return the logarithm of each area's exposure; zero where none is given.

    Raises
    ------
    AnalysisError
        If an exposure is missing or not above zero.
    """
    if exposure is None:
        return np.zeros(len(areas))
    at = exposure.reindex(areas)
    wrong = ~(at > 0)
    if wrong.any():
        raise AnalysisError(
            "The model needs an exposure above zero of every area, and {n} lack it; the first "
            "is {first}. Leave those areas out, or fit without exposure.",
            n=int(wrong.sum()),
            first=str(at.index[wrong][0]),
        )
    return np.asarray(np.log(at.to_numpy(float)))


def fill_gaps(counts: np.ndarray) -> np.ndarray:
    """Return counts in which a missing one is the mean of its area (zero where none is known)."""
    known = ~np.isnan(counts)
    n = known.sum(axis=1, keepdims=True)
    mean = np.where(known, counts, 0).sum(axis=1, keepdims=True) / np.maximum(n, 1)
    return np.where(known, counts, mean)


def prepare_counts(
    counts: pd.DataFrame,
    terms: Terms,
    exposure: pd.Series | None,
    covariates: Mapping[str, pd.DataFrame],
) -> SteppedCounts:
    """Return the counts and what may explain them, as the likelihood takes them.

    Raises
    ------
    AnalysisError
        As :func:`fit_endemic_epidemic`.
    """
    y = counts.to_numpy(float, na_value=np.nan)
    if y.shape[1] < _ENOUGH_TIMES or not np.nansum(y[:, 1:]):
        raise AnalysisError(
            "An endemic-epidemic model needs at least {needed} steps in which something "
            "happened, and there are {n} steps with {events} events. Use a simpler baseline.",
            needed=_ENOUGH_TIMES,
            n=y.shape[1],
            events=float(np.nansum(y)),
        )
    past = fill_gaps(y)[:, :-1]
    given = {
        name: values.reindex(index=counts.index, columns=counts.columns).to_numpy(float)[:, 1:]
        for name, values in covariates.items()
    }
    endemic, names = endemic_design(1, y.shape[1] - 1, terms, given, len(y))
    offset = log_exposure(exposure, counts.index)
    known = ~np.isnan(y[:, 1:]) & ~np.isnan(y[:, :-1]) & ~np.isnan(endemic).any(axis=0)
    return SteppedCounts(
        np.where(known, y[:, 1:], 0.0),
        known.astype(float),
        past,
        np.nan_to_num(endemic),
        (*epidemic_names(terms), *names),
        np.broadcast_to(offset[:, None], past.shape),
        offset,
        terms,
    )


def _begin(data: SteppedCounts, start: EndemicEpidemicFit | None, areas: pd.Index) -> Place:
    over = 0.0 if data.terms.family == "poisson" else 0.5
    variance = 0.3 if data.terms.own_level else 0.0
    n = len(data.counts)
    if start is None or tuple(start.coefficients.index) != data.names:
        theta, levels = data.start(), np.zeros(n)
        if data.terms.own_level:
            events = (data.counts * data.known).sum(axis=1)
            expected = (np.exp(data.offset) * data.known).sum(axis=1)
            mean = events.sum() / max(expected.sum(), FLAT)
            levels = np.log((events + 2) / (expected * mean + 2))
    else:
        theta = start.coefficients.to_numpy(float)
        levels = start.own_level.reindex(areas, fill_value=0.0).to_numpy(float)
        over, variance = start.overdispersion, start.own_level_sd**2
    return Place(theta, levels, over, variance)


def _climb(data: SteppedCounts, state: Place) -> tuple[Place, int]:
    """Step uphill until neither the likelihood nor the spread of levels moves."""
    state = judged(data, state)
    for step in range(1, _MOST_STEPS + 1):  # noqa: B007 - how many steps is told
        before = state
        state = _scored(data, state)
        if data.terms.family == "negative_binomial":
            state = _dispersed(data, state)
        if data.terms.own_level:
            state = _spread(data, state)
        gain = abs(state.log_likelihood - before.log_likelihood)
        moved = abs(np.sqrt(state.variance) - np.sqrt(before.variance))
        if gain < _CLOSE * (1 + abs(state.log_likelihood)) and moved < 1e-4:  # noqa: PLR2004 - of a sd
            break
    return state, step


def _scored(data: SteppedCounts, state: Place) -> Place:
    """Make one scoring step, halved until the objective rises."""
    endemic, slopes = parts_of(data, state, all_slopes=True)
    mean = total_of(endemic, slopes)
    spread = mean * (1 + state.overdispersion * mean)
    weight = data.known / spread
    pull = data.known * (data.counts - mean) / spread
    derivatives = np.stack([*slopes.values(), *(endemic * data.endemic)])
    flat = derivatives.reshape(len(data.names), -1)
    gradient = flat @ pull.ravel()
    weighted = flat * weight.ravel()
    information = weighted @ flat.T
    if not data.terms.own_level:
        move = np.linalg.solve(information + FLAT * np.eye(len(information)), gradient)
        return _halved(data, state, move, np.zeros(len(state.levels)))
    own = (weight * endemic**2).sum(axis=1) + 1 / state.variance
    own_gradient = (pull * endemic).sum(axis=1) - state.levels / state.variance
    cross = np.einsum("pit,it->pi", weighted.reshape(derivatives.shape), endemic)
    reduced = information - (cross / own) @ cross.T + FLAT * np.eye(len(information))
    bent = _bent(data, state, -(cross / own))
    move = np.linalg.solve(reduced, gradient - cross @ (own_gradient / own) + bent)
    return _halved(data, state, move, (own_gradient - cross.T @ move) / own)


def _bent(data: SteppedCounts, state: Place, response: np.ndarray) -> np.ndarray:
    """Return the gradient of Laplace's correction, the levels following each coefficient.

    Without it the levels would take for themselves part of what is passed on.
    """
    now = _correction(data, state)
    slopes = np.zeros(len(state.theta))
    for k, following in enumerate(response):
        theta = state.theta.copy()
        theta[k] += _NUDGE
        there = replace(state, theta=theta, levels=state.levels + _NUDGE * following)
        slopes[k] = (_correction(data, there) - now) / _NUDGE
    return slopes


def _correction(data: SteppedCounts, state: Place) -> float:
    if not data.terms.own_level:
        return 0.0
    variance = _level_variance(data, state)
    return float(np.log(variance / state.variance).sum() / 2)


def _halved(data: SteppedCounts, state: Place, move: np.ndarray, levels: np.ndarray) -> Place:
    # A coefficient on its way to nothing must not hold back the others.
    move, levels, size = np.clip(move, -2, 2), np.clip(levels, -2, 2), 1.0
    reached = state.objective(_correction(data, state))
    for _ in range(12):
        theta = _bounded(data.names, state.theta + size * move)
        tried = judged(data, replace(state, theta=theta, levels=state.levels + size * levels))
        if tried.objective(_correction(data, tried)) >= reached - FLAT * abs(reached):
            return tried
        size /= 2
    return state


def _bounded(names: tuple[str, ...], theta: np.ndarray) -> np.ndarray:
    bounds = [_BOUNDS.get(name, (-np.inf, np.inf)) for name in names]
    return np.asarray(np.clip(theta, *np.array(bounds).T))


def _dispersed(data: SteppedCounts, state: Place) -> Place:
    """Make one Newton step of the logarithm of the overdispersion."""
    mean = expected_mean(data, state)
    centre, width = np.log(max(state.overdispersion, 1e-6)), 1e-3
    low, middle, high = (
        log_likelihood_of(data, mean, float(np.exp(centre + d))) for d in (-width, 0.0, width)
    )
    slope, bend = (high - low) / (2 * width), (high - 2 * middle + low) / width**2
    move = float(np.clip(-slope / bend if bend < 0 else np.sign(slope), -1, 1))
    for _ in range(12):
        over = float(np.exp(np.clip(centre + move, np.log(1e-6), np.log(1e3))))
        reached = log_likelihood_of(data, mean, over)
        if reached >= middle:
            return replace(state, overdispersion=over, log_likelihood=reached)
        move /= 2
    return state


def _level_variance(data: SteppedCounts, state: Place) -> np.ndarray:
    """Return how uncertain each level is, given the coefficients."""
    if not data.terms.own_level:
        return np.zeros(len(state.levels))
    endemic, slopes = parts_of(data, state)
    mean = total_of(endemic, slopes)
    weight = data.known / (mean * (1 + state.overdispersion * mean))
    return np.asarray(1 / ((weight * endemic**2).sum(axis=1) + 1 / state.variance))


def _spread(data: SteppedCounts, state: Place) -> Place:
    """Move the variance of levels towards where the marginal likelihood is greatest.

    There, as many squares as areas: their mean plus the mean uncertainty (Laplace).
    """
    uncertain = _level_variance(data, state)
    return replace(state, variance=max(float(np.mean(state.levels**2 + uncertain)), 1e-6))
