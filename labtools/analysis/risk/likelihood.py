"""Counts given the logarithm of their mean: slope and bend of the log likelihood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(7)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()


@dataclass(frozen=True, slots=True)
class Counts:
    """Poisson counts, or negative binomial ones where `size` is finite.

    Attributes
    ----------
    events : numpy.ndarray, shape (n,)
        What was counted; need not be whole (discounted or scaled counts).  Zero where nothing
        is known.
    exposure : numpy.ndarray, shape (n,)
        Multiplies the rate; zero where the area tells nothing.
    size : float or numpy.ndarray
        Of the negative binomial: the variance is ``mean + mean**2 / size``.
    """

    events: np.ndarray
    exposure: np.ndarray
    size: float | np.ndarray = np.inf

    def log_likelihood(self, eta: np.ndarray) -> np.ndarray:
        """Return the log likelihood up to a constant in `eta`; the last axis is summed."""
        mean = self.exposure * np.exp(eta)
        if np.all(np.isinf(self.size)):
            return np.asarray((self.events * eta - mean).sum(axis=-1))
        total = self.events + self.size
        terms = self.events * eta - total * np.log1p(mean / self.size)
        constant = scipy.special.gammaln(total) - scipy.special.gammaln(self.size)
        constant = constant - self.events * np.log(self.size)
        return np.asarray(np.where(self.exposure > 0, terms + constant, 0.0).sum(axis=-1))

    def slope_and_bend(self, eta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the first derivative, and minus the second."""
        mean = self.exposure * np.exp(eta)
        if np.all(np.isinf(self.size)):
            return self.events - mean, mean
        total = self.events + self.size
        share = mean / (mean + self.size)
        return self.events - total * share, total * share * (1 - share)

    def expected_slope_and_bend(
        self, mean: np.ndarray, variance: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return both, averaged over a normal law of the logarithm."""
        if np.all(np.isinf(self.size)):
            return self.slope_and_bend(mean + variance / 2)
        spread = np.sqrt(variance)
        slope, bend = np.zeros_like(mean), np.zeros_like(mean)
        for node, weight in zip(_NODES, _WEIGHTS, strict=True):
            one, other = self.slope_and_bend(mean + node * spread)
            slope, bend = slope + weight * one, bend + weight * other
        return slope, bend
