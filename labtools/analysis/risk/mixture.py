"""Means, deviations and quantiles of values whose law is a mixture of normal laws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

_BISECTIONS = 40
_FAR = 8.0


@dataclass(frozen=True, slots=True)
class Mixture:
    """Normal laws of several values, mixed.

    Attributes
    ----------
    mean, variance : numpy.ndarray, shape (n_laws, n_values)
    weight : numpy.ndarray, shape (n_laws,)
        Sums to one.
    """

    mean: np.ndarray
    variance: np.ndarray
    weight: np.ndarray

    def mean_and_sd(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean and the standard deviation of each value."""
        mean = self.weight @ self.mean
        square = self.weight @ (self.variance + (self.mean - mean) ** 2)
        return mean, np.sqrt(square)

    def quantile(self, share: float) -> np.ndarray:
        """Return below which limit each value lies with probability `share`."""
        mean, sd = self.mean_and_sd()
        low, high = mean - _FAR * sd, mean + _FAR * sd
        spread = np.sqrt(self.variance)
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            under = self.weight @ scipy.special.ndtr((middle - self.mean) / spread) < share
            low, high = np.where(under, middle, low), np.where(under, high, middle)
        return np.asarray((low + high) / 2)


def weighted_summary(values: np.ndarray, weight: np.ndarray, tail: float) -> list[float]:
    """Return mean, deviation and both limits of one value known at weighted points."""
    mean = float(weight @ values)
    sd = float(np.sqrt(weight @ (values - mean) ** 2))
    order = np.argsort(values, kind="stable")
    passed = np.cumsum(weight[order]) - weight[order] / 2
    limits = np.interp([tail, 1 - tail], passed, values[order])
    return [mean, sd, *limits.tolist()]
