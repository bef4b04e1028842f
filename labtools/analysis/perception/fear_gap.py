"""Crime beside fear, with the doubt of both: in which of four quadrants an area lies.

When to use it: draws of the rate of crime and of the share who feel unsafe, made from different
data.  When not: if the model of fear used crime as a covariate; the gap would then be its own.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from labtools.errors import AnalysisError

QUADRANTS = ("both_high", "fear_only", "crime_only", "both_low")
#: From this probability on, a quadrant is told.
CERTAIN = 0.8


def quadrant_chances(crime: pd.DataFrame, fear: pd.DataFrame, *, people: pd.Series) -> pd.DataFrame:
    """Return the probability of each quadrant by area, against the city's own figures.

    Parameters
    ----------
    crime, fear : pandas.DataFrame, shape (n_draws, n_areas)
        Draws of the rate and of the share; both need the same number.  Their draws are
        independent of each other.
    people : pandas.Series
        People by area: the city's rate and share are the means over them, draw by draw.

    Returns
    -------
    pandas.DataFrame
        One row per area of both, columns `QUADRANTS`; missing where a draw is.

    Raises
    ------
    AnalysisError
        If the numbers of draws differ.
    """
    if len(crime) != len(fear):
        raise AnalysisError(
            "Crime has {crime} draws and fear {fear}. Make as many of both.",
            crime=len(crime),
            fear=len(fear),
        )
    areas = crime.columns.intersection(fear.columns)
    high = [_above_city(table[areas], people) for table in (crime, fear)]
    known = ~(crime[areas].isna().any() | fear[areas].isna().any())
    chances = {
        "both_high": (high[0] & high[1]).mean(axis=0),
        "fear_only": (~high[0] & high[1]).mean(axis=0),
        "crime_only": (high[0] & ~high[1]).mean(axis=0),
        "both_low": (~high[0] & ~high[1]).mean(axis=0),
    }
    table = pd.DataFrame(chances, index=areas)
    return table.where(known, other=np.nan)


def quadrant_verdicts(chances: pd.DataFrame, *, certain: float = CERTAIN) -> pd.Series:
    """Return the quadrant of each area, "none" where no one is certain enough, or "unknown"."""
    known = chances.notna().all(axis=1)
    filled = chances.fillna(0.0)
    found = filled.idxmax(axis=1).where(filled.max(axis=1) >= certain, "none")
    return found.where(known, "unknown").rename("verdict")


def _above_city(draws: pd.DataFrame, people: pd.Series) -> np.ndarray:
    weight = people.reindex(draws.columns).fillna(0.0).to_numpy(float)
    values = draws.to_numpy(float)
    counted = np.where(np.isnan(values), 0.0, weight)
    city = np.nansum(values * counted, axis=1) / counted.sum(axis=1)
    return np.asarray(values > city[:, None])
