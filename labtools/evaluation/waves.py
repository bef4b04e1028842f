"""Group-time effects of a protocol: years since the entry, in waves, against places not yet in.

When to use it: places that entered in waves, each of five colonias or more, and a year before
the first.  Effects are ratios of a wave's events to those to be expected of it, so that places
with few events hide nothing.  When not: for places chosen for their records.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy

from labtools.errors import AnalysisError
from labtools.evaluation.counts import borders_between, nearness
from labtools.evaluation.estimate import Estimate, Limits
from labtools.evaluation.near_error import near_error
from labtools.evaluation.one_start import YEAR
from labtools.evaluation.programme import Cells
from labtools.evaluation.protocol import Protocol
from labtools.evaluation.staggered import Panel, average_effects, group_time_effects, pretrend_p

_REACH = 5
_QUARTER = 3


def waves_effect(
    cells: Cells, beside: pd.DataFrame, protocol: Protocol
) -> tuple[Estimate, Limits | None, float]:
    """Return the average effect, that of the year before the entry, and p of earlier paths.

    Years are counted from the first entry; a place belongs to the year in which it entered.
    Places beside the programme do not compare, if the protocol gives them an effect of their own.

    Parameters
    ----------
    cells : Cells
    beside : pandas.DataFrame of bool
        Which places share a border: errors of near places are taken to be related.
    protocol : Protocol

    Raises
    ------
    AnalysisError
        If places were chosen for their records, there is no year before the entry, or a year's
        places are too few.
    """
    outcome, first = _years(cells)
    level = cells.panel.level
    traits = outcome[[]] if level is None else level.reindex(outcome.index).to_frame()
    near = _near(beside, outcome.index)
    effects = group_time_effects(
        Panel(outcome, first, traits),
        method="ratio",
        anticipation=-(-protocol.design.anticipation_months // (_QUARTER * YEAR)),
        chosen=protocol.units.chosen,
        near=near,
    )
    whole, by_year = average_effects(effects, "simple"), average_effects(effects, "dynamic").parts
    size = outcome.sum(axis=1).to_numpy()
    found = near_error(whole.influence / len(first), first.to_numpy(), size, near)
    reach = float(scipy.stats.t.ppf((1 + protocol.level) / 2, found.freedom))
    past = None
    if -1 in by_year.index:
        value, own = by_year.loc[-1, ["effect", "se"]]
        past = float(value), float(value - reach * own), float(value + reach * own)
    estimate = Estimate(
        log_ratio=whole.effect,
        lower=whole.effect - reach * found.error,
        upper=whole.effect + reach * found.error,
        se=found.error,
        p=float(2 * scipy.stats.t.sf(abs(whole.effect) / found.error, found.freedom)),
        observed=float(cells.panel.counts.where(cells.inside).sum().sum()),
        places=int((first > 0).sum()),
        compared=int((first == 0).sum()),
    )
    return estimate, past, pretrend_p(effects) if past else 0.0


def _years(cells: Cells) -> tuple[pd.DataFrame, pd.Series]:
    """Return each place's events by year, and the year of its entry (0: never)."""
    inside, entered = cells.inside.any(axis=1), (cells.since >= 0).any(axis=1)
    at = np.arange(cells.panel.counts.shape[1])
    begun = int(cells.inside.any(axis=0).to_numpy().argmax())
    free = cells.panel.used.any(axis=0).to_numpy() | (at >= begun)
    kept = inside | (~entered & ~cells.panel.exposed.any(axis=1))
    year = (at - begun) // YEAR
    whole = [k for k in np.unique(year) if free[year == k].sum() == YEAR]
    if not whole or not whole[0] < 0 <= whole[-1]:
        raise AnalysisError(
            "The window has {before} quarters before the first entry and {after} from it on; this "
            "design counts by years, and needs a whole one on either side. Give a longer window.",
            before=begun,
            after=len(at) - begun,
        )
    # Periods are numbered from 1, for 0 means never.
    counts = cells.panel.counts[kept]
    told = {k - whole[0] + 1: counts.iloc[:, year == k].sum(axis=1) for k in whole}
    entry = year[cells.inside[kept].to_numpy().argmax(axis=1)] - whole[0] + 1
    first = pd.Series(np.where(inside[kept], entry, 0).astype(float), counts.index)
    return pd.DataFrame(told, counts.index), first


def _near(beside: pd.DataFrame, places: pd.Index) -> np.ndarray:
    graph = beside.to_numpy(float)
    at = beside.index.get_indexer(places)
    return nearness(borders_between(graph), reach=_REACH)[np.ix_(at, at)]
