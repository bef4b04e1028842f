"""What is costly to make, kept under the digest of all that it was made from.

A model of the whole city takes seconds or minutes and changes only with its own data: one more
action in the log is no reason to ask the survey again.  Both editions of a run share what does
not depend on who reads; and a run that is planned and then made, goes on where it stood, is
retried, or is made for another period and back, finds the lab's tables as they were.  What is
published is not kept: it is always made anew.  ``labtools verify`` makes everything anew, in a
folder of its own.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq

from labtools.paths import Workbench
from labtools.runs.traces import packages_digest
from labtools.tables.lineage import code_digest, digest_of, sha256_of
from labtools.tables.store import make_folder, writing

Frames = Mapping[str, pd.DataFrame]

_WHOLE = "frames.json"
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
        make_folder(self._folder, private=True)
        told = [_digest(part) for part in made_from]
        digest = digest_of(code_digest(), packages_digest(), *told)[:_DIGITS]
        own = self._folder / f"{name}.{digest}"
        if not _stands(own):
            _write(own, make())
            self._forget(name)
        own.touch()
        return _read(own)

    def _forget(self, name: str) -> None:
        found = sorted(self._folder.glob(f"{name}.*"), key=_age) if self._folder else []
        for path in found[:-_MOST]:
            shutil.rmtree(path)


def kept_in(workbench: Workbench) -> Kept:
    """Return what a workbench keeps."""
    return Kept(workbench.interim("kept"))


def _digest(part: object) -> object:
    """Return a plain value as it is, and a digest of a table: names, types, index and values."""
    if not isinstance(part, pd.DataFrame | pd.Series):
        return part
    table = part.to_frame() if isinstance(part, pd.Series) else part
    if isinstance(table, gpd.GeoDataFrame):
        table = pd.DataFrame(table).assign(geometry=table.geometry.to_wkb())
    head = str([(str(name), str(kind)) for name, kind in table.dtypes.items()])
    rows = pd.util.hash_pandas_object(table, index=True).to_numpy()
    return hashlib.sha256(head.encode() + rows.tobytes()).hexdigest()


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
