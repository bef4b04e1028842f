"""What persons decide goes into files of their own, which are sources like any other."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from labtools.tables.contracts import empty_table
from labtools.tables.store import read_table, writing
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
