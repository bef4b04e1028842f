"""The same small table in every format that suppliers send."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from html import escape

import pyarrow as pa
import pyarrow.parquet as pq

_SPACES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
)
_ODS = "application/vnd.oasis.opendocument.spreadsheet"


def ods(rows: str, name: str = "Hoja1") -> bytes:
    """Return an ODS whose only sheet has the XML `rows`."""
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_SPACES}><office:body>'
        f'<office:spreadsheet><table:table table:name="{name}">{rows}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    spoken = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), _ODS)
        archive.writestr("content.xml", content)
        archive.writestr(
            "META-INF/manifest.xml",
            f'<manifest:manifest xmlns:manifest="{spoken}"><manifest:file-entry '
            f'manifest:full-path="/" manifest:media-type="{_ODS}"/></manifest:manifest>',
        )
    return buffer.getvalue()


def ods_row(*cells: str, **attributes: str) -> str:
    """Return a row of text cells; `attributes` stand in the row's tag (repeated="3")."""
    told = "".join(f' table:number-rows-{name}="{value}"' for name, value in attributes.items())
    return f"<table:table-row{told}>{''.join(map(ods_cell, cells))}</table:table-row>"


def ods_cell(text: str, more: str = "") -> str:
    """Return a cell of text, or one that is XML already."""
    if text.startswith("<table:"):
        return text
    return (
        f'<table:table-cell office:value-type="string"{more}><text:p>{escape(text)}</text:p>'
        "</table:table-cell>"
    )


def dbf(fields: list[tuple[str, str, int]], rows: list[list[str]], **faults: int | bytes) -> bytes:
    """Return a DBF in Latin-1; `faults` may lie about its records or change its marks."""
    length = 1 + sum(size for _, _, size in fields)
    told = int(faults.get("told", len(rows)))
    head = struct.pack("<BBBBIHH20x", 3, 124, 1, 1, told, 33 + 32 * len(fields), length)
    described = b"".join(
        struct.pack("<11sc4xB15x", name.encode("latin-1"), kind.encode(), size)
        for name, kind, size in fields
    )
    marks = bytes(faults.get("marks", b" " * len(rows)))
    records = b"".join(
        marks[at : at + 1]
        + b"".join(
            cell.encode("latin-1").ljust(size)[:size]
            for cell, (_, _, size) in zip(row, fields, strict=True)
        )
        for at, row in enumerate(rows)
    )
    return head + described + b"\r" + records + b"\x1a"


def text_dbf(table: list[list[str]], **faults: int | bytes) -> bytes:
    """Return a table (its header first) as a DBF whose fields are all text."""
    header, *rows = table
    return dbf([(name[:10], "C", 40) for name in header], rows, **faults)


def as_json(table: list[list[str]], *names: str) -> bytes:
    """Return a table as a list of records, inside an object for each name."""
    header, *rows = table
    told: object = [dict(zip(header, row, strict=True)) for row in rows]
    for name in reversed(names):
        told = {name: told}
    return json.dumps(told, ensure_ascii=False).encode()


def as_json_lines(table: list[list[str]]) -> bytes:
    header, *rows = table
    records = [dict(zip(header, row, strict=True)) for row in rows]
    return "".join(json.dumps(it, ensure_ascii=False) + "\n" for it in records).encode()


def as_parquet(table: list[list[str]]) -> bytes:
    header, *rows = table
    columns = zip(*rows, strict=True)
    return parquet(dict(zip(header, map(list, columns), strict=True)))


def parquet(columns: dict[str, object], **options: object) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer, **options)
    return buffer.getvalue()


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()
