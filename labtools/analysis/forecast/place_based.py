"""How many of the later events fell in the places pointed at: hit rate, PAI and PEI.

When to use it: to compare ways of choosing the same share of places.  When not: to judge a
forecast of counts; use proper scores.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from labtools.errors import AnalysisError


@dataclass(frozen=True, slots=True)
class PlaceAccuracy:
    """Accuracy of the places with the highest forecast.

    Attributes
    ----------
    chosen : int
        Places pointed at.
    hit_rate : float
        Share of the events in them.
    accuracy_index : float
        PAI: the hit rate over the share of the places.
    efficiency_index : float
        PEI: PAI over the greatest that any choice of as many places could reach.
    """

    chosen: int
    hit_rate: float
    accuracy_index: float
    efficiency_index: float


def place_accuracy(forecast: pd.Series, events: pd.Series, *, share: float) -> PlaceAccuracy:
    """Judge the `share` of places of equal area with the highest forecast.

    Ties go to the place that comes first in `forecast`.  The number of places is rounded to
    the nearest whole, and is at least one.

    Raises
    ------
    AnalysisError
        If a forecast or a count is missing, or nothing happened.

    References
    ----------
    Chainey, S., Tompson, L. & Uhlig, S. (2008). The utility of hotspot mapping for predicting
    spatial patterns of crime. Security Journal 21, 4-28. doi:10.1057/palgrave.sj.8350066
    """
    later = events.reindex(forecast.index)
    unknown = forecast.isna() | later.isna()
    if unknown.any() or not later.sum():
        raise AnalysisError(
            "Places are judged by later events, all of them known: {n} places lack a forecast or "
            "a count, and there were {events} events. Leave those places out, or use a longer "
            "period.",
            n=int(unknown.sum()),
            events=later.sum(),
        )
    count = later.to_numpy(float)
    chosen = max(1, round(share * len(count)))
    order = np.argsort(-forecast.to_numpy(float), kind="stable")[:chosen]
    hits, best = count[order].sum(), np.sort(count)[::-1][:chosen].sum()
    rate = hits / count.sum()
    return PlaceAccuracy(
        chosen, float(rate), float(rate / (chosen / len(count))), float(hits / best)
    )
