"""How many people the next wave must ask, for the city and for one area.

When to use it: before a wave goes out, and to say what sample would answer what this one could
not.  When not: to promise a figure of an area with fewer adults than the sample it asks for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from labtools.errors import AnalysisError

#: INEGI's classes: up to 15 % precise, up to 30 % to be used with caution.
PRECISE_CV, CAUTION_CV = 0.15, 0.30


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
    """

    per_cluster: int
    likeness: float
    weighting: float = 1.0
    answering: float = 1.0

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
    adults: pd.Series, *, share: float, fieldwork: Fieldwork, cv: float = PRECISE_CV
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

    Returns
    -------
    pandas.DataFrame
        ``answers`` (people who answer), ``people`` (people chosen), ``clusters``, and
        ``reachable``: whether as many adults live there.

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
    wanted = simple * fieldwork.design_effect
    known = adults.where(adults > 0)
    # Whoever lives in an area can be asked only once: the finite population spares people.
    answers = np.ceil(wanted / (1 + (wanted - 1) / known))
    people = np.ceil(answers / fieldwork.answering)
    return pd.DataFrame(
        {
            "answers": answers,
            "people": people,
            "clusters": np.ceil(answers / fieldwork.per_cluster),
            "reachable": people <= known,
        }
    )
