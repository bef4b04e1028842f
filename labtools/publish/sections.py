"""A ficha as sections of words, rows and pictures: the page and the paper are made of the same.

A new section is a function that takes a `Source` and returns a `Section`, or None where its
table is absent, added to `labtools.publish.ficha.BUILDERS`.  The page and the printed ficha
show it without knowing it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from labtools.publish.figures import Cell
from labtools.tables.released import Released

#: How a section stands: words beside its picture; one of two cards; half of the width; all of it.
Layout = Literal["beside", "card", "half", "full"]


@dataclass(frozen=True, slots=True)
class Rows:
    """A table in words.

    Attributes
    ----------
    caption : str
        What it holds.
    heads : tuple of str
        Name of each column.
    rows : tuple of tuple of Cell
    kind : {"wide", "narrow"}
        A wide table becomes a list of cards on a phone.
    unseen : bool
        Whether the caption is only read aloud, because the heading says it already.
    printed : bool
        Whether the two sides of paper hold it; where not, they say that the page does.
    """

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    kind: Literal["wide", "narrow"] = "narrow"
    unseen: bool = True
    printed: bool = True


@dataclass(frozen=True, slots=True)
class Section:
    """One section of a ficha.

    Attributes
    ----------
    key : str
        Its id in the page.
    title : str
    layout : Layout
    sentences : tuple of str
        Plain words, one paragraph; a list where `listed`.
    listed : bool
    facts : tuple of (name, Cell)
        Single figures with their names.
    tables : tuple of Rows
    pictures : tuple of str
        SVG of `labtools.charts`, which tells itself in words.
    notes : tuple of str
        Small print below.
    made_of : tuple of str
        Names of the tables that it comes from.
    ties : tuple of tuple of str
        The tables of each sentence, where that is not all of them.
    drawn_on_paper : bool
        Whether the pictures are printed too; where not, the two sides have the sentences only.
    small : bool
        Whether what is printed stands in a third of the width too.
    """

    key: str
    title: str
    layout: Layout = "half"
    sentences: tuple[str, ...] = ()
    listed: bool = False
    facts: tuple[tuple[str, Cell], ...] = ()
    tables: tuple[Rows, ...] = ()
    pictures: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    made_of: tuple[str, ...] = ()
    ties: tuple[tuple[str, ...], ...] = ()
    drawn_on_paper: bool = True
    small: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """What the sections of one ficha are built from.

    Attributes
    ----------
    released : Released
    map_svg : str
        Map of the colonia.
    sentences : mapping of section to sentences
        In the language in force.
    """

    released: Released
    map_svg: str
    sentences: Mapping[str, Sequence[str]]

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """The ficha's tables."""
        return self.released.tables

    def told(self, section: str) -> tuple[str, ...]:
        """Return the sentences of a section; none where nothing is told."""
        return tuple(self.sentences.get(section, ()))


@dataclass(frozen=True, slots=True)
class Group:
    """Neighbouring sections of one layout, in the order of the ficha."""

    layout: Layout
    sections: tuple[Section, ...]


def grouped(sections: Iterable[Section]) -> tuple[Group, ...]:
    """Return sections in rows: cards and halves by twos, the others alone."""
    groups: list[Group] = []
    for section in sections:
        last = groups[-1] if groups else None
        fits = last is not None and last.layout == section.layout in {"card", "half"}
        if last is not None and fits and len(last.sections) == 1:
            groups[-1] = Group(section.layout, (*last.sections, section))
        else:
            groups.append(Group(section.layout, (section,)))
    return tuple(groups)
