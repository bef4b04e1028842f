"""Circles around each area: the zones among which a scan looks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_LARGEST_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Zones:
    """Nested zones, all of one centre after each other.

    Attributes
    ----------
    order : numpy.ndarray, shape (n_areas, n_nearest)
        Areas by distance from the centre of each row.
    kept : numpy.ndarray of bool, shape (n_areas, n_nearest)
        Whether the nearest areas up to there are a zone; none is repeated.
    """

    order: np.ndarray
    kept: np.ndarray

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Return the sum of `values`, by area, in every zone."""
        return np.asarray(np.cumsum(values[self.order], axis=1)[self.kept])

    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """Return of every zone its centre, and the place in `order` of its last area."""
        centre, last = np.nonzero(self.kept)
        return centre, last

    def ranks(self) -> np.ndarray:
        """Return how many areas are nearer to each centre (rows) than each area (columns).

        Those that lie in no zone of the centre have the number of places in `order`.
        """
        n, nearest = self.order.shape
        ranks = np.full((n, n), nearest, np.int32)
        np.put_along_axis(ranks, self.order, np.arange(nearest, dtype=np.int32)[None], axis=1)
        return ranks


def nested_zones(places: np.ndarray, weight: np.ndarray) -> Zones:
    """Return the circles around every area with up to half of the `weight`."""
    away = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))
    order = np.argsort(away, axis=1, kind="stable")
    share = np.cumsum(weight[order], axis=1) / weight.sum()
    kept = share <= _LARGEST_SHARE
    longest = max(1, int(kept.sum(axis=1).max()))
    order, kept = order[:, :longest], kept[:, :longest]
    # Zones of the same areas have the same sum of random marks: keep the first of each.
    marks = np.random.default_rng(0).random(len(places))
    flat = np.round(np.cumsum(marks[order], axis=1), 9)
    inside = np.flatnonzero(kept.ravel())
    _, first = np.unique(flat.ravel()[inside], return_index=True)
    unique = np.zeros(kept.size, bool)
    unique[inside[first]] = True
    return Zones(order.astype(np.int32), unique.reshape(kept.shape))
