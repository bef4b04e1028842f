"""The fichas' slices of released tables: proven to be what the notebooks saved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property

import pandas as pd

from labtools.errors import PrivacyError
from labtools.tables.cuts import Cut
from labtools.tables.released import Lines

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

    def prove(self, colonia_id: str, saved: Lines) -> None:
        """Compare saved lines with those of the released table.

        So that map = table = text: a table with colonias has this one's rows, all of them; a
        table without has some of its rows.

        Raises
        ------
        PrivacyError
            If they are not.
        """
        every = self._whole.lines  # all are written at once: they are asked of each ficha
        if self._whole.is_by_colonia:
            lines = [every[place] for place in self._whole.places_of(colonia_id)]
        elif saved == every:
            lines = saved  # all of them, as most fichas hold them: nothing to look for
        else:
            places = {place for line in saved for place in self._told_places.get(line, ())}
            lines = [every[place] for place in sorted(places)]
        if lines != saved:
            raise PrivacyError(
                "The table {table} of the ficha of {colonia} differs from the released one. Its "
                'notebook changed it: save what lab.table("{table}") gives.',
                table=self._name,
                colonia=colonia_id,
            )

    @cached_property
    def _told_places(self) -> Mapping[str, Sequence[int]]:
        found = defaultdict[str, list[int]](list)
        for place, line in enumerate(self._whole.lines):
            found[line].append(place)
        return found


def released_tables(tables: Mapping[str, pd.DataFrame]) -> dict[str, ReleasedTable]:
    """Return the released tables, and the profile that is made of one of them."""
    found = {name: ReleasedTable(name, table) for name, table in tables.items()}
    shown = pd.DataFrame(tables["colonias_shown"].drop(columns="geometry"))
    return {**found, PROFILE: ReleasedTable(PROFILE, shown)}
