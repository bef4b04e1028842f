"""What persons decide goes into files of their own, which are sources like any other."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from labtools.errors import SettingsError
from labtools.sources.descriptor import Descriptor, load_descriptor
from labtools.tables.contracts import empty_table
from labtools.tables.store import make_folder, read_table, writing
from labtools.workflow.steps import Opened


def stacked(opened: Opened, kind: str) -> pd.DataFrame:
    """Return the clean table of every source of a kind, one under the other.

    The canonical table goes by the name of the kind.
    """
    folder = opened.workbench.interim("clean")
    names = [source.name for source in opened.of_kind(kind)]
    tables = [read_table(kind, folder, as_name=f"{name}.{kind}") for name in names]
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else empty_table(kind)


def clean_files(opened: Opened, kind: str) -> list[Path]:
    """Return the files that `stacked` reads, for the lineage of what is made of them."""
    folder = opened.workbench.interim("clean")
    return [folder / f"{source.name}.{kind}.parquet" for source in opened.of_kind(kind)]


def file_of_decisions(opened: Opened, kind: str, descriptor: str) -> tuple[Path, Descriptor]:
    """Return the file that decisions of a kind are written in, and how it is written.

    Where ``lab.toml`` names none, it is named there: the next run must read what was decided.

    Raises
    ------
    SettingsError
        If they are kept in a database, or another source has the file's name.
    """
    sources = opened.of_kind(kind)
    files = [it for it in sources if not it.database]
    if files:
        return opened.workbench.root / files[0].path, opened.descriptor(files[0])
    if sources or descriptor in {it.name for it in opened.settings.source}:
        raise SettingsError(
            "lab.toml names no file for these decisions, and its source {name} is another. Add a "
            "[[source]] with descriptor = “{descriptor}” and the path of a CSV file.",
            name=sources[0].name if sources else descriptor,
            descriptor=descriptor,
        )
    path = f"suppliers/{descriptor}.csv"
    told = opened.workbench.settings_file.read_text(encoding="utf-8").rstrip()
    entry = [f'name = "{descriptor}"', f'descriptor = "{descriptor}"', f'path = "{path}"']
    entry += [f'cutoff = "{pd.Timestamp.now():%Y-%m-%d}"']
    make_folder((opened.workbench.root / path).parent, private=True)
    with writing(opened.workbench.settings_file, private=True) as aside:
        aside.write_text("\n".join([told, "", "[[source]]", *entry, ""]), encoding="utf-8")
    return opened.workbench.root / path, load_descriptor(descriptor, opened.workbench)


def append_rows(path: Path, rows: Iterable[Mapping[str, str]], header: list[str]) -> None:
    """Add rows to a CSV file, which is replaced whole: a reader sees the old one or the new."""
    old: list[Mapping[str, str]] = []
    if path.is_file():
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            header = list(reader.fieldnames or header)
            old = list(reader)
    with writing(path) as aside, aside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header, restval="", extrasaction="ignore")
        writer.writeheader()
        writer.writerows([*old, *rows])
