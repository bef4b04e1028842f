"""What somebody learns who has everything that was ever published, and knows the method.

The attacker takes every release together and asks, for each confidential count, the least
and the greatest value that agree with all of them.  Use it before each release.  It knows no
more than what is published: what neighbours know of one another is not in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from labtools.errors import AnalysisError
from labtools.privacy.claims import Claims, joined
from labtools.privacy.near import reachable, without_public_cells
from labtools.privacy.propagation import Ranges, binding, components, propagate

#: A count is not protected where fewer values than these agree with everything published.
NARROW = 3
_TRIES = 40
_SECONDS = 30.0
_NEAR = 1e-6
_SPARE = 1_000.0
#: So many cells are followed one by one; what is left in doubt counts as known.
_MOST = 400
_INFEASIBLE = 2


@dataclass(frozen=True, slots=True)
class Attack:
    """What an attack found.

    Attributes
    ----------
    cells : pandas.DataFrame
        The cells attacked, as they were given.
    low, high : numpy.ndarray, shape (n_cells,)
        Values that agree with everything published, in events.  Where `solved`, the least and
        the greatest; elsewhere the range is at least that wide, which was enough to know.
    solved : numpy.ndarray of bool
    confidential : numpy.ndarray of bool
        Counts that nobody may learn; the others are already public.
    around : Ranges
        Ranges that hold every value that agrees, and perhaps more.
    """

    cells: pd.DataFrame
    low: np.ndarray
    high: np.ndarray
    solved: np.ndarray
    confidential: np.ndarray
    around: Ranges

    @property
    def exact(self) -> int:
        """Confidential counts that are known exactly."""
        return int((self._values[self.confidential] <= 1).sum())

    @property
    def narrow(self) -> int:
        """Confidential counts not known exactly, of which fewer than three values are left."""
        left = self._values[self.confidential]
        return int(((left > 1) & (left < NARROW)).sum())

    def frame(self) -> pd.DataFrame:
        """Return the cells with ``low``, ``high``, ``values``, ``solved``, ``least``, ``most``.

        The last two are `around`.
        """
        return self.cells.assign(
            low=self.low,
            high=self.high,
            values=self._values,
            solved=self.solved,
            least=self.around.low,
            most=self.around.high,
        )

    def leaks(self) -> pd.DataFrame:
        """Return the confidential cells that are known exactly or nearly, worst first."""
        frame = self.frame()[self.confidential & (self._values < NARROW)]
        return frame.sort_values("values", kind="stable")

    @property
    def _values(self) -> np.ndarray:
        return np.asarray(self.high - self.low + 1)


def attack(
    cells: pd.DataFrame,
    releases: Sequence[Claims],
    *,
    confidential: pd.Series | None = None,
    every: bool = False,
    seed: int = 0,
) -> Attack:
    """Return what all releases together tell of each cell.

    Cells are whole numbers and not negative.  Ranges are first narrowed by single claims;
    cells that no claim ties together are attacked apart; counts that agree with everything
    published are then looked for in many cells at once, and only cells still in doubt are
    minimised and maximised one by one.

    Parameters
    ----------
    cells : pandas.DataFrame
        One row for each unknown count.
    confidential : pandas.Series of bool, optional
        By default every cell.
    every : bool
        Whether to find the least and greatest value of each confidential cell, and not only
        whether three are left: for small tables.
    seed : int
        Of the directions in which counts are looked for.

    Raises
    ------
    AnalysisError
        If no counts agree with everything published, or the solver has no answer in time.

    References
    ----------
    Fischetti, M. & Salazar, J. J. (2001). Solving the cell suppression problem on tabular
    data with linear constraints. Management Science 47, 1008-1027.
    doi:10.1287/mnsc.47.7.1008.9805
    """
    n = len(cells)
    secret = np.ones(n, bool) if confidential is None else confidential.to_numpy(bool)
    claims = joined(releases, n)
    ranges = propagate(claims, np.zeros(n), np.full(n, np.inf))
    _refuse_contradiction(cells, ranges.empty)
    kept = binding(claims, ranges)
    claims = Claims(claims.weights[kept], claims.low[kept], claims.high[kept])
    claims = without_public_cells(claims, ranges, secret)
    low, high = ranges.low.copy(), ranges.high.copy()
    solved = np.ones(n, bool)
    rng = np.random.default_rng(seed)
    for members, own in _parts(claims):
        if not secret[members].any() or (_is_forest(own) and ranges.settled):
            continue
        part = _Part.of(own, Ranges(low[members], high[members], settled=ranges.settled))
        wanted = secret[members]
        if (every or not part.find_near()) and not part.find_first(rng):
            _refuse_contradiction(cells, members)
        if not every:
            part.find_wide(wanted, rng)
        part.find_ends(wanted, every=every)
        low[members], high[members], solved[members] = part.answers()
    return Attack(cells, low, high, solved, secret, ranges)


def _refuse_contradiction(cells: pd.DataFrame, wrong: np.ndarray) -> None:
    if len(wrong):
        raise AnalysisError(
            "No counts agree with everything published ({n} cells; the first is {first}). Counts "
            "were revised between editions, or a figure was not made by the rule declared: say "
            "which, and audit again.",
            n=len(wrong),
            first=", ".join(f"{c}={v}" for c, v in cells.iloc[wrong[0]].items()),
        )


def _parts(claims: Claims) -> Iterator[tuple[np.ndarray, Claims]]:
    """Yield the cells of each group that claims tie together, and its claims."""
    group = components(claims)
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    by_claim = group[claims.weights.indices[claims.weights.indptr[:-1]]]
    claim_order = np.argsort(by_claim, kind="stable")
    claimed = by_claim[claim_order]
    inside = np.empty(len(group), claims.weights.indices.dtype)
    for members in np.split(order, starts[1:]):
        mine = group[members[0]] if len(members) else -1
        left, right = np.searchsorted(claimed, [mine, mine + 1])
        rows = claim_order[left:right]
        if len(rows):
            # Renumbered by hand: to take columns of a sparse array costs as much as it has columns.
            own = claims.weights[rows]
            inside[members] = np.arange(len(members))
            parts = (own.data, inside[own.indices], own.indptr)
            weights = scipy.sparse.csr_array(parts, shape=(len(rows), len(members)))
            yield members, Claims(weights, claims.low[rows], claims.high[rows])


def _is_forest(claims: Claims) -> bool:
    """Tell whether one claim at a time tells everything: plain sums without a circle of them."""
    weights = claims.weights
    n_claims, n_cells = weights.shape
    return bool(weights.nnz == n_claims + n_cells - 1 and (abs(weights.data) == 1).all())


@dataclass(slots=True)
class _Part:
    """A group of cells under attack: what was seen of each so far."""

    claims: Claims
    bounds: Ranges
    ceiling: np.ndarray
    least: np.ndarray
    greatest: np.ndarray
    ended: np.ndarray

    @classmethod
    def of(cls, claims: Claims, bounds: Ranges) -> _Part:
        """Return a part nothing of which was seen yet."""
        n = len(bounds.low)
        finite = [v[np.isfinite(v)] for v in (claims.low, claims.high, bounds.high, bounds.low)]
        spare = _SPARE + 2 * np.abs(np.concatenate(finite)).max(initial=0.0)
        ceiling = np.where(np.isfinite(bounds.high), bounds.high, bounds.low + spare)
        return cls(
            claims, bounds, ceiling, np.full(n, np.inf), np.full(n, -np.inf), np.zeros(n, bool)
        )

    def find_first(self, rng: np.random.Generator) -> bool:
        """Tell whether any counts agree with the claims."""
        return self._solve(rng.standard_normal(len(self.ceiling)))

    def find_near(self) -> bool:
        """Look for counts that a few cells may have whatever the others are; False if none are.

        Some that agree with every claim are among them.
        """
        found = reachable(self.claims, self.bounds, self._counts)
        if found is None:
            return False
        self.least = np.minimum(self.least, found.low)
        self.greatest = np.maximum(self.greatest, found.high)
        return True

    def find_wide(self, wanted: np.ndarray, rng: np.random.Generator) -> None:
        """Look for counts far apart in all the cells still in doubt at once."""
        in_doubt = self._in_doubt(wanted)
        for _ in range(_TRIES):
            before = int(in_doubt.sum())
            if not before:
                return
            towards = np.where(in_doubt, rng.choice([-1.0, 1.0], len(in_doubt)), 0.0)
            self._solve(towards)
            self._solve(-towards)
            in_doubt = self._in_doubt(wanted)
            if before - int(in_doubt.sum()) < max(1, before // 50):
                return

    def find_ends(self, wanted: np.ndarray, *, every: bool) -> None:
        """Minimise and maximise, one by one, the cells still in doubt (or every one).

        And those of which single claims leave two values: all together may leave one.
        """
        told = wanted & self._certain & (self.bounds.high > self.bounds.low)
        doubted = np.flatnonzero(self._in_doubt(wanted))
        some = np.concatenate([doubted, np.flatnonzero(told)])[:_MOST]
        for cell in np.flatnonzero(wanted) if every else some:
            if not (every or told[cell] or self._in_doubt(wanted)[cell]):
                continue
            towards = np.zeros(len(self.ceiling))
            for sign in (1.0, -1.0):
                towards[cell] = sign
                self._solve(towards)
            self.ended[cell] = True

    def answers(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return ``low``, ``high`` and ``solved`` of each cell."""
        shut = self._certain & ~self.ended
        low = np.where(shut, self.bounds.low, self.least)
        high = np.where(shut, self.bounds.high, self.greatest)
        at_ceiling = ~np.isfinite(self.bounds.high) & (high >= self.ceiling - _NEAR)
        return low, np.where(at_ceiling, np.inf, high), self.ended

    @property
    def _certain(self) -> np.ndarray:
        """Cells of which single claims leave fewer values than protect a count."""
        return np.asarray(self.bounds.high - self.bounds.low + 1 < NARROW)

    def _in_doubt(self, wanted: np.ndarray) -> np.ndarray:
        seen = self.greatest - self.least + 1
        return np.asarray(wanted & (seen < NARROW) & ~self._certain & ~self.ended)

    def _solve(self, towards: np.ndarray) -> bool:
        """Look for the whole counts with the least ``towards @ cells``; False if there are none.

        Counts that the solver ran out of time with are kept as seen, which errs towards alarm.
        """
        counts = self._counts(self.claims, towards)
        if counts is not None:
            self.least = np.minimum(self.least, counts)
            self.greatest = np.maximum(self.greatest, counts)
        return counts is not None

    def _counts(self, claims: Claims, towards: np.ndarray | None = None) -> np.ndarray | None:
        n = len(self.ceiling)
        found = scipy.optimize.milp(
            np.zeros(n) if towards is None else towards,
            integrality=np.ones(n),
            bounds=scipy.optimize.Bounds(self.bounds.low, self.ceiling),
            constraints=scipy.optimize.LinearConstraint(claims.weights, claims.low, claims.high),
            options={"time_limit": _SECONDS},
        )
        if found.x is None and found.status != _INFEASIBLE:
            raise AnalysisError(
                "The attack on {n} counts that are tied together found nothing in {seconds} "
                "seconds. Audit fewer tables at once, or declare coarser ones.",
                n=n,
                seconds=_SECONDS,
            )
        return None if found.x is None else np.round(found.x) + 0.0  # no minus zero
