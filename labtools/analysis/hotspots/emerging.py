"""What has begun to gather: clusters of the last months beyond what each area usually has.

When to use it: to ask whether something new goes on somewhere, of whatever size.  When not: to
say where crime is high; an area that always has much of it is not new here.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from labtools.analysis.hotspots.scan import ScanResult, scan_recent
from labtools.analysis.smoothing import fit_gamma_poisson
from labtools.errors import AnalysisError

#: Months that are looked at, and months before them that tell what is usual.
RECENT, USUAL = 6, 36


def emerging_clusters(
    counts: pd.DataFrame,
    people: pd.Series,
    places: pd.DataFrame,
    *,
    replicates: int = 999,
    seed: int = 0,
) -> ScanResult:
    """Return clusters of the last `RECENT` months, beyond each area's usual share of the city.

    What is usual is the rate of the `USUAL` months before, steadied by all areas.

    Parameters
    ----------
    counts : pandas.DataFrame
        By area (rows) and month (columns, in order); areas with a month missing are left out.
    people : pandas.Series
        Exposed, by area; those with nobody are left out.
    places : pandas.DataFrame
        Coordinates in metres, by area.

    Raises
    ------
    AnalysisError
        If there are fewer than twice `RECENT` months, or too few areas or events for a scan.
    """
    if counts.shape[1] < 2 * RECENT:
        raise AnalysisError(
            "What is new needs {needed} months of counts, and there are {n}. Wait, or load "
            "earlier months.",
            needed=2 * RECENT,
            n=counts.shape[1],
        )
    recent = counts.iloc[:, -RECENT:].astype(float)
    before = counts.iloc[:, -RECENT - USUAL : -RECENT].astype(float)
    people = people.reindex(counts.index)
    known = recent.notna().all(axis=1) & before.notna().all(axis=1) & (people > 0)
    recent, people, past = recent[known], people[known], before[known].sum(axis=1)
    exposed = people * before.shape[1]
    level = fit_gamma_poisson(past, exposed).posterior(past, exposed, level=0)
    due = level["rate"] * people
    expected = np.outer(due / due.sum(), recent.sum())
    return scan_recent(
        recent,
        pd.DataFrame(expected, index=due.index, columns=recent.columns),
        places.reindex(counts.index)[known],
        replicates=replicates,
        seed=seed,
    )
