"""Everything that can be read in published bytes, as lines of plain text.

A page hides words in attributes, in JSON inside scripts, in entities, in data addresses; a
spreadsheet is a zip of XML; a PDF compresses its pages.  Whoever looks for people in what is
published has to read all of it.
"""

from __future__ import annotations

import base64
import html
import io
import re
import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePath
from types import MappingProxyType
from urllib.parse import unquote

import pandas as pd
import pyarrow as pa

from labtools.privacy.readable_pdf import pdf_texts

#: Attributes that hold drawing and structure, which no person is written into.
_DRAWING = frozenset(
    {
        *("d", "points", "viewbox", "transform", "style", "class", "width", "height", "integrity"),
        *("x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "rx", "ry"),
        *("fill", "stroke", "stroke-width"),
    }
)
_INLINE = re.compile(
    r"</?(?:a|abbr|b|bdi|em|i|mark|small|span|strong|sub|sup|tspan|wbr)\b[^>]*>", re.IGNORECASE
)
_TAG = re.compile(r"<[^<>]*>")
_TAGS = re.compile(r"(?:<[^<>]*>)+")
#: A cell of a spreadsheet with a figure too short to be a telephone: most of its bytes.
_FIGURE_IN_CELL = re.compile(
    r"<c r=\"[A-Z]{1,3}\d{1,7}\"(?: s=\"\d{1,5}\")?(?: t=\"[a-z]{1,3}\")?>"
    r"<v>-?\d{1,7}(?:\.\d{1,20}(?:e-\d{1,3})?)?</v></c>"
)
#: Where a cell or row of a spreadsheet stands, as in <c r="AB12">.
_CELL_OF_SHEET = re.compile(r"(?<=<c) r=\"[A-Z]{1,3}\d{1,7}\"|(?<=<row) r=\"\d{1,7}\"")
_ATTRIBUTE = re.compile(r"([\w:-]+)\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'>]+)")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_DATA_ADDRESS = re.compile(r"data:[\w/+.-]*(?:;[\w=-]+)*;base64,([A-Za-z0-9+/=\s]{8,})")
_PNG_TEXT = re.compile(rb"(?:tEXt|iTXt)([\x09-\xff]*?\x00[^\x00]*)")
_MOST_BYTES = 512 * 1024**2
_WKB_POINTS = (1, 4)


def lines_of(name: str, content: bytes) -> list[str]:
    """Return the lines of text that a file holds, however they are written.

    Parameters
    ----------
    name : str
        Its ending chooses how it is read; what has no known ending is read as text.
    """
    return [line for text in _texts_of(name, content) for line in text.splitlines()]


def _texts_of(name: str, content: bytes) -> list[str]:
    read = _READERS.get(PurePath(name).suffix.lower(), _plain)
    try:
        return list(read(content))
    except (zipfile.BadZipFile, pa.ArrowInvalid):
        return list(_plain(content))  # not what its ending says: read as it is


def _plain(content: bytes) -> Iterator[str]:
    text = content.decode("utf-8", errors="replace")
    if "\x00" in text[:200]:
        text = content.decode("utf-16", errors="replace")
    yield _unescaped(text)
    yield from _inside_addresses(text)


def _marked_up(content: bytes) -> Iterator[str]:
    text = content.decode("utf-8", errors="replace")
    if "<sheetData" in text:  # a million figures, and where each cell stands, tell of nobody
        text = _CELL_OF_SHEET.sub("", _FIGURE_IN_CELL.sub("\n", text))
    for tag in dict.fromkeys(_TAG.findall(text)):
        for name, value in _ATTRIBUTE.findall(tag):
            if name.lower() not in _DRAWING and len(value) > 3:  # noqa: PLR2004 - empty, or a sign
                yield _unescaped(html.unescape(value.strip("\"'")))
    words = text.replace("<!--", "\n").replace("-->", "\n")
    if _INLINE.search(words):
        words = _INLINE.sub(" ", words)
    yield _unescaped(html.unescape(_TAGS.sub("\n", words)))
    yield from _inside_addresses(text)


def _inside_addresses(text: str) -> Iterator[str]:
    for found in _DATA_ADDRESS.findall(text):
        try:
            inner = base64.b64decode(found)
        except ValueError:
            continue
        if name := _guessed(inner):
            yield from _texts_of(name, inner)


def _zipped(content: bytes) -> Iterator[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for part in archive.infolist():
            yield part.filename
            if part.file_size <= _MOST_BYTES:
                yield from _texts_of(part.filename, archive.read(part))


def _pictured(content: bytes) -> Iterator[str]:
    for found in _PNG_TEXT.findall(content):
        yield found.decode("latin-1").replace("\x00", " ")


def _tabled(content: bytes) -> Iterator[str]:
    table = pd.read_parquet(io.BytesIO(content))
    yield "\n".join(map(str, table.columns))
    for name, column in table.items():
        values = column.dropna().unique()
        if len(values) and isinstance(values[0], bytes):
            yield from filter(None, map(_point, values))
        elif not pd.api.types.is_float_dtype(column) or str(name).lower() in _COORDINATES:
            yield "\n".join(f"{name}: {value}" for value in values)


_COORDINATES = frozenset({"lon", "lat", "lng", "longitud", "latitud", "longitude", "latitude"})


def _point(geometry: bytes) -> str:
    """Return a point's coordinates in words; a polygon is a public boundary."""
    order = "<" if geometry[:1] == b"\x01" else ">"
    kind = struct.unpack_from(f"{order}I", geometry, 1)[0] if len(geometry) >= 21 else 0  # noqa: PLR2004
    if kind % 1000 not in _WKB_POINTS:
        return ""
    start = 5 if kind % 1000 == 1 else 14
    x, y = struct.unpack_from(f"{order}dd", geometry, start)
    return f"POINT ({x:.2f} {y:.2f})"


def _unescaped(text: str) -> str:
    if "\\u" in text:
        text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    text = text.replace("\\n", "\n").replace("\\/", "/").replace('\\"', '"')
    return unquote(text) if "%" in text else text


def _guessed(content: bytes) -> str:
    signs = {b"PK": ".zip", b"%PDF": ".pdf", b"\x89PNG": ".png", b"PAR1": ".parquet"}
    known = next((name for sign, name in signs.items() if content.startswith(sign)), ".html")
    return "" if known == ".html" and b"\x00" in content else known


_READERS: Mapping[str, Callable[[bytes], Iterator[str]]] = MappingProxyType(
    {
        **dict.fromkeys((".html", ".htm", ".svg", ".xml", ".rels"), _marked_up),
        **dict.fromkeys((".xlsx", ".zip", ".docx", ".ods", ".whl"), _zipped),
        **dict.fromkeys((".png", ".jpg", ".jpeg", ".gif", ".webp"), _pictured),
        ".pdf": pdf_texts,
        ".parquet": _tabled,
    }
)
