"""Which further cells to hide so that margins do not give the small ones away.

A small count is protected upwards (or downwards) where other hidden cells can make up for
moving it: some change of hidden cells leaves every sum as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from labtools.errors import PrivacyError

_NEAR = 1e-6
#: Between equal costs the fewer cells are hidden; too little to change which cost is least.
_PER_CELL = 1e-4
#: Of so few small counts, other orders are tried too.
_FEW = 30
_MORE_ORDERS = 8
#: After so many small counts, it is looked again how far the others move already.
_BETWEEN_LOOKS = 40
_LOOKS = 6


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its margins, as items that add up.

    Attributes
    ----------
    values : numpy.ndarray, shape (n_items,)
        True counts.
    relations : scipy.sparse.csr_array, shape (n_relations, n_items)
        ``relations @ values == 0``.
    primary : numpy.ndarray of bool
        Items that are hidden whatever it costs.
    reach : numpy.ndarray
        How far either way a primary item's range must reach.
    may_hide : numpy.ndarray of bool
        Items that may be hidden to protect them.
    """

    values: np.ndarray
    relations: scipy.sparse.csr_array
    primary: np.ndarray
    reach: np.ndarray
    may_hide: np.ndarray


def greedy_complements(table: Table) -> np.ndarray:
    """Return which items to hide (boolean, the primary ones among them), one after another.

    Each small count takes the cheapest further items, given those hidden before it; a second
    pass in the opposite order drops what turned out not to be needed.  The cheapest of
    several orders is kept.

    Raises
    ------
    PrivacyError
        If an item cannot be protected.
    """
    primaries = np.flatnonzero(table.primary)
    by_size = primaries[np.argsort(-table.values[primaries], kind="stable")]
    orders = [by_size, by_size[::-1]]
    if len(primaries) <= _FEW:
        rng = np.random.default_rng(0)
        orders += [rng.permutation(primaries) for _ in range(_MORE_ORDERS)]
    found = [_in_order(table, order) for order in orders]
    return min(found, key=lambda hidden: float(table.values[hidden].sum()))


def cheapest_complements(table: Table) -> np.ndarray:
    """Return which items to hide at the least cost of all, in events.

    One whole program with two changed tables for each small count (Fischetti & Salazar).

    Raises
    ------
    PrivacyError
        If an item cannot be protected.
    """
    primaries = np.flatnonzero(table.primary)
    if not len(primaries):
        return table.primary.copy()
    n, moves = len(table.values), [(int(p), s) for p in primaries for s in (1.0, -1.0)]
    found = scipy.optimize.milp(
        np.append(table.values + _PER_CELL, np.zeros(n * len(moves))),
        integrality=np.append(np.ones(n), np.zeros(n * len(moves))),
        bounds=_limits(table, moves),
        constraints=_moves_add_up(table, len(moves)),
    )
    if found.x is None:
        raise _unprotected(table, primaries[0])
    return np.asarray((found.x[:n] > 0.5) | table.primary)  # noqa: PLR2004 - zero or one


def _in_order(table: Table, order: np.ndarray) -> np.ndarray:
    """Return what is hidden where small counts are protected in this order, then backwards."""
    allowed, hidden = table.may_hide | table.primary, table.primary
    for turn in (order, order[::-1]):
        hidden = table.primary.copy()
        moves = _Moves.none_yet(table)
        for number, item in enumerate(turn):
            if number % _BETWEEN_LOOKS == 0:
                moves.look(hidden)
            for sign in (1.0, -1.0):
                if not moves.protects(item, sign):
                    changes = _cheapest_change(table, item, sign, hidden, allowed)
                    hidden |= np.abs(changes) > _NEAR
                    moves.see(changes)
        allowed = hidden
    return np.asarray(hidden)


@dataclass(slots=True)
class _Moves:
    """How far each item is known to move, up and down, by changes of hidden items alone."""

    table: Table
    up: np.ndarray
    down: np.ndarray
    rng: np.random.Generator

    @classmethod
    def none_yet(cls, table: Table) -> _Moves:
        zeros = np.zeros(len(table.values))
        return cls(table, zeros, zeros.copy(), np.random.default_rng(0))

    def protects(self, item: int, sign: float) -> bool:
        """Tell whether an item is known to move as far as it must, up or down."""
        far = {1.0: self.up, -1.0: self.down}[sign]
        return bool(far[item] >= self.table.reach[item] - _NEAR)

    def see(self, changes: np.ndarray) -> None:
        """Keep how far changes, and their opposite as far as it goes, move each item."""
        self._keep(changes)
        rising = changes > _NEAR
        share = (self.table.values[rising] / changes[rising]).min(initial=1.0)
        self._keep(-share * changes)

    def look(self, hidden: np.ndarray) -> None:
        """Move many small counts at once, by what is hidden already."""
        for _ in range(_LOOKS):
            wanting = self.table.primary & (np.minimum(self.up, self.down) < self.table.reach)
            if not wanting.any():
                return
            towards = np.where(wanting, self.rng.choice([-1.0, 1.0], len(wanting)), 0.0)
            reach = np.where(self.table.primary, self.table.reach, self.table.values.sum())
            least = np.where(hidden, -np.minimum(self.table.values, reach), 0.0)
            found = scipy.optimize.linprog(
                -towards,
                A_eq=self.table.relations,
                b_eq=np.zeros(self.table.relations.shape[0]),
                bounds=np.column_stack([least, np.where(hidden, reach, 0.0)]),
                method="highs",
            )
            self.see(found.x)

    def _keep(self, changes: np.ndarray) -> None:
        self.up = np.maximum(self.up, changes)
        self.down = np.maximum(self.down, -changes)


def _cheapest_change(
    table: Table, item: int, sign: float, hidden: np.ndarray, allowed: np.ndarray
) -> np.ndarray:
    """Return the change of all items that moves `item` as far as it must, at the least cost."""
    costs = np.where(hidden, 0.0, table.values + 1)
    most = np.where(allowed, table.values.sum() + table.reach[item], 0.0)
    least = np.where(allowed, table.values, 0.0)
    ups = np.column_stack([np.zeros_like(most), most])
    downs = np.column_stack([np.zeros_like(least), least])
    ups[item] = downs[item] = 0.0
    (ups if sign > 0 else downs)[item] = table.reach[item]
    found = scipy.optimize.linprog(
        np.append(costs, costs),
        A_eq=scipy.sparse.hstack([table.relations, -table.relations], format="csr"),
        b_eq=np.zeros(table.relations.shape[0]),
        bounds=np.vstack([ups, downs]),
        method="highs",
    )
    if found.x is None:
        raise _unprotected(table, item)
    return np.asarray(found.x[: len(hidden)] - found.x[len(hidden) :])


def _limits(table: Table, moves: list[tuple[int, float]]) -> scipy.optimize.Bounds:
    """Return limits: hide or not, then for each move how far each item may change."""
    n, far = len(table.values), table.values.sum() + table.reach.max()
    may = table.may_hide | table.primary
    low = [table.primary.astype(float)]
    high = [may.astype(float)]
    for item, sign in moves:
        least, most = -table.values.copy(), np.full(n, far)
        least[item] = most[item] = sign * table.reach[item]
        low.append(np.where(may, least, 0.0))
        high.append(np.where(may, most, 0.0))
    return scipy.optimize.Bounds(np.concatenate(low), np.concatenate(high))


def _moves_add_up(table: Table, n_moves: int) -> list[scipy.optimize.LinearConstraint]:
    """Return that each move keeps every sum, and moves nothing that is not hidden."""
    n, far = len(table.values), table.values.sum() + table.reach.max()
    none = scipy.sparse.csr_array((table.relations.shape[0] * n_moves, n))
    keep = scipy.sparse.hstack(
        [none, scipy.sparse.kron(scipy.sparse.eye_array(n_moves), table.relations)]
    )
    hide = scipy.sparse.kron(np.ones((n_moves, 1)), scipy.sparse.eye_array(n))
    change = scipy.sparse.eye_array(n * n_moves)
    falls = scipy.sparse.kron(np.ones((n_moves, 1)), scipy.sparse.diags_array(table.values))
    return [
        scipy.optimize.LinearConstraint(scipy.sparse.csr_array(keep), 0, 0),
        scipy.optimize.LinearConstraint(
            scipy.sparse.csr_array(scipy.sparse.hstack([-far * hide, change])), -np.inf, 0
        ),
        scipy.optimize.LinearConstraint(
            scipy.sparse.csr_array(scipy.sparse.hstack([falls, change])), 0, np.inf
        ),
    ]


def _unprotected(table: Table, item: int) -> PrivacyError:
    return PrivacyError(
        "No other counts can be hidden so that a count of {value} is protected. Let totals be "
        "hidden too, or publish a coarser table.",
        value=int(table.values[item]),
    )
