"""Which questions of a survey not seen before are those that the workbench knows.

A question is told by the name of its column, as the shipped surveys and INEGI call it, and by its
answers: it is proposed only where they are the codes that the question has.  Nobody can guess
which code of an unknown question means yes, so that others are left to a person.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd
from rapidfuzz.fuzz import ratio

from labtools import paths
from labtools.sources.descriptor import Question, read_descriptor
from labtools.sources.guess import LIKE_ENOUGH, plain

#: Least share of the answers that must be codes of a question for it to be proposed.
_KNOWN = 0.8
#: A column with more different cells than these is no closed question.
_MOST_CODES = 7
_WAVES = ("%Y-%m-%d", "%m%y", "%Y%m", "%m/%Y", "%d/%m/%Y")
_MONTH = r"^\d{4}-(?:0[1-9]|1[0-2])(?:-\d{2})?$"


def known_questions() -> tuple[Question, ...]:
    """Return the questions of every survey whose descriptor ships with the workbench.

    Of those that are asked alike the one with the fewest codes comes first: who does not answer
    is missing, not "no", unless a person says otherwise.
    """
    found: list[Question] = []
    for path in sorted(paths.bundled("data", "sources").glob("*.toml")):
        descriptor = read_descriptor(path)
        if descriptor.kind == "survey":
            found += descriptor.question
    return tuple(sorted(found, key=lambda one: len(one.yes) + len(one.no)))


def guess_questions(sample: pd.DataFrame, known: Sequence[Question]) -> tuple[Question, ...]:
    """Return the questions of `sample` that are among `known`, each with its own column's name.

    Parameters
    ----------
    sample : pandas.DataFrame
        First rows of the file, as text.
    known : sequence of Question
        Of one indicator the first that fits is taken.
    """
    found: dict[str, Question] = {}
    for theirs in sample.columns:
        for one in known:
            like = ratio(plain(str(theirs)), plain(one.column)) >= LIKE_ENOUGH
            if like and one.indicator not in found and _answered(sample[theirs], one):
                found[one.indicator] = one.model_copy(update={"column": str(theirs)})
                break
    return tuple(found.values())


def closed_columns(sample: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Return the columns that look like closed questions, each with the codes of its answers."""
    told = {str(name): _codes(sample[name]) for name in sample.columns}
    return {
        name: tuple(sorted(cells.unique()))
        for name, cells in told.items()
        if 1 < cells.nunique() <= _MOST_CODES
    }


def guess_wave_form(cells: pd.Series) -> str:
    """Return how the month of a wave is written, as ``strptime`` has it; "" if it is no month."""
    written = _codes(cells)
    if written.empty or written.str.match(_MONTH).mean() > _KNOWN:
        return _WAVES[0]
    for form in _WAVES[1:]:
        if pd.to_datetime(written, format=form, errors="coerce").notna().mean() > _KNOWN:
            return form
    return ""


def last_wave(cells: pd.Series, form: str) -> pd.Timestamp | None:
    """Return the last day of the month of the last wave; None if no cell is a month."""
    written = _codes(cells)
    written = written.str.slice(0, 7) + "-01" if form == _WAVES[0] else written
    days = pd.to_datetime(written, format=form, errors="coerce").dropna()
    return None if days.empty else days.max() + pd.offsets.MonthEnd(0)


def _answered(cells: pd.Series, question: Question) -> bool:
    codes = _codes(cells)
    return bool(len(codes)) and bool(codes.isin([*question.yes, *question.no]).mean() > _KNOWN)


def _codes(cells: pd.Series) -> pd.Series:
    """Return the answers that were given, without the “.0” that a spreadsheet leaves behind."""
    written = cells.dropna().astype("str").str.strip()
    return written[written != ""].map(lambda it: re.sub(r"^(\d+)\.0$", r"\1", it))
