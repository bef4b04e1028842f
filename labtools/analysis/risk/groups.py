"""What the other groups of crimes tell of a group with few events.

Where there is much of one kind of crime there is often much of another.  The pattern of the
others, each area's drawn towards the city's rate as far as it has little to tell, enters the
model of a group as a covariate: its coefficient says how far the groups go together, and is
near zero where they do not.  The pattern is an estimate: what its error adds to a level is
handed over too, so that intervals stay as wide as they should be.

When to use it: for a group of crimes beside others of the same city.  When not: for the total,
which holds them all, or to say that one kind of crime brings the other.

References
----------
Knorr-Held, L. & Best, N. G. (2001). A shared component model for detecting joint and selective
clustering of two diseases. J. R. Stat. Soc. A 164, 73-85. doi:10.1111/1467-985X.00187 (the aim)
Carroll, R. J. et al. (2006). Measurement Error in Nonlinear Models, 2nd ed., ch. 4.
doi:10.1201/9781420010138 (an expected value in place of what is not seen)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from labtools.analysis.smoothing import fit_gamma_poisson
from labtools.errors import AnalysisError

_STEPS, _NEAR = 30, 1e-8
_LONGEST = 1.0


@dataclass(frozen=True, slots=True)
class Pattern:
    """The other groups' pattern, as a covariate of a level.

    Attributes
    ----------
    level : pandas.Series
        By area, expected logarithm of the others' rate, standardised; zero (the mean) where
        nothing is known of them.
    doubt : pandas.Series
        By area, standard deviation of what its error adds to the group's own level.
    """

    level: pd.Series
    doubt: pd.Series


def pattern_of_others(
    own: tuple[pd.Series, pd.Series], others: tuple[pd.Series, pd.Series]
) -> Pattern | None:
    """Return the pattern of the other groups; None where they tell no area from another.

    Parameters
    ----------
    own, others : (pandas.Series, pandas.Series)
        Events and exposure by area, of the group and of all other groups together, as Poisson's:
        :meth:`labtools.analysis.risk.surfaces.NoisyCounts.effective`.
    """
    events, exposure = others
    try:
        fit = fit_gamma_poisson(events, exposure)
    except AnalysisError:
        return None
    if np.isinf(fit.shape):
        return None
    known = events.notna() & (exposure > 0)
    shape = fit.shape + events[known]
    log_rate = scipy.special.digamma(shape) - np.log(fit.inverse_scale + exposure[known])
    spread = float(log_rate.std())
    level = ((log_rate - log_rate.mean()) / spread).reindex(events.index).fillna(0.0)
    of_nobody = scipy.special.polygamma(1, fit.shape)
    error = np.sqrt(pd.Series(scipy.special.polygamma(1, shape), shape.index)) / spread
    error = error.reindex(events.index).fillna(np.sqrt(of_nobody) / spread)
    return Pattern(level, abs(_slope(*own, level)) * error)


def _slope(events: pd.Series, exposure: pd.Series, level: pd.Series) -> float:
    """Return the coefficient of `level` in a Poisson regression of the group's own events."""
    known = events.notna() & (exposure > 0)
    y, at_risk = events[known].to_numpy(float), exposure[known].to_numpy(float)
    if not y.sum():
        return 0.0
    x = np.column_stack([np.ones(len(y)), level[known].to_numpy(float)])
    beta = np.array([np.log(y.sum() / at_risk.sum()), 0.0])
    for _ in range(_STEPS):
        mean = at_risk * np.exp(x @ beta)
        # The prior of the coefficient in the model, so that a slope cannot run away.
        bend = x.T @ (mean[:, None] * x) + np.diag([0.0, 1.0])
        step = np.linalg.solve(bend, x.T @ (y - mean) - np.array([0.0, beta[1]]))
        beta = beta + np.clip(step, -_LONGEST, _LONGEST)
        if np.abs(step).max() < _NEAR:
            break
    return float(beta[1])
