"""How many people the next wave must ask, for the city and for one area.

The sample must pass the lab's own rules of what may be shown (:class:`Precision`): not the
variation alone, but also the fewest people, as they are asked and as a simple sample would count
them, and the fewest blocks.

When to use it: before a wave goes out, and to say what sample would answer what this one could
not.  When not: to promise a figure of an area with fewer adults than the sample it asks for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from labtools.analysis.perception.estimates import Precision
from labtools.errors import AnalysisError

_RULES = Precision()
#: INEGI's classes: up to 15 % precise, up to 30 % to be used with caution.
PRECISE_CV, CAUTION_CV = _RULES.caution_cv, _RULES.maximum_cv


@dataclass(frozen=True, slots=True)
class Fieldwork:
    """How people are asked.

    Attributes
    ----------
    per_cluster : int
        People asked in each block.
    likeness : float
        How alike the answers of one block are (intraclass correlation).
    weighting : float
        What unequal weights cost: Kish's 1 + variation of the weights, squared.
    answering : float
        Share of people chosen who answer.
    finite : bool
        Whether the design of the survey declares how many there are to draw from: only then do
        verdicts count that whoever was asked cannot be asked again.
    """

    per_cluster: int
    likeness: float
    weighting: float = 1.0
    answering: float = 1.0
    finite: bool = False

    @property
    def design_effect(self) -> float:
        """Variance over that of a simple sample of as many people."""
        return (1 + (self.per_cluster - 1) * self.likeness) * self.weighting


def likeness_of(design_effect: float, per_cluster: float, *, weighting: float = 1.0) -> float:
    """Return the intraclass correlation that a design effect tells of, from 0 to 1.

    References
    ----------
    Kish, L. (1965). Survey Sampling, ch. 5 and 11.
    """
    if per_cluster <= 1:
        return 0.0
    return float(np.clip((design_effect / weighting - 1) / (per_cluster - 1), 0.0, 1.0))


def sample_plan(
    adults: pd.Series,
    *,
    share: float,
    fieldwork: Fieldwork,
    cv: float = PRECISE_CV,
    rules: Precision = _RULES,
) -> pd.DataFrame:
    """Return how many people must be asked in each area for a share with that variation.

    Parameters
    ----------
    adults : pandas.Series
        People of each area who can be asked; missing or zero: no plan.
    share : float
        Expected share; the variation is that of the rarer answer, as verdicts judge it.
    cv : float
        Coefficient of variation wanted.
    rules : Precision
        Those that will judge the figure.

    Returns
    -------
    pandas.DataFrame
        ``answers`` (people who answer), ``people`` (people chosen), ``clusters``, and
        ``reachable``: whether as many adults live there, before any is spared.

    Raises
    ------
    AnalysisError
        If the share is not between 0 and 1.
    """
    if not 0 < share < 1:
        raise AnalysisError(
            "A share of {share} needs no sample: nobody differs. Plan for one between 0 and 1.",
            share=share,
        )
    rarer = min(share, 1 - share)
    simple = (1 - rarer) / rarer / cv**2
    least = max(rules.minimum_effective * fieldwork.design_effect, rules.minimum_respondents)
    wanted = max(simple * fieldwork.design_effect, least)
    known = adults.where(adults > 0)
    # Whoever lives in an area can be asked only once: where a design declares it, people are
    # spared, but never below what rules ask for.
    spared = np.maximum(wanted / (1 + (wanted - 1) / known), least)
    answers = np.ceil(spared if fieldwork.finite else wanted + 0 * known)
    blocks = np.ceil(answers / fieldwork.per_cluster).clip(lower=rules.minimum_freedom + 1)
    return pd.DataFrame(
        {
            "answers": answers,
            "people": np.ceil(answers / fieldwork.answering),
            "clusters": blocks,
            "reachable": np.ceil(wanted / fieldwork.answering) <= known,
        }
    )
