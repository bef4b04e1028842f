"""Jackknife weights: the variance of any figure, by leaving out one cluster at a time.

When to use it: for a figure without a formula (an index, a model's result), or to hand a survey
to others without its design.  When not: for quantiles; use Woodruff's interval.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from labtools.analysis.perception.design import Design
from labtools.errors import AnalysisError


@dataclass(frozen=True, slots=True)
class Replicates:
    """Weights with one cluster left out.

    Attributes
    ----------
    weights : numpy.ndarray, shape (n_replicates, n_rows)
        Weights of each replicate.
    scale : numpy.ndarray, shape (n_replicates,)
        What each squared deviation counts for.
    full : numpy.ndarray, shape (n_rows,)
        Weights of the whole sample.
    """

    weights: np.ndarray
    scale: np.ndarray
    full: np.ndarray

    def estimate(
        self, figure: Callable[[np.ndarray], np.ndarray | float]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return a figure (a function of the weights) and its covariance."""
        centre = np.atleast_1d(figure(self.full))
        others = np.array([np.atleast_1d(figure(weight)) for weight in self.weights])
        away = (others - centre) * np.sqrt(self.scale)[:, None]
        return centre, away.T @ away


def jackknife(design: Design) -> Replicates:
    """Return stratified jackknife weights (JKn; with one stratum, JK1).

    First-stage finite populations shrink the variance; a stratum with one cluster is refused,
    as leaving it out leaves nothing.

    References
    ----------
    Wolter, K. M. (2007). Introduction to Variance Estimation, 2nd ed., ch. 4.
    doi:10.1007/978-0-387-35099-8
    """
    stage = design.stages[0]
    units, first = np.unique(stage.unit, return_index=True)
    stratum = stage.within[first]
    size = np.bincount(stratum, minlength=int(stratum.max()) + 1)
    if (size[stratum] == 1).any():
        raise AnalysisError(
            "{n} strata have a single cluster, and the jackknife cannot leave it out. Join them "
            "with a neighbouring stratum.",
            n=int((size[stratum] == 1).sum()),
        )
    raised = size / np.maximum(size - 1, 1)
    weights = np.where(stage.within == stratum[:, None], raised[stratum][:, None], 1.0)
    weights = np.where(stage.unit == units[:, None], 0.0, weights) * design.weight
    share = np.zeros(len(units))
    if stage.population is not None:
        share = size[stratum] / stage.population[first]
    scale = (size[stratum] - 1) / size[stratum] * (1 - share)
    return Replicates(weights, scale, design.weight)
