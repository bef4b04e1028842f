"""The fichas' slices of released tables: proven to be what the notebooks saved."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property

import pandas as pd

from labtools.errors import PrivacyError
from labtools.tables.cuts import Cut
from labtools.tables.released import Rows

PROFILE = "profile"


class ReleasedTable:
    """A released table, cut as fichas hold it.

    Parameters
    ----------
    name : str
    table : pandas.DataFrame
    """

    def __init__(self, name: str, table: pd.DataFrame) -> None:
        self._name = name
        self._whole = Cut(table)

    def slice_of(self, colonia_id: str, saved: Rows) -> Rows:
        """Return the rows of the released table, once the saved ones prove to be the same.

        So that map = table = text: a table with colonias has this one's rows, all of them; a
        table without has some of its rows.

        Raises
        ------
        PrivacyError
            If they are not.
        """
        if self._whole.is_by_colonia:
            rows = self._whole.rows_of(colonia_id)
        else:
            places = {place for row in saved for place in self._told_places.get(_told(row), ())}
            rows = [self._whole.rows[place] for place in sorted(places)]
        if rows == saved:
            return rows
        raise PrivacyError(
            "The table {table} of the ficha of {colonia} differs from the released one. Its "
            'notebook changed it: save what lab.table("{table}") gives.',
            table=self._name,
            colonia=colonia_id,
        )

    @cached_property
    def _told_places(self) -> Mapping[str, Sequence[int]]:
        found = defaultdict[str, list[int]](list)
        for place, row in enumerate(self._whole.rows):
            found[_told(row)].append(place)
        return found


def released_tables(tables: Mapping[str, pd.DataFrame]) -> dict[str, ReleasedTable]:
    """Return the released tables, and the profile that is made of one of them."""
    found = {name: ReleasedTable(name, table) for name, table in tables.items()}
    shown = pd.DataFrame(tables["colonias_shown"].drop(columns="geometry"))
    return {**found, PROFILE: ReleasedTable(PROFILE, shown)}


def _told(row: Mapping[str, object]) -> str:
    return json.dumps(row, sort_keys=True)
