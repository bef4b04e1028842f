"""A programme that began everywhere in the same quarter: who, against whom, before and after.

When to use it: by the designs that know one start.  When not: places that entered in waves
(:mod:`labtools.evaluation.counts`, :mod:`labtools.evaluation.staggered`), unless a protocol
evaluates one of the waves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from labtools.errors import AnalysisError
from labtools.evaluation.choice import Chosen
from labtools.evaluation.programme import Cells, refuse_alone
from labtools.evaluation.protocol import Protocol

YEAR = 4  # quarters
_QUARTER = 3  # months


@dataclass(frozen=True, slots=True)
class OneStart:
    """Counts of a programme with one start.

    Attributes
    ----------
    counts : pandas.DataFrame, shape (n_places, n_quarters)
        Of the programme's places and of those that never entered in the window.
    start : int
        Position of the first quarter in the programme.
    treated, ring : pandas.Series of bool, shape (n_places,)
        In the programme; and beside it, if the protocol gives neighbours an effect of their own.
    beside : pandas.DataFrame of bool, shape (n_places, n_places)
        Which places share a border.
    chosen : {"by_records", "by_lottery", "otherwise"}
    drawn : numpy.ndarray of bool, shape (n_lots, n_places), optional
        Who would have been in the programme in each lot that could have been taken; the first was.
    """

    counts: pd.DataFrame
    start: int
    treated: pd.Series
    ring: pd.Series
    beside: pd.DataFrame
    chosen: Chosen
    drawn: np.ndarray | None = None

    @property
    def others(self) -> pd.Series:
        """Places that compare."""
        return ~self.treated & ~self.ring

    @property
    def after(self) -> pd.Series:
        """Events of each place from the start on."""
        return self.counts.iloc[:, self.start :].sum(axis=1)

    def years_before(self, most: int) -> pd.DataFrame:
        """Return the events of each place in the whole years before the start, oldest first.

        Raises
        ------
        AnalysisError
            If there is no whole year before the start, or nothing after it.
        """
        whole = min(self.start // YEAR, most)
        if not whole or self.start >= self.counts.shape[1]:
            raise AnalysisError(
                "The window has {before} quarters before the start and {after} from it on; a whole "
                "year before and a quarter after are needed. Give a longer window.",
                before=self.start,
                after=max(self.counts.shape[1] - self.start, 0),
            )
        ends = [self.start - YEAR * back for back in range(whole - 1, -1, -1)]
        years = {end: self.counts.iloc[:, end - YEAR : end].sum(axis=1) for end in ends}
        return pd.DataFrame(years, index=self.counts.index)

    def a_year_earlier(self) -> OneStart | None:
        """Return the same as if it had begun a year before; None where too little lies before."""
        if self.start < 2 * YEAR:
            return None
        return replace(self, counts=self.counts.iloc[:, : self.start], start=self.start - YEAR)


def one_start(cells: Cells, beside: pd.DataFrame, protocol: Protocol) -> OneStart:
    """Return the counts of a programme that began in one quarter.

    Quarters in which it could already be felt, or that the choice of places looked at, are left
    out.

    Parameters
    ----------
    cells : Cells
    beside : pandas.DataFrame of bool
        Which places share a border.
    protocol : Protocol

    Raises
    ------
    AnalysisError
        If its places entered in different quarters, or there is only one.
    """
    inside = cells.inside.any(axis=1)
    refuse_alone(int(inside.sum()))
    starts = np.unique(cells.inside[inside].to_numpy().argmax(axis=1))
    if len(starts) > 1:
        raise AnalysisError(
            "The colonias entered in {n} different quarters, and this design knows one start. Name "
            "in the protocol a stage that entered together, or plan the design imputed_counts or "
            "group_time.",
            n=len(starts),
        )
    start = int(starts[0])
    never = ~(cells.since >= 0).any(axis=1)
    kept = inside | never
    if cells.lots is not None:
        kept &= kept.index.isin(cells.lots.index)
        _refuse_other_lot(inside, cells.lots)
    waiting = -(-protocol.design.anticipation_months // _QUARTER)
    at = np.arange(cells.panel.counts.shape[1])
    used = (at >= start) | (at < start - waiting) & ~cells.looked_at.any(axis=0).to_numpy()
    counts = cells.panel.counts.loc[kept, used]
    return OneStart(
        counts=counts,
        start=int(used[:start].sum()),
        treated=inside[kept],
        ring=(cells.panel.exposed.any(axis=1) & never)[kept],
        beside=beside.reindex(index=counts.index, columns=counts.index).fillna(value=False),
        chosen=protocol.units.chosen,
        drawn=_drawn(cells.lots, counts.index, starts_in=inside[kept]),
    )


def _refuse_other_lot(inside: pd.Series, lots: pd.DataFrame) -> None:
    """Refuse a programme whose places are not those of a wave of the lot that was taken."""
    ours = set(inside.index[inside])
    waves = lots.iloc[:, 0].groupby(lots.iloc[:, 0]).groups
    if not any(ours == set(wave) for wave in waves.values()):
        raise AnalysisError(
            "The {n} colonias evaluated are not those of a wave of the lot that was taken: the "
            "choice cannot be drawn again. Name that wave as the stage, or plan the design "
            "imputed_counts.",
            n=len(ours),
        )


def _drawn(
    lots: pd.DataFrame | None, places: pd.Index, *, starts_in: pd.Series
) -> np.ndarray | None:
    if lots is None:
        return None
    table = lots.reindex(places)
    wave = table.iloc[:, 0][starts_in].iloc[0]
    return np.asarray((table == wave).to_numpy().T)
