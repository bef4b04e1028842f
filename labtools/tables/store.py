"""Canonical tables on disk: GeoParquet, checked both ways, written whole or not at all.

What is the very bytes that this code checked before is not checked again.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import MappingProxyType

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from labtools.errors import SettingsError, TableError
from labtools.tables.contracts import CONTRACTS, check_table, empty_table
from labtools.tables.lineage import (
    Lineage,
    code_digest,
    read_lineage,
    sha256_of,
    write_lineage,
)


def write_table(
    name: str,
    table: pd.DataFrame,
    folder: Path,
    *,
    lineage: Lineage,
    as_name: str = "",
    before: Path | None = None,
) -> pd.DataFrame:
    """Check `table` against its contract, write it with its lineage, and return it as written.

    Parameters
    ----------
    name : str
        Canonical table; also the file's name unless `as_name` gives another.
    before : pathlib.Path, optional
        Folder of an earlier version, by default `folder`: what would be the very bytes that this
        code checked then is not checked again.

    Raises
    ------
    TableError
        If the table breaks its contract.
    SettingsError
        If the folder cannot be written.
    """
    path = folder / f"{as_name or name}.parquet"
    make_folder(folder)
    with writing(path) as aside:
        if not _is_written_again(name, table, (before or folder) / path.name, aside):
            table = check_table(name, table)
            table.to_parquet(aside, index=False)
    write_lineage(path, lineage)
    return table


def hand_on(
    name: str, table: pd.DataFrame, source: Path, folder: Path, *, lineage: Lineage
) -> None:
    """Write `table`, which was read from the folder `source`, into `folder` as `write_table` does.

    Its file is copied, where it is as it was checked and written.
    """
    path = source / f"{name}.parquet"
    if not _is_as_written(path, name, table):
        write_table(name, table, folder, lineage=lineage)
        return
    make_folder(folder)
    with writing(folder / path.name) as aside:
        shutil.copyfile(path, aside)
    write_lineage(folder / path.name, lineage)


@contextmanager
def table_in_parts(
    name: str, folder: Path, *, lineage: Lineage, as_name: str = ""
) -> Iterator[Callable[[pd.DataFrame], None]]:
    """Give a function that writes the next rows of a table larger than the memory.

    Each part is checked against the contract; what must differ in each row, within its part.
    Nothing is there until the block succeeds.
    """
    path = folder / f"{as_name or name}.parquet"
    make_folder(folder)
    with writing(path) as aside, ExitStack() as open_:
        writer: list[pq.ParquetWriter] = []

        def put(part: pd.DataFrame) -> None:
            checked = check_table(name, part)
            schema = writer[0].schema if writer else None
            rows = pa.Table.from_pandas(checked, schema=schema, preserve_index=False)
            if not writer:
                writer.append(open_.enter_context(pq.ParquetWriter(aside, rows.schema)))
            writer[0].write_table(rows)

        yield put
        if not writer:
            put(empty_table(name))
        open_.close()
    write_lineage(path, lineage)


def read_table(
    name: str,
    folder: Path,
    *,
    as_name: str = "",
    where: Sequence[tuple[str, str, object]] | None = None,
) -> pd.DataFrame:
    """Return a canonical table from `folder`, or only its rows that hold `where`.

    Parameters
    ----------
    where : sequence of (column, operator, value), optional
        Read only matching rows, as ``pandas.read_parquet(filters=...)`` does.

    Raises
    ------
    TableError
        If the table was not made yet, is damaged, or breaks its contract.
    """
    path = folder / f"{as_name or name}.parquet"
    if not path.is_file():
        raise TableError(
            "The table {table} is not in {folder} yet. Run the steps that make it: "
            "“labtools run” does them in order.",
            table=as_name or name,
            folder=str(folder),
        )
    reader = gpd.read_parquet if "geometry" in CONTRACTS[name].columns else pd.read_parquet
    try:
        table = reader(path, filters=list(where) if where else None)
    except pa.ArrowInvalid as broken:
        raise TableError(
            "{path} cannot be read ({reason}). Delete it and run “labtools run” again: the step "
            "that makes it will write it anew.",
            path=str(path),
            reason=str(broken),
        ) from broken
    whole = not where and _is_as_written(path, name, table)
    return table if whole else check_table(name, table)


def _is_written_again(name: str, table: pd.DataFrame, before: Path, aside: Path) -> bool:
    """Write `table` to `aside` where it may be what `before` holds; tell whether it is."""
    checked = _checked(before)
    if checked is None or not _has_types(name, table):
        return False
    table.to_parquet(aside, index=False)
    return sha256_of(aside) == checked


def _is_as_written(path: Path, name: str, table: pd.DataFrame) -> bool:
    """Tell whether these are the very bytes that were checked when they were written.

    Then, if their types came back as the contract has them, checking again would only cost
    time: a table is read in every step, and by each process that makes pages or notebooks.
    """
    return _checked(path) == sha256_of(path) and _has_types(name, table)


def _checked(path: Path) -> str | None:
    """Return the digest of what this code checked and wrote to `path`, if it did."""
    written = read_lineage(path)
    return written.sha256 if written is not None and written.code == code_digest() else None


def _has_types(name: str, table: pd.DataFrame) -> bool:
    columns = CONTRACTS[name].columns
    if "geometry" in columns and not isinstance(table, gpd.GeoDataFrame):
        return False
    return list(table.columns) == list(columns) and all(
        column == "geometry" or str(table[column].dtype) in _SPELLINGS.get(kind, (kind,))
        for column, kind in ((name, str(spec.dtype)) for name, spec in columns.items())
    )


#: What pandera calls text, and what pandas calls the type that it gives text.
_SPELLINGS = MappingProxyType({"string[pyarrow]": ("str",)})


@contextmanager
def writing(path: Path, *, private: bool = False) -> Iterator[Path]:
    """Give a hidden name to write to; rename it to `path` only if the block succeeds.

    What is `private` only the lab's account may read.
    """
    handle, name = tempfile.mkstemp(prefix=".", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    aside = Path(name)
    try:
        yield aside
        aside.chmod(0o600 if private else 0o644)
        with aside.open("rb") as written:
            os.fsync(written.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def sync(folder: Path) -> None:
    """Have the system write a folder's list of files to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some file systems cannot sync a folder
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Have the system write everything in a folder to the disk, before its name changes.

    All of it is asked for at once first: thousands of files, each waited for by itself, take the
    disk many times as long.  Then each is asked after, as only that tells of one that failed.
    """
    os.sync()
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            with suppress(FileNotFoundError), path.open("rb", buffering=0) as written:
                os.fsync(written.fileno())
        sync(Path(place))


def make_folder(folder: Path, *, private: bool = False) -> Path:
    """Make `folder` (only its owner may enter if `private`) and return it.

    Raises
    ------
    SettingsError
        If it cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if private:
            folder.chmod(0o700)
    except OSError as refused:
        raise _unwritable(folder, refused.strerror or str(refused)) from refused
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _unwritable(folder, os.strerror(13))
    return folder


def _unwritable(folder: Path, reason: str) -> SettingsError:
    return SettingsError(
        "The folder {folder} cannot be written ({reason}). Give yourself permission to write "
        "there, or choose another workbench with --workbench.",
        folder=str(folder),
        reason=reason,
    )
