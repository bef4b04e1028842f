"""What a publisher said before and says otherwise now: each edition against those kept before.

The figures of every edition are kept when it is cleaned, so that a later one costs no more than
itself; one that was cleaned by other rules is read again by those of today.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from labtools.errors import LabError, SourceError
from labtools.findings import Finding, Severity
from labtools.messages import text
from labtools.settings import Source
from labtools.sources.catalogue import CLEANERS
from labtools.sources.events import clean_in_slices
from labtools.sources.protocol import Cleaned, Intake
from labtools.sources.revisions import build_ledger, changes, jumps, shout
from labtools.tables.contracts import check_table, empty_table
from labtools.tables.lineage import is_current, trace
from labtools.tables.store import make_folder, read_table, write_table
from labtools.workflow.steps import Opened

#: Canonical table that is compared → the columns that tell its cells apart, and its figure.
_COMPARED: Mapping[str, tuple[tuple[str, ...], str]] = {
    "official_counts": (("area", "month", "subject"), "events"),
    "city_perception": (("city", "indicator", "quarter"), "share"),
}
#: A file of events is still being filled for so long after a month: its late reports are no
#: revision.
_SETTLED = pd.Timedelta(days=90)
_ALL = "*"
#: What `clean` keeps of a source beside its tables.
REVISIONS, FINDINGS = "revisions", "findings"


@dataclass(frozen=True, slots=True)
class Edition:
    """A snapshot of a source, and the day until which it speaks."""

    name: str
    file: Path
    cutoff: pd.Timestamp


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
    figures = _figures(cleaned, intake.cutoff, daily)
    findings, table = cleaned.findings, empty_table(REVISIONS)
    if figures:
        said, unread = _kept(opened, source, intake, figures)
        keys, figure = _COMPARED[figures[0]]
        ledger = build_ledger(said, keys=keys, figure=figure)
        loud = jumps(ledger).index
        table = _table(source.name, changes(ledger), list(keys), loud)
        findings = (*findings, *unread, *shout(ledger, source.name))
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


def _figures(
    cleaned: Cleaned, cutoff: pd.Timestamp, daily: pd.Series | None
) -> tuple[str, pd.DataFrame] | None:
    """Return the canonical table that is compared between editions, by its name."""
    for name in _COMPARED:
        if name in cleaned.tables:
            return name, cleaned.tables[name]
    if daily is None:
        return None
    counted = daily.groupby(daily.index.to_period("M").to_timestamp()).sum().sort_index()
    ended = counted.index + pd.offsets.MonthBegin(1)
    counted = counted[ended + _SETTLED <= cutoff]
    told = {
        "source": cleaned.account.source,
        "area": _ALL,
        "month": counted.index,
        "subject": _ALL,
        "events": counted.to_numpy(),
    }
    return "official_counts", pd.DataFrame(told).astype({"events": "Int64"})


class Daily:
    """How many events each day has, counted while a file is cleaned slice by slice."""

    def __init__(self) -> None:
        self._counted: Counter[pd.Timestamp] = Counter()

    def put(self, tables: Mapping[str, pd.DataFrame]) -> None:
        """Count the events of a slice."""
        self._counted.update(tables["events"]["occurred_on"].value_counts().to_dict())

    def counts(self) -> pd.Series:
        """Return the events of each day that has any, indexed by the day."""
        daily = pd.Series(self._counted, dtype="int64")
        return daily.set_axis(pd.DatetimeIndex(daily.index)).sort_index()


def _again(intake: Intake) -> tuple[str, pd.DataFrame] | None:
    """Return the figures of an earlier edition, cleaned by the rules of today."""
    if intake.descriptor.kind != "events":
        return _figures(CLEANERS[intake.descriptor.kind](intake), intake.cutoff, None)
    daily = Daily()
    return _figures(clean_in_slices(intake, daily.put), intake.cutoff, daily.counts())


def _kept(
    opened: Opened, source: Source, intake: Intake, now: tuple[str, pd.DataFrame]
) -> tuple[dict[str, pd.DataFrame], tuple[Finding, ...]]:
    """Return the figures of every edition, from the oldest, and why one could not be read."""
    name, table = now
    folder = make_folder(opened.workbench.interim("editions"), private=True)
    rules = [
        intake.descriptor.model_dump(),
        source.model_dump(mode="json", exclude={"path", "cutoff", "acknowledged"}),
    ]
    said: dict[str, pd.DataFrame] = {}
    unread = []
    for edition in editions(opened, source):
        lineage = trace("clean", [edition.file], root=opened.workbench.root, settings=rules)
        as_name = f"{source.name}.{edition.name}"
        if edition.file == intake.path:
            write_table(name, table, folder, lineage=lineage, as_name=as_name)
        try:
            if not is_current(folder / f"{as_name}.parquet", lineage):
                given = replace(intake, path=edition.file, cutoff=edition.cutoff)
                again = _again(given)
                before = again[1] if again else table.iloc[:0]
                write_table(name, before, folder, lineage=lineage, as_name=as_name)
            said[edition.name] = read_table(name, folder, as_name=as_name)
        except LabError as refused:
            unread.append(_unread(source.name, edition.name, refused))
    return said, tuple(unread)


def editions(opened: Opened, source: Source) -> list[Edition]:
    """Return the snapshots of a source, the oldest first."""
    found = []
    for path in (opened.workbench.raw / source.name).glob("*/snapshot.json"):
        told = json.loads(path.read_text(encoding="utf-8"))
        taken = path.stat().st_mtime_ns
        one = Edition(path.parent.name, path.parent / told["file"], pd.Timestamp(told["cutoff"]))
        found.append(((path.parent.name[:10], taken), one))
    return [one for _, one in sorted(found, key=lambda pair: pair[0])]


def _unread(source: str, edition: str, reason: LabError) -> Finding:
    sentence = text(
        "{source}: the edition {edition} is not compared with this one, because it cannot be read "
        "by the rules of today: {reason}"
    )
    facts = {"source": source, "edition": edition, "reason": str(reason)}
    return Finding(sentence, Severity.CAUTION, facts)
