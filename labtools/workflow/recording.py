"""What earlier runs said of the months that an evaluation counts, beside what is said now.

Every finished run keeps its table of events by month: together they are the ledger of revisions
of a workbench.  Where a month was told, settled, and is told otherwise now, recording (or its
coding) changed; if it changed more after the entry than before, no verdict is given.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from labtools.errors import AnalysisError, TableError
from labtools.evaluation.protocol import Protocol
from labtools.evaluation.recording import recording_findings
from labtools.findings import Severity
from labtools.paths import Workbench
from labtools.sources.revisions import build_ledger
from labtools.tables.store import make_folder, read_table, writing
from labtools.workflow.steps import Opened

#: Months after which a month's count is compared: late reports are no change of recording.
SETTLED = 3
_TABLE = "municipality_series"
_CITY = Path("internal") / "city" / "internal"
_EARLIER = "earlier_runs.json"
_NOW = "now"

Fact = tuple[str, float, str | None]


def names_of_earlier(workbench: Workbench, run: str) -> list[str]:
    """Return the finished runs but those of the same inputs as `run`: it, or it and a number."""
    found = sorted(folder.parents[2].name for folder in workbench.reports.glob(f"[0-9]*/{_CITY}"))
    return [name for name in found if name != run and not name.startswith(f"{run}-")]


def told_earlier(opened: Opened, run: str) -> dict[str, pd.DataFrame]:
    """Return what each earlier run told by month and group; one that cannot be read, nothing."""
    found = {}
    for name in names_of_earlier(opened.workbench, run):
        try:
            found[name] = read_table(_TABLE, opened.workbench.reports / name / _CITY)
        except TableError:
            continue
    return found


def keep_names_of_earlier(workbench: Workbench, run: str, folder: Path) -> None:
    """Write which runs were there when `run` was made, for `bring_earlier`."""
    with writing(folder / _EARLIER) as aside:
        aside.write_text(json.dumps(names_of_earlier(workbench, run)), encoding="utf-8")


def bring_earlier(workbench: Workbench, kept: Path, again: Workbench) -> None:
    """Put what earlier runs told into another workbench, as a run that is proven there found it.

    Raises
    ------
    TableError
        If one of those runs is no longer there.
    """
    if not (kept / _EARLIER).is_file():  # of a run made before this was kept
        return
    for name in json.loads((kept / _EARLIER).read_text(encoding="utf-8")):
        told = workbench.reports / name / _CITY / f"{_TABLE}.parquet"
        if not told.is_file():
            raise TableError(
                "The run {run}, with whose figures this one was compared, is no longer in "
                "{folder}. Bring it back from a copy.",
                run=name,
                folder=str(workbench.reports),
            )
        folder = make_folder(again.reports / name / _CITY, private=True)
        shutil.copyfile(told, folder / told.name)


def revisions_of(
    now: pd.DataFrame, earlier: Mapping[str, pd.DataFrame], groups: Collection[str]
) -> pd.DataFrame:
    """Return the months told before, once settled, with what was said first and what is said now.

    Parameters
    ----------
    now : pandas.DataFrame
        ``month``, ``group`` and ``events``.
    earlier : mapping of str to pandas.DataFrame
        The same as each earlier run told it.
    groups : collection of str
        Whose events are added up.

    Returns
    -------
    pandas.DataFrame
        ``month``, ``first`` and ``last``; no row where nothing was told before.
    """
    said = {name: _by_month(table, groups) for name, table in earlier.items()}
    known = {name: table for name, table in said.items() if len(table)}
    if not known:
        return pd.DataFrame({"month": pd.to_datetime([]), "first": [], "last": []})
    cuts = {name: table["month"].max() for name, table in known.items()}
    ordered = {name: known[name] for name in sorted(known, key=lambda name: (cuts[name], name))}
    current = _by_month(now, groups)
    snapshots = {**ordered, _NOW: current}
    ledger = build_ledger(snapshots, keys=["month"], said_on={**cuts, _NOW: current["month"].max()})
    months = pd.to_datetime(ledger.keys["month"])
    settled = pd.DataFrame(
        {
            name: ledger.said[name].where(months + pd.DateOffset(months=SETTLED) <= cuts[name])
            for name in ordered
        }
    )
    first = settled.bfill(axis=1).iloc[:, 0]
    table = pd.DataFrame({"month": months, "first": first, "last": ledger.said[_NOW]})
    return table.dropna().sort_values("month", ignore_index=True)


def recording_facts(
    revisions: pd.DataFrame, protocol: Protocol, start: pd.Timestamp, *, is_public: bool
) -> list[Fact]:
    """Return what revisions say of a protocol's window: one fact, ``recording-…``.

    ``untold`` where no earlier run told of months on both sides of the entry, ``alike`` (with how
    many months were compared), ``caution`` or ``blocker``.  The public edition tells no figure of
    it: they are made of true counts.
    """
    first, last = (
        pd.Timestamp(f"{month}-01")
        for month in (protocol.window.first_month, protocol.window.last_month)
    )
    inside = revisions[revisions["month"].between(first, last)]
    if inside.empty or pd.isna(start):
        return [("recording-untold", np.nan, None)]
    try:
        found = recording_findings(inside, start=start, smallest=protocol.analysis.minimum_effect)
    except AnalysisError:
        return [("recording-untold", np.nan, None)]
    if not found:
        return [("recording-alike", np.nan if is_public else float(len(inside)), None)]
    told = {"sentence": str(found[0].sentence), "facts": dict(found[0].facts)}
    said = None if is_public else json.dumps(told, sort_keys=True, ensure_ascii=False)
    return [(f"recording-{found[0].severity}", np.nan, said)]


def blocks(facts: list[Fact]) -> bool:
    """Return whether recording changed so much that no verdict may be given."""
    return any(fact == f"recording-{Severity.BLOCKER}" for fact, *_ in facts)


def _by_month(table: pd.DataFrame, groups: Collection[str]) -> pd.DataFrame:
    """Return events by month; a month of which a group is not known is left out."""
    chosen = table[table["group"].isin(groups)]
    events = chosen["events"].astype("Float64")
    untold = events.isna().groupby(chosen["month"]).any()
    total = events.groupby(chosen["month"]).sum(min_count=1)[~untold.astype(bool)]
    return total.astype(float).rename("events").reset_index()
