"""A result table cut by colonia, once for all of them: its slices, and the rows of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from labtools.tables.released import Rows, rows_of

BY_COLONIA = "colonia_id"
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
    def rows(self) -> Rows:
        """All rows as a ficha's file holds them."""
        return rows_of(self.table)

    def of(self, colonia_id: str) -> pd.DataFrame:
        """Return the rows of a colonia, numbered from 0; none where it has none."""
        return self.at(self.places_of(colonia_id))

    def rows_of(self, colonia_id: str) -> Rows:
        """Return the rows of a colonia as its ficha's file holds them."""
        return self.rows_at(self.places_of(colonia_id))

    def places_of(self, colonia_id: str) -> np.ndarray:
        """Return where the rows of a colonia are; none where it has none."""
        found: np.ndarray = self._places.get(colonia_id, NONE)
        return found

    def at(self, places: np.ndarray) -> pd.DataFrame:
        """Return the rows at `places`, numbered from 0."""
        found = self.table.take(places)
        found.index = pd.RangeIndex(len(found))  # several times sooner than reset_index
        return found

    def rows_at(self, places: np.ndarray) -> Rows:
        """Return the rows at `places` as a ficha's file holds them."""
        rows = self.rows
        return [rows[place] for place in places]

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
    return table.astype(dict.fromkeys(names, pd.StringDtype("python", na_value=np.nan)))
