"""Hide small counts, and the others that would give them away: tables that stay exact.

When to use it: where a table must add up and be true to the unit.  When not: for most of
what the workbench publishes; rounding (`rounding.py`) keeps every colonia in the picture,
and suppression hides half the cells of a fine table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import scipy

from labtools.errors import PrivacyError, TableError
from labtools.privacy.attacker import Attack, attack
from labtools.privacy.claims import Claims, hidden_range
from labtools.privacy.complements import Table, cheapest_complements, greedy_complements

#: Counts from one to four are small: the usual rule of tables of people.
BELOW = 5
_FARTHEST = 3

PRIMARY, COMPLEMENTARY, PUBLISHED = "primary", "complementary", "published"


@dataclass(frozen=True, slots=True)
class Suppression:
    """A table with its margins, what of it is hidden, and the attack that proves it.

    Attributes
    ----------
    items : pandas.DataFrame
        The keys, missing in a margin where it sums over them; ``events`` (missing where
        hidden) and ``hidden``: primary, complementary or published.
    attack : Attack
        What the published items tell of the hidden small ones.
    hidden_cells, hidden_events : float
        Shares of the inner cells, and of their events, that are hidden.
    cost : float
        Events in complementary items: what was hidden beyond the small counts.
    """

    items: pd.DataFrame
    attack: Attack
    hidden_cells: float
    hidden_events: float
    cost: float

    def frame(self) -> pd.DataFrame:
        """Return the items as they may be published."""
        return self.items


def suppress(
    counts: pd.DataFrame,
    margins: Sequence[Sequence[str]],
    *,
    below: int = BELOW,
    hide_totals: bool = True,
    method: Literal["greedy", "optimal"] = "greedy",
) -> Suppression:
    """Return the table with its margins, small counts and those beside them hidden.

    A count from 1 to ``below - 1`` is hidden; then as few events more as it takes for an
    attacker who knows the margins to find each small count ``v`` possible from ``v - p`` to
    ``v + p``, with ``p`` the smaller of three and ``v``.  The result is attacked before it is
    returned.

    Parameters
    ----------
    counts : pandas.DataFrame
        The keys, and ``events``: whole counts, one row for each cell, zeros included.
    margins : sequence of sequences of str
        The keys by which each published margin is summed; none for the grand total.
    hide_totals : bool
        Whether margins may be hidden too, and small ones are.  Without it a small total gives
        its cells away, and a table may have no solution.
    method : {"greedy", "optimal"}
        Least cost one small count after another, or least cost of all together: for tables
        of a few hundred cells at most.

    Raises
    ------
    TableError
        If a count is missing.
    PrivacyError
        If the small counts cannot be protected in this form.

    References
    ----------
    Fischetti, M. & Salazar, J. J. (2001). Solving the cell suppression problem on tabular
    data with linear constraints. Management Science 47, 1008-1027.
    doi:10.1287/mnsc.47.7.1008.9805
    Kelly, J. P., Golden, B. L. & Assad, A. A. (1992). Cell suppression: disclosure protection
    for sensitive tabular data. Networks 22, 397-417. doi:10.1002/net.3230220407
    """
    items, relations, inner = _with_margins(counts, margins)
    values = items["events"].to_numpy(float)
    may_hide = inner | hide_totals
    primary = (values >= 1) & (values < below) & may_hide
    reach = np.minimum(values, _FARTHEST)
    table = Table(values, relations, primary, reach, may_hide)
    hidden = (cheapest_complements if method == "optimal" else greedy_complements)(table)
    items = items.assign(
        events=items["events"].astype("Int64").mask(hidden),
        hidden=np.select([primary, hidden], [PRIMARY, COMPLEMENTARY], PUBLISHED),
    )
    found = _attacked(items, relations, primary)
    lost, total = values[hidden & inner].sum(), values[inner].sum()
    return Suppression(
        items,
        found,
        hidden_cells=float(hidden[inner].mean()) if inner.any() else 0.0,
        hidden_events=float(lost / total) if total else 0.0,
        cost=float(values[hidden & ~primary].sum()),
    )


def _with_margins(
    counts: pd.DataFrame, margins: Sequence[Sequence[str]]
) -> tuple[pd.DataFrame, scipy.sparse.csr_array, np.ndarray]:
    """Return cells and margins as rows, what adds up to nothing, and which rows are cells."""
    missing = counts["events"].isna()
    if missing.any():
        raise TableError(
            "A table to be protected has counts that are not known ({n}; the first is {first}). "
            "Leave their colonias out, or give the counts.",
            n=int(missing.sum()),
            first=", ".join(f"{c}={v}" for c, v in counts[missing].iloc[0].items()),
        )
    keys = [c for c in counts.columns if c != "events"]
    parts, rows, cells, ones, at = [counts[[*keys, "events"]]], [], [], [], len(counts)
    for by in margins:
        group = counts.groupby(list(by)).ngroup() if by else pd.Series(0, index=counts.index)
        sums = counts.groupby(list(by), as_index=False)["events"].sum() if by else _whole(counts)
        parts.append(sums)
        first = at - len(counts)
        rows += [first + group.to_numpy(int), first + np.arange(len(sums))]
        cells += [np.arange(len(counts)), at + np.arange(len(sums))]
        ones += [np.ones(len(counts)), -np.ones(len(sums))]
        at += len(sums)
    items = pd.concat(parts, ignore_index=True)[[*keys, "events"]]
    entries = [np.concatenate(part) if part else np.zeros(0) for part in (ones, rows, cells)]
    shape = (at - len(counts), at)
    relations = scipy.sparse.csr_array(
        (entries[0], (entries[1].astype(int), entries[2].astype(int))), shape=shape
    )
    return items, relations, np.arange(at) < len(counts)


def _whole(counts: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"events": [counts["events"].sum()]})


def _attacked(
    items: pd.DataFrame, relations: scipy.sparse.csr_array, primary: np.ndarray
) -> Attack:
    ranges = hidden_range(items["events"])
    each = scipy.sparse.csr_array(scipy.sparse.eye_array(len(items)))
    nothing = np.zeros(relations.shape[0])
    found = attack(
        items.drop(columns=["events", "hidden"]),
        [
            Claims(each, ranges["low"].to_numpy(), ranges["high"].to_numpy()),
            Claims(relations, nothing, nothing),
        ],
        confidential=pd.Series(primary),
    )
    leaks = found.leaks()
    if len(leaks):
        raise PrivacyError(
            "The small counts of this table cannot be protected in this form ({n}; the first is "
            "{first}). Let totals be hidden too, or publish a coarser table.",
            n=len(leaks),
            first=", ".join(f"{c}={v}" for c, v in leaks.iloc[0].items()),
        )
    return found
