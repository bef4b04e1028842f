"""Tables in Parquet files, cells as the text that a person would write.

A Parquet file of some kilobytes can stand for thousands of millions of cells: rows and text are
counted before they are laid out, batch by batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from labtools.errors import SourceError
from labtools.forms import FileFormat
from labtools.sources.header import column_names
from labtools.sources.opening import refuse_expansion

#: Text of one batch, laid out; a batch of 100,000 wide rows has about 50 MB.
MAXIMUM_BATCH_BYTES = 512 * 1024**2
#: All its cells, as Parquet packs them before they are compressed.
MAXIMUM_BYTES = 16 * 1024**3
#: More rows than all records of crime in the country since they are kept.
MAXIMUM_ROWS = 500_000_000

#: What programs add to a whole number or second, and to a day without hour.
_ZEROS, _MIDNIGHT = r"\.0+(Z?)$", r" 00:00:00$"


def read_parquet(
    path: Path, file: IO[bytes], form: FileFormat, rows: int
) -> Iterator[pd.DataFrame]:
    """Yield the rows of a Parquet file as text; a null is a blank cell.

    Whole numbers are written without decimals and days in ISO.

    Raises
    ------
    SourceError
        If it is no Parquet file, has too many rows or too much text, repeats a column's name,
        or has a column of lists, records or bytes.
    """
    try:
        yield from _batches(path, file, form, rows)
    except (pa.ArrowException, OSError) as wrong:
        raise SourceError(
            "{path} is not a Parquet file that can be read ({reason}). Ask the supplier for the "
            "file again, or correct “format” in its descriptor.",
            path=path.name,
            reason=str(wrong).splitlines()[0],
        ) from wrong


def _batches(path: Path, file: IO[bytes], form: FileFormat, rows: int) -> Iterator[pd.DataFrame]:
    del form  # a Parquet file says everything of itself
    schema = pq.read_schema(file)
    names = column_names(path, schema.names)
    _refuse_other_types(path, schema)
    # Kept by dictionary, text that repeats without end stays as small as it is written.
    texts = [field.name for field in schema if _is_text(field.type)]
    table = pq.ParquetFile(file, read_dictionary=texts)
    check_parquet(path, file)
    at = 0
    for batch in table.iter_batches(batch_size=rows):
        _refuse_much_text(path, batch)
        index = pd.RangeIndex(at, at + batch.num_rows)
        cells = {place: _written(column, index) for place, column in enumerate(batch.columns)}
        yield pd.DataFrame(cells, index=index).set_axis(names, axis=1)
        at += batch.num_rows
    if not at:
        yield pd.DataFrame({name: pd.Series([], dtype="str") for name in names})


def check_parquet(path: Path, file: IO[bytes]) -> None:
    """Refuse a Parquet file that would expand too far; nothing of it is laid out.

    Raises
    ------
    SourceError
        If it has more than `MAXIMUM_ROWS`, or expands beyond the limits.
    """
    told = pq.read_metadata(file)
    if told.num_rows > MAXIMUM_ROWS:
        raise _too_large(path)
    groups = [told.row_group(at) for at in range(told.num_row_groups)]
    chunks = [group.column(at) for group in groups for at in range(group.num_columns)]
    expanded = sum(chunk.total_uncompressed_size for chunk in chunks)
    refuse_expansion(path, file.seek(0, 2), expanded, MAXIMUM_BYTES)


def _refuse_other_types(path: Path, schema: pa.Schema) -> None:
    other = [field for field in schema if not _is_plain(field.type)]
    if other:
        raise SourceError(
            "{path}, column “{column}”: its cells are of type {kind} ({n} such columns), and a "
            "table has one word, number or day in each. Ask the supplier for the table without "
            "them.",
            path=path.name,
            column=other[0].name,
            kind=str(other[0].type),
            n=len(other),
        )


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_plain(kind: pa.DataType) -> bool:
    plain = (
        pa.types.is_integer,
        pa.types.is_floating,
        pa.types.is_decimal,
        pa.types.is_boolean,
        pa.types.is_date,
        pa.types.is_timestamp,
        pa.types.is_time,
        pa.types.is_null,
    )
    return _is_text(kind) or any(matches(kind) for matches in plain)


def _refuse_much_text(path: Path, batch: pa.RecordBatch) -> None:
    total = 0
    for column in batch.columns:
        if pa.types.is_dictionary(column.type):
            lengths = pc.binary_length(column.dictionary)
            total += pc.sum(lengths.take(column.indices)).as_py() or 0
    if total > MAXIMUM_BATCH_BYTES:
        raise _too_large(path)


def _too_large(path: Path) -> SourceError:
    return SourceError(
        "{path} expands to more rows, or more text, than any table of records has, and was not "
        "read. Ask the supplier for it in parts.",
        path=path.name,
    )


def _written(column: pa.Array, index: pd.Index) -> pd.Series:
    text = column if _is_text(column.type) else _plain_text(column)
    cells: Any = text.cast(pa.string()).to_pylist()
    return pd.Series(["" if cell is None else cell for cell in cells], index, dtype="str")


def _plain_text(column: pa.Array) -> pa.Array:
    text = column.cast(pa.string())
    whole = pa.types.is_floating(column.type) or pa.types.is_decimal(column.type)
    moment = pa.types.is_timestamp(column.type) or pa.types.is_time(column.type)
    if whole or moment:
        text = pc.replace_substring_regex(text, _ZEROS, r"\1")
    return pc.replace_substring_regex(text, _MIDNIGHT, "") if moment else text
