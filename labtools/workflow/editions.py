"""What every edition of a source said, kept when it is cleaned so that a later one costs no more.

An edition that was cleaned by other rules is read again by those of today.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from labtools.errors import LabError
from labtools.findings import Finding, Severity
from labtools.messages import text
from labtools.settings import Source
from labtools.sources.catalogue import CLEANERS
from labtools.sources.events import clean_in_slices
from labtools.sources.extents import EXTENT, measure_extent
from labtools.sources.protocol import Cleaned, Intake
from labtools.tables.contracts import empty_table
from labtools.tables.lineage import Lineage, is_current, trace
from labtools.tables.store import make_folder, read_table, write_table
from labtools.workflow.steps import Opened

#: Canonical table that is compared → the columns that tell its cells apart, and its figure.
COMPARED: Mapping[str, tuple[tuple[str, ...], str]] = {
    "official_counts": (("area", "month", "subject"), "events"),
    "city_perception": (("city", "indicator", "quarter"), "share"),
}
#: A file of events is still being filled for so long after a month: its late reports are no
#: revision.
_SETTLED = pd.Timedelta(days=90)
_ALL = "*"


@dataclass(frozen=True, slots=True)
class Edition:
    """A snapshot of a source, and the day until which it speaks."""

    name: str
    file: Path
    cutoff: pd.Timestamp


@dataclass(frozen=True, slots=True)
class Said:
    """What is kept of an edition: how much it holds, and the figures that are compared.

    Attributes
    ----------
    extent : pandas.DataFrame
        Canonical table ``edition_extent``.
    figures : tuple of str and pandas.DataFrame, or None
        The canonical table that is compared cell by cell, by its name.
    """

    extent: pd.DataFrame
    figures: tuple[str, pd.DataFrame] | None


def _figures(
    cleaned: Cleaned, cutoff: pd.Timestamp, daily: pd.Series | None
) -> tuple[str, pd.DataFrame] | None:
    """Return the canonical table that is compared between editions, by its name."""
    for name in COMPARED:
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


def said_by(cleaned: Cleaned, cutoff: pd.Timestamp, daily: pd.Series | None = None) -> Said:
    """Return what is kept of an edition.

    Parameters
    ----------
    daily : pandas.Series, optional
        Of a file of events, how many there were on each day.
    """
    return Said(measure_extent(cleaned, daily), _figures(cleaned, cutoff, daily))


def _again(intake: Intake) -> Said:
    """Return what an earlier edition says, cleaned by the rules of today."""
    if intake.descriptor.kind != "events":
        return said_by(CLEANERS[intake.descriptor.kind](intake), intake.cutoff)
    daily = Daily()
    return said_by(clean_in_slices(intake, daily.put), intake.cutoff, daily.counts())


def kept_editions(
    opened: Opened, source: Source, intake: Intake, now: Said
) -> tuple[dict[str, Said], tuple[Finding, ...]]:
    """Return what every edition says, from the oldest, and why one could not be read.

    Where no figures are compared, only this edition and the one before are asked.
    """
    folder = make_folder(opened.workbench.interim("editions"), private=True)
    rules = [
        intake.descriptor.model_dump(),
        source.model_dump(mode="json", exclude={"path", "cutoff", "acknowledged"}),
    ]
    said: dict[str, Said] = {}
    unread = []
    name = now.figures[0] if now.figures else ""
    for edition in _asked(editions(opened, source), intake, whole=bool(name)):
        lineage = trace("clean", [edition.file], root=opened.workbench.root, settings=rules)
        shelf = _Shelf(folder, f"{source.name}.{edition.name}", name, lineage)
        if edition.file == intake.path:
            shelf.put(now)
        try:
            if not shelf.is_current():
                shelf.put(_again(replace(intake, path=edition.file, cutoff=edition.cutoff)))
            said[edition.name] = shelf.said()
        except LabError as refused:
            unread.append(_unread(source.name, edition.name, refused))
    return said, tuple(unread)


@dataclass(frozen=True, slots=True)
class _Shelf:
    """Where what an edition said is kept: its extent, and the table ``name`` where there is one."""

    folder: Path
    edition: str
    name: str
    lineage: Lineage

    def _tables(self) -> dict[str, str]:
        extent = {EXTENT: f"{self.edition}.{EXTENT}"}
        return {**extent, self.name: self.edition} if self.name else extent

    def is_current(self) -> bool:
        names = self._tables().values()
        return all(is_current(self.folder / f"{it}.parquet", self.lineage) for it in names)

    def put(self, said: Said) -> None:
        told = {EXTENT: said.extent}
        if self.name:
            told[self.name] = said.figures[1] if said.figures else empty_table(self.name)
        for table, as_name in self._tables().items():
            write_table(table, told[table], self.folder, lineage=self.lineage, as_name=as_name)

    def said(self) -> Said:
        read = {
            table: read_table(table, self.folder, as_name=as_name)
            for table, as_name in self._tables().items()
        }
        return Said(read[EXTENT], (self.name, read[self.name]) if self.name else None)


def _asked(known: list[Edition], intake: Intake, *, whole: bool) -> list[Edition]:
    """Return the editions to compare: all, or this one and the one before."""
    if whole:
        return known
    at = [it.file for it in known].index(intake.path)
    return known[max(at - 1, 0) : at + 1]


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
