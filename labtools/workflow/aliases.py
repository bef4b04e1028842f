"""Other names of colonias: read by locate, added to by the person who decides."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import geopandas as gpd
import pandas as pd

from labtools.errors import TableError
from labtools.places.spelling import fold_name
from labtools.tables.contracts import empty_table
from labtools.tables.store import read_table
from labtools.workflow.decisions import append_rows, file_of_decisions, stacked
from labtools.workflow.steps import Opened

_LIKEST = ("likest", "next_likest")
_FILE = ("colonia_id", "name", "borough", "valid_from", "valid_until", "why")


def known_aliases(opened: Opened, register: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the table ``aliases`` of every source of that kind, one under the other.

    Raises
    ------
    TableError
        If one means a colonia that the register does not have, or takes another colonia's name.
    """
    aliases = stacked(opened, "aliases")
    strange = aliases["colonia_id"].dropna()
    strange = strange[~strange.isin(register["colonia_id"])]
    if len(strange):
        raise TableError(
            "{n} rows of the names of colonias mean a key that the register does not have; the "
            "first is {key}, of the name “{name}”. Correct the key, or leave it blank if the "
            "name is no colonia of yours.",
            n=len(strange),
            key=str(strange.iloc[0]),
            name=str(aliases.loc[strange.index[0], "name"]),
        )
    _refuse_names_of_others(aliases, register)
    return aliases


def _refuse_names_of_others(aliases: pd.DataFrame, register: gpd.GeoDataFrame) -> None:
    """Refuse a name, good everywhere and for ever, that the register gives to another colonia."""
    everywhere = aliases["borough"].isna() & aliases["valid_until"].isna()
    named = aliases[everywhere & aliases["colonia_id"].notna()]
    folded = register["name"].map(fold_name, na_action="ignore")
    owners = register["colonia_id"].groupby(folded).agg(set)
    of_others = [
        at
        for at, row in named.iterrows()
        if row["colonia_id"] not in owners.get(fold_name(row["name"]), {row["colonia_id"]})
    ]
    if of_others:
        first = named.loc[of_others[0]]
        raise TableError(
            "{n} rows of the names of colonias give a colonia the name that the register gives to "
            "another; the first is “{name}” for {key}. Every event of the other would move: say "
            "of which borough, or until when (valid_until), or take the row out.",
            n=len(of_others),
            name=str(first["name"]),
            key=str(first["colonia_id"]),
        )


def pending_names(opened: Opened) -> pd.DataFrame:
    """Return the written names that wait for a person, of every source, with what they may be.

    Returns
    -------
    pandas.DataFrame
        Columns of ``name_queue``, after ``source``, with the names of the two likest colonias.
    """
    folder = opened.workbench.interim("located")
    names = read_table("colonias", folder).set_index("colonia_id")["name"]
    parts = [
        read_table("name_queue", folder, as_name=f"{source.name}.name_queue").assign(
            source=source.name
        )
        for source in opened.of_kind("events")
    ]
    queue = pd.concat(parts, ignore_index=True) if parts else empty_table("name_queue")
    for key in _LIKEST:
        queue[f"{key}_name"] = queue[key].map(names)
    return queue.sort_values("events", ascending=False, kind="stable").reset_index(drop=True)


def decide_names(opened: Opened, decisions: pd.DataFrame, *, who: str, today: date) -> Path:
    """Add decisions to the file of aliases, which the next run reads.

    Where ``lab.toml`` names none, it is entered there.

    Parameters
    ----------
    decisions : pandas.DataFrame
        ``written``, ``borough`` (may be missing) and ``colonia_id`` (missing: no colonia of
        ours).
    who : str
        Who decided; it is written beside each, with the day.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    SettingsError
        If such decisions are kept in a database.
    TableError
        If a decision gives a key that the register does not have.
    """
    register = read_table("colonias", opened.workbench.interim("located"))
    strange = decisions["colonia_id"].dropna()
    strange = strange[~strange.isin(register["colonia_id"])]
    if len(strange):
        raise TableError(
            "{n} decisions give a key that the register does not have; the first is {key}. "
            "Nothing was written.",
            n=len(strange),
            key=str(strange.iloc[0]),
        )
    path, descriptor = file_of_decisions(opened, "aliases", "colonia_aliases")
    column = descriptor.column
    rows = [
        {
            column("colonia_id"): _text(row.colonia_id),
            column("name"): row.written,
            column("borough"): _text(row.borough),
            column("why"): f"{who}, {today.isoformat()}",
        }
        for row in decisions.itertuples(index=False)
    ]
    append_rows(path, rows, [column(name) for name in _FILE if column(name)])
    return path


def _text(value: object) -> str:
    return "" if pd.isna(value) else str(value)
