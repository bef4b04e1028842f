"""The scoreboard: what each model would have forecast, against what then happened.

Origins roll forward through the last months; a model learns from what was known at the first
of them, and at each one expects the months that follow.

When to use it: before any forecast is shown.  When not: with fewer than about three years of
months.

References
----------
Gneiting, T. & Raftery, A. E. (2007). Strictly proper scoring rules, prediction, and estimation.
JASA 102, 359-378. doi:10.1198/016214506000001437
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from labtools.analysis.forecast.baselines import History
from labtools.analysis.forecast.models import Expect, Model
from labtools.analysis.forecast.place_based import place_accuracy
from labtools.analysis.forecast.scores import score_counts
from labtools.errors import AnalysisError

LEVELS = (0.50, 0.80, 0.95)
SHARE_OF_PLACES = 0.10
_PIT_BINS = 10
_SURE = 0.95


@dataclass(frozen=True, slots=True)
class Backtest:
    """Forecasts that were judged.

    Attributes
    ----------
    cells : pandas.DataFrame
        One row for each model, origin, area and step: ``model``, ``origin``, ``area``,
        ``step``, ``observed``, ``mean``, ``size`` and the scores of
        :func:`~labtools.analysis.forecast.scores.score_counts`.
    learnt : mapping of str to callable
        By model: what it learnt at the first origin.
    surface : numpy.ndarray, optional
        Of each area; without it all are as large.
    """

    cells: pd.DataFrame
    learnt: dict[str, Expect]
    surface: np.ndarray | None = None


def backtest(
    history: History, models: Sequence[Model], *, origins: Sequence[int], steps: int = 3
) -> Backtest:
    """Forecast from each origin with what was known then, and score what followed.

    Parameters
    ----------
    origins : sequence of int
        Months known at each origin, increasing.

    Raises
    ------
    AnalysisError
        If the months after the last origin are not all there.
    """
    n_months = history.counts.shape[1]
    if max(origins) + steps > n_months:
        raise AnalysisError(
            "A backtest of {steps} months after month {origin} needs {needed} months, and there "
            "are {n}. Begin earlier.",
            steps=steps,
            origin=max(origins),
            needed=max(origins) + steps,
            n=n_months,
        )
    known_first = history.until(min(origins))
    learnt = {model.name: model.learn(known_first) for model in models}
    parts = [
        _judged(name, expect, history, origin, steps)
        for origin in origins
        for name, expect in learnt.items()
    ]
    areas = history.areas
    surface = None if areas is None else areas.reindex(history.counts.index).to_numpy(float)
    return Backtest(pd.concat(parts, ignore_index=True), learnt, surface)


def _judged(name: str, expect: Expect, history: History, origin: int, steps: int) -> pd.DataFrame:
    ahead = expect(history.until(origin), steps)
    observed = history.counts.iloc[:, origin : origin + steps].to_numpy(float, na_value=np.nan)
    scores = score_counts(observed.ravel(), ahead.mean.ravel(), ahead.size.ravel())
    n = len(observed)
    return scores.assign(
        model=name,
        origin=origin,
        area=np.repeat(np.arange(n), steps),
        step=np.tile(np.arange(steps), n),
        observed=observed.ravel(),
        mean=ahead.mean.ravel(),
        size=ahead.size.ravel(),
    )


def scoreboard(tested: Backtest, models: Sequence[Model]) -> pd.DataFrame:
    """Return one row for each model, and which one the product shows.

    A model is beaten where the 95 % interval of its difference from the best lies above zero,
    in CRPS or in logarithmic score, each with its own best; errors allow for areas and months
    that go together (clustered both ways).  Shown is the simplest that is not beaten, or the
    best in CRPS where each is beaten in one of them.

    Returns
    -------
    pandas.DataFrame
        ``model``, ``is_baseline``, ``counts`` (how many were forecast), ``log_score``,
        ``crps``, ``dss``, ``cover_50``, ``cover_80``, ``cover_95`` (share of counts inside the
        central intervals, by the probability integral transform), ``pit_departure`` (greatest
        distance of a tenth of it from even), ``hit_rate``, ``accuracy_index`` and
        ``efficiency_index`` of the tenth of places with the highest forecast, ``difference``
        with ``difference_lower`` and ``difference_upper`` (CRPS, from the best),
        ``log_difference`` and its limits (logarithmic score, from its best), ``shown``.
    """
    cells = tested.cells[tested.cells["observed"].notna()]
    by_model = cells.pivot(
        index=["origin", "step", "area"], columns="model", values=["crps", "log_score"]
    )
    crps, logs = by_model["crps"], by_model["log_score"]
    best, likeliest = str(crps.mean().idxmin()), str(logs.mean().idxmin())
    rows = []
    for model in models:
        own = cells[cells["model"] == model.name]
        low, middle, high = _difference(crps[model.name] - crps[best])
        log_low, log_middle, log_high = _difference(logs[model.name] - logs[likeliest])
        rows.append(
            {
                "model": model.name,
                "is_baseline": model.is_baseline,
                "counts": len(own),
                **own[["log_score", "crps", "dss"]].mean().to_dict(),
                **_calibration(own),
                **_places(own, tested.surface),
                "difference": middle,
                "difference_lower": low,
                "difference_upper": high,
                "log_difference": log_middle,
                "log_difference_lower": log_low,
                "log_difference_upper": log_high,
            }
        )
    table = pd.DataFrame(rows)
    not_beaten = (table["difference_lower"] <= 0) & (table["log_difference_lower"] <= 0)
    shown = not_beaten.idxmax() if not_beaten.any() else table["crps"].idxmin()
    return table.assign(shown=table.index == shown)


def inside_share(lower: np.ndarray, upper: np.ndarray, level: float) -> float:
    """Return the share of counts in the central interval of probability `level`.

    A count is a step of the distribution: it lies inside by the part of its step that does.
    """
    low, high = (1 - level) / 2, (1 + level) / 2
    overlap = np.clip(np.minimum(upper, high) - np.maximum(lower, low), 0, None)
    return float(np.mean(overlap / np.maximum(upper - lower, 1e-12)))


def _calibration(own: pd.DataFrame) -> dict[str, float]:
    lower, upper = own["pit_lower"].to_numpy(), own["pit_upper"].to_numpy()
    cover = {f"cover_{level * 100:.0f}": inside_share(lower, upper, level) for level in LEVELS}
    edges = np.linspace(0, 1, _PIT_BINS + 1)
    width = np.maximum(upper - lower, 1e-12)
    below = np.clip((edges[:, None] - lower) / width, 0, 1).mean(axis=1)
    departure = np.abs(np.diff(below) - 1 / _PIT_BINS).max()
    return {**cover, "pit_departure": float(departure)}


def _places(own: pd.DataFrame, surface: np.ndarray | None) -> dict[str, float]:
    found = []
    areas = None if surface is None else pd.Series(surface)
    for _, one in own.groupby("origin"):
        summed = one.groupby("area")[["mean", "observed"]].sum()
        if summed["observed"].sum():
            judged = place_accuracy(
                summed["mean"], summed["observed"], share=SHARE_OF_PLACES, areas=areas
            )
            found.append([judged.hit_rate, judged.accuracy_index, judged.efficiency_index])
    means = np.mean(found, axis=0) if found else np.full(3, np.nan)
    names = ("hit_rate", "accuracy_index", "efficiency_index")
    return dict(zip(names, map(float, means), strict=True))


def _difference(values: pd.Series) -> tuple[float, float, float]:
    """Return the interval of a mean whose cells go together by area and by month."""
    mean, n = float(values.mean()), len(values)
    away = values - mean
    month = [values.index.get_level_values("origin"), values.index.get_level_values("step")]
    by_month = away.groupby(month).sum()
    by_area = away.groupby(level="area").sum()
    squares = [
        (part**2).sum() * len(part) / max(1, len(part) - 1) for part in (by_month, by_area, away)
    ]
    variance = max(squares[0] + squares[1] - squares[2], squares[0], squares[1]) / n**2
    free = max(1, min(len(by_month), len(by_area)) - 1)
    reach = scipy.stats.t.isf((1 - _SURE) / 2, free) * np.sqrt(variance)
    return mean - reach, mean, mean + reach
