"""What a text file is written in: strict UTF-8, then what its descriptor declares; no guess.

A file in two encodings, or encoded twice, keeps its totals and loses every join by name:
such a file is refused with the line where it shows.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import MappingProxyType

from labtools.errors import SourceError
from labtools.forms import FileFormat

#: Letters that were UTF-8, read as Latin-1 or Windows-1252, and written as UTF-8 again.
_TWICE = re.compile(
    rb"\xc3[\x82\x83](?:\xc2[\x80-\xbf]|\xe2[\x80-\x84][\x80-\xbf]|\xc5[\x92\x93\xa0\xa1\xb8\xbd\xbe]"
    rb"|\xc6\x92|\xcb[\x86\x9c])"
)
_LOST = re.compile(rb"\xef\xbf\xbd")
_NUL = re.compile(rb"\x00")
#: UTF-8's two bytes of a Spanish letter: no Spanish text in one byte per letter has them.
_UTF8_INSIDE = re.compile(rb"\xc3[\x80-\xbf]|\xc2[\xa1-\xbf]")
#: A control character of Latin-1 between letters: the letter of another encoding.
#: The rare byte is looked for first: four times as quick as beginning with the letter before it.
_NO_LATIN_1 = re.compile(rb"[\x80-\x9f](?<=[A-Za-z].)[A-Za-z]", re.DOTALL)
#: The same in Windows-1252, where only the apostrophe stands between letters.
_NO_WINDOWS = re.compile(rb"[\x83\x84\x87\x8e\x96\x97\x9c\x9f](?<=[A-Za-z].)[A-Za-z]", re.DOTALL)

_OVERLAP = 8  # bytes: no pattern is longer
_HEAD = 200
_WEB_PAGE = (b"<!doctype html", b"<html")
#: First bytes of files that bear the name of a text file and are none.
_OTHER_FILES = MappingProxyType(
    {
        b"PK\x03\x04": "XLSX, ODS or ZIP",
        b"\xd0\xcf\x11\xe0": "XLS",
        b"%PDF": "PDF",
        b"Rar!": "RAR",
        b"7z\xbc\xaf": "7z",
        b"\x1f\x8b": "GZIP",
        b"SQLite format 3": "SQLite or GPKG",
        b"PAR1": "Parquet",
        b"{\\rtf": "RTF",
    }
)


@dataclass(slots=True)
class Scan:
    """What a pass over a file's bytes saw.

    Attributes
    ----------
    size : int
        Bytes.
    head : bytes
        The first of them.
    ended : bool
        Whether the last line ends.
    not_utf8 : int
        First line that is no UTF-8; 0 where there is none.
    seen : dict
        Pattern → the first line that holds it.
    """

    size: int = 0
    head: bytes = b""
    ended: bool = True
    not_utf8: int = 0
    seen: dict[re.Pattern[bytes], int] = field(default_factory=dict)


def scan_bytes(chunks: Iterable[bytes]) -> Scan:
    """Return what a pass over the bytes of a text file sees, whatever the file's size."""
    scan, line, tail = Scan(), 1, b""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for chunk in chunks:
        scan.head = scan.head or chunk[:_HEAD]
        scan.size += len(chunk)
        scan.ended = chunk.rstrip(b"\x00").endswith((b"\n", b"\r"))
        if not scan.not_utf8:
            scan.not_utf8 = _first_bad_line(decoder, chunk, line, final=False)
        _look(scan, tail + chunk, line - tail.count(b"\n"))
        line += chunk.count(b"\n")
        tail = chunk[-_OVERLAP:]
    if not scan.not_utf8:
        scan.not_utf8 = _first_bad_line(decoder, b"", line, final=True)
    return scan


def encoding_of(name: str, scan: Scan, form: FileFormat) -> str:
    """Return the encoding to read a file with.

    Raises
    ------
    SourceError
        If it is in none that was declared, in two at once, or encoded twice.
    """
    declared = form.encoding.lower().replace("_", "-")
    if declared.startswith(("utf-16", "utf-32")):
        return form.encoding
    _refuse_nul(name, scan)
    if not scan.not_utf8:
        _refuse_damaged_utf8(name, scan)
        return "utf-8-sig"
    if declared in {"utf-8", "utf8", "utf-8-sig"}:
        raise SourceError(
            "{path} is not UTF-8: line {line} holds a byte that no UTF-8 text has. If the "
            'supplier writes Latin-1, set encoding = "latin-1" in its descriptor.',
            path=name,
            line=scan.not_utf8,
        )
    _refuse_other_encodings(name, scan, declared, form.encoding)
    return form.encoding


def refuse_web_page(name: str, scan: Scan) -> None:
    """Refuse the error page that a download gave in place of a table.

    Raises
    ------
    SourceError
        If it begins like a web page.
    """
    if scan.head.removeprefix(codecs.BOM_UTF8).lstrip().lower().startswith(_WEB_PAGE):
        raise SourceError(
            "{path} is a web page and not a table: the download probably gave an error page. "
            "Open it in a browser to see what it says, and download the file again.",
            path=name,
        )


def refuse_other_file(name: str, scan: Scan) -> None:
    """Refuse a workbook, a PDF or a packed file that bears the name of a text file.

    Raises
    ------
    SourceError
        Says what it is by its first bytes.
    """
    for first, kind in _OTHER_FILES.items():
        if scan.head.startswith(first):
            raise SourceError(
                "{path} is no text: by its first bytes it is {kind}. Correct its name and “format” "
                "in the descriptor if that is what was sent, or ask for it as CSV.",
                path=name,
                kind=kind,
            )


def refuse_unfinished(name: str, scan: Scan, form: FileFormat) -> None:
    """Refuse a text file whose last line does not end, unless its descriptor allows it.

    A file cut inside its last number (52 → 5) looks whole in every other way.

    Raises
    ------
    SourceError
        If the last line does not end.
    """
    if scan.size and not scan.ended and not form.open_end:
        raise SourceError(
            "{path}: the last line does not end with a line break, as a file that was cut short "
            "does not (a 52 may have become a 5). Compare its last row with the supplier's, and "
            "download it again, or write open_end = true under [file] in its descriptor if the "
            "supplier always leaves it so.",
            path=name,
        )


def _first_bad_line(
    decoder: codecs.IncrementalDecoder, chunk: bytes, line: int, *, final: bool
) -> int:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError as wrong:
        return line + wrong.object[: wrong.start].count(b"\n")
    return 0


def _look(scan: Scan, window: bytes, line: int) -> None:
    if window.isascii() and b"\x00" not in window:
        return  # every pattern has a byte of another kind
    # After a letter of ASCII no UTF-8 goes on with a byte from 80 to 9F: as long as the file is
    # UTF-8, the two patterns that are slow to look for cannot be there.
    of_one_byte = (_NO_LATIN_1, _NO_WINDOWS) if scan.not_utf8 else ()
    for pattern in (_TWICE, _LOST, _NUL, _UTF8_INSIDE, *of_one_byte):
        if pattern not in scan.seen and (found := pattern.search(window)):
            scan.seen[pattern] = line + window[: found.start()].count(b"\n")


def _refuse_nul(name: str, scan: Scan) -> None:
    if _NUL in scan.seen:
        raise SourceError(
            "{path}: line {line} holds a NUL byte, which no text in UTF-8 or Latin-1 has. The "
            "file is damaged or in UTF-16: ask for it again in UTF-8, or set encoding = "
            '"utf-16" in its descriptor.',
            path=name,
            line=scan.seen[_NUL],
        )


def _refuse_damaged_utf8(name: str, scan: Scan) -> None:
    if _TWICE in scan.seen:
        raise SourceError(
            "{path}: line {line} was encoded twice (“PeÃ±a” in place of “Peña”), so that names "
            "fit no register. Ask the supplier to export the file again in UTF-8.",
            path=name,
            line=scan.seen[_TWICE],
        )
    if _LOST in scan.seen:
        raise SourceError(
            "{path}: line {line} holds a letter that another program lost (“�”), so that names "
            "fit no register. Ask the supplier to export the file again in UTF-8.",
            path=name,
            line=scan.seen[_LOST],
        )


def _refuse_other_encodings(name: str, scan: Scan, declared: str, written: str) -> None:
    if _UTF8_INSIDE in scan.seen:
        raise SourceError(
            "{path} is in two encodings at once: line {line} has letters in UTF-8 and line "
            "{other} has not. Ask the supplier to export the whole file again in UTF-8.",
            path=name,
            line=scan.seen[_UTF8_INSIDE],
            other=scan.not_utf8,
        )
    latin = declared in {"latin-1", "latin1", "iso-8859-1", "l1"}
    pattern = _NO_LATIN_1 if latin else _NO_WINDOWS
    if declared.startswith(("mac", "cp850", "cp437")) or pattern not in scan.seen:
        return
    raise SourceError(
        "{path}: line {line} has between letters a byte that is no letter in {declared}. The file "
        "is in another encoding, probably Windows-1252 or Mac Roman: ask the supplier which, and "
        "write it as encoding in the descriptor (cp1252, mac_roman).",
        path=name,
        line=scan.seen[pattern],
        declared=written,
    )
