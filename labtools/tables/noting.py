"""Tables by name that note which of them were asked for.

When to use it: where what is made of tables is kept, so that it stands while those it was made
of do.  What a step depends on is then seen, not declared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd


class Noting(Mapping[str, pd.DataFrame]):
    """A mapping of tables, and the names of those that somebody asked for.

    Parameters
    ----------
    tables : mapping of str to DataFrame

    Attributes
    ----------
    asked : set of str
        Names asked for so far, those of tables that are not there included.
    """

    def __init__(self, tables: Mapping[str, pd.DataFrame]) -> None:
        self._tables = tables
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> pd.DataFrame:
        self.asked.add(name)
        return self._tables[name]

    def __iter__(self) -> Iterator[str]:
        self.asked.update(self._tables)  # whoever goes through all may depend on each
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)
