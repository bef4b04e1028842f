"""What the endemic-epidemic model makes likely: its mean, part by part, and its likelihood.

When to use it: from :mod:`labtools.analysis.forecast.endemic_epidemic`, which fits it, and from
:mod:`labtools.analysis.forecast.coefficient_errors`.  When not: for another law of counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import scipy

from labtools.analysis.forecast.contagion import Rings

Family = Literal["poisson", "negative_binomial"]
FLAT = 1e-10


@dataclass(frozen=True, slots=True)
class Terms:
    """What the mean is made of.

    Attributes
    ----------
    family : {"poisson", "negative_binomial"}
    own_past : bool
        Whether the area's own last count takes part.
    rings : Rings, optional
        Neighbours; none take part where it is None.  With one ring all of them weigh alike,
        with more a power of the number of borders is estimated.
    shared_out : bool
        Whether the weights that an area gives sum to one (else each neighbour counts fully).
    season : int
        Steps in a year; 0 for no season.
    harmonics : int
        Waves of the season.
    trend : bool
        Whether the endemic level may rise or fall steadily.
    own_level : bool
        Whether each area has an endemic level of its own (independent random effects).
    attraction : bool
        Whether areas with more exposure receive more from their neighbours.
    """

    family: Family = "negative_binomial"
    own_past: bool = True
    rings: Rings | None = None
    shared_out: bool = True
    season: int = 12
    harmonics: int = 1
    trend: bool = True
    own_level: bool = True
    attraction: bool = False


@dataclass(frozen=True, slots=True)
class SteppedCounts:
    """Arrays by area and time, without the first step, ready for the likelihood."""

    counts: np.ndarray
    known: np.ndarray
    past: np.ndarray
    endemic: np.ndarray
    names: tuple[str, ...]
    offset: np.ndarray
    attraction: np.ndarray
    terms: Terms

    def start(self) -> np.ndarray:
        """Return where to begin: most of the mean endemic, at its own level."""
        begin = dict.fromkeys(self.names, 0.0)
        begin |= {"own_past": -1.5, "neighbours": -2.5, "decay": 0.5}
        share = (self.counts * self.known).sum() / (np.exp(self.offset) * self.known).sum()
        begin["level"] = np.log(max(share * 0.7, FLAT))
        return np.array([begin[name] for name in self.names])


@dataclass(frozen=True, slots=True)
class Place:
    """Where the search stands."""

    theta: np.ndarray
    levels: np.ndarray
    overdispersion: float
    variance: float
    log_likelihood: float = -np.inf

    def objective(self, correction: float) -> float:
        """Return the marginal likelihood by Laplace, up to a constant."""
        if not self.variance:
            return self.log_likelihood
        penalty = (self.levels**2).sum() / (2 * self.variance)
        return float(self.log_likelihood - penalty + correction)


def epidemic_names(terms: Terms) -> tuple[str, ...]:
    """Return the names of the coefficients of what is passed on."""
    names = ["own_past"] if terms.own_past else []
    if terms.rings is not None:
        names.append("neighbours")
        names += ["attraction"] if terms.attraction else []
        names += ["decay"] if len(terms.rings.rings) > 1 else []
    return tuple(names)


def parts_of(
    data: SteppedCounts, state: Place, *, all_slopes: bool = False
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the endemic part, and the derivative of the mean by each epidemic coefficient.

    Those that the mean itself is not made of come only with `all_slopes`.
    """
    at = dict(zip(data.names, state.theta, strict=True))
    epidemic = len(epidemic_names(data.terms))
    log_level = np.tensordot(state.theta[epidemic:], data.endemic, axes=1)
    endemic = np.exp(np.clip(log_level + data.offset + state.levels[:, None], -30, 30))
    slopes: dict[str, np.ndarray] = {}
    if data.terms.own_past:
        slopes["own_past"] = np.exp(at["own_past"]) * data.past
    if data.terms.rings is not None:
        decay = np.exp(at["decay"]) if "decay" in at else 0.0
        pull = np.exp(at["neighbours"] + at.get("attraction", 0.0) * data.attraction)[:, None]
        slopes["neighbours"] = pull * around(data.terms, data.past, decay)
        if all_slopes and "attraction" in at:
            slopes["attraction"] = slopes["neighbours"] * data.attraction[:, None]
        if all_slopes and "decay" in at:
            slopes["decay"] = pull * decay * data.terms.rings.slope(data.past, decay)
    return endemic, slopes


def expected_mean(data: SteppedCounts, state: Place) -> np.ndarray:
    """Return the mean of each count, shape (n_areas, n_times)."""
    endemic, slopes = parts_of(data, state)
    return total_of(endemic, slopes)


def judged(data: SteppedCounts, state: Place) -> Place:
    """Return the place with its log-likelihood."""
    mean = expected_mean(data, state)
    return replace(state, log_likelihood=log_likelihood_of(data, mean, state.overdispersion))


def total_of(endemic: np.ndarray, slopes: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the mean that endemic and epidemic parts make together."""
    passed = [slopes[name] for name in ("own_past", "neighbours") if name in slopes]
    return np.asarray(np.maximum(np.add.reduce([endemic, *passed]), FLAT))


def around(terms: Terms, past: np.ndarray, decay: float) -> np.ndarray:
    """Return what the neighbours of each area had, weighed as `terms` say."""
    assert terms.rings is not None  # noqa: S101 - asked for by whoever calls
    if terms.shared_out:
        return terms.rings.around(past, decay)
    return np.asarray(terms.rings.rings[0] @ past)


def log_likelihood_of(data: SteppedCounts, mean: np.ndarray, overdispersion: float) -> float:
    """Return the log-likelihood of the counts that are known."""
    y, known = data.counts, data.known
    common = scipy.special.xlogy(y, mean) - scipy.special.gammaln(y + 1)
    if overdispersion <= FLAT:
        return float((known * (common - mean)).sum())
    size = 1 / overdispersion
    terms = (
        scipy.special.gammaln(y + size) - scipy.special.gammaln(size) - scipy.special.xlogy(y, size)
    )
    terms += common - (y + size) * np.log1p(overdispersion * mean)
    return float((known * terms).sum())
