"""Documents on paper: typst makes tagged PDF (PDF/UA-1) from words, rows and pictures.

The same words give the same bytes: no date, no font of the machine, nothing from elsewhere.
"""

from __future__ import annotations

import hashlib
import html
import io
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import segno
import typst

from labtools.publish.figures import Cell
from labtools.publish.sections import Group, Rows, Section

TEMPLATES = Path(__file__).parent / "typst"
FONTS = Path(__file__).parent / "fonts"
STANDARD: Literal["ua-1"] = "ua-1"

_SHORTEST, _WIDEST = 6, 10_000  # letters of a column
_HALVINGS = 40
#: Letters of a line, about: so many stand beside each other on a page, and on a slide.
ROOM_OF_PAGES, ROOM_OF_SLIDES = 104, 76
_MOST_UNKNOWN = 50
_PIXELS = 144.0  # by inch: two by point
_UNKNOWN = re.compile(r'the text `"(.+?)"` could not be displayed')
_CODE = re.compile(r"\\u\{([0-9a-f]+)\}")
_FAMILY = re.compile(r'font-family="[^"]*"')
_TOLD = re.compile(r"<(title|desc)\b[^>]*>(.*?)</\1>", re.DOTALL)
_PAGE = re.compile(rb"/Type\s*/Page\b")
#: Signs that no font draws, and that no XML holds; typst would refuse or show a box.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


Facts = Mapping[str, object]


def pictured(document: str, facts: Facts) -> bytes:
    """Return a document of one page as PNG, twice as many pixels as its points."""
    return _made(document, facts, "png")


def printed(document: str, facts: Facts) -> bytes:
    """Return a document as tagged PDF.

    Parameters
    ----------
    document : str
        Name of its template, which is also the name of its input.
    facts : mapping
        What it says; anything that JSON holds.  Words are never taken for mark-up.
    """
    return _made(document, facts, "pdf")


def _made(document: str, facts: Facts, form: Literal["pdf", "png"]) -> bytes:
    told = _told(facts)
    for _ in range(_MOST_UNKNOWN):
        try:
            return _compiled(document, told, form)
        except typst.TypstError as refused:
            unknown = _UNKNOWN.search(str(refused))
            if unknown is None:
                raise
            # A letter that no font of ours draws must not keep a colonia from its paper.
            told = told.replace(_letters(unknown[1]), "\N{WHITE SQUARE}")
    return _compiled(document, told, form)


def pages_of(pdf: bytes) -> int:
    """Return how many pages a document has that was made here."""
    return len(_PAGE.findall(pdf))


def digest_of_printing(document: str, facts: Facts) -> str:
    """Return what tells two printings apart: the words, the templates, the fonts, and typst."""
    return hashlib.sha256(f"{_means()}\0{document}\0{_told(facts)}".encode()).hexdigest()


def group_facts(group: Group) -> dict[str, object]:
    """Return neighbouring sections as the templates read them."""
    return {
        "layout": group.layout,
        "sections": [section_facts(it, abreast=len(group.sections)) for it in group.sections],
    }


def section_facts(
    section: Section, *, abreast: int = 1, room: int = ROOM_OF_PAGES
) -> dict[str, object]:
    """Return a section as the templates read it, `abreast` of them in one row.

    Parameters
    ----------
    room : int
        Letters of a line, about.
    """
    return {
        "key": section.key,
        "title": section.title,
        "sentences": section.sentences,
        "listed": section.listed,
        "facts": [(name, _cell(cell)) for name, cell in section.facts],
        "tables": [_rows(table, _room(abreast, room)) for table in section.tables],
        "pictures": [picture_facts(picture) for picture in section.pictures],
        "notes": section.notes,
    }


def picture_facts(svg: str) -> dict[str, str]:
    """Return a picture in the house's font, with the words that stand for it."""
    told = {tag: html.unescape(words) for tag, words in _TOLD.findall(svg)}
    alt = ". ".join(words.rstrip(".") for words in told.values() if words) + "."
    return {"svg": _FAMILY.sub('font-family="Open Sans"', svg), "alt": alt}


def code_of(address: str, alt: str) -> dict[str, str]:
    """Return a QR code that opens an address."""
    drawn = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        drawn, kind="svg", border=0, xmldecl=False, dark="#1b2430"
    )
    return {"svg": drawn.getvalue().decode("utf-8"), "alt": alt}


def _compiled(document: str, told: str, form: Literal["pdf", "png"]) -> bytes:
    standards = {"pdf_standards": [STANDARD]} if form == "pdf" else {"ppi": _PIXELS}
    made = _compiler(document).compile(sys_inputs={document: told}, format=form, **standards)
    assert isinstance(made, bytes)  # noqa: S101 - one file was asked for, not one a page
    return made


def _letters(shown: str) -> str:
    """Return the letters that typst shows in an error, some of them by their codes."""
    return _CODE.sub(lambda found: chr(int(found[1], 16)), shown)


def _told(facts: Facts) -> str:
    return json.dumps(_readable(facts), ensure_ascii=False, sort_keys=True)


def _readable(told: object) -> object:
    """Return what is told without the signs that nobody can see."""
    if isinstance(told, str):
        return _UNSEEN.sub("", told)
    if isinstance(told, Mapping):
        return {key: _readable(value) for key, value in told.items()}
    if isinstance(told, (list, tuple)):
        return [_readable(value) for value in told]
    return told


@cache
def _means() -> str:
    files = sorted([*TEMPLATES.iterdir(), *FONTS.iterdir()])
    told = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files if file.is_file()]
    return "\0".join((version("typst"), STANDARD, *told))


def _rows(table: Rows, room: int) -> dict[str, object]:
    widths = _widths(table, room)
    return {
        "caption": table.caption,
        "heads": table.heads,
        "rows": [[_cell(cell) for cell in row] for row in table.rows],
        "unseen": table.unseen,
        "widths": widths,
        "lines": [_lines(row, widths) for row in table.rows],
    }


def _room(abreast: int, room: int) -> int:
    """Return the letters of a line; a narrow one is let be a fifth fuller, to break less."""
    return room if abreast == 1 else round(1.2 * room / abreast)


def _widths(table: Rows, room: int) -> list[int]:
    """Return the share of the width of each column: rows as low as they can be made.

    The height of a row is that of its tallest cell, near the fourth power mean of letters by
    width; the least sum of them has widths that go with the fifth root of the sum of fourth powers.
    No column is narrower than its longest word, nor wider than its longest cell.
    """
    told = zip(*([cell.words for cell in row] for row in table.rows), strict=True)
    columns = [(head, *cells) for head, cells in zip(table.heads, told, strict=True)]
    least = [max(_SHORTEST, _longest_word(column)) for column in columns]
    most = [
        max(floor, max(map(len, column)) + 1) for floor, column in zip(least, columns, strict=True)
    ]
    wish = [sum(len(words) ** 4 for words in column) ** 0.2 for column in columns]
    low, high = 0.0, float(_WIDEST)
    for _ in range(_HALVINGS):
        scale = (low + high) / 2
        full = sum(_scaled(scale, wish, least, most)) > room
        low, high = (low, scale) if full else (scale, high)
    return [round(width) for width in _scaled(low, wish, least, most)]


def _lines(row: Sequence[Cell], widths: Sequence[int]) -> int:
    """Return how many lines the tallest cell of a row takes, about."""
    return max(-(-len(cell.words) // width) for cell, width in zip(row, widths, strict=True))


def _scaled(
    scale: float, wish: Sequence[float], least: Sequence[int], most: Sequence[int]
) -> list[float]:
    ends = zip(wish, least, most, strict=True)
    return [min(max(scale * share, floor), ceiling) for share, floor, ceiling in ends]


def _cell(cell: Cell) -> tuple[str, str, bool]:
    return cell.words, cell.state, cell.own


def _longest_word(column: tuple[str, ...]) -> int:
    longest = max((len(word) for words in column for word in words.split()), default=0)
    return longest + longest // 8 + 1  # a word that is not broken needs more than its share


@cache
def _compiler(document: str) -> typst.Compiler:
    return typst.Compiler(
        input=str(TEMPLATES / f"{document}.typ"),
        root=str(TEMPLATES),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
    )
