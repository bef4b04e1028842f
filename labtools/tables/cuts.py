"""A result table cut by colonia, once for all of them: its slices, and the rows of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np
import pandas as pd

from labtools.tables.released import Lines, lines_of

BY_COLONIA = "colonia_id"
#: Rows written at a time, so that not all are held as values at once.
_PIECE = 20_000
#: No row at all.
NONE = np.array([], dtype=np.intp)


@dataclass(frozen=True)
class Cut:
    """A table whose slices are asked for many times.

    Finding a colonia's rows by comparing every key, and writing each slice as JSON by itself,
    costs more than all that a ficha computes; both are done here once for the whole table.

    Attributes
    ----------
    table : pandas.DataFrame
        Must not be changed afterwards.
    """

    table: pd.DataFrame

    @property
    def is_by_colonia(self) -> bool:
        """Whether the table has a slice for each colonia."""
        return BY_COLONIA in self.table.columns

    @cached_property
    def lines(self) -> Lines:
        """All rows as a ficha's file holds them."""
        starts = range(0, len(self.table), _PIECE)
        pieces = (lines_of(self.table.iloc[start : start + _PIECE]) for start in starts)
        return [*chain.from_iterable(pieces)]

    def of(self, colonia_id: str) -> pd.DataFrame:
        """Return the rows of a colonia, numbered from 0; none where it has none."""
        return self.at(self.places_of(colonia_id))

    def lines_of(self, colonia_id: str) -> Lines:
        """Return the rows of a colonia as its ficha's file holds them."""
        return self.lines_at(self.places_of(colonia_id))

    def places_of(self, colonia_id: str) -> np.ndarray:
        """Return where the rows of a colonia are; none where it has none."""
        found: np.ndarray = self._places.get(colonia_id, NONE)
        return found

    def at(self, places: np.ndarray) -> pd.DataFrame:
        """Return the rows at `places`, numbered from 0."""
        found = self.table.take(places)
        found.index = pd.RangeIndex(len(found))  # several times sooner than reset_index
        return found

    def lines_at(self, places: np.ndarray) -> Lines:
        """Return the rows at `places` as a ficha's file holds them.

        Where `lines` was not asked for, only these are written: of a few colonias that is sooner.
        """
        if "lines" not in vars(self):
            return lines_of(self.table.take(places))
        lines = self.lines
        return [lines[place] for place in places]

    @cached_property
    def _places(self) -> Mapping[str, np.ndarray]:
        found: Mapping[str, np.ndarray] = self.table.groupby(BY_COLONIA, sort=False).indices
        return found


def with_light_words(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose words are Python's own strings instead of Arrow's.

    The dtype is ``str`` all the same; slices of a few rows are taken and compared in half the
    time.  Not for whole tables to compute with: there Arrow's strings are sooner.
    """
    names = [name for name, kind in table.dtypes.items() if isinstance(kind, pd.StringDtype)]
    return table.assign(**{name: _light(table[name]) for name in names})


def _light(words: pd.Series) -> pd.Series:
    """Return words as Python's strings, one for each that differs however often it stands there."""
    codes, known = pd.factorize(words)
    held = np.append(known.to_numpy(object), np.nan)  # code -1, of what is missing, is the last
    return pd.Series(held[codes], words.index, dtype=pd.StringDtype("python", na_value=np.nan))
