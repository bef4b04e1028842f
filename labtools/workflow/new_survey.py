"""A survey not seen before: the questions that are understood, and those left to a person."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from labtools.charts.figures import named
from labtools.errors import SourceError
from labtools.forms import FileFormat
from labtools.messages import text
from labtools.sources.descriptor import Question
from labtools.sources.files import batches
from labtools.sources.guess_questions import (
    closed_columns,
    guess_questions,
    guess_wave_form,
    known_questions,
    last_wave,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a survey's file seems to have asked.

    Attributes
    ----------
    questions : tuple of Question
    left : mapping of str to tuple of str
        Columns that look like closed questions and are not understood, with their codes.
    wave_form : str
        How its waves are written; "" where they are no months.
    until : pandas.Timestamp, optional
        Last day of the month of the last wave.
    """

    questions: tuple[Question, ...] = ()
    left: dict[str, tuple[str, ...]] = field(default_factory=dict)
    wave_form: str = ""
    until: pd.Timestamp | None = None


def look_at_survey(
    file: Path, form: FileFormat, sample: pd.DataFrame, columns: dict[str, str]
) -> Asked:
    """Return what a survey's file seems to have asked, and until when.

    Parameters
    ----------
    columns : dict
        Our column → the file's, as guessed.
    """
    others = sample.drop(columns=list(columns.values()))
    questions = guess_questions(others, known_questions())
    understood = {one.column for one in questions}
    left = {name: it for name, it in closed_columns(others).items() if name not in understood}
    if "wave" not in columns:
        return Asked(questions, left)
    written = pd.concat([part[columns["wave"]].astype("str") for part in batches(file, form)])
    wave_form = guess_wave_form(written)
    return Asked(questions, left, wave_form, last_wave(written, wave_form) if wave_form else None)


def question_lines(asked: Asked) -> list[str]:
    """Return the questions as a descriptor has them; those not understood as comments."""
    lines = []
    for one in asked.questions:
        lines += [
            "[[question]]",
            f"column = {as_toml(one.column)}",
            f"indicator = {as_toml(one.indicator)}",
            f"yes = {as_toml(one.yes)}",
            f"no = {as_toml(one.no)}",
        ]
    if asked.left:
        told = text("not understood: write which of its codes mean yes and no, or take it out")
        lines.append(f"# {told}")
    for column, codes in asked.left.items():
        lines += [
            "# [[question]]",
            f"# column = {as_toml(column)}  # {', '.join(map(as_toml, codes))}",
            '# indicator = ""',
            "# yes = []",
            "# no = []",
        ]
    return lines


def said_of_survey(asked: Asked) -> list[str]:
    """Return what was understood of a survey, line by line, and what a person must write."""
    said = [
        text(
            "  “{column}” is read as “{indicator}”: yes is {yes}, no is {no}",
            column=one.column,
            indicator=named(one.indicator),
            yes=one.yes,
            no=one.no,
        )
        for one in asked.questions
    ]
    if not asked.questions:
        said.append(
            text(
                "  no question was understood: write one [[question]] for each, with its column, "
                "its indicator and the codes that mean yes and no"
            )
        )
    if asked.left:
        said.append(
            text(
                "  columns that look like questions and are not understood: {names}; they stand "
                "in the descriptor as comments",
                names=tuple(asked.left),
            )
        )
    if not asked.wave_form:
        said.append(text("  the wave must be a month, written like 2025-11: ask for it so"))
    if asked.until is not None:
        said.append(
            text(
                "  its last wave ends on {last}: correct cutoff if not",
                last=f"{asked.until:%Y-%m-%d}",
            )
        )
    return said


def as_toml(value: object) -> str:
    """Return text, a flag, a whole number or a tuple of texts as TOML writes it, as JSON does.

    Raises
    ------
    SourceError
        If it is something else.
    """
    if isinstance(value, str | bool | int | tuple):
        return json.dumps(value, ensure_ascii=False)
    raise SourceError("“{value}” cannot be written in a descriptor.", value=str(value))
