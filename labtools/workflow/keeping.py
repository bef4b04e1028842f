"""Costly tables, kept under the fingerprint of all that they were made from.

The same inputs, settings, code and libraries give the same tables, so they need not be made again
when a run is planned and then made, goes on where it stood, is retried, or is made for another
period and back.  What is published is not kept here: it is always made anew.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from labtools.runs.traces import packages_digest
from labtools.tables.lineage import Lineage, digest_of, is_current
from labtools.tables.store import make_folder, read_table, write_table, writing

_NAMES = "tables.json"
_MOST = 4


def kept(
    folder: Path, lineage: Lineage, make: Callable[[], Mapping[str, pd.DataFrame]]
) -> dict[str, pd.DataFrame]:
    """Return tables from `folder` where they stand there as made from `lineage`, else make them.

    Parameters
    ----------
    folder : pathlib.Path
        Under ``data/interim``.  The tables of the last four lineages stay in it.
    lineage : Lineage
        Of all the tables: their inputs, settings and code.
    make : callable
        Makes them, by name of canonical table.

    Returns
    -------
    dict of DataFrame
        As read from `folder`, whether they were made now or before.
    """
    make_folder(folder, private=True)
    own = folder / digest_of(asdict(lineage), packages_digest())[:16]
    names = _standing(own, lineage)
    if names is None:
        names = _made(own, lineage, make())
        _forget(folder, own)
    own.touch()
    return {name: read_table(name, own) for name in names}


def _made(own: Path, lineage: Lineage, tables: Mapping[str, pd.DataFrame]) -> list[str]:
    make_folder(own, private=True)
    for name, table in tables.items():
        write_table(name, table, own, lineage=lineage)
    with writing(own / _NAMES) as aside:  # last: without it, nothing here counts
        aside.write_text(json.dumps(list(tables)), encoding="utf-8")
    return list(tables)


def _standing(own: Path, lineage: Lineage) -> list[str] | None:
    try:
        names = json.loads((own / _NAMES).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    whole = all(is_current(own / f"{name}.parquet", lineage) for name in names)
    return names if whole else None


def _forget(folder: Path, own: Path) -> None:
    others = [path for path in folder.iterdir() if path.is_dir() and path != own]
    for path in sorted(others, key=lambda path: path.stat().st_mtime)[: -(_MOST - 1)]:
        shutil.rmtree(path)
