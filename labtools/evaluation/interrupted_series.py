"""One long series of counts, interrupted: did level or slope change at the start.

When to use it: the whole municipality at once, no comparison, three years before or more.
When not: if something else began in the same months; nothing here can tell them apart.  Nor where
months are moved by shocks that last: simulated with lasting shocks over the whole city, a test of
5 % errs 12 % of the time (reports/studies/evaluation_tests.json); places to compare with mend that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm

from labtools.errors import AnalysisError

_YEAR = 12
_LEAST_BEFORE, _LEAST_AFTER = 24, 6
_STEPS = 30
#: With more memory the test errs twice as often as it says (simulated): it is refused.
_LARGEST_MEMORY = 0.6
_ENOUGH_DRAWS = 199


@dataclass(frozen=True, slots=True)
class Interruption:
    """The change of level at the start, in logarithms.

    Attributes
    ----------
    level, se, lower, upper : float
        Log ratio of the level just after the start to the one expected, and its interval.
    slope : float
        Change of the log level per month from then on.
    p : float
        Of no change of level, from series drawn with the same memory and no change.
    memory : float
        Autocorrelation of one month with the next, left after trend and season.
    dispersion : float
        Variance over mean.
    """

    level: float
    se: float
    lower: float
    upper: float
    slope: float
    p: float
    memory: float
    dispersion: float


def interrupted_series(
    counts: pd.Series,
    start: pd.Timestamp,
    *,
    rng: np.random.Generator,
    slope: bool = False,
    draws: int = 399,
) -> Interruption:
    """Return the change of a monthly series at `start`, with trend, season and memory.

    Errors come from series drawn with the dispersion and the autocorrelation seen, and
    nothing else: with a plain Poisson error, months that resemble the month before pass for
    change.

    Parameters
    ----------
    counts : pandas.Series
        Events by month (DatetimeIndex, no month missing).
    start : pandas.Timestamp
        First month with the programme.
    slope : bool
        Whether the slope may change too; the interval of the level is then wider.

    Raises
    ------
    AnalysisError
        If months are missing, there are too few before or after the start, or each month
        resembles the one before too much.

    References
    ----------
    Lopez Bernal, J., Cummins, S. & Gasparrini, A. (2017). International Journal of Epidemiology
    46, 348-355. doi:10.1093/ije/dyw098
    """
    _check(counts, start, draws)
    design = _design(pd.DatetimeIndex(counts.index), start, slope=slope)
    y = counts.to_numpy(float)
    fit = sm.GLM(y, design, family=sm.families.Poisson()).fit()
    null = sm.GLM(y, np.delete(design, 1, axis=1), family=sm.families.Poisson()).fit()
    residual = (y - fit.mu) / np.sqrt(fit.mu)
    dispersion = max(1.0, float(residual @ residual) / (len(y) - design.shape[1]))
    memory = _memory(residual, design.shape[1])
    if memory > _LARGEST_MEMORY:
        raise AnalysisError(
            "Each month resembles the one before too much (autocorrelation {memory}): a change of "
            "level cannot be told from a slow drift. Give places to compare with.",
            memory=round(memory, 2),
        )
    drawn = _drawn(null.mu, dispersion, memory, rng, draws)
    statistic = _levels(drawn, design)
    level = float(fit.params[1])
    spread = float(np.sqrt((statistic**2).mean()))
    reach = float(np.quantile(np.abs(statistic), 0.95))
    beyond = int((np.abs(statistic) >= abs(level)).sum())
    return Interruption(
        level=level,
        se=spread,
        lower=level - reach,
        upper=level + reach,
        slope=float(fit.params[2]) if slope else 0.0,
        p=(1 + beyond) / (1 + draws),
        memory=memory,
        dispersion=dispersion,
    )


def _design(months: pd.DatetimeIndex, start: pd.Timestamp, *, slope: bool) -> np.ndarray:
    time = np.arange(len(months), dtype=float)
    after = np.asarray(months >= start, dtype=float)
    angle = 2 * np.pi * months.month.to_numpy() / _YEAR
    columns = [np.ones(len(time)), after]
    if slope:
        columns.append(after * (time - time[after > 0].min()))
    columns.append((time - time.mean()) / _YEAR)
    columns += [wave(k * angle) for k in (1, 2) for wave in (np.cos, np.sin)]
    return np.column_stack(columns)


def _memory(residual: np.ndarray, used: int) -> float:
    """Return the first autocorrelation, with what fitting takes from it given back."""
    seen = float(residual[1:] @ residual[:-1] / (residual @ residual))
    # Residuals of a regression on k columns are pulled down by about k / n (Kendall).
    n = len(residual)
    return float(np.clip(seen + (used * (1 + seen)) / n, 0.0, 0.99))


def _drawn(
    mean: np.ndarray, dispersion: float, memory: float, rng: np.random.Generator, draws: int
) -> np.ndarray:
    """Draw series whose Pearson residuals have this variance and memory."""
    noise = rng.standard_normal((draws, len(mean)))
    path = noise.copy()
    for month in range(1, len(mean)):
        path[:, month] = memory * path[:, month - 1] + np.sqrt(1 - memory**2) * noise[:, month]
    drawn = mean + np.sqrt(dispersion * mean) * path
    return np.maximum(drawn, 0.0)


def _levels(drawn: np.ndarray, design: np.ndarray) -> np.ndarray:
    """Return the change of level of each series: Poisson regressions, all at once."""
    beta = np.zeros((len(drawn), design.shape[1]))
    beta[:, 0] = np.log(np.maximum(drawn.mean(axis=1), 1e-9))
    for _ in range(_STEPS):
        mu = np.exp(np.clip(beta @ design.T, -30, 30))
        score = (drawn - mu) @ design
        information = np.einsum("dt,ti,tj->dij", mu, design, design)
        step = np.linalg.solve(information, score[:, :, None])[:, :, 0]
        beta = beta + np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-8:  # noqa: PLR2004 - Newton has converged
            break
    return np.asarray(beta[:, 1])


def _check_events(counts: pd.Series, start: pd.Timestamp) -> None:
    months = pd.DatetimeIndex(counts.index)
    for key, span in (("before", months < start), ("after", months >= start)):
        if not counts[span].sum() > 0:
            raise AnalysisError(
                "In the cells “{key}” there were {observed} events and {expected} were to be "
                "expected: no ratio can be told. Pool more places or more months.",
                key=key,
                observed=0,
                expected=round(float(counts.mean()) * int(span.sum()), 1),
            )


def _check(counts: pd.Series, start: pd.Timestamp, draws: int) -> None:
    months = pd.DatetimeIndex(counts.index)
    whole = pd.date_range(months.min(), months.max(), freq="MS")
    missing = len(whole) - int(counts[~months.duplicated()].reindex(whole).notna().sum())
    missing += int(months.duplicated().sum())
    before, after = int((months < start).sum()), int((months >= start).sum())
    if missing or before < _LEAST_BEFORE or after < _LEAST_AFTER:
        raise AnalysisError(
            "The series lacks {missing} months and has {before} before the start and {after} "
            "after; {least_before} and {least_after} whole months are needed. Give a longer "
            "series.",
            missing=missing,
            before=before,
            after=after,
            least_before=_LEAST_BEFORE,
            least_after=_LEAST_AFTER,
        )
    if (counts < 0).any():
        raise AnalysisError("Some counts are missing or negative. Give complete counts.")
    _check_events(counts, start)
    if draws < _ENOUGH_DRAWS:
        raise AnalysisError(
            "{draws} draws are too few to tell a p-value of 0.05. Take {needed} or more.",
            draws=draws,
            needed=_ENOUGH_DRAWS,
        )
