"""Opening suppliers' files safely: declared encoding, no guess, nothing turned into a number.

Every cell arrives as text, exactly as written; a cell that is not there (a row cut short)
is missing, and a blank one is "".
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from tempfile import SpooledTemporaryFile
from types import MappingProxyType
from typing import IO, Any, cast

import pandas as pd

from labtools.errors import SourceError
from labtools.forms import FileFormat
from labtools.sources.columnar import read_parquet
from labtools.sources.dbase import read_dbf
from labtools.sources.decoding import (
    encoding_of,
    refuse_other_file,
    refuse_unfinished,
    refuse_web_page,
    scan_bytes,
)
from labtools.sources.delimited import BATCH_ROWS, read_batches
from labtools.sources.documents import read_json, read_json_lines
from labtools.sources.header import require_columns
from labtools.sources.opening import counted, refuse_escape, refuse_expansion
from labtools.sources.sheets import read_sheet

__all__ = ["batches", "limited", "read_bytes", "read_cells", "require_columns"]

#: A supplier's file that expands to more is refused before it fills the memory.
MAXIMUM_BYTES = 2 * 1024**3
#: The same for a file that is read in batches.
MAXIMUM_STREAMED_BYTES = 64 * 1024**3

_STEP = 4 * 1024**2
_IN_MEMORY = 64 * 1024**2

#: What the openers raise for a file that is damaged, cut short or locked by a password.
_UNREADABLE = (
    OSError,
    EOFError,
    RuntimeError,
    lzma.LZMAError,
    zlib.error,
    zipfile.BadZipFile,
)
_SHEETS = frozenset({"xlsx", "ods"})
_READERS: Mapping[str, Callable[..., Iterator[pd.DataFrame]]] = MappingProxyType(
    {"json": read_json, "jsonl": read_json_lines, "dbf": read_dbf, "parquet": read_parquet}
)
_OPENERS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
)


def read_cells(path: Path, form: FileFormat) -> pd.DataFrame:
    """Return the table in a file of any format, every cell as text.

    Its ``attrs`` tell how many rows the file itself marks as none (reason → rows).

    Raises
    ------
    SourceError
        If the file cannot be opened, expands beyond `MAXIMUM_BYTES`, is not in the declared
        encoding, or is no table (see ``delimited``, ``sheets``, ``dbase``, ``documents`` and
        ``columnar``).
    """
    parts, none = [], Counter[str]()
    for batch in _batches(path, form, BATCH_ROWS, MAXIMUM_BYTES):
        none.update({str(reason): int(n) for reason, n in batch.attrs.items()})
        batch.attrs = {}
        parts.append(batch)
    cells = pd.concat(parts)
    cells.attrs = dict(none)
    return cells


def batches(path: Path, form: FileFormat, rows: int = BATCH_ROWS) -> Generator[pd.DataFrame]:
    """Yield the table in a file in batches: memory does not grow with the file.

    A batch tells in its ``attrs`` how many rows the file itself marks as none (reason → rows).

    Parameters
    ----------
    rows : int
        Rows in a batch; a sheet, or a list of records in JSON, is one batch.

    Raises
    ------
    SourceError
        As `read_cells`; a row that is wrong is met when its batch is.
    """
    yield from _batches(path, form, rows, MAXIMUM_STREAMED_BYTES)


def read_bytes(path: Path, member: str = "") -> bytes:
    """Return a file's bytes, expanded (gzip, bzip2, xz, one member of a zip).

    Raises
    ------
    SourceError
        If it cannot be opened or expands too far.
    """
    with _expanded(path, member) as stream:
        return limited(path, stream)


def limited(path: Path, stream: IO[bytes]) -> bytes:
    """Return what is in an opened file, refusing more than `MAXIMUM_BYTES`.

    Raises
    ------
    SourceError
        If there is more.
    """
    return counted(path, stream, path.stat().st_size, MAXIMUM_BYTES)


def _batches(path: Path, form: FileFormat, rows: int, limit: int) -> Iterator[pd.DataFrame]:
    if form.format in _SHEETS:
        yield read_sheet(path, read_bytes(path, form.member), form)
    elif form.format in _READERS:
        with _seekable(path, form, limit) as file:
            yield from _READERS[form.format](path, file, form, rows)
    else:
        yield from _text_batches(path, form, rows, limit)


@contextmanager
def _seekable(path: Path, form: FileFormat, limit: int) -> Iterator[IO[bytes]]:
    """Open a file whose reader goes back and forth; what is packed is expanded once, aside."""
    with SpooledTemporaryFile(max_size=_IN_MEMORY) as spool, _expanded(path, form.member) as it:
        if _is_plain(path):
            yield it
        else:
            for _ in _pieces(path, it, limit, spool):
                pass
            spool.seek(0)
            yield cast("IO[bytes]", spool)


def _text_batches(path: Path, form: FileFormat, rows: int, limit: int) -> Iterator[pd.DataFrame]:
    plain = _is_plain(path)
    with SpooledTemporaryFile(max_size=_IN_MEMORY) as spool, _expanded(path, form.member) as stream:
        # What is packed is expanded once: bzip2 is slow.
        scan = scan_bytes(_pieces(path, stream, limit, None if plain else spool))
        refuse_web_page(path.name, scan)
        refuse_other_file(path.name, scan)
        encoding = encoding_of(path.name, scan, form)
        refuse_unfinished(path.name, scan, form)
        source: Any = stream if plain else spool
        source.seek(0)
        yield from _decoded_batches(path, source, form, encoding, rows)


def _pieces(
    path: Path, stream: IO[bytes], limit: int, keep: SpooledTemporaryFile[bytes] | None
) -> Iterator[bytes]:
    packed, total = path.stat().st_size, 0
    while piece := stream.read(_STEP):
        total += len(piece)
        refuse_expansion(path, packed, total, limit)
        if keep is not None:
            keep.write(piece)
        yield piece


def _decoded_batches(
    path: Path, source: Any, form: FileFormat, encoding: str, rows: int
) -> Iterator[pd.DataFrame]:
    try:
        text = io.TextIOWrapper(source, encoding=encoding, newline="")
        try:
            yield from read_batches(path, text, form, rows)
        finally:
            text.detach()
    except (UnicodeError, LookupError) as wrong:
        raise SourceError(
            "{path} is neither UTF-8 nor {declared} ({reason}). Correct the encoding in its "
            "descriptor.",
            path=path.name,
            declared=form.encoding,
            reason=str(wrong),
        ) from wrong


def _is_plain(path: Path) -> bool:
    return path.suffix.lower() not in {*_OPENERS, ".zip"}


@contextmanager
def _expanded(path: Path, member: str) -> Iterator[IO[bytes]]:
    try:
        if path.suffix.lower() == ".zip":
            with (
                zipfile.ZipFile(path) as archive,
                archive.open(_member(path, archive, member)) as it,
            ):
                yield it
        else:
            with _OPENERS.get(path.suffix.lower(), open)(path, "rb") as stream:
                yield stream
    except _UNREADABLE as wrong:
        raise SourceError(
            "{path} cannot be opened ({reason}). Check the path, or ask for the file again.",
            path=str(path),
            reason=str(wrong),
        ) from wrong


def _member(path: Path, archive: zipfile.ZipFile, wanted: str) -> zipfile.ZipInfo:
    members = [info for info in archive.infolist() if not info.is_dir()]
    chosen = [it for it in members if not wanted or fnmatch(it.filename, wanted)]
    if len(chosen) != 1:
        raise SourceError(
            "{path} holds {n} files and one was expected ({found}). Write under “member” which one "
            "it is (a * stands for any letters), or take the right one out.",
            path=path.name,
            n=len(members),
            found=tuple(it.filename for it in members[:10]) or ("—",),
        )
    refuse_escape(path, chosen[0].filename)
    return chosen[0]
