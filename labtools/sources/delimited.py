"""Tables in text with a mark between cells, read in batches so that memory stays bounded."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import TextIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from labtools.errors import SourceError
from labtools.forms import FileFormat
from labtools.messages import plural
from labtools.sources.header import column_names

#: Rows of a batch: about 50 MB for a wide file.
BATCH_ROWS = 100_000

_DELIMITERS = ",;\t|"


def read_batches(
    path: Path, text: TextIO, form: FileFormat, rows: int = BATCH_ROWS
) -> Iterator[pd.DataFrame]:
    """Yield the rows of a table as text; a cell that a short row lacks is missing.

    The index tells where a row stands below the header.  A blank line is no row; a line with a
    quoted blank cell (``""``, as writers of CSV put a row of one blank cell) is one.  A file with
    only its header gives one batch without rows.

    Raises
    ------
    SourceError
        If it is empty, separated by something else, repeats a column's name, has
        a row with more cells than its header, or a quote that is never closed.
    """
    for _ in range(form.header_row):
        text.readline()
    reader = _numbered(path, text, form, 0)
    top, header = next(((at, row) for at, row in reader if row), (0, list[str]()))
    if not header:
        raise SourceError("{path} is empty. Ask the supplier for the file again.", path=path.name)
    _check_header(path, header, form)
    names, at = column_names(path, header), top + 1
    while lines := list(islice(text, rows)):
        table = _plain_table(lines, names, form, at - top - 1)
        if table is not None:
            at += len(lines)
        else:
            # A cell may hold line breaks, so that the last row may need more lines.
            reader = _numbered(path, chain(lines, text), form, at)
            batch = list(islice(reader, rows))
            _refuse_longer(path, form, len(header), batch, reader)
            # A blank line is no row, yet it counts when a person looks for a row in the file.
            table = _table(batch, names, top)
            at += len(batch)
        yield table
    if at == top + 1:
        yield _table([], names, top)


def _plain_table(
    lines: list[str], names: list[str], form: FileFormat, first: int
) -> pd.DataFrame | None:
    """Return lines without gaps, each a row, as a table, in a fraction of the time.

    None where a line is blank, longer than a cell may be, has more or fewer cells than the
    header, or a quote that does not hold a whole cell: what is unusual is read cell by cell.
    """
    if max(map(len, lines)) > csv.field_size_limit() or not all(map(str.strip, lines)):
        return None
    written = "".join(lines)
    quoted = '"' in written
    if not form.delimiter.isascii() or (quoted and not _quoted_whole(written, form.delimiter)):
        return None
    content = written.encode("utf-8", "surrogatepass")
    places = list(map(str, range(len(names))))
    try:
        found = pa_csv.read_csv(
            pa.BufferReader(content),
            pa_csv.ReadOptions(column_names=places, use_threads=False, block_size=len(content) + 1),
            pa_csv.ParseOptions(
                delimiter=form.delimiter,
                quote_char='"' if quoted else False,
                ignore_empty_lines=False,
            ),
            pa_csv.ConvertOptions(column_types=dict.fromkeys(places, pa.string())),
        )
    except (pa.ArrowException, UnicodeError):
        return None
    if found.num_rows != len(lines):
        return None
    text = pd.StringDtype(na_value=np.nan)
    index = pd.RangeIndex(first, first + len(lines))
    cells = {at: text.__from_arrow__(column) for at, column in enumerate(found.columns)}
    return pd.DataFrame(cells, index=index).set_axis(names, axis=1)


def _quoted_whole(written: str, delimiter: str) -> bool:
    """Tell whether every quote opens or closes a cell of one line, or is doubled within one."""
    mark = re.escape(delimiter)
    cell = rf'(?:(?<={mark})|^)"(?:[^"\r\n]|"")*+"(?={mark}|\r?$)'
    return '"' not in re.sub(cell, "", written, flags=re.MULTILINE)


def _numbered(
    path: Path, lines: Iterable[str], form: FileFormat, at: int
) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(lines, delimiter=form.delimiter, strict=True)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as wrong:
            raise _not_a_table(path, form, at + 1 + form.header_row, str(wrong)) from wrong
        yield at, row
        at += 1


def _table(batch: list[tuple[int, list[str]]], names: list[str], top: int) -> pd.DataFrame:
    rows = [(at, row) for at, row in batch if row]
    width = len(names)
    whole = [row if len(row) == width else row + [None] * (width - len(row)) for _, row in rows]
    cells = list(zip(*whole, strict=True)) if whole else [()] * width
    index = pd.Index([at - top - 1 for at, _ in rows], dtype="int64")
    columns = {at: pd.Series(list(column), index, dtype="str") for at, column in enumerate(cells)}
    return pd.DataFrame(columns, index=index).set_axis(names, axis=1)


def _refuse_longer(
    path: Path,
    form: FileFormat,
    width: int,
    batch: list[tuple[int, list[str]]],
    rest: Iterator[tuple[int, list[str]]],
) -> None:
    longer = [(at, len(row)) for at, row in batch if len(row) > width]
    if not longer:
        return
    (at, found), n = longer[0], len(longer) + sum(len(row) > width for _, row in rest)
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
        row=at + 1 + form.header_row,
        found=found,
        expected=width,
        n=n,
        delimiter=form.delimiter,
    )


def _check_header(path: Path, header: list[str], form: FileFormat) -> None:
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


def _not_a_table(path: Path, form: FileFormat, row: int, reason: str) -> SourceError:
    if "unexpected end of data" in reason:
        reason = "EOF inside string"
    return SourceError(
        "{path} is not a table with “{delimiter}” between its cells ({reason}, row {row}). Ask the "
        "supplier for the file again, or correct its descriptor.",
        path=path.name,
        delimiter=form.delimiter,
        reason=reason,
        row=row,
    )
