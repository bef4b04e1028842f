"""What an evaluation adds to the evidence: a local estimate, beside the published ones.

When to use it: after a month of decision, once the run was verified.  When not: for what was
read ahead or whose plan was sealed late; that would teach the lab its own wishes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from labtools.errors import AnalysisError
from labtools.evaluation.meta_analysis import combine_effects

_SPOILS = ("deviation-sealed_late", "deviation-sealed_again", "refused")
_NO_VERDICT = ("read_ahead", "not_comparable", "recording_changed")
_PERCENT = 100.0
#: Of fewer, the variance between places is often put at none, and the published ones would drown
#: what was measured here.
FEWEST_COMBINED = 5


@dataclass(frozen=True, slots=True)
class LocalEstimate:
    """What one sealed evaluation found of recorded crime.

    Attributes
    ----------
    protocol, run : str
        Where it comes from.
    log_ratio, se : float
        Events over those to be expected, in logarithms, and its standard error.
    places : int
        Colonias of the programme.
    freedom : int
        Degrees of freedom of the error.
    """

    protocol: str
    run: str
    log_ratio: float
    se: float
    places: int
    freedom: int


def local_estimate(
    protocol: str, results: pd.DataFrame, facts: pd.DataFrame, *, run: str
) -> LocalEstimate:
    """Return what an evaluation may teach.

    Parameters
    ----------
    results, facts : pandas.DataFrame
        Canonical tables ``evaluation`` and ``evaluation_facts``.

    Raises
    ------
    AnalysisError
        If there is no result, it was read ahead, there was no comparison, or its plan was sealed
        late or changed.
    """
    told = facts[facts["protocol"] == protocol].set_index("fact")
    chosen = results[(results["protocol"] == protocol) & (results["outcome"] == "crime")]
    effect = chosen[chosen["aspect"] == "effect"]
    spoilt = tuple(name for name in _SPOILS if name in told.index)
    if effect.empty or spoilt or effect["verdict"].isin(_NO_VERDICT).any():
        raise AnalysisError(
            "The evaluation {protocol} teaches nothing yet: it has no result at a month of "
            "decision, its places had none to compare with, recording changed, or its plan was "
            "sealed late, changed or refused ({why}). Wait for the next month of decision, and "
            "seal the next plan before the entry.",
            protocol=protocol,
            why=spoilt or ("—",),
        )
    row = effect.iloc[0]
    with np.errstate(divide="ignore"):  # a fall of all has no logarithm, and no error
        value, low, high = (np.log1p(row[end] / _PERCENT) for end in ("value", "lower", "upper"))
    # A series compares with its own past: nobody else.
    fewest = int(row["places"] if pd.isna(row["compared"]) else min(row["places"], row["compared"]))
    level = float(told.loc["level", "number"])
    se = (high - low) / (2 * scipy.stats.t.ppf((1 + level) / 2, fewest - 1))
    return LocalEstimate(protocol, run, float(value), float(se), int(row["places"]), fewest - 1)


@dataclass(frozen=True, slots=True)
class Posterior:
    """What the action does here, of the local estimate and the published ones.

    Attributes
    ----------
    log_ratio, se : float
    studies : int
        The local one among them; 1 where it stands alone.
    freedom : float
        Degrees of freedom of the error; infinite where several estimates are combined.
    """

    log_ratio: float
    se: float
    studies: int
    freedom: float

    def change(self, level: float) -> tuple[float, float, float]:
        """Per cent, with its limits."""
        reach = scipy.stats.t.ppf((1 + level) / 2, self.freedom) * self.se
        value, low, high = (
            float(_PERCENT * np.expm1(self.log_ratio + step)) for step in (0.0, -reach, reach)
        )
        return value, low, high


def here(own: LocalEstimate, logs: pd.Series, errors: pd.Series) -> Posterior:
    """Return what the action does here: the local estimate, drawn towards the published mean.

    By as much as its error exceeds the variance between places (random effects, REML).  With
    fewer than five estimates in all that variance cannot be told, and the local one stands alone.

    Parameters
    ----------
    logs, errors : pandas.Series
        Published log ratios of events and their standard errors, one for each study; may be none.

    References
    ----------
    Higgins, J. P. T., Thompson, S. G. & Spiegelhalter, D. J. (2009). A re-evaluation of
    random-effects meta-analysis. JRSS A 172, 137-159. doi:10.1111/j.1467-985X.2008.00552.x
    """
    if len(logs) + 1 < FEWEST_COMBINED:
        return Posterior(own.log_ratio, own.se, 1, own.freedom)
    found = combine_effects(pd.Series([*logs, own.log_ratio]), pd.Series([*errors, own.se]))
    weight = found.tau2 / (found.tau2 + own.se**2)
    variance = weight * own.se**2 + ((1 - weight) * found.se) ** 2
    value = found.effect + weight * (own.log_ratio - found.effect)
    return Posterior(float(value), float(np.sqrt(variance)), found.studies, np.inf)
