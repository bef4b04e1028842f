"""A new register of colonias against the one before: what entered, split, or bears another name.

It is compared when it is cleaned.  The old names that still stand in suppliers' files are proposed
as rows of ``aliases``; a person adds them, or not (guide *nombres_por_decidir*).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import geopandas as gpd
import pandas as pd

from labtools.errors import LabError
from labtools.findings import Finding, Severity
from labtools.messages import text
from labtools.places.vintages import aliases_of_changes, compare_registers
from labtools.settings import REGISTER, Source
from labtools.sources.colonias import clean_colonias
from labtools.sources.protocol import Cleaned, Intake
from labtools.tables.contracts import check_table, empty_table
from labtools.tables.store import read_table
from labtools.workflow.decisions import append_rows, stacked
from labtools.workflow.editions import Edition, editions
from labtools.workflow.steps import Opened

CHANGES = "register_changes"
_COLUMNS = ["old_id", "old_name", "new_id", "new_name", "of_old", "of_new", "change"]
_TOLD = ("new", "gone", "renamed", "split", "merged", "redrawn")


def compare_with_last(opened: Opened, source: Source, intake: Intake, cleaned: Cleaned) -> Cleaned:
    """Return a cleaned register with ``register_changes``: what became of each colonia.

    Without an earlier edition that can be read by the rules of today, nothing changed.
    """
    table, findings = empty_table(CHANGES), cleaned.findings
    old = _last_register(opened, source, intake)
    if old is not None:
        table = _changes(old[1], _register(cleaned), crs=opened.settings.lab.crs)
        findings = (*findings, *_told(table, old[0].name))
    return Cleaned({**cleaned.tables, CHANGES: table}, cleaned.account, findings)


def proposed_aliases(opened: Opened, on: date) -> pd.DataFrame:
    """Return rows of ``aliases`` for the old names of what was renamed, split or merged.

    Names that a person already decided, or that the register still has, are left out.

    Parameters
    ----------
    on : datetime.date
        Told as the reason of each.
    """
    folder = opened.workbench.interim("clean")
    if not (folder / f"{REGISTER}.{CHANGES}.parquet").is_file():
        return empty_table("aliases")  # the register was not compared with an earlier one yet
    changes = read_table(CHANGES, folder, as_name=f"{REGISTER}.{CHANGES}")
    old = changes.dropna(subset=["old_id"]).drop_duplicates("old_id")
    old = old.rename(columns={"old_id": "colonia_id", "old_name": "name"}).assign(borough=None)
    rows = aliases_of_changes(changes, old, on)
    register = read_table("colonias", folder, as_name=f"{REGISTER}.colonias")
    known = {*register["name"].dropna(), *stacked(opened, "aliases")["name"].dropna()}
    return rows[~rows["name"].isin(known)].reset_index(drop=True)


def adopt_aliases(opened: Opened, rows: pd.DataFrame, *, who: str) -> None:
    """Add rows of `proposed_aliases` to the file of aliases, which the next run reads."""
    (source, *_) = [it for it in opened.of_kind("aliases") if not it.database]
    column = opened.descriptor(source).column
    told = rows.assign(why=rows["why"] + f", {who}")
    names = [name for name in ("colonia_id", "name", "borough", "why") if column(name)]
    written = told[names].astype("object").where(told[names].notna(), "")
    header = [column(name) for name in names]
    append_rows(
        opened.workbench.root / source.path,
        [dict(zip(header, map(str, row), strict=True)) for row in written.itertuples(index=False)],
        header,
    )


def _last_register(
    opened: Opened, source: Source, intake: Intake
) -> tuple[Edition, gpd.GeoDataFrame] | None:
    before = [it for it in editions(opened, source) if it.file != intake.path]
    before = [it for it in before if it.cutoff <= intake.cutoff]
    if not before:
        return None
    try:
        given = replace(intake, path=before[-1].file, cutoff=before[-1].cutoff)
        return before[-1], _register(clean_colonias(given))
    except LabError:
        return None


def _register(cleaned: Cleaned) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(cleaned.tables["colonias"])


def _changes(old: gpd.GeoDataFrame, new: gpd.GeoDataFrame, *, crs: str) -> pd.DataFrame:
    table = compare_registers(old, new, crs=crs)
    named = {
        "old_name": table["old_id"].map(old.set_index("colonia_id")["name"]),
        "new_name": table["new_id"].map(new.set_index("colonia_id")["name"]),
    }
    table = table.assign(**named)[_COLUMNS]
    moved = table[(table["change"] != "same") | (table["old_id"] != table["new_id"])]
    texts = {name: "str" for name in _COLUMNS if not name.startswith("of_")}
    order = moved.astype(texts).sort_values(["change", "old_id", "new_id"])
    return check_table(CHANGES, order.reset_index(drop=True))


def _told(table: pd.DataFrame, edition: str) -> tuple[Finding, ...]:
    if table.empty:
        return ()
    counted = table["change"].value_counts()
    sentence = text(
        "The register of colonias is not that of {edition}: {new} new, {gone} gone, {renamed} with "
        "another name, {split} parts of what was split, {merged} joined, {redrawn} drawn "
        "otherwise. The notebook nombres_por_decidir proposes what old names mean now."
    )
    facts = {name: int(counted.get(name, 0)) for name in _TOLD}
    return (Finding(sentence, Severity.CAUTION, {"edition": edition, **facts}),)
