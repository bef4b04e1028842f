"""Between which places a colonia lies by lack of means, under every defensible way to sum it up.

A composite index is a summary, never a cause of crime: internal, without a place of its own.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from labtools.analysis.index import rank_intervals
from labtools.errors import AnalysisError
from labtools.tables.contracts import CONTRACTS, empty_table
from labtools.targeting.catalogue import Taxonomies

#: Of the official taxonomy: exclusion, and lack of work.
_FACTORS = (2, 3)
_FEWEST = 3
_SHARE = "%"
_DECIMALS = 4


def index_places(indicators: pd.DataFrame, taxonomies: Taxonomies) -> pd.DataFrame:
    """Return the internal table ``index_places``: shares of colonias that lack less.

    Made of the run's indicators that speak of exclusion and lack of work, whatever their names;
    empty with fewer than three of them.
    """
    shares = indicators[indicators["unit"] == _SHARE]  # an index of others would count them twice
    wide = shares.pivot(index="colonia_id", columns="indicator", values="value")
    signs = {
        one.key: one.sign
        for one in taxonomies.indicator
        if one.factor in _FACTORS and one.key in wide.columns
    }
    if len(signs) < _FEWEST:
        return empty_table("index_places")
    lacks = wide[list(signs)].astype(float) * pd.Series(signs)
    worst = lacks.max()
    try:
        # Also from farther off than the worst seen, as where other editions had worse.
        found = rank_intervals(lacks, [worst, worst + lacks.std(ddof=0)])
    except AnalysisError:
        return empty_table("index_places")  # too few colonias, or one that does not vary
    others = max(1, int(found["best"].notna().sum()) - 1)
    # Places count from the one that lacks least.
    table = pd.DataFrame(
        {
            "colonia_id": found.index,
            "lower_share": ((found["best"] - 1) / others).round(_DECIMALS).to_numpy(float),
            "upper_share": ((found["worst"] - 1) / others).round(_DECIMALS).to_numpy(float),
            "tried": found["tried"].to_numpy(),
            "indicators": len(signs),
        }
    )
    return table[np.isfinite(table["lower_share"])][list(CONTRACTS["index_places"].columns)]
