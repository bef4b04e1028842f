"""The ficha on paper: two sides of A4, from the same sections as its page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress, groupby
from operator import not_
from pathlib import Path
from typing import Literal

from labtools.messages import DEFAULT_LANGUAGE, listed, speaking, text
from labtools.publish import wording
from labtools.publish.ficha import Ficha, compose_ficha
from labtools.publish.figures import Cell, sources_by_day
from labtools.publish.printing import Facts, code_of, digest_of_printing, group_facts, printed
from labtools.publish.sections import Group, Rows, Section, grouped
from labtools.tables import vocabulary as words
from labtools.tables.released import Released, slug
from labtools.tables.store import make_folder, writing


@dataclass(frozen=True, slots=True)
class Paper:
    """Which fichas are also printed, and where what was printed before is kept.

    Attributes
    ----------
    languages : tuple of str
        Editions that are printed; none by default.
    address : str
        Address of the site, for the code of a printed ficha.
    kept : pathlib.Path, optional
        Folder of files printed before: what would be printed again from the same words is
        copied.  Without it, everything is printed.
    """

    languages: tuple[str, ...] = ()
    address: str = ""
    kept: Path | None = None


_FEW = 2  # tables that are worth one head
_ABREAST = 3  # halves that are words only, or small, in a row

#: Everything printed anew, without a code.
PLAIN = Paper()


def print_ficha(
    released: Released,
    *,
    map_svg: str,
    sentences: Mapping[str, Sequence[str]],
    language: str = DEFAULT_LANGUAGE,
    audience: Literal["internal", "public"] = "public",
    paper: Paper = PLAIN,
) -> bytes:
    """Return the ficha of one colonia as PDF: the same tables give the same bytes.

    Use it for what is handed out or filed; on a screen the page reads better.

    Parameters
    ----------
    released, map_svg, sentences, language
        As `labtools.publish.ficha.render_ficha`.
    audience : {"internal", "public"}
        The internal edition says so in its head: its counts are true ones.
    paper : Paper, optional
        The site's address, and where printed files are kept.
    """
    with speaking(language):
        told = compose_ficha(released, map_svg=map_svg, sentences=sentences)
        facts = _facts(told, language, audience, paper.address)
        return _kept(facts, paper.kept) if paper.kept else printed("ficha", facts)


def _kept(facts: Facts, folder: Path) -> bytes:
    """Return what was printed from the same words before, or print it and keep it."""
    file = make_folder(folder) / f"{digest_of_printing('ficha', facts)}.pdf"
    if not file.is_file():
        with writing(file) as aside:
            aside.write_bytes(printed("ficha", facts))
    return file.read_bytes()


def _facts(told: Ficha, language: str, audience: str, address: str) -> Facts:
    front, back = _sides(told)
    lang, _, region = wording.HTML_LANGUAGES[language].partition("-")
    frame, said = wording.frame_words(), wording.ficha_words()
    return {
        "title": text("{name}: colonia profile", name=told.name),
        "lang": lang,
        "region": region or None,
        "name": told.name,
        "kind": told.kind,
        "period": told.period,
        "place_name": told.place_name,
        "lab": told.lab,
        "valid": told.valid,
        "outdated": told.outdated,
        "internal": text("Internal: not for the public") if audience == "internal" else "",
        "seal": told.seal,
        "seal_name": said["seal"],
        "promise": " ".join(part for part in (frame["promise"], told.contact) if part),
        "together": said["together"],
        "qr": _code(told, language, address) if address and audience == "public" else None,
        "qr_words": text("This profile on the web"),
        "picture_elsewhere": text("Its picture is on the page of this colonia."),
        "front": [group_facts(group) for group in front],
        "back": [group_facts(group) for group in back],
    }


def _sides(told: Ficha) -> tuple[tuple[Group, ...], tuple[Group, ...]]:
    """Part the sections: through the first table of figures, and the words after it, in front."""
    groups = tuple(_beside_each_other(filter(_says, map(_on_paper, told.sections))))
    ends = [n for n, group in enumerate(groups, start=1) if group.layout == "full"]
    cut = ends[0] + 1 if ends else len(groups)
    return groups[:cut], groups[cut:]


def _beside_each_other(sections: Iterable[Section]) -> Iterator[Group]:
    """Put halves that are words, or small, in one row: it is as high as what is highest in it."""
    for layout, neighbours in groupby(sections, key=lambda section: section.layout):
        found = list(neighbours)
        if layout == "half":
            plain = [it for it in found if it.small or not (it.pictures or it.tables)]
            found = [it for it in found if it not in plain]
            for start in range(0, len(plain), _ABREAST):
                yield Group("half", tuple(plain[start : start + _ABREAST]))
        yield from grouped(found)


def _says(section: Section) -> bool:
    """Tell a section that holds something: a heading alone is no section of two sides."""
    return any((section.sentences, section.facts, section.tables, section.pictures, section.notes))


def _on_paper(section: Section) -> Section:
    """Return a section as two sides have room for it."""
    if section.key == "sources":
        rows = [row for table in section.tables for row in table.rows]
        return replace(section, sentences=sources_by_day(rows), listed=True, tables=())
    if section.key == "series":
        rows = [row for table in section.tables for row in table.rows]
        years = " · ".join(": ".join(cell.words for cell in row) for row in rows)
        told = (f"{section.tables[0].caption}. {years}.",) if rows else ()
        return replace(section, sentences=(*told, *section.notes), tables=(), notes=())
    section = _with_figures(section)
    elsewhere = tuple(table.caption for table in section.tables if not table.printed)
    if elsewhere:
        note = text("On the page of this colonia: {tables}.", tables=listed(elsewhere))
        kept = tuple(table for table in section.tables if table.printed)
        section = replace(section, tables=kept, notes=(*section.notes, note))
    if section.key == "answers":
        section = replace(section, tables=_joined(section.tables))
    return section if section.drawn_on_paper else replace(section, pictures=())


def _with_figures(section: Section) -> Section:
    """Return a section without the columns of too few answers; a note says which they were.

    Their figures are not withheld: there are none, and two sides have no room to say so in
    every row.  A table of nothing else is let be.
    """
    told = [_without_empty(table) if table.printed else (table, ()) for table in section.tables]
    each = zip(section.tables, told, strict=True)
    empty = tuple(dict.fromkeys(it for table, (_, heads) in each for it in _named(table, heads)))
    if not empty:
        return section
    # An area that another table names for all that it asks is not named for one answer again.
    areas = tuple(it for it in empty if not any(it.endswith(f", {one}") for one in empty))
    said = text("{state}: {areas}.", state=words.label(words.INSUFFICIENT), areas=listed(areas))
    notes = (*section.notes, said[:1].upper() + said[1:])
    return replace(section, tables=tuple(table for table, _ in told), notes=notes)


def _named(table: Rows, heads: Sequence[str]) -> list[str]:
    """Return areas of which a table has no figure, with what was asked where that is one thing."""
    asked = {row[0].words for row in table.rows}
    if len(asked) > 1:
        return list(heads)
    return [text("{asked}, {area}", asked=next(iter(asked)), area=head) for head in heads]


def _without_empty(table: Rows) -> tuple[Rows, tuple[str, ...]]:
    """Return a table without its columns of too few answers, and the heads of these."""
    columns = list(zip(*table.rows, strict=True)) if table.rows else []
    empty = [all(cell.state == words.INSUFFICIENT for cell in column) for column in columns]
    if not any(empty) or all(empty[1:]):
        return table, ()
    rows = tuple(tuple(compress(row, map(not_, empty))) for row in table.rows)
    heads = tuple(compress(table.heads, map(not_, empty)))
    return replace(table, heads=heads, rows=rows), tuple(compress(table.heads, empty))


def _joined(tables: Sequence[Rows]) -> tuple[Rows, ...]:
    """Return tables of the same areas under one head, in their order: two sides hold no three.

    An area that one of them does not have is left blank in its rows.
    """
    if len(tables) < _FEW:
        return tuple(tables)
    widest = max(tables, key=lambda table: len(table.heads))
    heads = tuple(dict.fromkeys(head for table in (widest, *tables) for head in table.heads))
    told = (dict(zip(table.heads, row, strict=True)) for table in tables for row in table.rows)
    rows = tuple(tuple(cells.get(head, Cell("")) for head in heads) for cells in told)
    caption = listed([table.caption for table in tables])
    return (replace(widest, caption=caption, heads=heads, rows=rows, unseen=True),)


def _code(told: Ficha, language: str, address: str) -> dict[str, str]:
    way = wording.home_of(language, address.rstrip("/"))
    page = f"{way}/colonias/{slug(told.colonia_id)}.html"
    return code_of(page, text("Code that opens {page}", page=page))
