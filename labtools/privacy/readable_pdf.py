"""The words of a PDF, as a search for people reads them.

Text that is set with an embedded font is written in codes of that font, which tell nothing
without the font's own map (``ToUnicode``).  Read without it, words hide and noise looks like
words.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_OBJECT = re.compile(rb"(\d+)\s+\d+\s+obj\b(.*?)\bendobj", re.DOTALL)
_STREAM = re.compile(rb"^(.*?)\bstream\r?\n(.*)\r?\nendstream", re.DOTALL)
_FONTS = re.compile(rb"/Font\s*<<(.*?)>>", re.DOTALL)
_NAMED = re.compile(rb"/([^\s/<>\[\]()]+)\s+(\d+)\s+0\s+R")
_UNICODE = re.compile(rb"/ToUnicode\s+(\d+)\s+0\s+R")
_SHARED = re.compile(rb"/Resources\s+(\d+)\s+0\s+R")
_CONTENTS = re.compile(rb"/Contents\s*(?:\[([^\]]*)\]|(\d+)\s+0\s+R)")
_REFERENCE = re.compile(rb"(\d+)\s+0\s+R")
#: Streams that hold no words: fonts, maps of letters, colours, pictures.
_WORDLESS = re.compile(
    rb"/(?:Length1|Length2|CIDFontType0C|OpenType|Type1C|CMapName|Alternate)\b|/Subtype\s*/Image\b"
)
_WORDLESS_ELSEWHERE = re.compile(rb"/(?:FontFile[23]?|ToUnicode|CIDSet|ICCBased)\s+(\d+)\s+0\s+R")
_STRING = re.compile(rb"\(((?:\\.|[^\\()])*)\)|<([0-9A-Fa-f\s]*)>", re.DOTALL)
_SAID = re.compile(
    rb"/([^\s/<>\[\]()]+)\s+[-\d.]+\s+Tf|(\((?:\\.|[^\\()])*\)|<[0-9A-Fa-f\s]+>)|\b(ET)\b",
    re.DOTALL,
)
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|\r\n|.)", re.DOTALL)
_PLAIN = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_ONE = re.compile(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>")
_RANGE = re.compile(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>")
_BLOCK = re.compile(rb"begin(bfchar|bfrange)(.*?)endbf", re.DOTALL)
#: How a string begins that is not in the codes of a font.
_MARK = b"\xfe\xff"
_LONGEST_RANGE = 65_536

Letters = Mapping[int, str]


@dataclass(frozen=True, slots=True)
class _Part:
    """One object: what it says of itself, and its bytes if it is a stream."""

    told: bytes
    held: bytes | None


def pdf_texts(content: bytes) -> Iterator[str]:
    """Yield the words of a PDF: those on its pages, and those told about them.

    A file that is not read this way (encrypted, or without objects in plain sight) yields
    what its bytes hold as text.
    """
    parts = {int(n): _part(body) for n, body in _OBJECT.findall(content)}
    if not parts:
        yield _strings(content)
        return
    fonts = _fonts_of_streams(parts)
    wordless = {int(n) for part in parts.values() for n in _WORDLESS_ELSEWHERE.findall(part.told)}
    for number, part in parts.items():
        yield _strings(part.told)
        if part.held is not None and number not in wordless and not _WORDLESS.search(part.told):
            letters = {name: _letters(parts, font) for name, font in fonts[number].items()}
            yield _said(part.held, letters)


def _part(body: bytes) -> _Part:
    found = _STREAM.match(body)
    if not found:
        return _Part(body, None)
    told, held = found.groups()
    try:
        return _Part(told, zlib.decompress(held))
    except zlib.error:
        return _Part(told, held)


def _fonts_of_streams(parts: Mapping[int, _Part]) -> dict[int, dict[bytes, int]]:
    """Return, for each stream, the fonts that it names: its own, and those of its page."""
    fonts = {number: _named_fonts(parts, part) for number, part in parts.items()}
    for number, part in list(parts.items()):
        for several, single in _CONTENTS.findall(part.told):
            for drawn in _REFERENCE.findall(several) or [single]:
                if drawn and int(drawn) in fonts:
                    fonts[int(drawn)] |= fonts[number]
    return fonts


def _named_fonts(parts: Mapping[int, _Part], part: _Part) -> dict[bytes, int]:
    shared = [parts[int(n)].told for n in _SHARED.findall(part.told) if int(n) in parts]
    found = [names for told in (part.told, *shared) for names in _FONTS.findall(told)]
    return {name: int(number) for names in found for name, number in _NAMED.findall(names)}


def _letters(parts: Mapping[int, _Part], font: int) -> Letters:
    """Return the letter of each code of a font; none where it has no map."""
    told = parts[font].told if font in parts else b""
    found = _UNICODE.search(told)
    held = parts[int(found[1])].held if found and int(found[1]) in parts else None
    letters: dict[int, str] = {}
    for kind, block in _BLOCK.findall(held or b""):
        if kind == b"bfchar":
            letters |= {int(code, 16): _utf16(word) for code, word in _ONE.findall(block)}
            continue
        for first, last, word in _RANGE.findall(block):
            start, count = int(first, 16), int(last, 16) - int(first, 16) + 1
            letter = _utf16(word)
            for step in range(min(count, _LONGEST_RANGE)):
                letters[start + step] = letter[:-1] + chr(ord(letter[-1]) + step)
    return letters


def _said(held: bytes, fonts: Mapping[bytes, Letters]) -> str:
    """Return the words that a stream sets, a line for each block of text."""
    lines, letters = [""], dict[int, str]()
    for font, string, end in _SAID.findall(held):
        if font:
            letters = dict(fonts.get(font, {}))
        elif string and (raw := _raw(string)).startswith(_MARK):
            lines += [_word(raw), ""]  # told about a picture, in no font
        elif string:
            lines[-1] += _decoded(raw, letters)
        elif end:
            lines.append("")
    return "\n".join(line for line in lines if line)


def _decoded(raw: bytes, letters: Letters) -> str:
    if not letters:
        return _word(raw)
    codes = (int.from_bytes(raw[at : at + 2]) for at in range(0, len(raw), 2))
    return "".join(letters.get(code, "") for code in codes)


def _strings(told: bytes) -> str:
    """Return the strings of an object, a line each: titles, descriptions, addresses."""
    return "\n".join(_word(_raw(found[0])) for found in _STRING.finditer(told))


def _word(raw: bytes) -> str:
    wide = raw.startswith(_MARK)
    return raw.decode("utf-16" if wide else "latin-1", errors="replace")


def _raw(string: bytes) -> bytes:
    if string.startswith(b"<"):
        digits = re.sub(rb"[^0-9A-Fa-f]", b"", string).decode()
        return bytes.fromhex(digits[: len(digits) // 2 * 2])
    return _ESCAPE.sub(_unescaped, string[1:-1])


def _unescaped(found: re.Match[bytes]) -> bytes:
    code = found[1]
    if code.isdigit():
        return bytes([int(code, 8) % 256])
    return b"" if code in {b"\n", b"\r\n"} else _PLAIN.get(code, code)


def _utf16(word: bytes) -> str:
    return bytes.fromhex(word.decode().zfill(4)).decode("utf-16-be", errors="replace") or " "
