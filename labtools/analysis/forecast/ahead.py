"""What a fitted endemic-epidemic model expects of the next steps, as whole distributions.

The mean and the variance of each count are exact for the fitted coefficients, any number of
steps ahead; the distribution is the negative binomial that has them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import scipy

from labtools.analysis.forecast.baselines import CountForecast
from labtools.analysis.forecast.endemic_epidemic import (
    EndemicEpidemicFit,
    endemic_design,
    fill_gaps,
    log_exposure,
    passed_on,
)

_BARELY_OVER = 1e-9


def forecast_steps(
    fit: EndemicEpidemicFit,
    counts: pd.DataFrame,
    steps: int,
    *,
    exposure: pd.Series | None = None,
    covariates: Mapping[str, np.ndarray] | None = None,
) -> CountForecast:
    """Return what is expected of the `steps` that follow `counts`.

    Parameters
    ----------
    counts : pandas.DataFrame, shape (n_areas, n_times)
        From the first step the model was fitted on, up to the last that is known; it may go
        on after those of the fit.
    covariates : mapping of str to numpy.ndarray, shape (n_areas, steps), optional
        What is known of the steps to come, where the model has covariates.
    """
    last = fill_gaps(counts.to_numpy(float, na_value=np.nan))[:, -1]
    offset = log_exposure(exposure, counts.index)
    design, names = endemic_design(counts.shape[1], steps, fit.terms, covariates or {}, len(last))
    chosen = fit.coefficients[list(names)].to_numpy(float)
    log_level = np.tensordot(chosen, design, axes=1) + offset[:, None]
    level_variance = fit.own_level_variance.reindex(counts.index).to_numpy(float)
    levels = fit.own_level.reindex(counts.index).to_numpy(float)
    # The level is known up to its variance: half of it belongs to the mean of a log-normal,
    # but the penalised mode already overshoots by about as much, so it is left out.
    endemic = np.exp(np.clip(log_level + levels[:, None], -30, 30))
    spread = _Spread(fit, offset)
    means, sizes = [], []
    expected, shared = last, None
    for step in range(steps):
        mean = endemic[:, step] + passed_on(fit, expected[:, None], offset)[:, 0]
        shared, uncertain = spread.carried(shared, endemic[:, step] ** 2 * level_variance)
        variance = mean + fit.overdispersion * (mean**2 + uncertain) + uncertain
        over = np.maximum(variance - mean, 0.0)
        means.append(mean)
        with np.errstate(divide="ignore"):
            sizes.append(np.where(over > _BARELY_OVER * mean, mean**2 / over, np.inf))
        shared = spread.joined(shared, variance)
        expected = mean
    return CountForecast(np.column_stack(means), np.column_stack(sizes))


class _Spread:
    """How the uncertainty of one step passes to the next, through the linear mean."""

    def __init__(self, fit: EndemicEpidemicFit, offset: np.ndarray) -> None:
        n = len(offset)
        matrix = scipy.sparse.csr_array((n, n))
        if fit.terms.own_past:
            share = np.exp(fit.coefficients["own_past"])
            matrix = matrix + scipy.sparse.diags_array(np.full(n, share)).tocsr()
        if fit.terms.rings is not None:
            pull = fit.coefficients.get("attraction", 0.0) * offset
            received = np.exp(fit.coefficients["neighbours"] + pull)
            rings = fit.terms.rings
            around = rings.matrix(fit.decay) if fit.terms.shared_out else rings.rings[0]
            matrix = matrix + scipy.sparse.diags_array(received) @ around
        self._passes = scipy.sparse.csr_array(matrix)

    def carried(
        self, before: np.ndarray | None, level: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the covariance of the means of a step, and its diagonal.

        `before` is the covariance of the counts a step ago, None where those are known.
        """
        if before is None:
            return np.diag(level), level
        moved = self._passes @ before
        covariance = np.asarray((self._passes @ moved.T).T)
        covariance[np.diag_indices_from(covariance)] += level
        return covariance, np.diag(covariance).copy()

    def joined(self, of_means: np.ndarray, variance: np.ndarray) -> np.ndarray:
        """Return the covariance of counts: that of their means, with their own variance."""
        joint = of_means.copy()
        joint[np.diag_indices_from(joint)] = variance
        return joint
