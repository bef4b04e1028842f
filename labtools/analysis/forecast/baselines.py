"""Simple expectations of the next months, which any model has to beat before it is shown.

Each is a whole distribution: a plain number cannot be judged, nor give alarm.

When to use them: always, as the bar; and as the answer where nothing beats them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
import pandas as pd

from labtools.analysis.forecast.contagion import Rings
from labtools.analysis.forecast.endemic_epidemic import fill_gaps
from labtools.analysis.smoothing import fit_gamma_poisson
from labtools.errors import AnalysisError
from labtools.messages import Sentence, mark
from labtools.tables.shown import Shown

_HALF = 0.5


@dataclass(frozen=True, slots=True)
class CountForecast(Shown):
    """Distributions of the counts to come, one for each area and step.

    Attributes
    ----------
    mean : numpy.ndarray, shape (n_areas, n_steps)
    size : numpy.ndarray, shape (n_areas, n_steps)
        Of the negative binomial (the variance is ``mean + mean**2 / size``); infinite for
        Poisson.
    """

    told_as: ClassVar[Sentence] = mark("Forecast of counts")
    mean: np.ndarray
    size: np.ndarray


@dataclass(frozen=True, slots=True)
class History:
    """What is known when a forecast is made.

    Attributes
    ----------
    counts : pandas.DataFrame, shape (n_areas, n_months)
        Columns are the first days of consecutive months.
    rings : Rings, optional
        Neighbours of the areas, in the order of `counts`.
    leads : mapping of str to pandas.DataFrame
        Other records that may run ahead of crime, of the shape of `counts`.
    season : int
        Columns in a year: 12 for months.
    areas : pandas.Series, optional
        Surface of each area, by the index of `counts`; without it all are as large.
    traits : pandas.DataFrame, optional
        Of each area: see :func:`labtools.analysis.risk.traits.traits_of_level`.
    programme : pandas.DataFrame, optional
        Of the shape of `counts`: share of the month in which the area was in a programme.
    """

    counts: pd.DataFrame
    rings: Rings | None = None
    leads: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    season: int = 12
    areas: pd.Series | None = None
    traits: pd.DataFrame | None = None
    programme: pd.DataFrame | None = None

    def until(self, months: int) -> History:
        """Return the history as it was known after its first `months`."""
        leads = {name: table.iloc[:, :months] for name, table in self.leads.items()}
        return replace(
            self,
            counts=self.counts.iloc[:, :months],
            leads=leads,
            programme=None if self.programme is None else self.programme.iloc[:, :months],
        )

    def values(self) -> np.ndarray:
        """Return the counts, a gap filled by the mean of its area."""
        return fill_gaps(self.counts.to_numpy(float, na_value=np.nan))


def same_month_last_year(history: History, steps: int) -> CountForecast:
    """Expect each month what the area had in the same month a year ago.

    The rate behind one month's count *y* is taken as gamma of shape *y* + ½ (Jeffreys).
    """
    year = history.season
    before = _whole_years(history, 1)[:, -year:][:, np.arange(steps) % year] + _HALF
    return CountForecast(before, before)


def last_twelve_months(history: History, steps: int) -> CountForecast:
    """Expect each month the mean of the area's last twelve, whatever the season."""
    total = _whole_years(history, 1)[:, -history.season :].sum(axis=1) + _HALF
    return _level(total / history.season, total, steps)


def shrunken_counts(history: History, steps: int) -> CountForecast:
    """Expect the mean of the last twelve months, drawn towards that of all areas.

    Rates of areas are gamma, counts Poisson given the rate (empirical Bayes); see
    :func:`labtools.analysis.smoothing.fit_gamma_poisson`.
    """
    total = _whole_years(history, 1)[:, -history.season :].sum(axis=1)
    counts = pd.Series(total)
    fit = fit_gamma_poisson(counts, pd.Series(float(history.season), index=counts.index))
    if np.isinf(fit.shape):
        shape = np.full(len(total), fit.mean * fit.exposure + _HALF)
        return _level(shape / fit.exposure, shape, steps)
    shape = total + fit.shape
    return _level(shape / (fit.inverse_scale + history.season), shape, steps)


def _level(mean: np.ndarray, size: np.ndarray, steps: int) -> CountForecast:
    shape = (steps, len(mean))
    return CountForecast(np.broadcast_to(mean, shape).T, np.broadcast_to(size, shape).T)


def _whole_years(history: History, years: int) -> np.ndarray:
    y = history.values()
    if y.shape[1] < years * history.season:
        raise AnalysisError(
            "This forecast needs the counts of at least {needed} months, and there are {n}. "
            "Wait until they are there.",
            needed=years * history.season,
            n=y.shape[1],
        )
    return y
