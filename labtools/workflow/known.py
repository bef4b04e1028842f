"""What targeting reads of an edition, and of each colonia."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from labtools.settings import Settings
from labtools.workflow.edition import Edition
from labtools.workflow.keeping import Digested, Frames, digest_of_table

DRAWS = 300
_GRADES = 5
_PROCESSED, _RESULTS = "processed", "results"


@dataclass(frozen=True, slots=True)
class Known:
    """What targeting reads of an edition.

    Attributes
    ----------
    processed, results : mapping of str to pandas.DataFrame
        Processed tables, and the edition's other results.
    edition : Edition
    settings : Settings
    """

    processed: Mapping[str, pd.DataFrame]
    results: Mapping[str, pd.DataFrame]
    edition: Edition
    settings: Settings

    def keep(
        self, name: str, made_from: list[object], make: Callable[[Known], Frames]
    ) -> dict[str, pd.DataFrame]:
        """Return what `make` gives of this, kept while the tables that it asks for stand.

        Parameters
        ----------
        name : str
            Of what is kept.
        made_from : list
            All that `make` depends on beside this: see `Kept.take`.
        make : callable
            Makes frames of plain columns; the same of the same.
        """
        edition, settings = self.edition, self.settings

        def made(tables: Frames) -> Frames:
            processed, results = _Part(tables, _PROCESSED), _Part(tables, _RESULTS)
            return make(Known(processed, results, edition.bare(), settings))

        return edition.fits.follow(
            f"{name}-{edition.audience}",
            [*edition.made_from(settings), *made_from],
            _Joined({_PROCESSED: self.processed, _RESULTS: self.results}),
            made,
        )

    @property
    def people(self) -> pd.Series:
        """Residents by colonia."""
        colonias: pd.DataFrame = self.processed["colonias"]
        return colonias.set_index("colonia_id")["population"]

    @property
    def boroughs(self) -> pd.Series:
        """Borough by colonia."""
        colonias: pd.DataFrame = self.processed["colonias"]
        return colonias.set_index("colonia_id")["borough"]

    @property
    def places(self) -> pd.DataFrame:
        """Borough and grade of marginality (fifths of dwellings without internet) by colonia."""
        census = self.results["indicators"].pivot_table(
            index="colonia_id", columns="indicator", values="value"
        )
        grade = pd.Series(pd.NA, index=self.people.index, dtype="object")
        if "internet" in census.columns:
            order = (-census["internet"]).rank(method="first", pct=True).reindex(grade.index)
            fifth = np.ceil(order * _GRADES).clip(1, _GRADES)
            grade = fifth.map(lambda g: f"{g:.0f}", na_action="ignore").astype("object")
        return pd.DataFrame({"borough": self.boroughs, "grade": grade})


class _Joined(Mapping[str, pd.DataFrame]):
    """Several mappings of tables as one: their names follow that of their mapping."""

    def __init__(self, parts: Mapping[str, Mapping[str, pd.DataFrame]]) -> None:
        self._parts = parts

    def __getitem__(self, name: str) -> pd.DataFrame:
        part, _, own = name.partition("/")
        return self._parts[part][own]

    def __contains__(self, name: object) -> bool:
        part, _, own = str(name).partition("/")
        return own in self._parts[part]

    def __iter__(self) -> Iterator[str]:
        yield from (f"{part}/{own}" for part, tables in self._parts.items() for own in tables)

    def __len__(self) -> int:
        return sum(map(len, self._parts.values()))

    def digest(self, name: str) -> str:
        """Return the digest of a table; it is not read where its mapping knows it."""
        part, _, own = name.partition("/")
        tables = self._parts[part]
        return tables.digest(own) if isinstance(tables, Digested) else digest_of_table(tables[own])


class _Part(Mapping[str, pd.DataFrame]):
    """One of the mappings that were joined, as before: each table is asked of the whole."""

    def __init__(self, whole: Mapping[str, pd.DataFrame], part: str) -> None:
        self._whole, self._part = whole, part

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self._whole[f"{self._part}/{name}"]

    def __contains__(self, name: object) -> bool:
        return f"{self._part}/{name}" in self._whole

    def __iter__(self) -> Iterator[str]:
        before = f"{self._part}/"
        yield from (name.removeprefix(before) for name in self._whole if name.startswith(before))

    def __len__(self) -> int:
        return sum(1 for _ in self)
