"""TOML that people write, read against a form in one way: settings, references, plans, surveys.

Entries that both ``lab.toml`` and descriptors may have (of a file's format, of a table beside it)
stand here.  An entry that a form does not know is refused, and what is read never changes.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from labtools.errors import LabError, SettingsError
from labtools.messages import mark, plural, say


class Part(BaseModel):
    """Part of such a file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


#: What stands where somebody has yet to write.
UNSAID = "—"


def is_unsaid(written: str) -> bool:
    """Return whether what was to be written still is a dash, or nothing."""
    return written.strip() in {"", "-", "–", UNSAID}


def _in_calendar(written: str) -> str:
    try:
        date.fromisoformat(written)
    except ValueError as wrong:
        raise PydanticCustomError("not_in_calendar", "not a day") from wrong
    return written


def _in_metres(written: str) -> str:
    from pyproj import CRS  # noqa: PLC0415 - heavy, and only settings with a [lab] need it
    from pyproj.exceptions import CRSError  # noqa: PLC0415

    try:
        crs = CRS.from_user_input(written)
    except CRSError as unknown:
        raise PydanticCustomError("not_projected", "unknown") from unknown
    if not crs.is_projected or {axis.unit_name for axis in crs.axis_info} != {"metre"}:
        raise PydanticCustomError("not_projected", "not in metres")
    return written


def _a_zone(written: str) -> str:
    try:
        ZoneInfo(written)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise PydanticCustomError("not_a_zone", "unknown") from unknown
    return written


Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
Month = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$"), AfterValidator(_in_calendar)]
CodeInMetres = Annotated[str, AfterValidator(_in_metres)]
Zone = Annotated[str, AfterValidator(_a_zone)]


class FileFormat(Part):
    """How the bytes are to be read.

    Attributes
    ----------
    format : {"csv", "xlsx", "ods", "dbf", "json", "jsonl", "parquet", "geo", "zip_xlsx"}
        ``geo`` is GeoJSON, GPKG, GeoParquet, or a ZIP with all the files of a shapefile;
        ``jsonl`` has a record in each line.
    encoding : str
        Used where the file is not valid UTF-8; nothing else is ever tried.
    sheet : str
        Sheet (or layer of polygons) that holds the table, where there are several; in JSON, the
        names that lead to the list of records: ``result.records``.
    member : str
        File inside a ZIP with several; ``*`` stands for any letters.
    header_row : int
        Rows above the header.
    crs : str
        Reference system of the polygons, where the file does not say it or says it wrongly; of
        the points in a table, where they are not in degrees of WGS 84.
    open_end : bool
        Whether the supplier never ends the last line of a text file.
    """

    format: Literal["csv", "xlsx", "ods", "dbf", "json", "jsonl", "parquet", "geo", "zip_xlsx"] = (
        "csv"
    )
    encoding: str = "utf-8"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    sheet: str = ""
    member: str = ""
    header_row: Annotated[int, Field(ge=0)] = 0
    crs: str = ""
    open_end: bool = False


class Beside(Part):
    """A table of the same ZIP that each row of the main one has one row of.

    Attributes
    ----------
    member : str
        The file, as `FileFormat.member` of the main one; it is read in the same format.
    keys : list of str
        Columns of both that name a row of this table.
    same : list of str
        Columns in which both must agree (the survey's design).
    bring : mapping
        Name under which a column is to be known → the column of this table.
    """

    member: str
    keys: Annotated[tuple[str, ...], Field(min_length=1)]
    same: tuple[str, ...] = ()
    bring: Mapping[str, str] = {}


_Form = TypeVar("_Form", bound=BaseModel)


def read_toml(path: Path, *, refusal: type[LabError] = SettingsError) -> dict[str, Any]:
    """Return what a file of TOML says; a byte-order mark before it is no fault.

    Raises
    ------
    LabError
        A `refusal`, if it is absent, cannot be opened, or is not TOML in UTF-8.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
        raise refusal(
            mark("{path} cannot be read as TOML in UTF-8: {reason}. Correct that line."),
            path=str(path),
            reason=str(broken),
        ) from broken
    except FileNotFoundError as absent:
        raise refusal(
            mark("There is no file {path}. Look at how its name is written."), path=str(path)
        ) from absent
    except OSError as refused:
        raise refusal(
            mark("{path} cannot be opened ({reason}). Give yourself permission to read it."),
            path=str(path),
            reason=refused.strerror or str(refused),
        ) from refused


def read_checked(
    path: Path, form: type[_Form], *, advice: str, refusal: type[LabError] = SettingsError
) -> _Form:
    """Return a file of TOML as `form`.

    Parameters
    ----------
    path : pathlib.Path
    form : type
        What the file may say.
    advice : str
        A marked sentence: where every entry of such a file is told.
    refusal : type, default SettingsError
        Class of the error, by whose remedy it is.

    Raises
    ------
    LabError
        A `refusal`, if it cannot be read, or says what it may not say: how many entries, the
        first, and why.
    """
    told = read_toml(path, refusal=refusal)
    try:
        return form.model_validate(told)
    except ValidationError as invalid:
        entry, reason = _first_fault(invalid)
        raise refusal(
            plural(
                "{path}: the entry {entry} is not valid: {reason}. {advice}",
                "{path}: {n} entries are not valid; the first is {entry}: {reason}. {advice}",
            ),
            path=str(path),
            n=invalid.error_count(),
            entry=entry,
            reason=reason,
            advice=say(advice),
        ) from invalid


#: What pydantic calls a fault → what readers are told; its own words serve for the rest.
_FAULTS = MappingProxyType(
    {
        "missing": mark("it is missing"),
        "extra_forbidden": mark("there is no entry of that name"),
        "string_pattern_mismatch": mark("it is not written in the expected form"),
        "string_type": mark("it must be text between quotation marks"),
        "int_type": mark("it must be a whole number"),
        "int_parsing": mark("it must be a whole number"),
        "int_from_float": mark("it must be a whole number"),
        "float_type": mark("it must be a number"),
        "float_parsing": mark("it must be a number"),
        "path_type": mark("it must be text between quotation marks"),
        "dict_type": mark("it must hold entries of its own"),
        "model_type": mark("it must hold entries of its own"),
        "tuple_type": mark("it must be a list between square brackets"),
        "string_too_short": mark("it must be one character"),
        "string_too_long": mark("it must be one character"),
        "literal_error": mark("it must be one of {expected}"),
        "greater_than_equal": mark("it must be at least {ge}"),
        "too_short": mark("it must not be empty"),
        "not_a_zone": mark("it must be the name of a time zone, such as America/Mexico_City"),
        "not_in_calendar": mark("the calendar has no such day"),
        "not_all_weighed": mark("it must weigh each group that is counted, and no other"),
        "not_projected": mark(
            "it must be the code of a projected coordinate system in metres, such as EPSG:6372"
        ),
    }
)


def _first_fault(invalid: ValidationError) -> tuple[str, str]:
    """Return the first entry that is not valid, and why, in the reader's language."""
    first = invalid.errors(include_url=False)[0]
    entry = ".".join(str(part) for part in first["loc"])
    sentence = _FAULTS.get(first["type"])
    facts = dict(first.get("ctx", {}))
    if "expected" in facts:
        facts["expected"] = tuple(re.findall(r"'([^']*)'", facts["expected"]))
    return entry, say(sentence, **facts) if sentence else first["msg"]
