"""What the lab asks in the field: forms as data, and the workbook that ODK and Kobo read.

A form is a TOML file in ``data/reference/forms/``: its questions, their codes, and which of them
become indicators.  The same file gives the form on the telephone (XLSForm), its twin on paper,
and the codes by which answers are read back, so that the three cannot part ways.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Annotated, Literal

import xlsxwriter
from pydantic import Field

from labtools import paths
from labtools.errors import SettingsError, SourceError
from labtools.forms import Part, Slug, read_checked
from labtools.messages import mark

#: Our kinds of question → the types of XLSForm.
_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "one": "select_one",
        "many": "select_multiple",
        "number": "integer",
        "words": "text",
        "day": "date",
        "place": "geopoint",
    }
)
_SURVEY = ("type", "name", "label", "hint", "required", "relevant", "constraint", "calculation")
_CHOICES = ("list_name", "name", "label")
_SETTINGS = ("form_title", "form_id", "version", "default_language")
#: A workbook that told the hour at which it was made would differ each time.
_NO_DATE = datetime(2000, 1, 1, tzinfo=UTC)
#: Letters, digits and hyphens: the number of a visit in the sample, and nothing about a person.
VISIT = r"^[A-Za-z0-9-]{1,20}$"


class Asked(Part):
    """One question.

    Attributes
    ----------
    name : str
        Column of its answers.
    kind : {"one", "many", "number", "words", "day", "place"}
        One or many of the options, a whole number, words, a day, a point on the map.
    options : list of (str, str)
        Code and label.
    when : str
        ``question = code``: asked only after that answer.
    least, most : int, optional
        Limits of a number.
    indicator : str
        Indicator that it becomes, with the codes that count as `yes` and `no`.
    """

    name: Slug
    kind: Literal["one", "many", "number", "words", "day", "place"]
    text: str
    hint: str = ""
    options: tuple[tuple[str, str], ...] = ()
    when: Annotated[str, Field(pattern=r"^([a-z_]+ = \S+)?$")] = ""
    least: int | None = None
    most: int | None = None
    indicator: str = ""
    yes: tuple[str, ...] = ()
    no: tuple[str, ...] = ()


class FieldForm(Part):
    """A form of the field.

    Attributes
    ----------
    design : bool
        Whether it is asked of a sample: the form then asks the number of the visit first.
    introduction : str
        What is read aloud before the first question.
    source : str
        Where its questions come from, and what was not validated.
    """

    id: Slug
    title: str
    version: str
    design: bool
    introduction: str
    source: str
    question: Annotated[tuple[Asked, ...], Field(min_length=1)]


def form_names() -> tuple[str, ...]:
    """Return the names of the forms that ship with the package."""
    return tuple(
        sorted(path.stem for path in paths.bundled("data", "reference", "forms").iterdir())
    )


def read_form(name: str, workbench: paths.Workbench | None = None) -> FieldForm:
    """Return a form: the workbench's own, or the one that ships with the package.

    Raises
    ------
    SettingsError
        If there is none of that name.
    SourceError
        If it does not hold what a form must.
    """
    own = [workbench.root / "data" / "reference" / "forms"] if workbench else []
    advice = mark("The forms that ship with the workbench show every entry.")
    for folder in (*own, paths.bundled("data", "reference", "forms")):
        path = folder / f"{name}.toml"
        if path.is_file():
            return read_checked(path, FieldForm, advice=advice, refusal=SourceError)
    raise SettingsError(
        "There is no form called {name}. Those there are: {known}.", name=name, known=form_names()
    )


def xlsform(form: FieldForm) -> bytes:
    """Return the workbook that ODK, Kobo and others make their form of; same form, same bytes.

    No metadata of the telephone is asked for: neither its number nor its owner.
    """
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"title": form.title, "created": _NO_DATE})
        _sheet(book, "survey", _SURVEY, _survey(form))
        _sheet(book, "choices", _CHOICES, _choices(form))
        told = {"form_title": form.title, "form_id": form.id, "version": form.version,
                "default_language": "Español (es)"}  # fmt: skip
        _sheet(book, "settings", _SETTINGS, iter([told]))
    return buffer.getvalue()


def _sheet(
    book: xlsxwriter.Workbook,
    name: str,
    columns: tuple[str, ...],
    rows: Iterator[Mapping[str, str]],
) -> None:
    sheet = book.add_worksheet(name)
    sheet.write_row(0, 0, columns)
    for at, row in enumerate(rows, start=1):
        for place, column in enumerate(columns):
            sheet.write_string(at, place, row.get(column, ""))


def _survey(form: FieldForm) -> Iterator[dict[str, str]]:
    yield {"type": "note", "name": "introduction", "label": form.introduction}
    if form.design:
        yield {"type": "calculate", "name": "wave", "calculation": "format-date(today(), '%Y-%m')"}
        yield {
            "type": "text",
            "name": "visit",
            "label": "Número de visita, como está en la lista de la muestra",
            "required": "yes",
            "constraint": f"regex(., '{VISIT}')",
        }
    for asked in form.question:
        yield {
            "type": f"{_TYPES[asked.kind]} {asked.name}" if asked.options else _TYPES[asked.kind],
            "name": asked.name,
            "label": asked.text,
            "hint": asked.hint,
            "required": "" if asked.kind in {"words", "place"} else "yes",
            "relevant": _relevant(form, asked.when),
            "constraint": _limits(asked),
        }


def _relevant(form: FieldForm, when: str) -> str:
    if not when:
        return ""
    name, code = when.split(" = ")
    kind = next((asked.kind for asked in form.question if asked.name == name), "one")
    return f"selected(${{{name}}}, '{code}')" if kind == "many" else f"${{{name}}} = '{code}'"


def _limits(asked: Asked) -> str:
    limits = [
        f". {sign} {value}"
        for sign, value in ((">=", asked.least), ("<=", asked.most))
        if value is not None
    ]
    return " and ".join(limits)


def _choices(form: FieldForm) -> Iterator[dict[str, str]]:
    for asked in form.question:
        for code, label in asked.options:
            yield {"list_name": asked.name, "name": code.replace(" ", "_"), "label": label}
