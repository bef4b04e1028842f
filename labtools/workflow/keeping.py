"""What is costly to make, kept under the digest of all that it was made from.

A model of the whole city takes seconds or minutes and changes only with its own data: one more
action in the log is no reason to ask the survey again.  Both editions of a run share what does
not depend on who reads; and a run that is planned and then made, goes on where it stood, is
retried, or is made for another period and back, finds the lab's tables as they were.

What a step depends on is told by whoever calls it (`Kept.take`), or noted while it is made
(`Kept.follow`): a table that it did not ask for cannot have changed what it gave.

``labtools verify`` makes everything anew, in a folder of its own.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq

from labtools.paths import Workbench
from labtools.tables.lineage import code_digest, digest_of, packages_digest, sha256_of
from labtools.tables.noting import Noting
from labtools.tables.store import make_folder, writing

Frames = Mapping[str, pd.DataFrame]

_WHOLE = "frames.json"
_ASKED = "asked.json"
_MOST = 4
_DIGITS = 24


class Kept:
    """What was made before, by name and by what it was made from.

    Parameters
    ----------
    folder : pathlib.Path, optional
        Under ``data/interim``; the last four of each name stay in it.  Without it, everything is
        made anew.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    def take(
        self, name: str, made_from: list[object], make: Callable[[], Frames]
    ) -> dict[str, pd.DataFrame]:
        """Return what was kept under `name` for the same inputs, or else what `make` gives.

        Parameters
        ----------
        name : str
            Of the model, or of the tables.
        made_from : list
            All that `make` depends on but code and libraries: tables, series, plain values.
        make : callable
            Makes frames of plain columns.

        Returns
        -------
        dict of DataFrame
            As read from the disk, whether they were made now or before.
        """
        if self._folder is None:
            return dict(make())
        own = self._place(name, made_from)
        if not _stands(own):
            _write(own, make())
        return self._taken(name, own)

    def follow(
        self,
        name: str,
        made_from: list[object],
        tables: Frames,
        make: Callable[[Frames], Frames],
    ) -> dict[str, pd.DataFrame]:
        """Return what was kept under `name`, or else what `make` gives of `tables`.

        Which of them it asks for is noted: what was kept is taken as long as these are the
        same, whatever became of the others.

        Parameters
        ----------
        name : str
            Of the tables.
        made_from : list
            All else that `make` depends on, as for `take`.
        tables : mapping of str to DataFrame
            What it may ask for.
        make : callable
            Makes frames of plain columns; the same of the same.

        Returns
        -------
        dict of DataFrame
            As read from the disk, whether they were made now or before.
        """
        if self._folder is None:
            return dict(make(tables))
        own = self._place(name, made_from)
        for before in sorted(self._folder.glob(f"{own.name}.*"), key=_age, reverse=True):
            if _asked_the_same(before, tables) and _stands(before):
                return self._taken(name, before)
        noting = Noting(tables)
        made = make(noting)
        asked = {name: _digest_in(tables, name) for name in sorted(noting.asked)}
        own = own.with_name(f"{own.name}.{digest_of(asked)[:_DIGITS]}")
        make_folder(own, private=True)
        with writing(own / _ASKED, private=True) as aside:
            aside.write_text(json.dumps(asked), encoding="utf-8")
        _write(own, made)
        return self._taken(name, own)

    def _place(self, name: str, made_from: list[object]) -> Path:
        if self._folder is None:
            raise ValueError(name)  # nothing is kept: whoever asks has looked
        make_folder(self._folder, private=True)
        told = [_digest(part) for part in made_from]
        return (
            self._folder / f"{name}.{digest_of(code_digest(), packages_digest(), *told)[:_DIGITS]}"
        )

    def _taken(self, name: str, own: Path) -> dict[str, pd.DataFrame]:
        own.touch()
        for path in sorted(own.parent.glob(f"{name}.*"), key=_age)[:-_MOST]:
            shutil.rmtree(path)
        return _read(own)


@runtime_checkable
class Digested(Protocol):
    """Tables that know the digest of each without reading it."""

    def digest(self, name: str) -> str:
        """Return the digest of a table."""


def kept_in(workbench: Workbench) -> Kept:
    """Return what a workbench keeps."""
    return Kept(workbench.interim("kept"))


def digest_of_table(table: pd.DataFrame) -> str:
    """Return a digest of a table: names, types, index and values."""
    if isinstance(table, gpd.GeoDataFrame):
        table = pd.DataFrame(table).assign(geometry=table.geometry.to_wkb())
    head = str([(str(name), str(kind)) for name, kind in table.dtypes.items()])
    rows = pd.util.hash_pandas_object(table, index=True).to_numpy()
    return hashlib.sha256(head.encode() + rows.tobytes()).hexdigest()


def _digest(part: object) -> object:
    """Return a plain value as it is, and the digest of a table."""
    if isinstance(part, pd.Series):
        return digest_of_table(part.to_frame())
    return digest_of_table(part) if isinstance(part, pd.DataFrame) else part


def _digest_in(tables: Frames, name: str) -> str:
    """Return the digest of a table that was asked for; empty where there is none."""
    if name not in tables:
        return ""
    return tables.digest(name) if isinstance(tables, Digested) else digest_of_table(tables[name])


def _asked_the_same(own: Path, tables: Frames) -> bool:
    try:
        asked = json.loads((own / _ASKED).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return False
    return all(_digest_in(tables, it) == was for it, was in asked.items())


def _write(own: Path, frames: Frames) -> None:
    make_folder(own, private=True)
    files = {}
    for number, (name, frame) in enumerate(frames.items()):
        with writing(own / f"{number}.parquet", private=True) as aside:
            frame.to_parquet(aside)
        files[name] = sha256_of(own / f"{number}.parquet")
    with writing(own / _WHOLE, private=True) as aside:  # last: without it, nothing here counts
        aside.write_text(json.dumps(files), encoding="utf-8")


def _stands(own: Path) -> bool:
    try:
        files = json.loads((own / _WHOLE).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return False
    paths = [own / f"{number}.parquet" for number in range(len(files))]
    return all(path.is_file() for path in paths) and [*map(sha256_of, paths)] == [*files.values()]


def _read(own: Path) -> dict[str, pd.DataFrame]:
    names = json.loads((own / _WHOLE).read_text(encoding="utf-8"))
    return {name: _frame(own / f"{number}.parquet") for number, name in enumerate(names)}


def _frame(path: Path) -> pd.DataFrame:
    of_shapes = b"geo" in (pq.read_schema(path).metadata or {})
    return gpd.read_parquet(path) if of_shapes else pd.read_parquet(path)


def _age(path: Path) -> float:
    return path.stat().st_mtime
