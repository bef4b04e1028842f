"""Every model that may make the forecast, from the simplest to the most complex.

A model is added by one line of :data:`MODELS`; the scoreboard then judges it beside the others,
and it is shown only where it is not beaten.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from labtools.analysis.forecast.ahead import forecast_steps
from labtools.analysis.forecast.baselines import (
    CountForecast,
    History,
    last_twelve_months,
    same_month_last_year,
    shrunken_counts,
)
from labtools.analysis.forecast.discounted import discounted_counts, fit_discount
from labtools.analysis.forecast.endemic_epidemic import EndemicEpidemicFit, fit_endemic_epidemic
from labtools.analysis.forecast.endemic_likelihood import Terms
from labtools.analysis.forecast.space_time import learn_space_time
from labtools.errors import AnalysisError

Expect = Callable[[History, int], CountForecast]
_LONGEST = 36
_LEAD = 2
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Model:
    """A way to expect the next months.

    Attributes
    ----------
    name : str
        Word of the vocabulary.
    learn : callable (History) -> Expect
        Learns from a history; what it returns expects the months after any history that goes
        on from there.
    is_baseline : bool
        Whether others have to beat it.
    needs_leads : bool
        Whether it uses other records that run ahead of crime.
    needs_traits : bool
        Whether it is worth its time only where traits of the areas are known.
    """

    name: str
    learn: Callable[[History], Expect]
    is_baseline: bool = False
    needs_leads: bool = False
    needs_traits: bool = False


def _as_it_is(expect: Expect) -> Callable[[History], Expect]:
    return lambda _history: expect


def _learn_discount(history: History) -> Expect:
    how = fit_discount(history)
    return lambda later, steps: discounted_counts(later, steps, how)


def _learn_space_time(history: History) -> Expect:
    try:
        return learn_space_time(history)
    except (AnalysisError, np.linalg.LinAlgError):
        # Too little to go by: it expects what a simpler model does, and cannot be chosen over it.
        return _learn_discount(history)


def _learn_endemic(history: History, *, with_leads: bool) -> Expect:
    first = max(0, history.counts.shape[1] - _LONGEST)
    known = _from(history, first)
    terms = Terms(rings=known.rings, trend=False, season=known.season)
    fit = fit_endemic_epidemic(
        known.counts, terms, covariates=lead_signs(known, 0) if with_leads else None
    )
    return partial(_expect_endemic, fit, first)


def _expect_endemic(
    fit: EndemicEpidemicFit, first: int, later: History, steps: int
) -> CountForecast:
    known = _from(later, first)
    with_leads = any(name in fit.coefficients for name in known.leads)
    signs = lead_signs(known, steps) if with_leads else {}
    ahead = {name: table.to_numpy()[:, -steps:] for name, table in signs.items()}
    return forecast_steps(fit, known.counts, steps, covariates=ahead)


def _from(history: History, first: int) -> History:
    leads = {name: table.iloc[:, first:] for name, table in history.leads.items()}
    return replace(history, counts=history.counts.iloc[:, first:], leads=leads)


def lead_signs(history: History, steps: int) -> dict[str, pd.DataFrame]:
    """Return what other records told before each month: of the area, and of those around it.

    Each sign is the logarithm of the area's records in the two months before, over those of all
    months before that; for months to come beyond the next it is the last one known.

    Parameters
    ----------
    steps : int
        Months after the history that get a sign, too.
    """
    signs = {}
    columns = range(history.counts.shape[1] + steps)
    for name, records in history.leads.items():
        values = records.to_numpy(float, na_value=np.nan)
        kinds = {name: values}
        if history.rings is not None:
            kinds[f"{name}_around"] = history.rings.rings[0] @ np.nan_to_num(values)
        for kind, counts in kinds.items():
            signs[kind] = pd.DataFrame(
                _sign(np.nan_to_num(counts), len(columns)), index=history.counts.index
            ).set_axis(_named(history, steps), axis=1)
    return signs


def _sign(counts: np.ndarray, length: int) -> np.ndarray:
    total = np.concatenate([np.zeros((len(counts), 1)), np.cumsum(counts, axis=1)], axis=1)
    sign = np.zeros((len(counts), length))
    for month in range(_LEAD + 1, length):
        end = min(month, counts.shape[1])
        usual = total[:, end - _LEAD] / (end - _LEAD)
        recent = (total[:, end] - total[:, end - _LEAD]) / _LEAD
        sign[:, month] = np.log((recent + _HALF) / (usual + _HALF))
    return sign


def _named(history: History, steps: int) -> pd.Index:
    columns = history.counts.columns
    ahead = [columns[-1] + pd.DateOffset(months=k) for k in range(1, steps + 1)]
    return pd.Index([*columns, *ahead])


MODELS: tuple[Model, ...] = (
    Model("same_month_last_year", _as_it_is(same_month_last_year), is_baseline=True),
    Model("last_twelve_months", _as_it_is(last_twelve_months), is_baseline=True),
    Model("shrunken_counts", _as_it_is(shrunken_counts), is_baseline=True),
    Model("discounted_counts", _learn_discount),
    Model("endemic_epidemic", partial(_learn_endemic, with_leads=False)),
    Model("space_time", _learn_space_time, needs_traits=True),
    Model("endemic_epidemic_leads", partial(_learn_endemic, with_leads=True), needs_leads=True),
)


def models_for(history: History) -> tuple[Model, ...]:
    """Return the models that the history has what they need for."""
    return tuple(
        model
        for model in MODELS
        if (history.leads or not model.needs_leads)
        and (history.traits is not None or not model.needs_traits)
    )
