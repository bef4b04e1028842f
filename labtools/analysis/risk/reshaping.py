"""What a Gaussian law of an area's level leaves out: skew at few events, and areas like no other.

A count near zero says that a level is low, not how low: the law of the level leans to the left.
And where residents are badly known, or nobody lives, an area lies farther from the others than
a normal law of levels would have it.  Each area's law is made anew along one line, from what
the others and the shared parameters lead to expect (Student's law for what is the area's own)
and what its counts tell; draws are moved so that each keeps its share.

When to use it: on draws of a map with many counts near zero.  When not: for the joint law of
several areas; how they hang together stays as it was.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

_DEGREES = 4.0
_SCALES = 16
_LEFT, _RIGHT, _STEP = -14.0, 8.0, 0.1
_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class LevelLaw:
    """The Gaussian law of each area's level, and what it is made of; all of shape (n_rows,).

    Attributes
    ----------
    mean, variance : numpy.ndarray
        Of the level.
    slope, weight : numpy.ndarray
        Expected first derivative, and minus the second, of what the counts tell of it.
    own : numpy.ndarray
        Standard deviation of what is the area's own.
    """

    mean: np.ndarray
    variance: np.ndarray
    slope: np.ndarray
    weight: np.ndarray
    own: np.ndarray


def reshape(draws: np.ndarray, law: LevelLaw) -> np.ndarray:
    """Return by how much each draw of a level is to be moved, shape (n_rows, n_draws).

    Parameters
    ----------
    draws : numpy.ndarray, shape (n_rows, n_draws)
        Of the Gaussian law.

    Notes
    -----
    The counts are taken for those Poisson ones of which the Gaussian law is the best
    approximation (see :func:`labtools.analysis.risk.laplace.correct_mean`): ``slope + weight``
    events, and an exposure of which ``weight`` are expected.
    """
    spread = np.sqrt(law.variance)
    away = (draws - law.mean[:, None]) / spread[:, None]
    grid = np.arange(_LEFT, _RIGHT + _STEP / 2, _STEP)
    delta = spread[:, None] * grid
    events = np.maximum(law.slope + law.weight, 0.0)[:, None]
    expected = law.weight[:, None] * np.exp(delta - law.variance[:, None] / 2)
    height = _log_expected(delta, law) + events * delta - expected
    density = np.exp(height - height.max(axis=1, keepdims=True))
    passed = np.cumsum((density[:, 1:] + density[:, :-1]) / 2, axis=1)
    share = np.column_stack([np.zeros(len(passed)), passed]) / passed[:, -1:]
    wanted = scipy.special.ndtr(away)
    moved = [np.interp(u, f, grid) for u, f in zip(wanted, share, strict=True)]
    return np.asarray((np.array(moved) - away) * spread[:, None])


def _log_expected(delta: np.ndarray, law: LevelLaw) -> np.ndarray:
    """Return the log density that all but the area's own counts give its level."""
    precision = np.maximum(1 / law.variance - law.weight, _TINY)
    centre = -law.slope / precision
    shared = np.maximum(1 / precision - law.own**2, _TINY)
    scales = np.exp(np.linspace(np.log(1e-2), np.log(6.0), _SCALES))
    chance = scales * scipy.stats.gamma.pdf(scales, _DEGREES / 2, scale=2 / _DEGREES)
    chance = chance / chance.sum()
    total = np.zeros_like(delta)
    for scale, part in zip(scales, chance, strict=True):
        # In the middle as the normal law that was fitted, and farther out beyond it.
        wide = (shared + law.own**2 / scale)[:, None]
        total += part * np.exp(-((delta - centre[:, None]) ** 2) / (2 * wide)) / np.sqrt(wide)
    return np.asarray(np.log(np.maximum(total, np.finfo(float).tiny)))
