"""The only door of dashboards: released tables of one run, and nothing else of a workbench.

A viewer of a Voilà page can read every widget that its kernel holds, shown or not; the
kernel therefore opens the ``public`` folder of a run and no other.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import geopandas as gpd
import pandas as pd

from labtools.errors import TableError
from labtools.paths import Workbench, find_workbench
from labtools.privacy.cards import expiry_of_tables
from labtools.tables.contracts import empty_table
from labtools.tables.released import Released, read_ficha, slug
from labtools.tables.store import read_table

ENVIRONMENT_VARIABLE = "LABTOOLS_PUBLIC"
PUBLIC = "public"
READ_HERE = ("colonias_shown", "crime", "period", "sources")


@dataclass(frozen=True)
class ReleasedData:
    """Released tables of one run, each read when first asked for.

    Attributes
    ----------
    public : Path
        Folder that a run released.
    """

    public: Path
    _read: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False, compare=False)

    @property
    def colonias(self) -> gpd.GeoDataFrame:
        """Colonias on the map, one row each (EPSG:4326)."""
        return gpd.GeoDataFrame(self._table("colonias_shown"))

    @property
    def crime(self) -> pd.DataFrame:
        """Rates of every colonia and crime group, with their states."""
        return self._table("crime")

    @property
    def change(self) -> pd.DataFrame:
        """Change of every colonia and crime group, with its verdict."""
        return self._table("change")

    @property
    def proposals(self) -> pd.DataFrame:
        """Actions proposed, with their reasons and evidence; none in an edition without them."""
        if not _inside(self.public, _file("proposals")).is_file():
            return empty_table("proposals")
        return self._table("proposals")

    @property
    def municipality_dark_figure(self) -> pd.DataFrame:
        """Recorded and probable crime of the whole municipality; none in an older edition."""
        if not _inside(self.public, _file("municipality_dark_figure")).is_file():
            return empty_table("municipality_dark_figure")
        return self._table("municipality_dark_figure")

    @property
    def period(self) -> pd.Series:
        """What the edition covers: months, municipality, laboratory."""
        return self._table("period").iloc[0]

    @property
    def held_until(self) -> Mapping[str, str]:
        """Day from which each released table tells nothing any more, ``YYYY-MM-DD``."""
        return expiry_of_tables(self._table("cards"))

    @property
    def evaluation(self) -> pd.DataFrame:
        """What came of the programmes, with intervals and verdicts."""
        return self._table("evaluation")

    @property
    def evaluation_time(self) -> pd.DataFrame:
        """Effects of the programmes by time since they began."""
        return self._table("evaluation_time")

    @property
    def evaluation_facts(self) -> pd.DataFrame:
        """The sealed plans of the evaluations, and what departed from them."""
        return self._table("evaluation_facts")

    def ficha(self, colonia_id: str) -> Released:
        """Return what is released about one colonia.

        A colonia without a ficha has only its row of the map and its crime figures.

        Raises
        ------
        TableError
            If the edition has no such colonia, or its ficha cannot be read.
        """
        colonias = self.colonias
        here = colonias[colonias["colonia_id"] == colonia_id]
        if here.empty:
            raise TableError(
                "This edition has no colonia {colonia_id}. Choose one of the {n} on its map.",
                colonia_id=colonia_id,
                n=len(colonias),
            )
        if bool(here["has_ficha"].iloc[0]):
            return read_ficha(_inside(self.public, Path("fichas", f"{slug(colonia_id)}.json")))
        return Released(colonia_id, self._slices(colonia_id, here), seal="")

    def _slices(self, colonia_id: str, here: pd.DataFrame) -> Mapping[str, pd.DataFrame]:
        crime = self.crime[self.crime["colonia_id"] == colonia_id].reset_index(drop=True)
        profile = pd.DataFrame(here.drop(columns="geometry")).reset_index(drop=True)
        return MappingProxyType(
            {
                "crime": crime,
                "profile": profile,
                "sources": self._table("sources"),
                "period": self._table("period"),
            }
        )

    def _table(self, name: str) -> pd.DataFrame:
        if name not in self._read:
            self._read[name] = read_table(name, _inside(self.public, _file(name)).parent)
        return self._read[name]


def open_released(public: Path) -> ReleasedData:
    """Return the released tables of the run whose ``public`` folder is `public`.

    Raises
    ------
    TableError
        If it is not the public folder of a run, or holds no released edition.
    """
    folder = public.resolve()
    if folder.name != PUBLIC:
        raise TableError(
            "{folder} is not the “public” folder of a run. Dashboards read released tables "
            "only: give them “reports/latest/public”.",
            folder=str(folder),
        )
    absent = tuple(name for name in READ_HERE if not (folder / _file(name)).is_file())
    if absent:
        raise TableError(
            "There is no released edition in {folder}: the tables {absent} are absent. Make "
            "one with “labtools run” and “labtools protect”, then open the dashboard again.",
            folder=str(folder),
            absent=absent,
        )
    return ReleasedData(folder)


def find_public(workbench: str = "") -> Path:
    """Return the public folder to show.

    It is that of `workbench` if one is named, else the one that the environment names
    (``LABTOOLS_PUBLIC``), else the latest of the nearest workbench.

    Raises
    ------
    TableError
        If none of the three is there.
    """
    if workbench:
        return latest_public(Workbench(Path(workbench)))
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    if named:
        return Path(named)
    found = find_workbench()
    if found is None:
        raise TableError(
            "No workbench was found in {folder} or above. Open the notebook inside a "
            "workbench, or write its folder in the parameter “workbench”.",
            folder=str(Path.cwd()),
        )
    return latest_public(found)


def latest_public(workbench: Workbench) -> Path:
    """Return the public folder of the workbench's latest run."""
    return workbench.reports / "latest" / PUBLIC


def _file(table: str) -> Path:
    return Path("tables", f"{table}.parquet")


def _inside(public: Path, name: Path) -> Path:
    """Return a file of the public folder; a link that leads out of it is refused."""
    file = public / name
    if not file.resolve().is_relative_to(public):
        raise TableError(
            "{file} leads out of the released folder and is not read. Make the edition again: "
            "“labtools run”.",
            file=str(file),
        )
    return file
