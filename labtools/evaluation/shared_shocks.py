"""How much larger an error is because neighbours share their shocks, for designs with one start.

When to use it: where a design takes places, or groups of them, for unrelated: where neighbours of
the programme do not compare, its places and the others lie in other parts of the city, and what one
part goes through would pass for an effect.  When not: with a lottery drawn again, which needs none.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from labtools.evaluation.counts import borders_between, nearness
from labtools.evaluation.near_error import NearError, near_error
from labtools.evaluation.one_start import OneStart
from labtools.evaluation.ratio_effect import ratio_effect

Windows = tuple[pd.Series, pd.Series]
#: Errors of places so many borders apart are taken to be unrelated.
_REACH = 5


def shared_shocks(
    start: OneStart, ours: pd.Series, others: pd.Series, windows: Windows | None = None
) -> NearError:
    """Return the error of the log ratio of two sides' events, from one window to a later one.

    Parameters
    ----------
    start : OneStart
    ours, others : pandas.Series of bool, shape (n_places,)
        The two sides of the difference.
    windows : tuple of pandas.Series, shape (n_places,), optional
        Events of each place in both; if not given, all before the start and all from it on.

    Raises
    ------
    AnalysisError
        If one of the two had no events before or after.
    """
    kept = np.flatnonzero(ours | others)
    told = windows or (start.counts.iloc[:, : start.start].sum(axis=1), start.after)
    before, after = (window.to_numpy(float)[kept] for window in told)
    inside = ours.to_numpy(bool)[kept]
    _, influence = ratio_effect(before, after, inside, np.ones((len(kept), 1)))
    steps = borders_between(start.beside.to_numpy(float))
    near = nearness(steps, reach=_REACH)[np.ix_(kept, kept)]
    return near_error(influence / len(kept), inside, before + after, near)
