"""What a notebook read and wrote: noted while it runs, digested afterwards.

A notebook need not be made again while what it read is the same.  What it read is noted as
it reads, so that nobody has to declare it: ``public/crime/99001_0001`` is a colonia's rows of
a table of the public edition, ``public/crime`` is all of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from labtools.tables.cuts import BY_COLONIA
from labtools.tables.store import read_table

_NOTHING = hashlib.sha256().hexdigest()


@dataclass(slots=True)
class Notes:
    """What a notebook read, and the files it wrote."""

    reads: set[str] = field(default_factory=set)
    files: set[Path] = field(default_factory=set)


_notes: ContextVar[Notes | None] = ContextVar("notes", default=None)


@contextmanager
def taking_notes() -> Iterator[Notes]:
    """Note what is read and written inside the block."""
    notes = Notes()
    token = _notes.set(notes)
    try:
        yield notes
    finally:
        _notes.reset(token)


def note_read(audience: str, table: str, colonia_id: str = "") -> None:
    """Note that a table was read, or one colonia's rows of it."""
    notes = _notes.get()
    if notes is not None:
        notes.reads.add("/".join(filter(None, (audience, table, colonia_id))))


def parts_of(read: str) -> tuple[str, str, str]:
    """Return the audience, the table and the colonia ("" for all of it) that a note names."""
    audience, table, *colonia = read.split("/", 2)
    return audience, table, "".join(colonia)


def table_of(read: str) -> tuple[str, str]:
    """Return the audience and the table that a note names."""
    return parts_of(read)[:2]


def note_file(path: Path) -> None:
    """Note that a file was written."""
    notes = _notes.get()
    if notes is not None:
        notes.files.add(path)


class Digests:
    """Digests of what notebooks read of a run's tables; each table is read once.

    Parameters
    ----------
    city : pathlib.Path
        Folder with a folder of tables for each audience.
    known : mapping of str to str, optional
        Digests of what notes name, where these are known: their tables are not read.
    """

    def __init__(self, city: Path, known: Mapping[str, str] | None = None) -> None:
        self._city = city
        self._known = known or {}
        self._tables: dict[tuple[str, str], tuple[str, dict[str, str]]] = {}

    def of(self, read: str) -> str:
        """Return the digest of what a note names; of nothing, where there is none of it."""
        if read in self._known:
            return self._known[read]
        audience, table, colonia = parts_of(read)
        if (audience, table) not in self._tables:
            found = read_table(table, self._city / audience)
            self._tables[audience, table] = digests_of(found)
        whole, slices = self._tables[audience, table]
        return slices.get(colonia, _NOTHING) if colonia else whole


def digests_of(table: pd.DataFrame) -> tuple[str, dict[str, str]]:
    """Return the digest of a table, and that of each colonia's rows of it.

    They depend on columns, types, values and the order of rows, not on the index.
    """
    head = str([(name, str(kind)) for name, kind in table.dtypes.items()]).encode()
    plain = pd.DataFrame(table)
    if isinstance(table, gpd.GeoDataFrame):
        plain = plain.assign(geometry=table.geometry.to_wkb())
    rows = pd.util.hash_pandas_object(plain, index=False).to_numpy()
    whole = _digest(head, rows)
    if BY_COLONIA not in plain.columns:
        return whole, {}
    codes, keys = pd.factorize(plain[BY_COLONIA])
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes[codes >= 0], minlength=len(keys)))
    pieces = np.split(rows[order[(codes < 0).sum() :]], ends[:-1]) if len(keys) else []
    return whole, {str(k): _digest(head, piece) for k, piece in zip(keys, pieces, strict=True)}


def _digest(head: bytes, rows: np.ndarray) -> str:
    return hashlib.sha256(head + rows.tobytes()).hexdigest()
