"""A result as a card that people read in a notebook: one way for all results.

When to use it: a frozen result inherits from `Shown` and says in `told_as` what it is; JupyterLab,
Voilà and exported pages then show its figures in the language in force.  When not: on public pages,
which have their own sections.
"""

from __future__ import annotations

import dataclasses
import html
import math
from collections.abc import Iterable, Iterator
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
import pandas as pd

from labtools.findings import Finding
from labtools.messages import Sentence, language, number, say, text
from labtools.tables.in_words import in_words, word_of
from labtools.tables.shown_words import FIELDS, SEVERITIES

_MOST_ROWS = 8


class Shown:
    """A frozen dataclass that notebooks show as a card, and a terminal in one line.

    Attributes
    ----------
    told_as : Sentence
        What it is, in a few words.
    """

    __slots__ = ()
    told_as: ClassVar[Sentence]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        # A dataclass writes its own unless its class has one: tables would fill the screen.
        cls.__repr__ = Shown.__repr__  # type: ignore[method-assign]

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={_short(value)}" for name, value in _fields(self))
        return f"{type(self).__name__}({told})"

    def _repr_html_(self) -> str:
        return card(self)


def card(result: Shown) -> str:
    """Return the card of a result: nothing in it is taken for mark-up, whatever it says."""
    title = html.escape(say(result.told_as))
    facts, rest = [], []
    for name, value in _fields(result):
        label = _label(name)
        if isinstance(value, Shown):
            rest.append(card(value))
        elif isinstance(value, pd.DataFrame | pd.Series):
            rest.append(_table(label, value))
        elif isinstance(value, tuple) and all(isinstance(it, Finding) for it in value):
            rest.extend(_findings(value))
        else:
            told = html.escape(_in_words(value))
            facts.append(f"<dt>{html.escape(label)}</dt><dd>{told}</dd>")
    listed = f"<dl>{''.join(facts)}</dl>" if facts else ""
    spoken = language().replace("_", "-")
    return (
        f'<section class="lab-card" lang="{spoken}" aria-label="{title}">'
        f"<p><strong>{title}</strong></p>{listed}{''.join(rest)}</section>"
    )


def _fields(result: Shown) -> Iterator[tuple[str, object]]:
    for field in dataclasses.fields(result):  # type: ignore[arg-type]  # each is a dataclass
        yield field.name, getattr(result, field.name)


def _label(name: str) -> str:
    return say(FIELDS[name]) if name in FIELDS else name


def _in_words(value: object) -> str:
    if value is None:
        return text("not known")
    if isinstance(value, str):
        return word_of(value)
    if isinstance(value, np.ndarray):
        return text("{n} numbers ({shape})", n=value.size, shape=" × ".join(map(str, value.shape)))
    if isinstance(value, tuple):
        return "; ".join(map(_in_words, value))
    return _number(value) if isinstance(value, Real | np.bool_) else str(value)


def _number(value: Real | np.bool_) -> str:
    if isinstance(value, bool | np.bool_):
        return text("yes") if value else text("no")
    if isinstance(value, Integral):
        return number(int(value))
    told = float(value)
    if math.isnan(told):
        return text("not known")
    return _figure(told) if math.isfinite(told) else "∞" if told > 0 else "-∞"


def _figure(value: float) -> str:
    """Return three figures that count, as many as a reader keeps."""
    if value == 0:
        return number(0)
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return number(value, min(digits, 6))


def _table(label: str, table: pd.DataFrame | pd.Series) -> str:
    first = table.head(_MOST_ROWS)
    if first.index.names == [None] and not isinstance(first.index, pd.RangeIndex):
        first = first.rename_axis(text("Of"))  # areas, as a rule: a row without its name is nothing
    told = in_words(first)
    heads = "".join(f'<th scope="col">{html.escape(str(it))}</th>' for it in told.columns)
    rows = "".join(f"<tr>{_cells(row)}</tr>" for row in told.itertuples(index=False))
    left = len(table) - len(told)
    more = text(" (the first {n} of {all} rows)", n=len(told), all=len(table)) if left > 0 else ""
    caption = f"<caption>{html.escape(label + more)}</caption>"
    return f"<table>{caption}<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _cells(row: Iterable[object]) -> str:
    return "".join(f"<td>{html.escape(str(it))}</td>" for it in row)


def _findings(findings: tuple[Finding, ...]) -> Iterator[str]:
    for finding in findings:
        grave = html.escape(say(SEVERITIES[finding.severity]))
        yield f'<p role="note"><strong>{grave}:</strong> {html.escape(str(finding))}</p>'


def _short(value: object) -> str:
    if isinstance(value, pd.DataFrame | pd.Series | np.ndarray):
        return f"<{' × '.join(map(str, value.shape))}>"
    if isinstance(value, float | np.floating):
        return f"{value:.4g}"
    if isinstance(value, tuple) and len(value) > 3:  # noqa: PLR2004 - limits have three
        return f"<{len(value)}>"
    return repr(value)
