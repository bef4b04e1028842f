"""Was it unusual?  Counts of a period against what the past led to expect, area by area.

The expectation is a distribution: levels shrunken towards the municipality's, recent counts
weighing more, the season of the whole municipality, and as much dispersion as past forecasts
of the same length showed.  Answers: increase, decrease, no distinguishable change.

When to use it: for a month, a quarter or a year that just ended.  When not: to say why, or to
judge a programme (colonias chosen because they were high fall by themselves).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import scipy

from labtools.analysis.dispersion import fit_line
from labtools.analysis.multiplicity import adjust_p_values
from labtools.analysis.risk.discount import discounted
from labtools.analysis.smoothing import fit_gamma_poisson
from labtools.errors import AnalysisError
from labtools.messages import Sentence, mark
from labtools.tables.shown import Shown

_YEAR = 12
_MOST_PAST = 12
_HALF = 0.5
_LEVEL = 0.95
_FALSE_DISCOVERY_RATE = 0.05


@dataclass(frozen=True, slots=True)
class Compared(Shown):
    """A period against its expectation.

    Attributes
    ----------
    table : pandas.DataFrame
        By area: ``observed``; ``expected``, and ``lower`` and ``upper`` (95 % of what may happen
        where nothing changed); ``ratio`` (observed over expected) with ``ratio_lower`` and
        ``ratio_upper``; ``q_value`` and ``verdict`` (increase, decrease, none, unknown).
    dispersion : pandas.Series
        By area, variance over mean of past errors, at least 1.
    complete : float
        Share of the events that are thought to have been recorded by now.
    """

    told_as: ClassVar[Sentence] = mark("What was recorded against what was to be expected")
    table: pd.DataFrame
    dispersion: pd.Series
    complete: float


def compare_with_expected(
    counts: pd.DataFrame, population: pd.Series, *, span: int, complete: float = 1.0
) -> Compared:
    """Compare the last `span` months with what the months before led to expect.

    Parameters
    ----------
    counts : pandas.DataFrame, shape (n_areas, n_months)
        Counts by month, the latest last; missing where not known.
    population : pandas.Series
        Residents by area.  An area without residents (an industrial park, a market) is judged
        by its own past alone.
    span : int
        Months of the period: 1, 3 or 12.
    complete : float
        Share of the period's events that were recorded when the data were cut; see
        ``labtools.sources.revisions``.  Expectations are lowered to it, so that late reports do
        not pass for a fall.

    Raises
    ------
    AnalysisError
        If fewer than `span` + 24 months are given, or the share is not above 0 and up to 1.

    References
    ----------
    Benjamini, Y. & Hochberg, Y. (1995). J. R. Stat. Soc. B 57, 289-300.
    """
    months = counts.shape[1]
    if months < span + 2 * _YEAR or not 0 < complete <= 1:
        raise AnalysisError(
            "An expectation for {span} months needs two years before them and a share of "
            "recorded events above 0 and up to 1; there are {months} months, and the share is "
            "{complete}. Use a shorter period or a longer file.",
            span=span,
            months=months,
            complete=complete,
        )
    mean, extra = _expected(counts, population, months - span, span)
    intercept, slope = _past_dispersion(counts, population, span)
    dispersion = intercept + slope * mean
    mean, extra = mean * complete, extra * complete**2
    observed = counts.iloc[:, -span:].sum(axis=1, min_count=span)
    return Compared(_judged(observed, mean, extra, dispersion), dispersion, complete)


def _expected(
    counts: pd.DataFrame, population: pd.Series, origin: int, span: int
) -> tuple[pd.Series, pd.Series]:
    """Return mean and variance of the expected counts of the months after `origin`."""
    past = counts.iloc[:, :origin]
    lived_in = population.reindex(counts.index).fillna(0.0) > 0
    at_risk = population.reindex(counts.index).where(lived_in, 1.0)
    told = discounted(past, at_risk, period_months=1)
    events, exposure = told["events"], told["exposure"].where(told["exposure"] > 0)
    fit = fit_gamma_poisson(events[lived_in], exposure[lived_in])
    years = at_risk * span / _YEAR * _season(past, span)
    if np.isinf(fit.shape):
        # Where nothing was ever counted, half an event: none is no proof that none can be.
        seen = max(fit.mean * fit.exposure, _HALF)
        mean = (seen / fit.exposure * years).where(exposure.notna())
        variance = mean**2 / max(seen, _HALF)
    else:
        shape = fit.shape + events
        mean = shape / (fit.inverse_scale + exposure) * years
        variance = mean**2 / shape
    # Without residents there is no rate to share with the others: the area's own past tells.
    alone = (events + _HALF) / exposure * years
    return mean.where(lived_in, alone), variance.where(lived_in, alone**2 / (events + _HALF))


def _season(past: pd.DataFrame, span: int) -> float:
    """Return how the coming months of the calendar stood to the year before them, on average."""
    total = past.sum(axis=0).to_numpy(float)
    if span >= _YEAR:
        return 1.0
    ratios = [
        total[start : start + span].mean() / total[start - _YEAR : start].mean()
        for start in range(len(total) - _YEAR, _YEAR - 1, -_YEAR)
        if total[start - _YEAR : start].sum() > 0
    ]
    return float(np.mean(ratios)) if ratios else 1.0


def _past_dispersion(counts: pd.DataFrame, population: pd.Series, span: int) -> tuple[float, float]:
    """Return the variance over mean of the errors of past expectations of the same length.

    As a line in the expected count: areas of every size have theirs.
    """
    squares, means = [], []
    latest = counts.shape[1] - 2 * span
    for origin in range(latest, 2 * _YEAR - 1, -span)[:_MOST_PAST]:
        mean, extra = _expected(counts, population, origin, span)
        seen = counts.iloc[:, origin : origin + span].sum(axis=1, min_count=span)
        both = mean.notna() & seen.notna()
        # The whole municipality moves too: only what an area does beside it is its dispersion.
        level = seen[both].sum() / mean[both].sum()
        squares.append(((seen - mean * level) ** 2 - extra).where(both))
        means.append((mean * level).where(both))
    if not means:
        return 1.0, 0.0
    known = pd.concat(means, axis=1).dropna()
    error = pd.concat(squares, axis=1).loc[known.index].sum(axis=1)
    held = known.sum(axis=1) > 0
    ratio = (error / known.sum(axis=1))[held].to_numpy()
    return fit_line(known.mean(axis=1)[held].to_numpy(), ratio) if len(ratio) else (1.0, 0.0)


def _judged(
    observed: pd.Series, mean: pd.Series, extra: pd.Series, dispersion: pd.Series
) -> pd.DataFrame:
    variance = dispersion * mean + extra
    size = (mean**2 / (variance - mean).clip(lower=1e-9)).fillna(1.0)
    law = scipy.stats.nbinom(size, size / (size + mean.fillna(1.0)))
    tail = (1 - _LEVEL) / 2
    known = observed.notna() & mean.notna()
    y = observed.fillna(0.0)
    p_value = pd.Series(np.minimum(1, 2 * np.minimum(law.cdf(y), law.sf(y - 1))), observed.index)
    error = np.sqrt(dispersion / (y + 0.5) + extra / mean**2)
    reach = scipy.stats.norm.ppf(1 - tail) * error
    table = pd.DataFrame(
        {
            "observed": observed,
            "expected": mean,
            "lower": pd.Series(law.ppf(tail), observed.index),
            "upper": pd.Series(law.ppf(1 - tail), observed.index),
            "ratio": observed / mean,
            "ratio_lower": (y + 0.5) / mean * np.exp(-reach),
            "ratio_upper": (y + 0.5) / mean * np.exp(reach),
        }
    ).where(known)
    q_value = adjust_p_values(p_value.where(known))
    found = q_value <= _FALSE_DISCOVERY_RATE
    verdict = pd.Series("none", observed.index, dtype="str").where(known, "unknown")
    verdict[found & (table["ratio"] > 1)] = "increase"
    verdict[found & (table["ratio"] < 1)] = "decrease"
    return table.assign(q_value=q_value, verdict=verdict)
