"""Subjects that no rule names: the queue a person works through, and what was decided."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from labtools.classify.crosswalk import crime_groups
from labtools.errors import SettingsError, TableError
from labtools.tables.contracts import empty_table
from labtools.tables.store import read_table
from labtools.workflow.decisions import append_rows
from labtools.workflow.steps import Opened

_FILE = ("subject", "crime_code", "coder")


def pending_subjects(opened: Opened) -> pd.DataFrame:
    """Return the subjects that wait for a code, the most useful first, after their ``source``."""
    folder = opened.workbench.interim("classified")
    parts = [
        read_table("coding_queue", folder, as_name=f"{each.name}.coding_queue").assign(
            source=each.name
        )
        for each in opened.of_kind("events")
    ]
    filled = [part for part in parts if len(part)]
    queue = pd.concat(filled) if filled else empty_table("coding_queue").assign(source="")
    return queue.sort_values("priority", ascending=False, kind="stable").reset_index(drop=True)


def decide_subjects(opened: Opened, decisions: pd.DataFrame, *, who: str) -> Path:
    """Add codes of subjects (``subject``, ``crime_code``) to the file that the next run reads.

    Raises
    ------
    SettingsError
        If ``lab.toml`` names no source of codings.
    TableError
        If a code is none of ours; nothing is written then.
    """
    sources = [it for it in opened.of_kind("codings") if not it.database]
    if not sources:
        raise SettingsError(
            "lab.toml names no file for codes of subjects. Add a [[source]] with "
            'descriptor = "subject_codings" and the path of a CSV file.'
        )
    strange = decisions.loc[~decisions["crime_code"].isin(list(crime_groups())), "crime_code"]
    if len(strange):
        raise TableError(
            "{n} decisions give a code that crime_codes.toml does not have; the first is {code}. "
            "Nothing was written.",
            n=len(strange),
            code=str(strange.iloc[0]),
        )
    path: Path = opened.workbench.root / sources[0].path
    column = opened.descriptor(sources[0]).column
    told = decisions.assign(coder=who)[list(_FILE)].astype("str")
    header = [column(name) for name in _FILE if column(name)]
    rows = told.rename(columns={name: column(name) for name in _FILE}).to_dict("records")
    append_rows(path, rows, header)
    return path
