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
        PAI: the hit rate over the share of the area, or of the places where all are as large.
    efficiency_index : float
        PEI: the hit rate over the greatest that any choice of as many places could reach.
    """

    chosen: int
    hit_rate: float
    accuracy_index: float
    efficiency_index: float


def place_accuracy(
    forecast: pd.Series, events: pd.Series, *, share: float, areas: pd.Series | None = None
) -> PlaceAccuracy:
    """Judge the `share` of places with the highest forecast.

    Ties go to the place that comes first in `forecast`.  The number of places is rounded to
    the nearest whole, and is at least one.

    Parameters
    ----------
    forecast, events : pandas.Series
        By place.
    share : float
        Of the number of places.
    areas : pandas.Series, optional
        Surface of each place, in any unit; without it all are as large, as the cells of a grid.

    Raises
    ------
    AnalysisError
        If a forecast or a count is missing, nothing happened, or a place has no area.

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
    surface = pd.Series(1.0, forecast.index) if areas is None else areas.reindex(forecast.index)
    if not (surface > 0).all():
        raise AnalysisError(
            "The accuracy of places needs the area of each, and {n} have none. Mend their "
            "boundaries, or leave them out.",
            n=int((~(surface > 0)).sum()),
        )
    count = later.to_numpy(float)
    chosen = max(1, round(share * len(count)))
    order = np.argsort(-forecast.to_numpy(float), kind="stable")[:chosen]
    hits, best = count[order].sum(), np.sort(count)[::-1][:chosen].sum()
    rate = hits / count.sum()
    of_area = surface.to_numpy(float)[order].sum() / surface.sum()
    return PlaceAccuracy(chosen, float(rate), float(rate / of_area), float(hits / best))
