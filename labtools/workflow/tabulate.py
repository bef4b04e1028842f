"""Tabulate: counts by colonia and month, and what else the analyses read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from labtools.settings import REGISTER, Source
from labtools.tables import vocabulary as words
from labtools.tables.account import Account
from labtools.tables.contracts import empty_table
from labtools.tables.lineage import trace
from labtools.tables.panel import complete_months, count_events, quarterly
from labtools.tables.store import read_table, write_table
from labtools.workflow.intake import snapshot_of
from labtools.workflow.steps import Opened, account_file, done, recall, sign

_GROUPS = (*words.GROUPS, words.SENSITIVE, words.UNCLASSIFIED, words.NOT_A_CRIME)
#: Tables of several sources, put one under the other as they are.
_STACKED = ("programme", "survey", "city_perception", "actions")

PROCESSED = (
    "colonias",
    "indicators",
    "panel",
    "quarters",
    "official_months",
    "sources",
    *_STACKED,
)


def tabulate(opened: Opened) -> tuple[Account, ...]:
    """Write ``data/processed``: the panel, its quarters, and the other tables of analysis."""
    inputs = _inputs(opened)
    told = [source.model_dump(mode="json") for source in opened.files()]
    lineage = trace("tabulate", inputs, root=opened.workbench.root, settings=told)
    outputs = [opened.workbench.processed / f"{name}.parquet" for name in PROCESSED]
    sources = [source.name for source in opened.of_kind("events")]
    marks = [account_file(opened, "tabulate", name) for name in (*sources, REGISTER)]
    if all(done(mark, lineage, *outputs) for mark in marks):
        return tuple(recall(opened, "tabulate", name) for name in (*sources, REGISTER))
    colonias = read_table("colonias", opened.workbench.interim("located"))
    keys = pd.Index(colonias["colonia_id"])
    counted = [_count(opened, source, keys) for source in opened.of_kind("events")]
    panel = _together("panel", (table for table, _ in counted))
    stacked = {name: _stacked(opened, name) for name in _STACKED}
    programme, in_register = _in_register(stacked["programme"], keys)
    stacked["programme"] = programme
    tables = {
        "colonias": colonias,
        "indicators": read_table("indicators", opened.workbench.interim("located")),
        "panel": panel,
        "quarters": quarterly(panel),
        "official_months": _official(opened),
        "sources": _sources(opened),
        **stacked,
    }
    for name in PROCESSED:
        write_table(name, tables[name], opened.workbench.processed, lineage=lineage)
    accounts = [account for _, account in counted] + [in_register]
    return tuple(sign(opened, account, lineage) for account in accounts)


def _inputs(opened: Opened) -> list[Path]:
    interim = opened.workbench.interim
    names = {source.name for source in opened.files()}
    found = [p for p in interim("clean").glob("*.parquet") if p.name.split(".")[-2] in _STACKED]
    found += list(interim("classified").glob("*.parquet"))
    kept = [path for path in found if path.name.split(".")[0] in names]
    return [*kept, *(interim("located") / f"{name}.parquet" for name in ("colonias", "indicators"))]


def _count(opened: Opened, source: Source, keys: pd.Index) -> tuple[pd.DataFrame, Account]:
    folder = opened.workbench.interim("classified")
    events = read_table("classified", folder, as_name=f"{source.name}.classified")
    first = pd.Timestamp(source.first_day) if source.first_day else events["occurred_on"].min()
    months = complete_months(first, pd.Timestamp(source.cutoff))
    used = [group for group in _GROUPS if (events["crime_group"] == group).any()]
    is_case = opened.descriptor(source).record_type == "case_file"
    groups = tuple(dict.fromkeys((*words.GROUPS, *used))) if is_case else tuple(used)
    counted = count_events(events, keys, months, groups)
    account = Account("tabulate", source.name, len(events), counted.kept, counted.apart)
    return counted.panel, account


def _stacked(opened: Opened, name: str) -> pd.DataFrame:
    folder = opened.workbench.interim("clean")
    names = [source.name for source in opened.files()]
    found = [n for n in names if (folder / f"{n}.{name}.parquet").is_file()]
    return _together(name, (read_table(name, folder, as_name=f"{n}.{name}") for n in found))


def _together(name: str, tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else empty_table(name)


def _in_register(programme: pd.DataFrame, keys: pd.Index) -> tuple[pd.DataFrame, Account]:
    known = programme["colonia_id"].isin(keys)
    lost = int((~known).sum())
    rejected = {"programme_key_not_in_register": lost} if lost else {}
    account = Account("tabulate", REGISTER, len(programme), int(known.sum()), rejected)
    return programme[known], account


def _official(opened: Opened) -> pd.DataFrame:
    folder = opened.workbench.interim("classified")
    sources = opened.of_kind("municipal_incidence", "state_victims")
    tables = (
        read_table("official_months", folder, as_name=f"{source.name}.official_months")
        for source in sources
    )
    return _together("official_months", tables)


def _sources(opened: Opened) -> pd.DataFrame:
    rows = []
    for source in opened.files():
        snapshot, _ = snapshot_of(opened, source)
        rows.append(
            {
                "source": source.name,
                "title": snapshot.title,
                "publisher": snapshot.publisher,
                "licence": snapshot.licence,
                "cutoff": pd.Timestamp(snapshot.cutoff),
                "digest": snapshot.sha256[:16],
            }
        )
    return pd.DataFrame(rows)
