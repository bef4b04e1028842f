"""Tables in DBF files, every cell as it was written.

Usual readers turn what is no number into one: GDAL takes “12x” for 12 and “1,234” for 1.  Here a
cell stays text until a contract says what it must be.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd

from labtools.errors import SourceError
from labtools.forms import FileFormat
from labtools.sources.decoding import encoding_of, scan_bytes
from labtools.sources.header import column_names

#: Text, numbers written in digits, days and yes-or-no: what stands in the record itself.
_WRITTEN = frozenset("CNFDL")
_NUMBERS = frozenset("NF")
_HEAD, _FIELD = 32, 32
_END_OF_FIELDS = b"\r"
_KEPT, _DELETED = b" ", b"*"


@dataclass(frozen=True, slots=True)
class _Layout:
    """How the records of a file are laid out.

    Attributes
    ----------
    records : int
        Records, as the header says.
    start : int
        Bytes before the first record.
    length : int
        Bytes of a record, with the mark of deletion before it.
    fields : tuple of (bytes, str, int)
        Name, type and bytes of each field.
    """

    records: int
    start: int
    length: int
    fields: tuple[tuple[bytes, str, int], ...]


def read_dbf(path: Path, file: IO[bytes], form: FileFormat, rows: int) -> Iterator[pd.DataFrame]:
    """Yield the records of a DBF file as text, in batches; days in ISO.

    A number that is not known, or did not fit in its cell, is asterisks all over: here one, so
    that a descriptor can declare it as a token.

    Records that their owner deleted are left out; each batch tells how many in
    ``attrs["row_deleted"]``.  The index tells where a record stands.

    Raises
    ------
    SourceError
        If it is no DBF file, holds fewer or more records than it says, has a field whose text
        stands in another file (a memo), or is not in the declared encoding.
    """
    layout = _layout(path, file)
    _refuse_other_size(path, file, layout)
    scan = scan_bytes(_as_lines(path, file, layout, rows))
    encoding = encoding_of(path.name, scan, form).removesuffix("-sig")
    names = column_names(path, [_text(path, name, encoding) for name, _, _ in layout.fields])
    for at, records in _records(path, file, layout, rows):
        kept = records["mark"] == _KEPT
        index = pd.Index(np.arange(at, at + len(records))[kept], dtype="int64")
        cells = {
            place: pd.Series(
                _decoded(path, records[kept], place, kind, encoding), index, dtype="str"
            )
            for place, (_, kind, _) in enumerate(layout.fields)
        }
        batch = pd.DataFrame(cells, index=index).set_axis(names, axis=1)
        batch.attrs["row_deleted"] = int((~kept).sum())
        yield batch


def _layout(path: Path, file: IO[bytes]) -> _Layout:
    file.seek(0)
    head = file.read(_HEAD)
    if len(head) < _HEAD:
        raise _no_dbf(path)
    records, start, length = struct.unpack("<4xIHH20x", head)
    fields = []
    while (told := file.read(_FIELD))[:1] not in {_END_OF_FIELDS, b""}:
        if len(told) < _FIELD or file.tell() > start:
            raise _no_dbf(path)
        name, kind, size = struct.unpack("<11sc4xB15x", told)
        fields.append((name.split(b"\x00")[0], kind.decode("latin-1"), size))
    if not fields or length != 1 + sum(size for _, _, size in fields) or start < file.tell() - 31:
        raise _no_dbf(path)
    elsewhere = [(name, kind) for name, kind, _ in fields if kind not in _WRITTEN]
    if elsewhere:
        raise SourceError(
            "{path}, column “{column}”: its cells are of type {kind}, which is not written in the "
            "record ({n} such columns). Ask the supplier for the table as CSV.",
            path=path.name,
            column=elsewhere[0][0].decode("ascii", "replace"),
            kind=elsewhere[0][1],
            n=len(elsewhere),
        )
    return _Layout(records, start, length, tuple(fields))


def _refuse_other_size(path: Path, file: IO[bytes], layout: _Layout) -> None:
    end = layout.start + layout.records * layout.length
    file.seek(0, 2)
    found = (file.tell() - layout.start) // layout.length
    file.seek(end)
    more = file.read(layout.length).strip(b"\x1a\x00 ")
    if found < layout.records or more:
        raise SourceError(
            "{path} says that it holds {told} records and there is room for {found}: it was cut "
            "short, or written to after its header. Ask the supplier for the file again.",
            path=path.name,
            told=layout.records,
            found=found,
        )


def _records(
    path: Path, file: IO[bytes], layout: _Layout, rows: int
) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the position of the first record of each batch, and its records."""
    form = np.dtype(
        [("mark", "S1"), *((str(at), f"S{size}") for at, (_, _, size) in enumerate(layout.fields))]
    )
    file.seek(layout.start)
    for at in range(0, max(layout.records, 1), rows):
        wanted = min(rows, layout.records - at)
        records = np.frombuffer(file.read(wanted * layout.length), dtype=form)
        marks = records["mark"]
        wrong = (marks != _KEPT) & (marks != _DELETED)
        if wrong.any():
            raise SourceError(
                "{path}, record {row}: it begins with no mark of DBF, so that its cells are not "
                "where the header says. Ask the supplier for the file again.",
                path=path.name,
                row=at + int(np.argmax(wrong)) + 1,
            )
        yield at, records


def _as_lines(path: Path, file: IO[bytes], layout: _Layout, rows: int) -> Iterator[bytes]:
    """Yield the fields' names and the records as lines, so that a fault is told with its line."""
    yield b" ".join(name for name, _, _ in layout.fields) + b"\n"
    for _, records in _records(path, file, layout, rows):
        # Programs fill cells with NUL bytes, which say nothing.
        lines = [record.tobytes().replace(b"\n", b" ").replace(b"\x00", b" ") for record in records]
        yield b"".join(line + b"\n" for line in lines)


def _decoded(path: Path, records: np.ndarray, place: int, kind: str, encoding: str) -> list[str]:
    unique, where = np.unique(records[str(place)], return_inverse=True)
    texts = [_text(path, cell, encoding) for cell in unique.tolist()]
    if kind == "D":
        texts = [_day(text) for text in texts]
    elif kind in _NUMBERS:
        texts = [text if text.strip("*") else text[:1] for text in texts]
    return [texts[at] for at in where.tolist()]


def _text(path: Path, cell: bytes, encoding: str) -> str:
    try:
        return cell.split(b"\x00")[0].decode(encoding).strip()
    except (UnicodeError, LookupError) as wrong:
        raise SourceError(
            "{path} is neither UTF-8 nor {declared} ({reason}). Correct the encoding in its "
            "descriptor.",
            path=path.name,
            declared=encoding,
            reason=str(wrong),
        ) from wrong


def _day(written: str) -> str:
    digits = written.isascii() and written.isdigit() and len(written) == len("20241231")
    return f"{written[:4]}-{written[4:6]}-{written[6:]}" if digits else written


def _no_dbf(path: Path) -> SourceError:
    return SourceError(
        "{path} is not a DBF file: its header is not one. Ask the supplier for the file again, or "
        "correct “format” in its descriptor.",
        path=path.name,
    )
