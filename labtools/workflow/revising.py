"""What a publisher said before and says otherwise now: each edition against those kept before.

Figures are compared cell by cell (the revision ledger), and how much each edition holds by rows,
areas, months and totals.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from labtools.errors import SourceError
from labtools.settings import Source
from labtools.sources.extents import Differences, compare_extents
from labtools.sources.protocol import Cleaned, Intake
from labtools.sources.revisions import build_ledger, changes, jumps, shout
from labtools.tables.contracts import check_table, empty_table
from labtools.tables.store import read_table
from labtools.workflow.editions import COMPARED, Said, kept_editions, said_by
from labtools.workflow.steps import Opened

#: What `clean` keeps of a source beside its tables.
REVISIONS, FINDINGS = "revisions", "findings"


def compare_editions(
    opened: Opened,
    source: Source,
    intake: Intake,
    cleaned: Cleaned,
    daily: pd.Series | None = None,
) -> Cleaned:
    """Return what was cleaned, with ``revisions`` and every finding as a table of their own.

    Official counts and estimates are compared cell by cell; files of events by month, three
    months after it.

    Parameters
    ----------
    daily : pandas.Series, optional
        Of a file of events, how many there were on each day.
    """
    now = said_by(cleaned, intake.cutoff, daily)
    said, unread = kept_editions(opened, source, intake, now)
    findings, table = (*cleaned.findings, *unread), empty_table(REVISIONS)
    if now.figures:
        keys, figure = COMPARED[now.figures[0]]
        figures = {name: one.figures[1] for name, one in said.items() if one.figures}
        ledger = build_ledger(figures, keys=keys, figure=figure)
        loud = jumps(ledger).index
        table = _table(source.name, changes(ledger), list(keys), loud)
        findings = (*findings, *shout(ledger, source.name))
    held = _against_the_last(source.name, intake, said)
    table, findings = _with_stops(table, source.name, held, intake), (*findings, *held.findings)
    rows = {
        "source": source.name,
        "severity": [it.severity.value for it in findings],
        "told": [str(it) for it in findings],
    }
    told = check_table(FINDINGS, pd.DataFrame(rows)) if findings else empty_table(FINDINGS)
    return Cleaned({**cleaned.tables, REVISIONS: table, FINDINGS: told}, cleaned.account, findings)


def told_of_sources(opened: Opened) -> dict[str, pd.DataFrame]:
    """Return ``revisions`` and ``findings`` of every source together."""
    folder = opened.workbench.interim("clean")
    found = {}
    for table in (REVISIONS, FINDINGS):
        names = [f"{source.name}.{table}" for source in opened.files()]
        parts = [
            read_table(table, folder, as_name=name)
            for name in names
            if (folder / f"{name}.parquet").is_file()
        ]
        filled = [part for part in parts if len(part)]
        found[table] = pd.concat(filled, ignore_index=True) if filled else empty_table(table)
    return found


def refuse_jumps(opened: Opened) -> None:
    """Stop what would be published from figures that jumped between two editions.

    Raises
    ------
    SourceError
        Names the first jump that nobody acknowledged in ``lab.toml``.
    """
    table = told_of_sources(opened)[REVISIONS]
    for source in opened.files():
        known = tuple(source.acknowledged) or ("\0",)
        mine = table[table["jumped"] & table["source"].eq(source.name)]
        open_ = mine[~mine["said_in"].str.startswith(known)]
        if len(open_):
            first = open_.iloc[0]
            raise SourceError(
                "{source}: {cell} was {before:g} and is {after:g} since the edition {said_in}, "
                "beyond any late report ({n} such figures). Nothing is published until somebody "
                "answers for it: ask the publisher, and write the answer in lab.toml under the "
                'source: acknowledged = {{ "{said_in}" = "…" }}.',
                source=source.name,
                cell=first["cell"],
                before=float(first["before"]),
                after=float(first["after"]),
                said_in=first["said_in"],
                n=len(open_),
            )


def _table(source: str, changed: pd.DataFrame, keys: list[str], loud: pd.Index) -> pd.DataFrame:
    if changed.empty:
        return empty_table(REVISIONS)
    dated = {name: changed[name].dt.strftime("%Y-%m") for name in keys if _is_day(changed[name])}
    cell = changed[keys].assign(**dated).astype("str")
    table = pd.DataFrame(
        {
            "source": source,
            "cell": [" | ".join(row) for row in cell.itertuples(index=False)],
            **{name: changed[name] for name in ("said_in", "before", "after")},
            "jumped": changed.index.isin(loud),
        }
    )
    order = table.sort_values(["jumped", "said_in", "cell"], ascending=[False, True, True])
    return check_table(REVISIONS, order.reset_index(drop=True))


def _is_day(column: pd.Series) -> bool:
    return bool(pd.api.types.is_datetime64_any_dtype(column))


def _against_the_last(source: str, intake: Intake, said: Mapping[str, Said]) -> Differences:
    """Compare how much this edition holds with the one before, where there is one."""
    mine, names = intake.path.parent.name, list(said)
    before = names[: names.index(mine)]
    if not before:
        return Differences((), pd.DataFrame(columns=["cell", "before", "after"]))
    old = before[-1]
    return compare_extents(
        said[old].extent,
        said[mine].extent,
        source=source,
        edition=old,
        kind=intake.descriptor.kind,
    )


def _with_stops(
    table: pd.DataFrame, source: str, held: Differences, intake: Intake
) -> pd.DataFrame:
    """Return ``revisions`` with what this edition lost, which stops what is published."""
    if held.stops.empty:
        return table
    lost = held.stops.assign(source=source, said_in=intake.path.parent.name, jumped=True)
    parts = [it for it in (lost[list(table.columns)], table) if len(it)]
    return check_table(REVISIONS, pd.concat(parts, ignore_index=True))
