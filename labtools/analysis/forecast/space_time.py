"""The next months by the model of risk in space and time, beside the simpler ones.

Counts are expected by the level of the area (its neighbours', the census traits it shares with
others, its residents), what all share (season and trend), the programme, and a deviation that
fades.  Counts need not be proportional to residents: their logarithm is a covariate.

When to use it: in scheduled runs, where areas are many and events few.  When not: with less
than two years, or to say why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import scipy

from labtools.analysis.forecast.baselines import CountForecast, History
from labtools.analysis.risk.space_time import CountPanel
from labtools.analysis.risk.space_time_ahead import counts_ahead, learn_ahead
from labtools.analysis.risk.surfaces import Beside
from labtools.analysis.risk.traits import RESIDENTS

_SEED = 36  # of the draws; the same history is told the same


def learn_space_time(history: History) -> Callable[[History, int], CountForecast]:
    """Return what expects the months after a history, with the parameters of this one."""
    learnt = learn_ahead(_panel(history), _neighbours(history))

    def expect(later: History, steps: int) -> CountForecast:
        rng = np.random.default_rng([_SEED, later.counts.shape[1]])
        told = counts_ahead(_panel(later), _neighbours(later), learnt, steps=steps, rng=rng)
        return CountForecast(*told)

    return expect


def _panel(history: History) -> CountPanel:
    counts = history.counts.astype(float)
    even, known = pd.Series(1.0, counts.index), history.traits
    panel = Beside(programme=history.programme, traits=known).panel(counts, even)
    panel = replace(panel, season=history.season)
    if known is None or RESIDENTS not in known:
        return panel
    residents = known[[RESIDENTS]]
    free = residents if panel.covariates is None else panel.covariates.join(residents)
    rest = known.drop(columns=RESIDENTS)
    return replace(panel, covariates=free, traits=rest if rest.shape[1] else None)


def _neighbours(history: History) -> scipy.sparse.csr_array:
    if history.rings is None:
        return scipy.sparse.csr_array((len(history.counts),) * 2)
    return history.rings.rings[0]
