"""A file of records in slices, so that memory does not grow with it.

Of each row only the columns that the descriptor names are kept, and a digest of all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import pandas as pd

from labtools.sources.protocol import Intake, Tally, require_described, wanted_rows

#: Rows of a slice; nearly every file of a municipality is one slice.
SLICE_ROWS = 500_000


@dataclass(frozen=True, slots=True)
class Slice:
    """Rows of a file, one after the other.

    Attributes
    ----------
    cells : pandas.DataFrame
        The columns that the descriptor names, as text; the index is the position in the file.
    cut : pandas.Series of bool
        Which rows have fewer cells than the header.
    said : pandas.Series of uint64
        Digest of each row, all its columns together.
    """

    cells: pd.DataFrame
    cut: pd.Series
    said: pd.Series


@dataclass(slots=True)
class Slices:
    """The slices of a file, which may be gone through again; a file of one is read once.

    Attributes
    ----------
    intake : Intake
    tally : Tally
        Of the rows read, when all of them were.
    rows : int
        In a slice, at most; a batch of the file is never parted.
    """

    intake: Intake
    tally: Tally = field(default_factory=Tally)
    rows: int = field(default_factory=lambda: SLICE_ROWS)
    _only: Slice | None = None

    def __iter__(self) -> Iterator[Slice]:
        """Yield every slice; there is one at least, be it empty."""
        if self._only is not None:
            yield self._only
            return
        tally, only = Tally(), None
        for many, one in enumerate(_read(self.intake, tally, self.rows), 1):
            only = one if many == 1 else None
            yield one
        self.tally, self._only = tally, only


def _read(intake: Intake, tally: Tally, rows: int) -> Iterator[Slice]:
    require_described(intake, "date")
    held: list[Slice] = []
    for batch in wanted_rows(intake, tally):
        held.append(_slim(intake, batch))
        if sum(len(one.cells) for one in held) >= rows:
            yield _joined(held)
            held = []
    if held:
        yield _joined(held)


def _slim(intake: Intake, batch: pd.DataFrame) -> Slice:
    named = {*intake.descriptor.columns.values(), *intake.where}
    return Slice(
        cells=batch[[name for name in batch.columns if name in named]],
        cut=batch.isna().any(axis=1),
        said=pd.util.hash_pandas_object(batch, index=False),
    )


def _joined(held: Iterable[Slice]) -> Slice:
    parts = list(held)
    return Slice(
        pd.concat([part.cells for part in parts]),
        pd.concat([part.cut for part in parts]),
        pd.concat([part.said for part in parts]),
    )
