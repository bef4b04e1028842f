"""One long series of counts, interrupted: did its level change at the start.

When to use it: the whole municipality at once, no comparison, three years before or more.
When not: if something else began in the same months; nothing here can tell them apart.  Its error
is taken from the slow waves that are left, as slow as a change of level is: months moved by shocks
that last do not pass for change (reports/studies/evaluation_tests.json), and intervals are a fifth
wider than where all months were unrelated.  Nor where half of what moves months lasts for years:
a test of 5 % then errs 10 % of the time; places to compare with mend that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from labtools.errors import AnalysisError

_MONTHS, _QUARTERS = 12, 4
_YEARS_BEFORE, _YEARS_AFTER = 2, 1 / 2
_ENOUGH_DRAWS = 199
#: Slow waves that tell the error.  Six err 4 to 7 % of the time in the worlds of the study, also
#: where shocks last (0.7 from month to month), and 10 % where half of the variance lasts at 0.9;
#: four are safe there too, at intervals a tenth wider, and err 1 % where a city has a slow path.
_WAVES = 6
#: Share of a wave that trend, season and level must leave for it to tell anything.
_LEFT = 0.3
_MOST_MEMORY = 0.99


@dataclass(frozen=True, slots=True)
class Interruption:
    """The change of level at the start, in logarithms.

    Attributes
    ----------
    level, se, lower, upper : float
        Log ratio of the level just after the start to the one expected, and its interval.
    slope : float
        Change of the log level per month, or quarter, from then on.
    p : float
        Of no change of level, from series drawn with the same memory and no change; each is
        measured by its own slow waves, so that what is wrong in the memory hardly matters.
    memory : float
        Autocorrelation of one month or quarter with the next, left after trend and season.
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
    draws: int = 1_999,
    cover: float = 0.95,
) -> Interruption:
    """Return the change of a series at `start`, with trend, season and memory.

    Its error is the size of the slowest waves that trend, season and level leave (a long-run
    variance), and its distribution that of series with the autocorrelation seen: with a plain
    Poisson error, months that resemble the month before pass for change.

    Parameters
    ----------
    counts : pandas.Series
        Events by month, or by quarter (DatetimeIndex of first days, none missing).
    start : pandas.Timestamp
        First month or quarter with the programme.
    slope : bool
        Whether the slope may change too; the interval of the level is then wider.
    draws : int
        Series drawn without change.
    cover : float
        Of the interval.

    Raises
    ------
    AnalysisError
        If months are missing, or there are too few before or after the start.

    References
    ----------
    Lopez Bernal, J., Cummins, S. & Gasparrini, A. (2017). International Journal of Epidemiology
    46, 348-355. doi:10.1093/ije/dyw098
    Sun, Y. (2013). A heteroskedasticity and autocorrelation robust F test using an orthonormal
    series variance estimator. Econometrics Journal 16, 1-26.
    doi:10.1111/j.1368-423X.2012.00390.x
    Goncalves, S. & Vogelsang, T. J. (2011). Block bootstrap HAC robust tests. Econometric Theory
    27, 745-791. doi:10.1017/S0266466610000496
    """
    _check(counts, start, draws)
    design = _design(pd.DatetimeIndex(counts.index), start, slope=slope)
    y = counts.to_numpy(float)
    from statsmodels.genmod.families import Poisson  # noqa: PLC0415 - statsmodels loads only where it fits
    from statsmodels.genmod.generalized_linear_model import GLM  # noqa: PLC0415 - as above

    fit = GLM(y, design, family=Poisson()).fit()
    residual = (y - fit.mu) / np.sqrt(fit.mu)
    used = design.shape[1]
    memory = _memory(residual, used)
    seen, waves, moved = _directions(design * np.sqrt(fit.mu)[:, None])
    se = float(np.sqrt(((residual @ waves) ** 2).mean())) / moved
    drawn = _drawn(len(y), memory, rng, draws)
    against = np.abs(drawn @ seen) / np.sqrt(((drawn @ waves) ** 2).mean(axis=1))
    level = float(fit.params[1])
    reach = float(np.quantile(against, cover)) * se
    return Interruption(
        level=level,
        se=se,
        lower=level - reach,
        upper=level + reach,
        slope=float(fit.params[2]) if slope else 0.0,
        p=(1 + int((against * se >= abs(level)).sum())) / (1 + draws),
        memory=memory,
        dispersion=max(1.0, float(residual @ residual) / (len(y) - used)),
    )


def _design(times: pd.DatetimeIndex, start: pd.Timestamp, *, slope: bool) -> np.ndarray:
    year = _a_year(times)
    time = np.arange(len(times), dtype=float)
    after = np.asarray(times >= start, dtype=float)
    angle = 2 * np.pi * times.month.to_numpy() / _MONTHS
    columns = [np.ones(len(time)), after]
    if slope:
        columns.append(after * (time - time[after > 0].min()))
    columns.append((time - time.mean()) / year)
    columns += [np.cos(angle), np.sin(angle), np.cos(2 * angle), np.sin(2 * angle)]
    # Four quarters of a year have three differences, and no second sine.
    return np.column_stack(columns if year == _MONTHS else columns[:-1])


def _a_year(times: pd.DatetimeIndex) -> int:
    """Return how many periods a year has: quarters where all begin one, else months."""
    return _QUARTERS if (times.month % 3 == 1).all() and len(times) > 1 else _MONTHS


def _memory(residual: np.ndarray, used: int) -> float:
    """Return the first autocorrelation, with what fitting takes from it given back."""
    seen = float(residual[1:] @ residual[:-1] / (residual @ residual))
    # Residuals of a regression on k columns are pulled down by about k / n (Kendall).
    n = len(residual)
    return float(np.clip(seen + (used * (1 + seen)) / n, 0.0, _MOST_MEMORY))


def _directions(weighed: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the direction that tells the level, slow waves beside it, and how far it moves.

    All are of length 1 and at right angles: where months are unrelated, the level over the size
    of the waves is Student's t.

    Parameters
    ----------
    weighed : numpy.ndarray, shape (n_months, n_columns)
        The design in units in which months vary alike; the level is its second column.
    """
    n = len(weighed)
    others = scipy.linalg.orth(np.delete(weighed, 1, axis=1))
    own = weighed[:, 1] - others @ (others.T @ weighed[:, 1])
    moved = float(np.linalg.norm(own))
    taken = np.column_stack([others, own / moved])
    kept: list[np.ndarray] = []
    for number in range(1, n):
        wave = np.cos(np.pi * number * (np.arange(n) + 0.5) / n)
        rest = wave - taken @ (taken.T @ wave)
        if np.linalg.norm(rest) > _LEFT * np.linalg.norm(wave):
            kept.append(rest / np.linalg.norm(rest))
            taken = np.column_stack([taken, kept[-1]])
        if len(kept) == _WAVES:
            break
    return own / moved, np.column_stack(kept), moved


def _drawn(months: int, memory: float, rng: np.random.Generator, draws: int) -> np.ndarray:
    """Draw series of this memory, of variance 1."""
    from scipy import signal  # noqa: PLC0415 - it takes as long to load as all of pandera

    noise = rng.standard_normal((draws, months))
    noise[:, 1:] *= np.sqrt(1 - memory**2)
    return np.asarray(signal.lfilter([1.0], [1.0, -memory], noise, axis=1))


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
    times = pd.DatetimeIndex(counts.index)
    year = _a_year(times)
    whole = pd.date_range(times.min(), times.max(), freq="QS" if year == _QUARTERS else "MS")
    missing = len(whole) - int(counts[~times.duplicated()].reindex(whole).notna().sum())
    missing += int(times.duplicated().sum())
    before, after = int((times < start).sum()), int((times >= start).sum())
    if missing or before < _YEARS_BEFORE * year or after < _YEARS_AFTER * year:
        raise AnalysisError(
            "The series lacks {missing} months or quarters and has {before} before the start and "
            "{after} after; {least_before} and {least_after} of them are needed. Give a longer "
            "series.",
            missing=missing,
            before=before,
            after=after,
            least_before=_YEARS_BEFORE * year,
            least_after=round(_YEARS_AFTER * year),
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
