"""Protect and publish: what may go out goes out whole, once, with a decision on record."""

from __future__ import annotations

import getpass
import json
import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from labtools.errors import PrivacyError, TableError
from labtools.narrative import sentences
from labtools.privacy.keys import read_key
from labtools.privacy.release import (
    REGISTRY,
    Evidence,
    check_release,
    protect_quarters,
    withheld_colonias,
)
from labtools.publish.site import build_site
from labtools.runs.jobs import Outcome
from labtools.runs.manifest import write_manifest
from labtools.runs.plan import FICHAS
from labtools.tables import vocabulary as words
from labtools.tables.account import read_accounts
from labtools.tables.lineage import sha256_of, trace
from labtools.tables.released import FICHA_TABLES, Released, seal_of, slug, write_ficha
from labtools.tables.store import make_folder, read_table, write_table
from labtools.workflow.analyse import ROUNDING_KEY, Prepared
from labtools.workflow.steps import Opened

LEDGER = "ledger.jsonl"


def protect(opened: Opened, prepared: Prepared) -> int:
    """Release the public edition: check every table, then write the public folder.

    Returns
    -------
    int
        How many fichas were released.

    Raises
    ------
    PrivacyError
        If a table may not go out; nothing is released then.
    """
    evidence = _evidence(opened)
    city = prepared.folder / "internal" / "city" / "public"
    tables = {name: read_table(name, city) for name in REGISTRY}
    rules = {name: check_release(name, table, evidence) for name, table in tables.items()}
    _prove_rounding(opened, tables["series"], evidence)
    fichas = [_ficha(prepared, colonia, tables, evidence) for colonia in prepared.fichas]
    public = prepared.folder / "public"
    if public.exists():
        shutil.rmtree(public)
    inputs = [city / f"{name}.parquet" for name in REGISTRY]
    lineage = trace("protect", inputs, root=prepared.folder)
    for name, table in tables.items():
        write_table(name, table, public / "tables", lineage=lineage)
    make_folder(public / "fichas")
    for ficha in fichas:
        write_ficha(ficha, public / "fichas" / f"{slug(ficha.colonia_id)}.json")
    _record(opened, prepared, rules)
    return len(fichas)


def publish(opened: Opened, prepared: Prepared) -> Path:
    """Make the site, write the manifest, and let the new edition take the old one's place.

    Raises
    ------
    TableError
        If `protect` did not release anything yet.
    """
    public = prepared.folder / "public"
    if not (public / "fichas").is_dir():
        raise TableError(
            "Nothing of the run {run} was released yet. Run “labtools protect” first.",
            run=prepared.run_id,
        )
    site = public / "site"
    if site.exists():
        shutil.rmtree(site)
    build_site(public, site, tell=sentences)
    write_manifest(
        prepared.folder,
        inputs=_inputs(opened),
        accounts=read_accounts(opened.workbench.accounts),
        outcomes=_outcomes(prepared),
        facts={
            "run_id": prepared.run_id,
            "period_end": prepared.window.last_month,
            "seed": opened.settings.lab.seed,
            "fichas": len(prepared.fichas),
        },
    )
    final = opened.workbench.run(prepared.run_id)
    if final.exists():
        shutil.rmtree(final)
    prepared.folder.replace(final)
    point_to(opened.workbench.reports, prepared.run_id)
    return final


def point_to(reports: Path, run_id: str) -> None:
    """Make ``latest`` name a run, in one step: a reader sees the old edition or the new one."""
    aside = reports / ".latest"
    aside.unlink(missing_ok=True)
    aside.symlink_to(run_id)
    aside.replace(reports / "latest")


def _evidence(opened: Opened) -> Evidence:
    colonias = read_table("colonias", opened.workbench.processed)
    rules = opened.settings.disclosure
    return Evidence(withheld_colonias(colonias, rules), rules)


def _prove_rounding(opened: Opened, series: pd.DataFrame, evidence: Evidence) -> None:
    """Compare each released count with the keyed rounding of the true one, made anew."""
    quarters = read_table("quarters", opened.workbench.processed)
    key = read_key(opened.workbench.secrets, ROUNDING_KEY)
    expected = protect_quarters(quarters, evidence.withheld, key=key)
    keys = ["colonia_id", "quarter", "group"]
    cells = series[series["group"] != words.TOTAL]
    both = cells.merge(expected, on=keys, how="left", suffixes=("", "_expected"))
    wrong = both[both["events"].fillna(-1) != both["events_expected"].fillna(-1)]
    if len(wrong):
        raise PrivacyError(
            "{n} released counts are not the keyed rounding of the true ones; the first is in "
            "{colonia}. The tables were changed after they were made: run “labtools analyse” "
            "again.",
            n=len(wrong),
            colonia=str(wrong.iloc[0]["colonia_id"]),
        )


def _ficha(
    prepared: Prepared,
    colonia_id: str,
    city: Mapping[str, pd.DataFrame],
    evidence: Evidence,
) -> Released:
    folder = prepared.folder / "internal" / "outputs" / FICHAS / slug(colonia_id) / "public"
    tables: dict[str, pd.DataFrame] = {}
    for name in (*FICHA_TABLES, "profile"):
        path = folder / f"{name}.parquet"
        if not path.is_file():
            raise TableError(
                "The ficha of {colonia} has no table {table}: its notebook did not save it with "
                'audience="public".',
                colonia=colonia_id,
                table=name,
            )
        tables[name] = pd.read_parquet(path)
        if name != "profile":
            check_release(name, tables[name], evidence)
            _same_as_city(colonia_id, name, tables[name], city[name])
    return Released(colonia_id, MappingProxyType(tables), seal_of(tables))


def _same_as_city(colonia_id: str, name: str, table: pd.DataFrame, city: pd.DataFrame) -> None:
    """Refuse a ficha whose table is not the slice of the released one: map = table = text."""
    if "colonia_id" not in city.columns:
        return
    slice_ = city[city["colonia_id"] == colonia_id].reset_index(drop=True)
    if not slice_.equals(table[slice_.columns].astype(slice_.dtypes.to_dict())):
        raise PrivacyError(
            "The table {table} of the ficha of {colonia} differs from the released one. Its "
            'notebook changed it: save what lab.table("{table}") gives.',
            table=name,
            colonia=colonia_id,
        )


def _record(opened: Opened, prepared: Prepared, rules: Mapping[str, str]) -> None:
    """Add the release decision to the ledger of this workbench."""
    tables = prepared.folder / "public" / "tables"
    told = {
        "decided": datetime.now(UTC).isoformat(timespec="seconds"),
        "by": getpass.getuser(),
        "run": prepared.run_id,
        "tables": {
            name: {"rule": rule, "sha256": sha256_of(tables / f"{name}.parquet")}
            for name, rule in rules.items()
        },
    }
    path = opened.workbench.reports / LEDGER
    with path.open("a", encoding="utf-8") as ledger:
        ledger.write(json.dumps(told, ensure_ascii=False) + "\n")
        ledger.flush()
        os.fsync(ledger.fileno())


def _inputs(opened: Opened) -> dict[str, str]:
    root = opened.workbench.root
    raw = [p for p in sorted(opened.workbench.raw.rglob("*")) if p.is_file()]
    return {path.relative_to(root).as_posix(): sha256_of(path) for path in raw}


def _outcomes(prepared: Prepared) -> list[Outcome]:
    kept = json.loads((prepared.folder / "outcomes.json").read_text(encoding="utf-8"))
    return [Outcome(*row) for row in kept]
