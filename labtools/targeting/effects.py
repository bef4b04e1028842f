"""What an action may be expected to do here: draws, made of verified evidence only.

Three doubts are in each draw.  Which review is right, where they differ (one is taken at
random).  The review's own interval; where it gave neither interval nor range, a standard
error of `UNSAID` on the log scale: that of the middle one of the catalogue's figures on places
that do have an interval.  A finding of no effect has its doubt too: its interval around its
figure, or `UNSAID` around nothing.  And how much of an effect measured
elsewhere carries over: anything from nothing to all of it, each as likely (so that on average
half of a published effect is expected).  That last one is a choice, not a measurement: where an
evaluation of the lab's own measured the action here, its figure takes the place of all three
(combined with the published ones where together they are five or more).

Where no verified figure exists there are no draws: the effect is unknown, not nil.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
import scipy

from labtools.targeting.catalogue import RATIOS, Effect, Intervention, Outcome, as_log_ratio

#: Standard error on the log scale of a figure whose source, as seen, gave no interval: a choice.
UNSAID = 0.15
_LEVEL = 0.95  # of an interval whose source, as seen, does not say its level


def is_quantified(intervention: Intervention, outcome: Outcome) -> bool:
    """Return whether a verified figure says what it does to `outcome` in a place."""
    used = [effect for effect in intervention.about(outcome) if effect.used]
    return intervention.scale == "place" and any(effect.value is not None for effect in used)


def effect_draws(
    interventions: Iterable[Intervention],
    outcome: Outcome,
    *,
    size: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return draws of the relative change of `outcome` where each action is done.

    Parameters
    ----------
    size : int
        Number of draws.

    Returns
    -------
    pandas.DataFrame, shape (size, n_quantified)
        -0.2 is a fall of a fifth; columns are the interventions with a verified figure.
    """
    columns = {}
    for one in interventions:
        # A stream of its own for each action: leaving one out changes no other.
        own = rng.spawn(1)[0]
        if is_quantified(one, outcome):
            used = [effect for effect in one.about(outcome) if effect.used]
            columns[one.id] = np.expm1(_carried_over(used, size, own))
    return pd.DataFrame(columns, index=pd.RangeIndex(size, name="draw"))


def published_logs(effects: Iterable[Effect]) -> pd.DataFrame:
    """Return ``log_ratio`` and ``se`` of each effect.

    Missing where its source gave no ratio, or (`se`) no interval.
    """
    rows = []
    for effect in effects:
        if effect.value is None or effect.measure not in RATIOS:
            rows.append((np.nan, np.nan))
            continue
        sign = -1 if effect.reverse else 1
        rows.append((sign * as_log_ratio(effect, effect.value), _error(effect)))
    return pd.DataFrame(rows, columns=["log_ratio", "se"], dtype=float)


def _error(effect: Effect) -> float:
    if effect.interval is None:
        return float("nan")
    low, high = (as_log_ratio(effect, end) for end in effect.interval)
    level = effect.interval_level or _LEVEL
    return (high - low) / (2 * float(scipy.special.ndtri((1 + level) / 2)))


def _carried_over(used: list[Effect], size: int, rng: np.random.Generator) -> np.ndarray:
    own = [effect for effect in used if effect.local]
    if own:
        # One of them at random, as with reviews: their mean would count twice what both were
        # combined with, and hide that they differ.
        measured = np.column_stack([_log_ratio(effect, size, rng) for effect in own])
        return np.asarray(measured[np.arange(size), rng.integers(0, len(own), size)])
    logs = np.column_stack([_log_ratio(effect, size, rng) for effect in used])
    chosen = rng.integers(0, len(used), size)
    return np.asarray(logs[np.arange(size), chosen] * rng.random(size))


def _log_ratio(effect: Effect, size: int, rng: np.random.Generator) -> np.ndarray:
    noise = rng.standard_normal(size)
    between = rng.random(size)
    if effect.value is None:
        return np.asarray(UNSAID * noise)
    low = as_log_ratio(effect, effect.value)
    high = low if effect.upto is None else as_log_ratio(effect, effect.upto)
    error = _error(effect)
    if np.isnan(error):
        error = UNSAID if effect.upto is None else 0.0
    log = low + (high - low) * between + noise * error
    return np.asarray(-log if effect.reverse else log)
