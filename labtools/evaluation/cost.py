"""What it cost to avert one crime, or for one more person to feel safe, with intervals.

When to use it: next to the effect, never instead of it.  When not: if the effect cannot be
told from nil: the cost then has no upper limit, and that is what is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from labtools.errors import AnalysisError
from labtools.messages import Sentence, mark
from labtools.tables.shown import Shown


@dataclass(frozen=True, slots=True)
class UnitCost(Shown):
    """Money for each unit of good.

    Attributes
    ----------
    value : float
        At the estimate; missing where it is no good at all.
    lower, upper : float
        At the ends of the interval; `upper` is infinite where the interval holds nil.
    """

    told_as: ClassVar[Sentence] = mark("Cost of each averted event")
    value: float
    lower: float
    upper: float


def averted(expected: float, interval: tuple[float, float, float]) -> tuple[float, float, float]:
    """Return the events averted (estimate, fewest, most) from a log ratio and its limits.

    Parameters
    ----------
    expected : float
        Events that were to be expected without the programme.
    interval : tuple of float
        Log ratio, lower and upper limit.
    """
    value, lower, upper = (expected * (1 - np.exp(limit)) for limit in interval)
    return float(value), float(upper), float(lower)


def unit_cost(cost: float, good: tuple[float, float, float]) -> UnitCost:
    """Return the cost of each unit of good (estimate, least, most).

    Raises
    ------
    AnalysisError
        If the cost is not positive, or the least good exceeds the most.
    """
    value, least, most = good
    if not (cost > 0 and least <= value <= most):
        raise AnalysisError(
            "A cost of {cost} for {least} to {most} cannot be shared out. Give a positive cost, "
            "and limits around the estimate.",
            cost=cost,
            least=round(least, 1),
            most=round(most, 1),
        )
    return UnitCost(
        value=cost / value if value > 0 else np.nan,
        lower=cost / most if most > 0 else np.nan,
        upper=cost / least if least > 0 else np.inf,
    )
