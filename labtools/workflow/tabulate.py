"""Tabulate: counts by colonia and month, and what else the analyses read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from labtools.errors import SettingsError
from labtools.settings import Source
from labtools.tables import vocabulary as words
from labtools.tables.account import Account
from labtools.tables.contracts import empty_table
from labtools.tables.lineage import Lineage, is_current, trace
from labtools.tables.panel import complete_months, count_events, count_origins, quarterly
from labtools.tables.store import make_folder, read_table, write_table
from labtools.workflow.intake import snapshot_of
from labtools.workflow.national_surveys import told_once
from labtools.workflow.steps import Opened, account_file, recall, sign
from labtools.workflow.survey_weights import agreeing_weights

_GROUPS = (*words.GROUPS, words.SENSITIVE, words.UNCLASSIFIED, words.NOT_A_CRIME)
#: Tables of several sources, put one under the other; the first three name colonias by key.
_KEYED = ("programme", "actions", "network_answers")
_STACKED = (*_KEYED, "survey", "city_perception", "survey_estimates")
_ORIGINS = "origins"
_CLASSIFIED = ("classified", "official_months")
_OFFICIAL = ("municipal_incidence", "state_victims")

_COUNTED = ("panel", "quarters", "official_months", "origin_counts")
_TOLD = ("colonias", "indicators", "sources", "source_files", *_STACKED)

PROCESSED = (*_COUNTED, *_TOLD)


def tabulate(opened: Opened) -> tuple[Account, ...]:
    """Write ``data/processed``: the panel, its quarters, and the other tables of analysis.

    What is counted and what is told are two steps: one more action is no reason to count events.
    """
    events, keyed = opened.of_kind("events"), _made_of(opened, *_KEYED)
    counted = [source.name for source in events]
    told = [source for source, _ in keyed]
    return (
        *_step(opened, _counted_from(opened), _COUNTED, counted, _count_all),
        *_step(opened, _told_from(opened), _TOLD, told, _tell_all),
    )


def _step(
    opened: Opened,
    lineage: Lineage,
    names: Sequence[str],
    sources: Sequence[str],
    make: Callable[[Opened], tuple[Mapping[str, pd.DataFrame], Sequence[Account]]],
) -> tuple[Account, ...]:
    """Write tables and the accounts of their sources, unless they were made from the same."""
    outputs = [opened.workbench.processed / f"{name}.parquet" for name in names]
    marks = [account_file(opened, "tabulate", source) for source in sources]
    if all(is_current(path, lineage) for path in (*outputs, *marks)):
        return tuple(recall(opened, "tabulate", source) for source in sources)
    tables, accounts = make(opened)
    make_folder(opened.workbench.processed, private=True)
    for name in names:
        write_table(name, tables[name], opened.workbench.processed, lineage=lineage)
    return tuple(sign(opened, account, lineage) for account in accounts)


def _count_all(opened: Opened) -> tuple[dict[str, pd.DataFrame], list[Account]]:
    keys = _keys(_colonias(opened))
    counted = [_count(opened, source, keys) for source in opened.of_kind("events")]
    panel = _together("panel", (table for table, _ in counted))
    tables = {
        "panel": panel,
        "quarters": quarterly(panel),
        "official_months": _official(opened),
        "origin_counts": _origin_counts(opened, keys),
    }
    return tables, [account for _, account in counted]


def _tell_all(opened: Opened) -> tuple[dict[str, pd.DataFrame], list[Account]]:
    colonias = _colonias(opened)
    keys = _keys(colonias)
    stacked = {name: _stacked(opened, name, keys) for name in _STACKED}
    margins = opened.settings.survey.margins
    stacked["survey"] = agreeing_weights(stacked["survey"], colonias, margins)
    stacked["city_perception"] = told_once(stacked["city_perception"])
    tables = {
        "colonias": colonias,
        "indicators": read_table("indicators", opened.workbench.interim("located")),
        "sources": _sources(opened),
        "source_files": _source_files(opened),
        **stacked,
    }
    keyed = _made_of(opened, *_KEYED)
    return tables, [_in_register(opened, source, name, keys) for source, name in keyed]


def _counted_from(opened: Opened) -> Lineage:
    inputs = [*_made_in(opened, "classified", *_CLASSIFIED), *_made_in(opened, "clean", _ORIGINS)]
    told = [source.model_dump(mode="json") for source in opened.of_kind("events", *_OFFICIAL)]
    return _lineage(opened, [*inputs, _located(opened, "colonias")], told)


def _told_from(opened: Opened) -> Lineage:
    inputs = [*_made_in(opened, "clean", *_STACKED), _located(opened, "colonias")]
    # The suppliers' files too: their fingerprints are told, be what was read of them the same.
    told = [
        (source.model_dump(mode="json"), asdict(snapshot_of(opened, source)[0]))
        for source in opened.files()
    ]
    settings = [*told, *opened.settings.survey.margins]
    return _lineage(opened, [*inputs, _located(opened, "indicators")], settings)


def _lineage(opened: Opened, inputs: Sequence[Path], told: Sequence[object]) -> Lineage:
    return trace("tabulate", inputs, root=opened.workbench.root, settings=told)


def _located(opened: Opened, name: str) -> Path:
    return opened.workbench.interim("located") / f"{name}.parquet"


def _colonias(opened: Opened) -> pd.DataFrame:
    return read_table("colonias", opened.workbench.interim("located"))


def _keys(colonias: pd.DataFrame) -> pd.Index:
    return pd.Index(colonias["colonia_id"])


def _made_in(opened: Opened, step: str, *tables: str) -> list[Path]:
    """Return the files of `tables` that a step made of today's sources."""
    names = {source.name for source in opened.files()}
    parts = (
        (path, path.name.split(".")) for path in opened.workbench.interim(step).glob("*.parquet")
    )
    return [path for path, told in parts if told[0] in names and told[-2] in tables]


def _count(opened: Opened, source: Source, keys: pd.Index) -> tuple[pd.DataFrame, Account]:
    folder = opened.workbench.interim("classified")
    events = read_table("classified", folder, as_name=f"{source.name}.classified")
    if source.first_day is None:
        raise SettingsError(
            "The source {source} counts events, and lab.toml does not say from which day on it "
            "speaks: months without events before that day would pass for zeros. Add "
            'first_day = "YYYY-MM-DD" to it; its earliest event is of {earliest}.',
            source=source.name,
            earliest=events["occurred_on"].min().date(),
        )
    months = complete_months(pd.Timestamp(source.first_day), pd.Timestamp(source.cutoff))
    used = [group for group in _GROUPS if (events["crime_group"] == group).any()]
    is_case = opened.descriptor(source).record_type == "case_file"
    groups = tuple(dict.fromkeys((*words.GROUPS, *used))) if is_case else tuple(used)
    counted = count_events(events, keys, months, groups)
    account = Account("tabulate", source.name, len(events), counted.kept, counted.apart)
    return counted.panel, account


def _origin_counts(opened: Opened, keys: pd.Index) -> pd.DataFrame:
    """Return case files by how they came to be known, of the sources that say it."""
    folder = opened.workbench.interim("classified")
    parts = []
    for source, _ in _made_of(opened, _ORIGINS):
        events = read_table("classified", folder, as_name=f"{source}.classified")
        parts.append(count_origins(events, _clean(opened, source, _ORIGINS), keys))
    return _together("origin_counts", parts)


def _made_of(opened: Opened, *tables: str) -> list[tuple[str, str]]:
    """Return (source, table) for each of `tables` that a source gave."""
    folder = opened.workbench.interim("clean")
    names = [source.name for source in opened.files()]
    pairs = [(name, table) for table in tables for name in names]
    return [(n, table) for n, table in pairs if (folder / f"{n}.{table}.parquet").is_file()]


def _clean(opened: Opened, source: str, table: str) -> pd.DataFrame:
    return read_table(table, opened.workbench.interim("clean"), as_name=f"{source}.{table}")


def _in_register(opened: Opened, source: str, table: str, keys: pd.Index) -> Account:
    known = _clean(opened, source, table)["colonia_id"].isin(keys)
    lost = int((~known).sum())
    rejected = {"key_not_in_register": lost} if lost else {}
    return Account("tabulate", source, len(known), int(known.sum()), rejected)


def _stacked(opened: Opened, name: str, keys: pd.Index) -> pd.DataFrame:
    table = _together(name, (_clean(opened, n, name) for n, _ in _made_of(opened, name)))
    return table[table["colonia_id"].isin(keys)] if name in _KEYED else table


def _together(name: str, tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else empty_table(name)


def _official(opened: Opened) -> pd.DataFrame:
    folder = opened.workbench.interim("classified")
    sources = opened.of_kind(*_OFFICIAL)
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
            }
        )
    return pd.DataFrame(rows)


def _source_files(opened: Opened) -> pd.DataFrame:
    """Return the fingerprint of each supplier's file.

    A table of its own, which no ficha holds: every ficha would differ when any file did.
    """
    rows = [
        {"source": it.name, "digest": snapshot_of(opened, it)[0].sha256[:16]}
        for it in opened.files()
    ]
    return pd.DataFrame(rows)
