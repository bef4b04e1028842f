"""Collect and clean: suppliers' bytes kept untouched, then typed tables with an account."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from labtools.errors import SourceError
from labtools.privacy.keys import read_key
from labtools.privacy.redaction import Redactor
from labtools.settings import REGISTER, Source
from labtools.sources.catalogue import CLEANERS
from labtools.sources.descriptor import KINDS_OF_RECORDS, refuse_people
from labtools.sources.protocol import Intake
from labtools.sources.snapshot import Snapshot, take_snapshot
from labtools.tables.account import Account
from labtools.tables.lineage import trace
from labtools.tables.store import make_folder, read_table, write_table, writing
from labtools.workflow.access import note_access
from labtools.workflow.databases import fetched
from labtools.workflow.format import check_format, stamp_format
from labtools.workflow.revising import compare_editions
from labtools.workflow.shelving import shelve_events, without_people
from labtools.workflow.steps import (
    Opened,
    account_file,
    day_or_none,
    done,
    recall,
    sign,
)
from labtools.workflow.vintage import compare_with_last

PSEUDONYM_KEY = "pseudonyms"


def collect(opened: Opened, *, fetch: bool = True) -> tuple[Snapshot, ...]:
    """Keep the bytes of every source, with checksum, licence and cut date.

    Parameters
    ----------
    fetch : bool
        Whether tables are read from their databases; otherwise what was read before lies where
        a file would.

    Raises
    ------
    SourceError
        If a file is missing, or a table cannot be read: nothing is taken until everything is
        there.
    """
    sources = opened.files()
    with fetched(opened, sources if fetch else ()) as tables:
        found = [(it, tables.get(it.name) or _supplied(opened, it)) for it in sources]
        check_format(opened.workbench)
        stamp_format(opened.workbench)
        return tuple(_taken(opened, source, path) for source, path in found)


def _taken(opened: Opened, source: Source, path: Path) -> Snapshot:
    snapshot = take_snapshot(
        path,
        opened.workbench.raw,
        source=source.name,
        cutoff=source.cutoff,
        named=source.descriptor,
        descriptor=opened.descriptor(source),
    )
    with writing(opened.workbench.raw / source.name / "current") as aside:
        aside.write_text(snapshot.folder_name, encoding="utf-8")
    return snapshot


def snapshot_of(opened: Opened, source: Source) -> tuple[Snapshot, Path]:
    """Return the current snapshot of a source and its file."""
    folder = opened.workbench.raw / source.name
    current = folder / (folder / "current").read_text(encoding="utf-8")
    told = json.loads((current / "snapshot.json").read_text(encoding="utf-8"))
    snapshot = Snapshot(**told)
    return snapshot, current / snapshot.file


def clean(opened: Opened) -> tuple[Account, ...]:
    """Turn every snapshot into canonical tables; a source that did not change is left alone."""
    make_folder(opened.workbench.interim("clean"), private=True)
    return tuple(_clean_source(opened, source) for source in opened.files())


def cleaned_files(opened: Opened, source: Source) -> tuple[Path, ...]:
    """Return the tables that `clean` made of a source."""
    folder = opened.workbench.interim("clean")
    return tuple(sorted(folder.glob(f"{source.name}.*.parquet")))


def _supplied(opened: Opened, source: Source) -> Path:
    path: Path = opened.workbench.root / source.path
    if not path.is_file():
        raise SourceError(
            "The file {path} of the source {source} does not exist. Put it there, or correct "
            "“path” in lab.toml.",
            path=str(source.path),
            source=source.name,
        )
    return path


def _names_of_places(opened: Opened, source: Source) -> list[str]:
    """Return names of colonias and boroughs, cleaned before: they may stand in free text."""
    if opened.descriptor(source).kind not in KINDS_OF_RECORDS:
        return []
    clean = opened.workbench.interim("clean")
    register = read_table("colonias", clean, as_name=f"{REGISTER}.colonias")
    return sorted({*register["name"].dropna(), *register["borough"].dropna()})


def _clean_source(opened: Opened, source: Source) -> Account:
    descriptor = opened.descriptor(source)
    _, path = snapshot_of(opened, source)
    refuse_people(descriptor, source.name)
    public = _names_of_places(opened, source)
    told = [descriptor.model_dump(), source.model_dump(mode="json"), public]
    lineage = trace("clean", [path], root=opened.workbench.root, settings=told)
    mark = account_file(opened, "clean", source.name)
    if done(mark, lineage, *cleaned_files(opened, source)):
        return recall(opened, "clean", source.name)
    for old in cleaned_files(opened, source):
        old.unlink()
    note_access(opened.workbench, "clean", path, sensitivity=descriptor.sensitivity)
    key = read_key(opened.workbench.secrets, PSEUDONYM_KEY)
    intake = Intake(
        source=source.name,
        path=path,
        descriptor=descriptor,
        cutoff=pd.Timestamp(source.cutoff),
        key=key,
        first_day=day_or_none(source.first_day),
        where=source.where,
    )
    redactor, folder = Redactor(public, key=key), opened.workbench.interim("clean")
    if descriptor.kind == "events":
        cleaned, daily = shelve_events(intake, redactor, folder, lineage)
    else:
        cleaned, daily = without_people(CLEANERS[descriptor.kind](intake), redactor), None
    if source.name == REGISTER:
        cleaned = compare_with_last(opened, source, intake, cleaned)
    cleaned = compare_editions(opened, source, intake, cleaned, daily)
    for name, table in cleaned.tables.items():
        write_table(name, table, folder, lineage=lineage, as_name=f"{source.name}.{name}")
    for finding in cleaned.findings:
        opened.tell(str(finding))
    return sign(opened, cleaned.account, lineage)
