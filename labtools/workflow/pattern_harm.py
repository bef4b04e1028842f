"""Whether counts hide few but grave crimes: harm of the municipality by year, internal.

By colonia a handful of rare crimes would decide, and some are told by municipality and year only.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from labtools.analysis.harm import load_harm_weights, share_weighed, weigh_harm
from labtools.errors import AnalysisError
from labtools.tables import vocabulary as words
from labtools.tables.contracts import CONTRACTS, empty_table
from labtools.tables.periods import MONTHS_IN_WINDOW, Window

_MOST_YEARS = 4
_DECIMALS = 4


def harm_table(
    events: pd.DataFrame, window: Window, first: pd.Timestamp, *, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the internal table ``harm``: each whole year that ends with the period.

    Parameters
    ----------
    events : pandas.DataFrame
        Case files, with ``occurred_on``, ``crime_group`` and ``crime_code``.
    first : pandas.Timestamp
        The first month of which the sources speak.
    """
    counts = _by_year(events, window, first)
    weights = load_harm_weights()
    try:
        found = weigh_harm(counts, weights.days, rng=rng)
    except AnalysisError:
        return empty_table("harm")  # no file, or none of a crime that has a weight
    used = weights.table.set_index("crime_code").loc[
        [code for code in counts.columns if code in weights.days.index]
    ]
    table = pd.DataFrame(
        {
            "year_start": counts.index,
            "events": counts.sum(axis=1).to_numpy(),
            "weighed_share": [
                round(share_weighed(counts.loc[[year]], weights.days), _DECIMALS)
                for year in counts.index
            ],
            "harm_days": found["harm"].round().to_numpy(),
            "lower": found["lower"].round().to_numpy(),
            "upper": found["upper"].round().to_numpy(),
            "doubt_lower": found["doubt_lower"].round().to_numpy(),
            "doubt_upper": found["doubt_upper"].round().to_numpy(),
            "least_place": found["best_place"].round(_DECIMALS).to_numpy(),
            "greatest_place": found["worst_place"].round(_DECIMALS).to_numpy(),
            "verified": bool((used["verified_on"] != "").all()),
        }
    )
    return table[list(CONTRACTS["harm"].columns)]


def _by_year(events: pd.DataFrame, window: Window, first: pd.Timestamp) -> pd.DataFrame:
    known = events[
        (events["crime_group"] != words.NOT_A_CRIME) & (events["occurred_on"] < window.end)
    ]
    starts = [
        window.end - pd.DateOffset(months=MONTHS_IN_WINDOW * back)
        for back in range(_MOST_YEARS, 0, -1)
    ]
    whole = [start for start in starts if pd.notna(first) and start >= first]
    rows = {
        start: known.loc[
            (known["occurred_on"] >= start)
            & (known["occurred_on"] < start + pd.DateOffset(months=MONTHS_IN_WINDOW)),
            "crime_code",
        ].value_counts()
        for start in whole
    }
    return pd.DataFrame(rows).T.fillna(0.0).sort_index(axis=1)
