"""What risk by area and period makes expect of the periods to come.

The parameters are the most likely ones of what was known when they were learnt, so that each
later expectation costs one solution and its draws.

When to use it: beside simpler forecasts, where a scoreboard judges which is shown.  When not:
for the level of risk (:func:`labtools.analysis.risk.space_time.fit_space_time`, which
integrates over the parameters).
"""

from __future__ import annotations

import numpy as np
import scipy

from labtools.analysis.one_thread import one_thread
from labtools.analysis.risk.space_time import CountPanel, space_time_model
from labtools.analysis.risk.space_time_integration import (
    SpaceTimeOptions,
    at_one_point,
    most_likely,
)

#: Draws that are held in memory at once.
_AT_ONCE = 200
_TINY = 1e-9


def learn_ahead(panel: CountPanel, neighbours: scipy.sparse.csr_array) -> np.ndarray:
    """Return the most likely parameters of the model of a panel.

    Raises
    ------
    AnalysisError
        As :func:`labtools.analysis.risk.space_time.fit_space_time`.
    """
    model, _ = space_time_model(panel, neighbours)
    with one_thread():
        return most_likely(model, season=panel.season)


def counts_ahead(
    panel: CountPanel,
    neighbours: scipy.sparse.csr_array,
    learnt: np.ndarray,
    *,
    steps: int,
    rng: np.random.Generator,
    n_draws: int = 800,
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and size of the negative binomial law with the moments of the counts to come.

    Drivers stay as they are last.

    Parameters
    ----------
    learnt : numpy.ndarray
        As :func:`learn_ahead` returns it, of this panel or of an earlier part of it.
    steps : int
        Periods after the panel.

    Returns
    -------
    (numpy.ndarray, numpy.ndarray), each of shape (n_areas, steps)
    """
    model, base = space_time_model(panel, neighbours)
    wanted = SpaceTimeOptions(recent=1, ahead=steps, n_draws=_AT_ONCE)
    sums, squares, times = 0.0, 0.0, -(-n_draws // _AT_ONCE)
    with one_thread():
        law = at_one_point(model, learnt)
        for _ in range(times):
            drawn = law.draw(model, wanted, panel.season, rng)
            rates = np.exp(model.graph.take(drawn.ahead.swapaxes(1, 2)).swapaxes(1, 2))
            sums, squares = sums + rates.mean(axis=0), squares + (rates**2).mean(axis=0)
    mean = sums / times
    apart = np.maximum(squares / times / mean**2 - 1, _TINY)
    exposure = panel.exposure.to_numpy(float)[:, None]
    return exposure * mean * np.exp(base), 1 / ((1 + apart) / drawn.sizes[0] + apart)
