"""Which table each sentence comes from: a number in brackets after it, told below its section.

When to use it: documents whose readers ask for the proof of a sentence (the council's briefing).
A page that has one table says it once (`tied`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from labtools.messages import text
from labtools.publish.open_data import HOLDS
from labtools.publish.sections import Section


def with_ties(sections: Iterable[Section]) -> tuple[Section, ...]:
    """Return sections whose every sentence ends in the number of its table, as ``[2]``.

    Tables are numbered in the order in which a reader meets them, alike in the whole document.
    """
    told = tuple(sections)
    met = dict.fromkeys(name for section in told for name in _met(section))
    numbers = {name: place for place, name in enumerate(met, start=1)}
    return tuple(_marked(section, numbers) for section in told)


def tied(*tables: str) -> str:
    """Return the note that ties a section to the released tables that it comes from."""
    return text("Released tables: {tables}.", tables=", ".join(f"{name}.csv" for name in tables))


def ties_of(section: Section) -> tuple[tuple[str, ...], ...]:
    """Return the tables of each sentence of a section."""
    return section.ties or (section.made_of,) * len(section.sentences)


def _met(section: Section) -> tuple[str, ...]:
    return tuple(dict.fromkeys([name for tie in ties_of(section) for name in tie])) + tuple(
        section.made_of
    )


def _marked(section: Section, numbers: Mapping[str, int]) -> Section:
    sentences = tuple(
        f"{said} {_mark(tie, numbers)}"
        for said, tie in zip(section.sentences, ties_of(section), strict=True)
    )
    notes = (*section.notes, *_key(_met(section), numbers))
    return replace(section, sentences=sentences, notes=notes)


def _mark(tie: Sequence[str], numbers: Mapping[str, int]) -> str:
    return f"[{', '.join(str(numbers[name]) for name in tie)}]"


def _key(met: Sequence[str], numbers: Mapping[str, int]) -> tuple[str, ...]:
    """Return the notes that say which table each number of a section is."""
    names = sorted(set(met), key=numbers.__getitem__)
    released = [f"[{numbers[name]}] {name}.csv" for name in names if name in HOLDS]
    internal = [f"[{numbers[name]}] {name}" for name in names if name not in HOLDS]
    notes = []
    if released:
        notes.append(text("Released tables: {tables}.", tables=", ".join(released)))
    if internal:
        notes.append(text("Tables of the internal edition: {tables}.", tables=", ".join(internal)))
    return tuple(notes)
