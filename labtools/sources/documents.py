"""Tables in JSON: a list of records (alone or inside an object), or one record in each line.

Numbers stay as they were written: 007 in quotes is no 7, and 1.10 is not 1.1.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any, TextIO

import pandas as pd

from labtools.errors import SourceError
from labtools.forms import FileFormat
from labtools.sources.decoding import encoding_of, refuse_web_page, scan_bytes
from labtools.sources.header import column_names
from labtools.sources.opening import counted

#: A list of records is read whole, and takes some ten times its bytes.
MAXIMUM_JSON_BYTES = 256 * 1024**2

#: Letters of one record, where each stands in a line of its own.
MAXIMUM_LINE = 1024**2

_STEP = 4 * 1024**2
_DEEPEST = 4


class _TwiceError(ValueError):
    """A record says one thing twice."""


def read_json(path: Path, file: IO[bytes], form: FileFormat, rows: int) -> Iterator[pd.DataFrame]:
    """Yield the records of a JSON file as text; what a record leaves out, or says null, is blank.

    A record inside a record gives columns with a point: ``place.lon``.  Where the list of
    records stands inside an object, the descriptor's ``sheet`` says where: ``result.records``.

    Raises
    ------
    SourceError
        If it is no JSON, is too large, nests too deep, says one thing twice in one record, or
        holds no list of records where the descriptor says.
    """
    del rows  # one batch: a list of records cannot be read in parts
    file.seek(0)
    content = counted(path, file, MAXIMUM_JSON_BYTES, MAXIMUM_JSON_BYTES)
    told = _parsed(path, content.decode(_encoding(path, [content], form)), line=0)
    yield _table(path, _listed(path, told, form), 0)


def read_json_lines(
    path: Path, file: IO[bytes], form: FileFormat, rows: int
) -> Iterator[pd.DataFrame]:
    """Yield a file with one JSON record in each line as text, in batches.

    Columns are those of the first batch.

    Raises
    ------
    SourceError
        As `read_json`; also if a later batch has a column that the first one does not have.
    """
    file.seek(0)
    encoding = _encoding(path, iter(lambda: file.read(_STEP), b""), form)
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding)
    try:
        lines = _lines(path, text)
        columns: Sequence[str] = ()
        while batch := list(islice(lines, rows)):
            records = [_parsed(path, line, line=at + 1) for at, line in batch]
            table = _table(path, records, 0).set_axis([at for at, _ in batch], axis=0)
            columns = columns or list(table.columns)
            _refuse_new(path, table, columns)
            yield table.reindex(columns=columns, fill_value="")
        if not columns:
            raise SourceError(
                "{path} is empty. Ask the supplier for the file again.", path=path.name
            )
    finally:
        text.detach()


def _lines(path: Path, text: TextIO) -> Iterator[tuple[int, str]]:
    at = 0
    while line := text.readline(MAXIMUM_LINE + 1):
        if len(line) > MAXIMUM_LINE:
            raise SourceError(
                "{path}, line {row}: it has more than {limit} letters, as no record has. Ask the "
                "supplier for one record in each line.",
                path=path.name,
                row=at + 1,
                limit=MAXIMUM_LINE,
            )
        if line.strip():
            yield at, line
        at += 1


def _encoding(path: Path, pieces: Any, form: FileFormat) -> str:
    scan = scan_bytes(pieces)
    refuse_web_page(path.name, scan)
    return encoding_of(path.name, scan, form)


def _parsed(path: Path, text: str, *, line: int) -> Any:
    try:
        return json.loads(
            text, parse_int=str, parse_float=str, parse_constant=str, object_pairs_hook=_once
        )
    except (ValueError, RecursionError) as wrong:
        raise _not_json(path, str(wrong), max(line, 1)) from wrong


def _not_json(path: Path, reason: str, line: int) -> SourceError:
    return SourceError(
        "{path} is not JSON that can be read ({reason}; line or record {line}). Ask the supplier "
        "for the file again, or correct “format” in its descriptor.",
        path=path.name,
        reason=reason,
        line=line,
    )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    told = dict(pairs)
    if len(told) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        message = f"“{twice}” ×2"
        raise _TwiceError(message)
    return told


def _listed(path: Path, told: Any, form: FileFormat) -> list[Any]:
    """Return the list of records, where the descriptor says that it stands."""
    found: Any = told
    for name in form.sheet.split(".") if form.sheet else ():
        found = found.get(name) if isinstance(found, Mapping) else None
    if isinstance(found, list) and found:
        return found
    inside = found if isinstance(found, Mapping) else told if isinstance(told, Mapping) else {}
    raise SourceError(
        "{path} has no list of records where its descriptor says (“{sheet}”). It holds: {found}. "
        "Write under “sheet” the names that lead to the list, with points between them.",
        path=path.name,
        sheet=form.sheet,
        found=tuple(map(str, list(inside)[:20])) or ("—",),
    )


def _table(path: Path, records: list[Any], at: int) -> pd.DataFrame:
    rows = []
    for place, record in enumerate(records):
        if not isinstance(record, Mapping):
            raise SourceError(
                "{path}, record {row}: it is no record with names and values. Ask the supplier for "
                "a list of records.",
                path=path.name,
                row=at + place + 1,
            )
        cells = list(_flat(path, record, "", at + place + 1))
        try:
            rows.append(_once(cells))
        except _TwiceError as wrong:
            raise _not_json(path, str(wrong), at + place + 1) from wrong
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {n: pd.Series([row.get(n, "") for row in rows], dtype="str") for n in names}
    return pd.DataFrame(columns, columns=names).set_axis(column_names(path, names), axis=1)


def _flat(path: Path, record: Mapping[str, Any], above: str, row: int) -> Iterator[tuple[str, str]]:
    for name, value in record.items():
        full = f"{above}{name}"
        if isinstance(value, Mapping):
            if full.count(".") >= _DEEPEST:
                raise SourceError(
                    "{path}, record {row}: “{column}” nests too deep for a table. Ask the supplier "
                    "for flat records.",
                    path=path.name,
                    row=row,
                    column=full,
                )
            yield from _flat(path, value, f"{full}.", row)
        elif isinstance(value, list):
            yield full, json.dumps(value, ensure_ascii=False)
        else:
            yield full, _cell(value)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _refuse_new(path: Path, table: pd.DataFrame, columns: Sequence[str]) -> None:
    new = [name for name in table.columns if name not in columns]
    if new:
        raise SourceError(
            "{path}, line {row}: the record has “{column}”, which no record of the first ones has. "
            "Ask the supplier for records with the same names.",
            path=path.name,
            row=int(table.index[0]) + 1,
            column=new[0],
        )
