"""What one design says of a programme's crimes, in a form that all designs share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import scipy

from labtools.messages import Sentence, mark
from labtools.tables.shown import Shown

Limits = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Estimate(Shown):
    """Events of the programme against those to be expected without it.

    Attributes
    ----------
    log_ratio, lower, upper : float
        In logarithms, with the limits that the protocol's level asks for.
    se : float
        Standard error; where limits come from placebos, that of a normal with such limits.
    p : float
        Of no effect.
    observed : float
        Events of its places in the programme.
    places, compared : int
        How many were in it, and how many compare.
    """

    told_as: ClassVar[Sentence] = mark("Events of the programme against those to be expected")
    log_ratio: float
    lower: float
    upper: float
    se: float
    p: float
    observed: float
    places: int
    compared: int

    @property
    def limits(self) -> Limits:
        """The log ratio with its limits."""
        return self.log_ratio, self.lower, self.upper

    @property
    def expected(self) -> float:
        """Events that were to be expected without the programme."""
        return float(self.observed / np.exp(self.log_ratio))


def error_within(lower: float, upper: float, level: float) -> float:
    """Return the standard error of a normal with these limits."""
    return float((upper - lower) / (2 * scipy.stats.norm.ppf((1 + level) / 2)))
