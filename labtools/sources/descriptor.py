"""What is known of a supplier's file before it is opened: one TOML for each kind of file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    Field,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from labtools import paths
from labtools.errors import SettingsError, SourceError
from labtools.forms import Beside, FileFormat, Month, Part, read_checked
from labtools.messages import mark
from labtools.tables.people import is_of_people
from labtools.tables.vocabulary import RECORD_TYPES

Kind = Literal[
    "colonias",
    "programme",
    "aliases",
    "codings",
    "factor_codings",
    "events",
    "ageb",
    "census",
    "municipal_incidence",
    "state_victims",
    "survey",
    "city_perception",
    "ensu_workbook",
    "survey_tables",
    "establishments",
    "ageb_index",
    "actions",
    "network_answers",
]

#: Kinds of file with one row for each event, answer or action.
KINDS_OF_RECORDS = frozenset({"events", "survey", "actions", "network_answers"})


#: Kinds of file with a row for each event or person: no other hands than the lab's staff.
KINDS_OF_PEOPLE = frozenset({"events", "survey"})
_OF_STAFF = ("N0", "N1")


class Indicator(Part):
    """A figure of each colonia made from the file's columns.

    Attributes
    ----------
    key, label, unit : str
        Name in our tables, what readers see, and unit ("%" multiplies a share by 100).
    numerator, denominator : list of str
        Supplier's columns, summed; without denominator the one numerator column is used as is.
    near_only : bool
        Of establishments: how far they are, and how many, is used to see what crime lies near; no
        figure of colonias is made of them.
    """

    key: str
    label: str
    unit: str = ""
    numerator: Annotated[tuple[str, ...], Field(min_length=1)]
    denominator: tuple[str, ...] = ()
    near_only: bool = False


class Question(Part):
    """A survey question turned into an indicator: share of those who answer `yes`.

    Attributes
    ----------
    yes, no : list of str
        Codes that count; any other code is missing, never "no".  Where the publisher keeps in the
        base who does not know, or who was not asked because it did not befall them, their code
        (or token, or a blank, "") stands among `no`.
    may_lack : bool
        Whether a file may lack the column, or all of its answers: a question that few are asked
        (only victims who denounced), or that earlier waves did not have.
    """

    column: str
    indicator: str
    yes: tuple[str, ...]
    no: tuple[str, ...]
    may_lack: bool = False


class Descriptor(Part):
    """A kind of file.

    Attributes
    ----------
    columns : mapping
        Our column → the supplier's.
    sensitivity : {"N0", "N1", "N2", "N3"}
        Who may see the file (`SECURITY.md`); it stands in its snapshot and beside each line of the
        log of access.  Events and surveys are N0 or N1.
    tokens : mapping
        Text allowed in place of a number, or of a survey's code → why it is missing.
    date_format : str
        ``strptime`` form of the dates.
    crosswalk : str
        File in ``data/reference/crosswalks`` that classifies its subjects.
    record_type : str
        Kind of event, for ``events``: one of ``vocabulary.RECORD_TYPES``.
    beside : list of Beside
        Tables of the same ZIP that are joined to it.
    origins : mapping
        Text under our column "origin" → how the event came to be known: one of
        ``vocabulary.ORIGINS``.  What a patrol discovers depends on where it patrols.
    largest : mapping
        Our column → the largest figure that can be true (a code such as 99999999 is no count).
    timezone : str
        Where the days are counted, for times written in UTC.
    empty_months : list of str
        Months (2024-05) in which truly nothing happened: without it, a file of events that lacks
        a month among full ones is refused.
    bounds : tuple of float
        West, south, east and north of the country, in degrees: a point outside is a slip.
    """

    kind: Kind
    title: str
    publisher: str
    licence: str
    contact: str = ""
    cadence: str = ""
    sensitivity: Literal["N0", "N1", "N2", "N3"] = "N0"
    file: FileFormat = FileFormat()
    columns: Mapping[str, str] = {}
    tokens: Mapping[str, str] = {}
    date_format: str = "%Y-%m-%d"
    crosswalk: str = ""
    record_type: Annotated[str, Field(validate_default=True)] = ""
    indicator: tuple[Indicator, ...] = ()
    question: tuple[Question, ...] = ()
    beside: tuple[Beside, ...] = ()
    options: Mapping[str, str] = {}
    origins: Mapping[str, Literal["reported_by_somebody", "discovered_by_patrol", "unknown"]] = {}
    largest: Mapping[str, float] = {}
    timezone: str = "America/Mexico_City"
    empty_months: tuple[Month, ...] = ()
    bounds: tuple[float, float, float, float] = (-118.7, 14.3, -86.4, 32.9)

    @field_validator("record_type")
    @classmethod
    def _events_say_what_they_are(cls, written: str, info: ValidationInfo) -> str:
        if info.data.get("kind") == "events" and written not in RECORD_TYPES:
            known = ", ".join(f"'{word}'" for word in RECORD_TYPES)
            raise PydanticCustomError("literal_error", "one of {expected}", {"expected": known})
        return written

    @field_validator("sensitivity")
    @classmethod
    def _records_are_not_for_everyone(cls, written: str, info: ValidationInfo) -> str:
        if info.data.get("kind") in KINDS_OF_PEOPLE and written not in _OF_STAFF:
            known = ", ".join(f"'{level}'" for level in _OF_STAFF)
            raise PydanticCustomError("literal_error", "one of {expected}", {"expected": known})
        return written

    def column(self, ours: str) -> str:
        """Return the supplier's name of our column, or "" where the file has none."""
        return self.columns.get(ours, "")


def load_descriptor(name: str, workbench: paths.Workbench) -> Descriptor:
    """Return a descriptor: the workbench's own, or the one that ships with the package.

    Raises
    ------
    SettingsError
        If there is none of that name; lists those there are.
    SourceError
        If it does not hold what a descriptor must.
    """
    folders = (workbench.root / "data" / "sources", paths.bundled("data", "sources"))
    for folder in folders:
        path = folder / f"{name}.toml"
        if path.is_file():
            return read_descriptor(path)
    known = sorted({found.stem for folder in folders for found in folder.glob("*.toml")})
    raise SettingsError(
        "There is no descriptor called {name}. Those there are: {known}. Write "
        "data/sources/{name}.toml, or correct the name in lab.toml.",
        name=name,
        known=tuple(known),
    )


def refuse_people(descriptor: Descriptor, source: str) -> None:
    """Refuse to read a column of persons, homes or plates out of a file of records.

    Raises
    ------
    SourceError
        Names the first one.
    """
    if descriptor.kind not in KINDS_OF_RECORDS:
        return
    wrong = [(ours, theirs) for ours, theirs in descriptor.columns.items() if is_of_people(theirs)]
    if wrong:
        raise SourceError(
            "The source {source} would read the column “{column}” as “{ours}”. By its name it is "
            "of persons, homes or plates, and no table of the workbench holds one. Name another "
            "column in the descriptor or in lab.toml, or rename it if it is of something else.",
            source=source,
            column=wrong[0][1],
            ours=wrong[0][0],
        )


def read_descriptor(path: Path) -> Descriptor:
    """Return the descriptor in `path`, checked.

    Raises
    ------
    SourceError
        If it is not TOML, or says something that a descriptor may not say.
    """
    advice = mark("The descriptors that ship with the workbench show every entry.")
    return read_checked(path, Descriptor, advice=advice, refusal=SourceError)
