"""Alarms from counts of the same season in earlier years (Farrington, and as improved).

When to use it: one series, or many, each judged by its own past; rare alarms that are easy to
explain.  When not: series of fewer than three years, or counts so low that the years hold
almost no event; there the predictive distribution of a model that joins areas is better.

References
----------
Farrington, C. P. et al. (1996). A statistical algorithm for the early detection of outbreaks
of infectious disease. J. R. Stat. Soc. A 159, 547-563. doi:10.2307/2983331
Noufaily, A. et al. (2013). An improved algorithm for outbreak detection in multiple
surveillance systems. Statistics in Medicine 32, 1206-1222. doi:10.1002/sim.5595
Salmon, M., Schumacher, D. & Höhle, M. (2016). Monitoring count time series in R. Journal of
Statistical Software 70(10). doi:10.18637/jss.v070.i10
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd
import scipy

from labtools.errors import AnalysisError

Threshold = Literal["two_thirds", "negative_binomial", "muan"]
_ROUNDS = 40
_YEARS_FOR_TREND = 3


@dataclass(frozen=True, slots=True)
class Farrington:
    """How the past is looked at.

    Attributes
    ----------
    years : int
        Earlier years looked at.
    half_window : int
        Steps before and after the same date of each earlier year.
    parts : int
        Into how many seasons a year is parted; with 1 only the windows are looked at.
    left_out : int
        Last steps before the judged one that teach nothing: an outbreak there must not hide
        the next.
    outlier : float
        Anscombe residual beyond which a past count weighs less.
    trend_p : float
        Below which p-value a trend is kept; 1 keeps it whenever it does not extrapolate
        beyond the greatest count seen.
    threshold : {"two_thirds", "negative_binomial", "muan"}
        Of the original, on the scale of the power 2/3; negative binomial, the mean taken as
        known; or with the mean at its own quantile.
    alpha : float
        Chance of a false alarm at each step, by the model.
    fewest : (int, int)
        No alarm with fewer than so many cases in so many last steps.
    """

    years: int = 4
    half_window: int = 3
    parts: int = 10
    left_out: int = 26
    outlier: float = 2.58
    trend_p: float = 1.0
    threshold: Threshold = "negative_binomial"
    alpha: float = 0.05
    fewest: tuple[int, int] = (5, 4)


#: As published in 1996, and as improved in 2013; both one-sided, of weeks.
ORIGINAL = Farrington(
    parts=1, left_out=3, outlier=1.0, trend_p=0.05, threshold="two_thirds", alpha=0.1
)
IMPROVED = Farrington(alpha=0.1)
#: The improved form for months: a quarter around the same month, a quarter left out.
MONTHLY = Farrington(years=3, half_window=1, parts=4, left_out=3, alpha=0.05)


@dataclass(frozen=True, slots=True)
class _Fitted:
    """A quasi-Poisson regression of each series, all of one design.

    Attributes
    ----------
    beta : numpy.ndarray, shape (n_series, n_columns)
    mean : numpy.ndarray, shape (n_series, n_steps)
    covariance : numpy.ndarray, shape (n_series, n_columns, n_columns)
        Without dispersion.
    dispersion : numpy.ndarray, shape (n_series,)
        Pearson's, not yet held at one or above.
    error_scale : numpy.ndarray, shape (n_series,)
        By which errors of coefficients are scaled: the mean square of residuals relative to
        the mean.  So does the program of reference, and its numbers are what labs know.
    """

    beta: np.ndarray
    mean: np.ndarray
    covariance: np.ndarray
    dispersion: np.ndarray
    error_scale: np.ndarray


def farrington_alarms(counts: pd.DataFrame, judged: pd.Index, how: Farrington) -> pd.DataFrame:
    """Judge steps of each series by the same season of its earlier years.

    Parameters
    ----------
    counts : pandas.DataFrame, shape (n_series, n_times)
        Columns are the days on which consecutive steps begin, all known.
    judged : pandas.Index
        Columns to judge.
    how : Farrington

    Returns
    -------
    pandas.DataFrame
        One row for each series and judged step: ``series``, ``step``, ``observed``,
        ``expected``, ``upper`` (missing where there are too few cases), ``p_value``,
        ``alarm``.

    Raises
    ------
    AnalysisError
        If a judged step has too few earlier years.
    """
    columns = pd.DatetimeIndex(counts.columns)
    y = counts.to_numpy(float)
    parts = [_judge(y, columns, int(columns.get_loc(step)), how) for step in judged]
    tables = [
        part.assign(series=counts.index, step=step)
        for part, step in zip(parts, judged, strict=True)
    ]
    order = ["series", "step", "observed", "expected", "upper", "p_value", "alarm"]
    return pd.concat(tables, ignore_index=True)[order]


def _judge(y: np.ndarray, days: pd.DatetimeIndex, now: int, how: Farrington) -> pd.DataFrame:
    steps, season = _reference(days, now, how)
    design, at_now = _design(steps, season, now, how)
    past = y[:, steps]
    with_trend = _reweighted(past, design, how.outlier)
    predicted = np.exp(np.clip(with_trend.beta @ at_now, -30, 30))
    kept = predicted <= past.max(axis=1)
    if how.trend_p < 1:
        kept &= _trend_p(with_trend, len(steps)) < how.trend_p
    if how.years < _YEARS_FOR_TREND:
        kept[:] = False
    eta, error, phi = _predicted(with_trend, at_now)
    if not kept.all():
        plain, now_plain = np.delete(design, 1, axis=1), np.delete(at_now, 1)
        other = _predicted(_reweighted(past[~kept], plain, how.outlier), now_plain)
        for found, instead in zip((eta, error, phi), other, strict=True):
            found[~kept] = instead
    upper, p_value = _threshold(y[:, now], eta, error, phi, how)
    cases, last = how.fewest
    enough = y[:, now - last + 1 : now + 1].sum(axis=1) >= cases
    return pd.DataFrame(
        {
            "observed": y[:, now],
            "expected": np.where(enough, np.exp(eta), np.nan),
            "upper": np.where(enough, upper, np.nan),
            "p_value": p_value,
            "alarm": enough & (y[:, now] > upper),
        }
    )


def _reference(days: pd.DatetimeIndex, now: int, how: Farrington) -> tuple[np.ndarray, np.ndarray]:
    """Return which steps teach, and the season of each (the last is that of the judged step)."""
    years = [_same_date(days, now, back) for back in range(how.years + 1)]
    if years[-1] - how.half_window < 0:
        raise AnalysisError(
            "To judge {step} by {years} earlier years the counts must begin earlier: they begin "
            "in {first}. Look at fewer years.",
            step=f"{days[now]:%Y-%m-%d}",
            years=how.years,
            first=f"{days[0]:%Y-%m-%d}",
        )
    season = np.zeros(len(days), int)
    season[now - how.half_window : now + 1] = how.parts
    for later, at in pairwise(years):
        season[at - how.half_window : at + how.half_window + 1] = how.parts
        if how.parts > 1:
            begin, end = at + how.half_window + 1, later - how.half_window
            blocks = np.array_split(np.arange(begin, end), how.parts - 1)
            for number, block in enumerate(blocks, start=1):
                season[block] = number
    season[max(0, now - how.left_out) :] = 0
    steps = np.flatnonzero(season)
    return steps, season[steps]


def _same_date(days: pd.DatetimeIndex, now: int, back: int) -> int:
    """Return the step that begins nearest to the same date so many years ago."""
    wanted = days[now] - pd.DateOffset(years=back)
    return int(np.abs((days - wanted).days).argmin()) if wanted >= days[0] else -1


def _design(
    steps: np.ndarray, season: np.ndarray, now: int, how: Farrington
) -> tuple[np.ndarray, np.ndarray]:
    """Return the design of the past and of the judged step: level, time, seasons but the first."""
    scale = max(1, now)
    seasons = np.arange(2, how.parts + 1)
    past = np.column_stack([np.ones(len(steps)), (steps - now) / scale, season[:, None] == seasons])
    return past, np.array([1.0, 0.0, *(seasons == how.parts)])


def _reweighted(y: np.ndarray, design: np.ndarray, outlier: float) -> _Fitted:
    first = _quasi_poisson(y, design, np.ones(y.shape))
    leverage = first.mean * np.einsum("tp,npq,tq->nt", design, first.covariance, design)
    phi = np.maximum(first.dispersion, 1.0)[:, None]
    residual = 1.5 * (y ** (2 / 3) * first.mean ** (-1 / 6) - np.sqrt(first.mean))
    residual /= np.sqrt(phi * np.maximum(1 - leverage, 1e-10))
    weight = np.divide(1.0, residual**2, out=np.ones(y.shape), where=residual > outlier)
    return _quasi_poisson(y, design, weight * (y.shape[1] / weight.sum(axis=1, keepdims=True)))


def _quasi_poisson(y: np.ndarray, design: np.ndarray, weight: np.ndarray) -> _Fitted:
    """Fit all series at once by iterated weighted least squares."""
    columns = design.shape[1]
    ridge = 1e-10 * np.eye(columns)
    eta = np.log(y + 0.1)
    beta = np.zeros((len(y), columns))
    for _ in range(_ROUNDS):
        mean = np.exp(eta)
        working = weight * mean
        target = eta + (y - mean) / mean
        information = np.einsum("nt,tp,tq->npq", working, design, design) + ridge
        beta_before, beta = (
            beta,
            np.linalg.solve(
                information, np.einsum("nt,tp->np", working * target, design)[..., None]
            )[..., 0],
        )
        eta = np.clip(beta @ design.T, -25, 25)
        if np.abs(beta - beta_before).max() < 1e-8:  # noqa: PLR2004 - on the log scale
            break
    mean = np.exp(eta)
    information = np.einsum("nt,tp,tq->npq", weight * mean, design, design) + ridge
    free = max(1, y.shape[1] - columns)
    pearson = (weight * (y - mean) ** 2 / mean).sum(axis=1) / free
    relative = (weight * ((y - mean) / mean) ** 2).sum(axis=1) / free
    return _Fitted(beta, mean, np.linalg.inv(information), pearson, relative)


def _trend_p(fit: _Fitted, steps: int) -> np.ndarray:
    error = np.sqrt(fit.error_scale * fit.covariance[:, 1, 1])
    statistic = np.abs(fit.beta[:, 1]) / np.maximum(error, 1e-300)
    return np.asarray(2 * scipy.stats.t.sf(statistic, steps - fit.beta.shape[1]))


def _predicted(fit: _Fitted, at: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the linear predictor, its error, and the dispersion held at one or above."""
    phi = np.maximum(fit.dispersion, 1.0)
    eta = np.clip(fit.beta @ at, -25, 25)
    error = np.sqrt(fit.error_scale * np.einsum("p,npq,q->n", at, fit.covariance, at))
    return eta, error, phi


def _threshold(
    y: np.ndarray, eta: np.ndarray, error: np.ndarray, phi: np.ndarray, how: Farrington
) -> tuple[np.ndarray, np.ndarray]:
    if how.threshold == "two_thirds":
        mean = np.exp(eta)
        tau = phi + mean * error**2
        sd = np.sqrt(4 / 9 * np.cbrt(mean) * tau)
        upper = (mean ** (2 / 3) + scipy.stats.norm.isf(how.alpha) * sd) ** 1.5
        return upper, scipy.stats.norm.sf(y ** (2 / 3), mean ** (2 / 3), sd)
    shift = scipy.stats.norm.isf(how.alpha) * error if how.threshold == "muan" else 0.0
    mean = np.exp(np.clip(eta + shift, -25, 25))
    over = phi > 1 + 1e-9
    size, share = mean / np.where(over, phi - 1, 1.0), 1 / np.where(over, phi, 2.0)
    upper = np.where(
        over,
        scipy.stats.nbinom.isf(how.alpha, size, share),
        scipy.stats.poisson.isf(how.alpha, mean),
    )
    at_least = np.where(
        over,
        scipy.special.betaincc(size, np.maximum(y, 1), share),
        scipy.special.gammainc(np.maximum(y, 1), mean),
    )
    return upper, np.where(y > 0, at_least, 1.0)
