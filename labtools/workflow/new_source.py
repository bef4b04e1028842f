"""A source not seen before: its descriptor and its place in ``lab.toml``, proposed.

The file is looked at, columns and dates are guessed, and what was guessed is told, to be
checked by a person.  Nothing that exists is written over.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from labtools import paths
from labtools.classify.crosswalk import classify_subjects, load_crosswalk
from labtools.errors import SettingsError
from labtools.forms import FileFormat
from labtools.messages import DEFAULT_LANGUAGE, Sentence, mark, percent, say, speaking, text
from labtools.paths import Workbench
from labtools.settings import REGISTER
from labtools.sources.descriptor import read_descriptor
from labtools.sources.files import batches
from labtools.sources.guess import (
    NEEDED,
    Guessed,
    guess_columns,
    guess_date_form,
    guess_form,
    sample_of,
    span_of_days,
    without_metres,
)
from labtools.tables.store import make_folder, writing
from labtools.tables.vocabulary import RECORD_TYPES, UNCLASSIFIED
from labtools.workflow.new_survey import (
    Asked,
    as_toml,
    look_at_survey,
    question_lines,
    said_of_survey,
)

_TITLES: Mapping[Guessed, Sentence] = MappingProxyType(
    {
        "colonias": mark("Register of colonias"),
        "events": mark("File of incidents"),
        "survey": mark("Survey of perception"),
    }
)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")


@dataclass(frozen=True, slots=True)
class Proposal:
    """What was written for a new source.

    Attributes
    ----------
    descriptor : pathlib.Path
    said : tuple of str
        What was guessed, line by line, and what a person must still fill in.
    """

    descriptor: Path
    said: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Seen:
    """A file as it was looked at."""

    form: FileFormat
    header: list[str]
    columns: dict[str, str]
    date_form: str
    crosswalk: str
    named: float
    days: tuple[pd.Timestamp, pd.Timestamp] | None
    asked: Asked


def propose_source(workbench: Workbench, name: str, file: Path, kind: Guessed) -> Proposal:
    """Write a descriptor for a file, and its entry in ``lab.toml``.

    Parameters
    ----------
    name : str
        Of the source; the register of colonias is always called ``colonias``.
    file : pathlib.Path
        Inside the workbench or elsewhere: it is not moved.

    Raises
    ------
    SettingsError
        If the name is taken or is none, or ``lab.toml`` cannot be read.
    SourceError
        If the file cannot be read as a table.
    """
    if not _NAME.fullmatch(name) or (kind == "colonias") != (name == REGISTER):
        raise SettingsError(
            "A source cannot be called {name}: use small letters, digits and _, and the name "
            "“colonias” for the register of colonias and for nothing else.",
            name=name,
        )
    descriptor = workbench.root / "data" / "sources" / f"{name}.toml"
    settings = workbench.settings_file.read_text(encoding="utf-8")
    taken = {it["name"] for it in tomllib.loads(settings).get("source", [])}
    if descriptor.exists() or name in taken:
        raise SettingsError(
            "There is a source called {name} already: nothing was written over. Choose another "
            "name, or edit {path}.",
            name=name,
            path=str(descriptor),
        )
    seen = _look(file, kind)
    make_folder(descriptor.parent)
    with writing(descriptor) as aside:
        aside.write_text(_descriptor(kind, seen), encoding="utf-8")
    read_descriptor(descriptor)
    _enter(workbench, settings, name, _where(workbench, file), seen)
    return Proposal(descriptor, tuple(_said(kind, seen)))


def _look(file: Path, kind: Guessed) -> _Seen:
    form = guess_form(file, kind)
    sample = sample_of(file, form)
    header = [str(name) for name in sample.columns if name != "geometry"]
    columns = without_metres(guess_columns(header, kind), sample)
    if kind == "survey":
        asked = look_at_survey(file, form, sample, columns)
        return _Seen(form, header, columns, asked.wave_form, "", 0.0, None, asked)
    date_form = guess_date_form(sample[columns["date"]]) if "date" in columns else ""
    crosswalk, named = _crosswalk(sample[columns["subject"]]) if "subject" in columns else ("", 0.0)
    days = _days(file, form, columns["date"], date_form) if date_form else None
    return _Seen(form, header, columns, date_form, crosswalk, named, days, Asked())


def _days(
    file: Path, form: FileFormat, column: str, date_form: str
) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    cells = (
        batch[column].astype("str").str.strip().str.slice(0, 10) for batch in batches(file, form)
    )
    return span_of_days(pd.to_datetime(it, format=date_form, errors="coerce") for it in cells)


def _crosswalk(subjects: pd.Series) -> tuple[str, float]:
    """Return the crosswalk that names most of the subjects, and what share of the rows.

    One that names whatever it is given (calls, civic offences) says nothing of what this is.
    """
    best, most = "", 0.0
    for path in sorted(paths.bundled("data", "reference", "crosswalks").glob("*.toml")):
        crosswalk = load_crosswalk(path.stem)
        if crosswalk.code_of("—") != UNCLASSIFIED:
            continue
        codes = classify_subjects(subjects, crosswalk)["crime_code"]
        named = float((codes != UNCLASSIFIED).mean())
        if named > most:
            best, most = path.stem, named
    return best, most


def _where(workbench: Workbench, file: Path) -> str:
    full = file.resolve()
    inside = full.is_relative_to(workbench.root)
    return full.relative_to(workbench.root).as_posix() if inside else str(full)


def _descriptor(kind: Guessed, seen: _Seen) -> str:
    used = {*seen.columns.values(), *seen.asked.left, *(it.column for it in seen.asked.questions)}
    unused = [column for column in seen.header if column not in used]
    lines = [
        f"# {text('Proposed by “labtools new source”: check it before you believe a figure.')}",
        f"kind = {as_toml(kind)}",
        f"title = {as_toml(_title(kind))}",
        f"publisher = {as_toml('—')}",
        f"licence = {as_toml('—')}",
    ]
    if kind == "events":
        others = text("or, with their own crosswalk: {kinds}", kinds=tuple(RECORD_TYPES))
        lines += [
            f'record_type = "case_file"  # {others}',
            f"crosswalk = {as_toml(seen.crosswalk)}",
        ]
    if kind != "colonias":
        lines += [f"date_format = {as_toml(seen.date_form or '%Y-%m-%d')}"]
    told = seen.form.model_dump(exclude_defaults=True)
    lines += ["[file]", f"format = {as_toml(seen.form.format)}"]
    lines += [f"{key} = {as_toml(value)}" for key, value in told.items() if key != "format"]
    lines += ["[columns]"]
    lines += [f"{ours} = {as_toml(theirs)}" for ours, theirs in seen.columns.items()]
    lines += [f"# {text('columns that nobody asked for: {names}', names=tuple(unused))}"] * bool(
        unused
    )
    return "\n".join([*lines, *question_lines(seen.asked)]) + "\n"


def _title(kind: Guessed) -> str:
    """Return what readers see of a kind of file until its lab says it better."""
    with speaking(DEFAULT_LANGUAGE):
        return say(_TITLES[kind])


def _enter(workbench: Workbench, settings: str, name: str, path: str, seen: _Seen) -> None:
    """Put the source into ``lab.toml``, and prove that it can still be read."""
    first, last = (f"{day:%Y-%m-%d}" for day in seen.days) if seen.days else ("", "")
    last = f"{seen.asked.until:%Y-%m-%d}" if seen.asked.until is not None else last
    today = f"{pd.Timestamp.now():%Y-%m-%d}"
    entry = [f"path = {as_toml(path)}", f"descriptor = {as_toml(name)}"]
    entry += [f"first_day = {as_toml(first)}"] * bool(first)
    entry += [f"cutoff = {as_toml(last or today)}"]
    if name == REGISTER:
        told = _with_register(settings, entry)
    else:
        told = "\n".join(
            [settings.rstrip(), "", "[[source]]", f"name = {as_toml(name)}", *entry, ""]
        )
    tomllib.loads(told)
    with writing(workbench.settings_file, private=True) as aside:
        aside.write_text(told, encoding="utf-8")


def _with_register(settings: str, entry: list[str]) -> str:
    """Return settings whose table ``[colonias]`` says `entry`; the rest stays as it was written."""
    block = "\n".join(["[colonias]", *entry, ""])
    table = re.compile(r"^\[colonias\]\n(?:(?!\[).*\n?)*", re.MULTILINE)
    if not table.search(settings):
        return f"{settings.rstrip()}\n\n{block}"
    return table.sub(lambda _: f"{block}\n", settings, count=1)


def _said(kind: Guessed, seen: _Seen) -> list[str]:
    said = [
        text("  {ours} is read from the column “{theirs}”", ours=ours, theirs=theirs)
        for ours, theirs in seen.columns.items()
    ]
    missing = [ours for ours in NEEDED[kind] if ours not in seen.columns]
    if missing:
        said.append(
            text(
                "  no column looks like {missing}: write it under [columns]; the file has {found}",
                missing=tuple(missing),
                found=tuple(seen.header),
            )
        )
    if kind == "colonias" and "population" not in seen.columns:
        said.append(
            text(
                "  no column looks like population: without it nothing is shown of a colonia's "
                "crime; write it under [columns], or population = “census” under [colonias]"
            )
        )
    placed = {"lon", "lat"} <= seen.columns.keys() or "place" in seen.columns
    if kind == "events" and not placed:
        said.append(
            text(
                "  no columns look like a point in degrees (lon, lat) or the name of a colonia "
                "(place): no event would get its colonia; write them under [columns]; the file "
                "has {found}",
                found=tuple(seen.header),
            )
        )
    if kind == "survey":
        said += said_of_survey(seen.asked)
    if seen.crosswalk:
        said.append(
            text(
                "  the crosswalk {name} names the subject of {share} of the rows; the rest waits "
                "for people",
                name=seen.crosswalk,
                share=percent(seen.named),
            )
        )
    if seen.days:
        said.append(
            text(
                "  it seems whole from {first} to {last}: correct first_day and cutoff if not",
                first=f"{seen.days[0]:%Y-%m-%d}",
                last=f"{seen.days[1]:%Y-%m-%d}",
            )
        )
        if not seen.days[1].is_month_end:
            said.append(
                text(
                    "  its last event is before the end of a month, so that month is left out: if "
                    "the file covers the month whole, write cutoff = “{month_end}”",
                    month_end=f"{seen.days[1] + pd.offsets.MonthEnd():%Y-%m-%d}",
                )
            )
    said.append(text("  write who publishes it and under which licence: the public pages say both"))
    return said
