"""Empirical-Bayes rates: small colonias borrow strength from the whole municipality.

When to use it: to map or compare colonias whose counts are small.  When not: to say how
many events happened (use the count), or where neighbours differ sharply and size alone
does not explain it (a spatial model is better there).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import scipy

from labtools.analysis.rates import poisson_interval
from labtools.errors import AnalysisError
from labtools.messages import Sentence, mark
from labtools.tables.shown import Shown

_ENOUGH_AREAS = 5


@dataclass(frozen=True, slots=True)
class GammaPoissonFit(Shown):
    """Rates of areas drawn from one gamma law, counts Poisson given the rate.

    Attributes
    ----------
    shape, inverse_scale : float
        Of the gamma law of rates; its mean is ``shape / inverse_scale`` events per unit of
        exposure.  ``inf`` both when areas differ no more than chance alone makes them.
    mean : float
        Events per unit of exposure over all areas.
    exposure : float
        Of all areas that took part.
    """

    told_as: ClassVar[Sentence] = mark("Law of rates by which small colonias are steadied")
    shape: float
    inverse_scale: float
    mean: float
    exposure: float

    def posterior(self, events: pd.Series, exposure: pd.Series, *, level: float) -> pd.DataFrame:
        """Return ``rate``, ``lower`` and ``upper`` of each area, per unit of exposure.

        An area without exposure has missing values.  Missing counts stay missing.  Where areas
        differ no more than chance, all have the common rate, known as well as all their
        counts together know it.
        """
        exposure = exposure.reindex(events.index)
        if np.isinf(self.shape):
            return self._common(events, exposure, level)
        tail = (1 - level) / 2
        a, b = self._shape_rate(events, exposure)
        return pd.DataFrame(
            {
                "rate": a / b,
                "lower": scipy.stats.gamma.ppf(tail, a) / b,
                "upper": scipy.stats.gamma.ppf(1 - tail, a) / b,
            },
            index=events.index,
        )

    def draws(
        self, events: np.ndarray, exposure: pd.Series, *, rng: np.random.Generator
    ) -> np.ndarray:
        """Return posterior draws of the rates; `events` has shape (n_draws, n_areas)."""
        if np.isinf(self.shape):
            known = ~np.isnan(events) & (exposure.to_numpy(float) > 0)
            common = rng.gamma(self.mean * self.exposure + 0.5, size=(len(events), 1))
            return np.where(known, common / self.exposure, np.nan)
        a, b = self._shape_rate(events, exposure)
        return np.asarray(rng.gamma(a) / b)

    def _shape_rate(self, events: object, exposure: object) -> tuple[np.ndarray, np.ndarray]:
        at_risk = np.asarray(exposure, float)
        at_risk = np.where(at_risk > 0, at_risk, np.nan)
        return self.shape + np.asarray(events, float), self.inverse_scale + at_risk

    def _common(self, events: pd.Series, exposure: pd.Series, level: float) -> pd.DataFrame:
        total = np.array([self.mean * self.exposure])
        lower, upper = (limit[0] / self.exposure for limit in poisson_interval(total, level=level))
        table = pd.DataFrame(
            {"rate": self.mean, "lower": lower, "upper": upper}, index=events.index
        )
        return table.where(events.notna() & (exposure > 0))


def fit_gamma_poisson(events: pd.Series, exposure: pd.Series) -> GammaPoissonFit:
    """Fit the gamma law of rates by maximum likelihood (the counts are negative binomial).

    Areas without exposure or with a missing count do not take part and spoil nothing.

    Raises
    ------
    AnalysisError
        If fewer than five areas have exposure and a count.

    References
    ----------
    Clayton, D. & Kaldor, J. (1987). Empirical Bayes estimates of age-standardized relative
    risks for use in disease mapping. Biometrics 43, 671-681. doi:10.2307/2532003
    """
    exposure = exposure.reindex(events.index)
    known = events.notna() & (exposure > 0)
    n, e = events[known].to_numpy(float), exposure[known].to_numpy(float)
    if len(n) < _ENOUGH_AREAS:
        raise AnalysisError(
            "Smoothing needs at least {needed} areas with population and a count, and there are "
            "{n}. Use the plain rates.",
            needed=_ENOUGH_AREAS,
            n=len(n),
        )
    total, mean = float(e.sum()), float(n.sum() / e.sum())
    # The slope of the likelihood where areas do not differ: uphill only if they vary beyond
    # chance.  An optimiser would wander off on that flat shore.
    if ((n - e * mean) ** 2 - n).sum() <= 0:
        return GammaPoissonFit(np.inf, np.inf, mean, total)
    found = scipy.optimize.minimize(
        _minus_log_likelihood,
        x0=np.array([0.0, np.log(mean)]),
        args=(n, e),
        method="BFGS",
        jac=False,
    )
    shape, level = np.exp(found.x)
    return GammaPoissonFit(float(shape), float(shape / level), mean, total)


def marshall_rates(events: pd.Series, exposure: pd.Series) -> pd.Series:
    """Return Marshall's global empirical-Bayes rates, per unit of exposure.

    The closed-form estimator of most mapping programs; :func:`fit_gamma_poisson` also gives
    intervals.  An area without exposure is missing and spoils no other.

    References
    ----------
    Marshall, R. J. (1991). Mapping disease and mortality rates using empirical Bayes
    estimators. Applied Statistics 40, 283-294. doi:10.2307/2347593
    """
    at_risk = exposure.where(exposure > 0).reindex(events.index)
    known = at_risk.notna() & events.notna()
    if not known.any():
        return pd.Series(np.nan, index=events.index)
    n, e = events[known], at_risk[known]
    mean = n.sum() / e.sum()
    raw = n / e
    between = (e * (raw - mean) ** 2).sum() / e.sum() - mean / e.mean()
    weight = max(between, 0.0) / (max(between, 0.0) + mean / e) if mean else 0 * e
    return (mean + weight * (raw - mean)).reindex(events.index)


def local_rates(
    events: pd.Series, exposure: pd.Series, neighbours: scipy.sparse.csr_array
) -> pd.Series:
    """Return Marshall's local empirical-Bayes rates: drawn towards the area and its neighbours.

    When to use it: as the plain counterpart of a spatial model.  When not: for intervals, or
    where areas have few neighbours; BYM2 does both.

    Parameters
    ----------
    events, exposure : pandas.Series, shape (n_areas,)
        An area without exposure or count is missing and spoils no other.
    neighbours : scipy.sparse.csr_array, shape (n_areas, n_areas)
        Above zero where two areas are neighbours; an area alone keeps its own rate.

    References
    ----------
    Marshall, R. J. (1991). Mapping disease and mortality rates using empirical Bayes
    estimators. Applied Statistics 40, 283-294. doi:10.2307/2347593
    """
    at_risk = exposure.reindex(events.index)
    known = (events.notna() & (at_risk > 0)).to_numpy()
    n, e = events.to_numpy(float)[known], at_risk.to_numpy(float)[known]
    near = (scipy.sparse.csr_array(neighbours)[known][:, known] > 0).astype(float)
    near = scipy.sparse.csr_array(((near + scipy.sparse.eye_array(len(n))) > 0).astype(float))
    people, raw = near @ e, n / e
    mean = (near @ n) / people
    # The sum over the neighbourhood of e (raw - mean)², with the mean of its middle.
    squares = near @ (e * raw**2) - 2 * mean * (near @ n) + mean**2 * people
    between = np.maximum(squares / people - mean * np.asarray(near.sum(axis=1)).ravel() / people, 0)
    chance = mean / e
    weight = np.divide(between, between + chance, out=np.zeros_like(e), where=chance > 0)
    found = pd.Series(mean + weight * (raw - mean), index=events.index[known])
    return found.reindex(events.index)


def _minus_log_likelihood(parameters: np.ndarray, n: np.ndarray, e: np.ndarray) -> float:
    shape, level = np.exp(np.clip(parameters, -30, 30))
    b = shape / level
    terms = (
        scipy.special.gammaln(n + shape)
        - scipy.special.gammaln(shape)
        + shape * np.log(b / (b + e))
        + n * np.log(e / (b + e))
    )
    return float(-terms.sum())
