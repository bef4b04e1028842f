"""Subjects that no rule names: the queue a person works through, and what was decided."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from labtools.classify.crosswalk import crime_groups
from labtools.classify.factors import check_factors
from labtools.errors import TableError
from labtools.tables.contracts import empty_table
from labtools.tables.store import read_table
from labtools.workflow.decisions import append_rows, file_of_decisions
from labtools.workflow.factors import QUEUE
from labtools.workflow.steps import Opened

_DESCRIPTORS = {"codings": "subject_codings", "factor_codings": "factor_codings"}


def pending_subjects(opened: Opened) -> pd.DataFrame:
    """Return the subjects that wait for a code, the most useful first, after their ``source``."""
    return _pending(opened, "coding_queue")


def pending_texts(opened: Opened) -> pd.DataFrame:
    """Return the texts whose risk factor nobody knows, as `pending_subjects` does."""
    return _pending(opened, QUEUE)


def _pending(opened: Opened, queue_of: str) -> pd.DataFrame:
    folder = opened.workbench.interim("classified")
    parts = [
        read_table("coding_queue", folder, as_name=f"{each.name}.{queue_of}").assign(
            source=each.name
        )
        for each in opened.of_kind("events")
        if (folder / f"{each.name}.{queue_of}.parquet").is_file()
    ]
    filled = [part for part in parts if len(part)]
    queue = pd.concat(filled) if filled else empty_table("coding_queue").assign(source="")
    return queue.sort_values("priority", ascending=False, kind="stable").reset_index(drop=True)


def decide_subjects(opened: Opened, decisions: pd.DataFrame, *, who: str) -> Path:
    """Add codes of subjects (``subject``, ``crime_code``) to the file that the next run reads.

    Raises
    ------
    SettingsError
        If they are kept in a database.
    TableError
        If a code is none of ours; nothing is written then.
    """
    strange = decisions.loc[~decisions["crime_code"].isin(list(crime_groups())), "crime_code"]
    if len(strange):
        raise TableError(
            "{n} decisions give a code that crime_codes.toml does not have; the first is {code}. "
            "Nothing was written.",
            n=len(strange),
            code=str(strange.iloc[0]),
        )
    return _add(opened, "codings", "crime_code", decisions.assign(coder=who))


def decide_factors(opened: Opened, decisions: pd.DataFrame, *, who: str) -> Path:
    """Add factors of texts (``subject``, ``factor``) to the file that the next run reads.

    Raises
    ------
    SettingsError
        If they are kept in a database.
    TableError
        If a factor is none of PRONAPRED's, nor “none”; nothing is written then.
    """
    check_factors(decisions["factor"])
    return _add(opened, "factor_codings", "factor", decisions.assign(coder=who))


def _add(opened: Opened, kind: str, code: str, decisions: pd.DataFrame) -> Path:
    names = ("subject", code, "coder")
    path, descriptor = file_of_decisions(opened, kind, _DESCRIPTORS[kind])
    column = descriptor.column
    told = decisions[list(names)].astype("str")
    header = [column(name) for name in names if column(name)]
    rows = told.rename(columns={name: column(name) for name in names}).to_dict("records")
    append_rows(path, rows, header)
    return path
