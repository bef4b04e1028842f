"""Traits of colonias in the level of risk: how far they count is told by the counts.

A colonia with few events is expected what colonias like it have, as far as the city's counts
say that those alike in a trait are alike in risk: the coefficients have one normal prior whose
deviation is itself a parameter with a penalised-complexity prior.  Where traits say nothing it
falls to zero and nothing is lost; traits that say the same share what they say.  A colonia
with a missing value gets the mean of the others, and a trait of its own says so: where
figures are missing need not be where things are as everywhere.

When to use it: for the level of recorded risk where events are few.  When not: to explain risk
(that is :mod:`labtools.analysis.risk.factors`), and never with a trait that is itself crime, or
what people feel about it: fear is set beside crime, and must not be in it.

References
----------
Simpson, D. et al. (2017). Penalising model component complexity. Statistical Science 32, 1-28.
doi:10.1214/16-STS576
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from labtools.analysis.risk.factors import prepare_traits
from labtools.errors import AnalysisError

RESIDENTS, NOT_KNOWN = "residents", "not_known"


def traits_of_level(values: pd.DataFrame, population: pd.Series) -> pd.DataFrame | None:
    """Return standardised traits without a gap; None where there are none.

    Parameters
    ----------
    values : pandas.DataFrame, shape (n_areas, n_traits)
        As they are told; it may have gaps, or no column.
    population : pandas.Series
        Residents by area: rates need not be alike in large and in small ones, so that the
        logarithm of it is a trait, too.

    Returns
    -------
    pandas.DataFrame or None
        In the order of `population`: the traits that vary and are known in half of the areas,
        their gaps filled with the mean (zero); ``residents``; and ``not_known``, standardised,
        of areas in which some trait is missing, where that is so in some and not in all.
    """
    told = values.reindex(population.index).astype(float)
    people = population.astype(float)
    told = told.assign(**{RESIDENTS: np.log(people.where(people > 0))})
    known = told.loc[:, told.notna().mean() >= 0.5]  # noqa: PLR2004 - a half
    gaps = known.isna().any(axis=1).astype(float)
    try:
        traits = prepare_traits(known.assign(**{NOT_KNOWN: gaps}))
    except AnalysisError:
        return None
    return traits.table
