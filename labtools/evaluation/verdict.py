"""What may be concluded from an interval, and what would be needed to know more."""

from __future__ import annotations

from typing import Literal

import numpy as np
import scipy

Verdict = Literal["better", "worse", "too_small", "not_yet_known"]
_POWER = 0.80


def verdict_on_change(lower: float, upper: float, *, worthwhile: float) -> Verdict:
    """Return the verdict on a change of something bad: crime, or people who feel unsafe.

    Parameters
    ----------
    lower, upper : float
        Limits of the change; below zero is better.
    worthwhile : float
        Smallest fall that would be worth the programme, positive, in the same unit; 0 where
        any would.
    """
    if not (np.isfinite(lower) and np.isfinite(upper)):
        return "not_yet_known"
    if upper < 0:
        return "better"
    if lower > 0:
        return "worse"
    # The whole interval lies nearer to nil than what would be worth it.
    return "too_small" if lower > -worthwhile else "not_yet_known"


def times_more(error: float, worthwhile: float, *, level: float) -> float:
    """Return how many times the data are needed to see a worthwhile fall with 80 % power.

    Parameters
    ----------
    error : float
        Standard error of the log ratio now; it falls with the root of the data.
    worthwhile : float
        Fall in per cent.
    level : float
        Cover of the interval by which it is decided.
    """
    seen = scipy.stats.norm.ppf((1 + level) / 2) + scipy.stats.norm.ppf(_POWER)
    return float((seen * error / abs(np.log1p(-worthwhile / 100))) ** 2)
