"""Opening suppliers' files safely: declared encoding, no guess, nothing turned into a number.

Every cell arrives as text, exactly as written; a cell that is not there (a row cut short)
is missing, and a blank one is "".
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

import numpy as np
import pandas as pd
from python_calamine import CalamineError, CalamineWorkbook

from labtools.errors import SourceError
from labtools.messages import plural
from labtools.sources.descriptor import FileFormat

#: A supplier's file that expands to more is refused before it fills the memory.
MAXIMUM_BYTES = 2 * 1024**3

_DELIMITERS = ",;\t|"

#: What the openers raise for a file that is damaged, cut short or locked by a password.
_UNREADABLE = (
    OSError,
    EOFError,
    RuntimeError,
    lzma.LZMAError,
    zlib.error,
    zipfile.BadZipFile,
)
_OPENERS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
)


def read_cells(path: Path, form: FileFormat) -> pd.DataFrame:
    """Return the table in a CSV or XLSX file, every cell as text.

    Raises
    ------
    SourceError
        If the file cannot be opened, expands beyond `MAXIMUM_BYTES`, is not in the declared
        encoding, is a web page, is separated by something else, has a row with more cells than
        its header, or repeats a column's name.
    """
    if form.format == "xlsx":
        return _read_sheet(path, form)
    written = _decoded(path, read_bytes(path), form.encoding)
    _refuse_web_page(path, written)
    body = written.split("\n", form.header_row)[-1]
    lengths = _row_lengths(path, body, form)
    table = _parsed(path, body, form, lengths)
    header = table.iloc[0].tolist()
    _check_delimiter(path, header, form)
    rows = table.iloc[1:]
    return _named(path, header, rows.set_axis(rows.index - table.index[0] - 1))


def read_bytes(path: Path) -> bytes:
    """Return a file's bytes, expanded (gzip, bzip2, xz, zip with one member)."""
    try:
        if path.suffix.lower() == ".zip":
            return _only_member(path)
        opener = _OPENERS.get(path.suffix.lower(), open)
        with opener(path, "rb") as stream:
            return limited(path, stream)
    except _UNREADABLE as wrong:
        raise SourceError(
            "{path} cannot be opened ({reason}). Check the path, or ask for the file again.",
            path=str(path),
            reason=str(wrong),
        ) from wrong


def require_columns(path: Path, table: pd.DataFrame, wanted: Mapping[str, str]) -> None:
    """Refuse a table that lacks a column (`wanted`: our name → the supplier's, "" for none).

    Raises
    ------
    SourceError
        Names the first missing column, how many are missing, and those there are.
    """
    absent = [theirs for theirs in wanted.values() if theirs and theirs not in table.columns]
    if absent:
        raise SourceError(
            "{path} has no column “{column}” ({n} missing). Its columns are: {found}. Correct "
            "the columns in lab.toml or in the descriptor.",
            path=path.name,
            column=absent[0],
            n=len(absent),
            found=tuple(map(str, table.columns[:40])),
        )


def _read_sheet(path: Path, form: FileFormat) -> pd.DataFrame:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(read_bytes(path)))
    except CalamineError as wrong:
        raise SourceError(
            "{path} is not a spreadsheet that can be read ({reason}). Ask for it as XLSX.",
            path=path.name,
            reason=str(wrong),
        ) from wrong
    names = book.sheet_names
    if (form.sheet and form.sheet not in names) or (not form.sheet and len(names) > 1):
        raise SourceError(
            "{path} has the sheets {sheets}, and its descriptor names “{sheet}”. Write which "
            "one holds the table.",
            path=path.name,
            sheets=tuple(names),
            sheet=form.sheet,
        )
    rows = book.get_sheet_by_name(form.sheet or names[0]).to_python(skip_empty_area=False)
    if len(rows) <= form.header_row:
        raise SourceError(
            "{path} has {n} rows, and its descriptor expects the header in row {row}. Correct "
            "header_row (the number of rows above the header).",
            path=path.name,
            n=len(rows),
            row=form.header_row + 1,
        )
    header, body = rows[form.header_row], rows[form.header_row + 1 :]
    cells = [[_cell_text(value) for value in row] for row in body]
    return _named(path, header, pd.DataFrame(cells, columns=range(len(header)), dtype="str"))


def _row_lengths(path: Path, body: str, form: FileFormat) -> np.ndarray:
    """Return how many cells stand in each row; a row longer than the header is refused."""
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=form.delimiter)
    try:
        lengths = np.fromiter(map(len, reader), int)
    except csv.Error as wrong:
        raise _not_a_table(path, form, str(wrong)) from wrong
    if not lengths.any():
        raise SourceError("{path} is empty. Ask the supplier for the file again.", path=path.name)
    expected = lengths[lengths > 0][0]
    longer = np.flatnonzero(lengths > expected)
    if len(longer):
        raise SourceError(
            plural(
                "{path}, row {row}: there are {found} cells and the header has {expected}. Look "
                "there for a “{delimiter}” too many (inside a cell, or at the end), and ask the "
                "supplier for a corrected file.",
                "{path}, row {row}: there are {found} cells and the header has {expected}, and so "
                "in {n} rows. Look there for a “{delimiter}” too many (inside a cell, or at the "
                "end), and ask the supplier for a corrected file.",
            ),
            path=path.name,
            row=int(longer[0]) + 1 + form.header_row,
            found=int(lengths[longer[0]]),
            expected=int(expected),
            n=len(longer),
            delimiter=form.delimiter,
        )
    return lengths


def _parsed(path: Path, body: str, form: FileFormat, lengths: np.ndarray) -> pd.DataFrame:
    """Return the header and the rows as text; a cell that a short row lacks is missing."""
    blank = lengths == 0
    width = int(lengths[~blank][0])
    try:
        # Given no header, pandas neither renames repeated columns nor reads one as an index.
        table = pd.read_csv(
            io.StringIO(body, newline=""),
            header=None,
            names=range(width),
            index_col=False,
            dtype=str,
            sep=form.delimiter,
            keep_default_na=False,
            na_values=[],
            skip_blank_lines=False,
        )
    except pd.errors.ParserError as wrong:
        raise _not_a_table(path, form, str(wrong).strip()) from wrong
    if len(table) != len(lengths):
        raise _not_a_table(path, form, f"{len(table)} ≠ {len(lengths)}")
    if (lengths[~blank] < width).any():
        table = table.mask(lengths[:, None] <= np.arange(width))
    return table[~blank]


def _not_a_table(path: Path, form: FileFormat, reason: str) -> SourceError:
    return SourceError(
        "{path} is not a table with “{delimiter}” between its cells ({reason}). Ask the "
        "supplier for the file again, or correct its descriptor.",
        path=path.name,
        delimiter=form.delimiter,
        reason=reason,
    )


def _refuse_web_page(path: Path, written: str) -> None:
    if written[:200].lstrip().lower().startswith(("<!doctype html", "<html")):
        raise SourceError(
            "{path} is a web page and not a table: the download probably gave an error page. "
            "Open it in a browser to see what it says, and download the file again.",
            path=path.name,
        )


def _check_delimiter(path: Path, header: list[str], form: FileFormat) -> None:
    within = [mark for mark in _DELIMITERS if mark in header[0]]
    if len(header) == 1 and within:
        raise SourceError(
            "{path} has one column only, “{column}”: its cells seem to be separated by “{found}” "
            "and its descriptor says “{delimiter}”. Correct “delimiter” in the descriptor.",
            path=path.name,
            column=header[0],
            found=within[0].replace("\t", "\\t"),
            delimiter=form.delimiter,
        )


def _cell_text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _decoded(path: Path, content: bytes, declared: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as not_utf8:
        if declared.lower().replace("_", "-") in {"utf-8", "utf8", "utf-8-sig"}:
            line = content[: not_utf8.start].count(b"\n") + 1
            raise SourceError(
                "{path} is not UTF-8: line {line} holds a byte that no UTF-8 text has. If the "
                'supplier writes Latin-1, set encoding = "latin-1" in its descriptor.',
                path=path.name,
                line=line,
            ) from not_utf8
    try:
        return content.decode(declared)
    except (UnicodeDecodeError, LookupError) as wrong:
        raise SourceError(
            "{path} is neither UTF-8 nor {declared} ({reason}). Correct the encoding in its "
            "descriptor.",
            path=path.name,
            declared=declared,
            reason=str(wrong),
        ) from wrong


def limited(path: Path, stream: IO[bytes]) -> bytes:
    """Return what is in an opened file, refusing more than `MAXIMUM_BYTES`.

    Raises
    ------
    SourceError
        If there is more.
    """
    content = stream.read(MAXIMUM_BYTES + 1)
    if len(content) > MAXIMUM_BYTES:
        raise SourceError(
            "{path} expands to more than {limit} bytes and was not read. Ask the supplier for "
            "it in parts.",
            path=path.name,
            limit=MAXIMUM_BYTES,
        )
    return content


def _only_member(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        members = [info for info in archive.infolist() if not info.is_dir()]
        if len(members) != 1:
            raise SourceError(
                "{path} holds {n} files and one was expected. Take the right one out.",
                path=path.name,
                n=len(members),
            )
        with archive.open(members[0]) as stream:
            return limited(path, stream)


def _named(path: Path, header: Sequence[object], table: pd.DataFrame) -> pd.DataFrame:
    written = [str(name).strip() for name in header]
    # A column without name goes by its position, in parentheses.
    table.columns = [name or f"({at})" for at, name in enumerate(written, start=1)]
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise SourceError(
            "{path} has two columns called “{column}”. Ask the supplier which one is meant.",
            path=path.name,
            column=str(twice[0]),
        )
    return table
