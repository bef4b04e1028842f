"""What is wrong with this installation, workbench, data and last run, and what mends it."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Iterator
from datetime import date

import pandas as pd

from labtools.errors import LabError
from labtools.messages import text
from labtools.paths import Workbench
from labtools.privacy.processing import kept_until, read_treatments
from labtools.publish.barriers import can_look
from labtools.settings import Database, Settings, load_settings
from labtools.workflow.condition import Check, examine_folders
from labtools.workflow.databases import connection_of
from labtools.workflow.declared import is_unnamed, undeclared_sources
from labtools.workflow.standing import examine_last_run, examine_schedules
from labtools.workflow.steps import open_workbench

_EXTRAS = {"voila": "dash", "ipyleaflet": "dash", "jupyterlab": "lab"}


def examine(workbench: Workbench, *, today: date | None = None) -> tuple[Check, ...]:
    """Return every check of a workbench, well or not, as of `today`."""
    checks = list(_installation())
    try:
        settings = load_settings(workbench)
    except LabError as wrong:
        return (*checks, Check(ok=False, seen=str(wrong)))
    checks.append(Check(ok=True, seen=text("lab.toml is valid")))
    checks.append(_contact(settings))
    checks.append(_municipality(settings))
    checks += _data(workbench, settings)
    day = today or date.today()  # noqa: DTZ011 - the lab's own day
    checks += examine_folders(workbench, settings)
    checks += _retention(workbench, day)
    checks += examine_schedules(workbench, settings)
    checks += examine_last_run(workbench, day)
    return tuple(checks)


def _installation() -> Iterator[Check]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Check(ok=True, seen=text("Python {version}", version=version))
    for module, extra in _EXTRAS.items():
        there = importlib.util.find_spec(module) is not None
        seen = (
            text("{module} is installed", module=module)
            if there
            else text(
                "{module} is not installed: pip install 'labtools[{extra}]'",
                module=module,
                extra=extra,
            )
        )
        yield Check(there, seen)
    yield Check(
        ok=True,
        seen=text("pages are examined for barriers to readers before they are published")
        if can_look()
        else text(
            "pages are not examined for barriers to readers: install Chromium, and "
            "pip install 'labtools[access]'"
        ),
    )
    can_fork = hasattr(os, "fork")
    yield Check(
        ok=True,
        seen=text("notebooks run in warm forked processes")
        if can_fork
        else text("this system cannot fork: notebooks run in stock kernels, more slowly"),
    )


def _contact(settings: Settings) -> Check:
    if settings.lab.contact:
        return Check(ok=True, seen=text("public pages name who answers for corrections"))
    return Check(
        ok=False,
        seen=text(
            "no public page says who answers for corrections and personal data: write contact "
            "under [lab] in lab.toml"
        ),
    )


def _municipality(settings: Settings) -> Check:
    if is_unnamed(settings.lab):
        said = text(
            "lab.toml does not name the municipality: write municipality and municipality_id (its "
            "INEGI key) under [lab]; nothing is run or published before"
        )
        return Check(ok=False, seen=said)
    return Check(ok=True, seen=text("public pages name the municipality"))


def _data(workbench: Workbench, settings: Settings) -> Iterator[Check]:
    opened = open_workbench(workbench)
    kinds = set()
    for source in opened.files():
        there = (workbench.root / source.path).is_file()
        try:
            kinds.add(opened.descriptor(source).kind)
        except LabError as wrong:
            kinds.add("events")  # it may be the file of incidents
            yield Check(ok=False, seen=str(wrong))
            continue
        if source.database:
            yield _database(source.name, source.database)
            continue
        seen = (
            text("source {source}: {path}", source=source.name, path=str(source.path))
            if there
            else text(
                "source {source}: the file {path} is missing. Put it there, or correct lab.toml.",
                source=source.name,
                path=str(source.path),
            )
        )
        yield Check(there, seen)
    for said in undeclared_sources(opened):
        yield Check(ok=False, seen=said)
    if "events" not in kinds and settings.source:
        seen = text("no file of incidents: fichas will say so, and show no zeros")
        yield Check(ok=True, seen=seen)


def _database(name: str, told: Database) -> Check:
    try:
        connection_of(told)
    except LabError as wrong:
        return Check(ok=False, seen=str(wrong))
    seen = text("source {source}: the table {table} of a database", source=name, table=told.table)
    return Check(ok=True, seen=seen)


def _retention(workbench: Workbench, today: date) -> Iterator[Check]:
    """Look for suppliers' bytes that were kept longer than the register of processing says."""
    opened = open_workbench(workbench)
    treatments = read_treatments(workbench.reference("processing"))
    late = []
    for source in opened.files():
        try:
            kind = opened.descriptor(source).kind
        except LabError:
            continue  # told with the sources
        for kept in sorted((workbench.raw / source.name).glob("*/snapshot.json")):
            cutoff = json.loads(kept.read_text(encoding="utf-8"))["cutoff"]
            until = kept_until(kind, pd.Timestamp(cutoff), treatments)
            if until is not None and until < pd.Timestamp(today):
                late.append(kept.parent.relative_to(workbench.root).as_posix())
    if late:
        told = text(
            "{n} suppliers' files were kept longer than the register of processing says; the first "
            "is {first}. Delete its folder, or have the register corrected.",
            n=len(late),
            first=late[0],
        )
        yield Check(ok=False, seen=told)
    else:
        yield Check(ok=True, seen=text("no supplier's file is kept longer than declared"))
