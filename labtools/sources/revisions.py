"""What a publisher said about each month, and when it said otherwise: the revision ledger.

Official counts are revised in silence: a comparison of two editions may show the edition
and not the city.  The ledger keeps every figure of every snapshot side by side, measures how
late reports arrive, and shouts where a figure jumped.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from labtools.errors import SourceError
from labtools.findings import Finding, Severity
from labtools.messages import plural
from labtools.sources.protocol import Cleaner, Intake

#: A jump is at least so many events, and so many times the chance of a count of that size.
JUMP_EVENTS = 10
JUMP_DEVIATIONS = 5.0


@dataclass(frozen=True, slots=True)
class Ledger:
    """Figures of one source, snapshot by snapshot.

    Attributes
    ----------
    keys : pandas.DataFrame
        One row for each cell of the tables (area, month, subject …).
    said : pandas.DataFrame
        Same rows; a column for each snapshot, from the oldest.  Missing: not said.
    said_on : pandas.Series
        Snapshot → date of its cut.
    """

    keys: pd.DataFrame
    said: pd.DataFrame
    said_on: pd.Series

    def about(self, **key: object) -> pd.DataFrame:
        """Return what each snapshot said about some cells: ``about(area="22", month=march)``."""
        chosen = pd.Series(data=True, index=self.keys.index)
        for column, value in key.items():
            chosen &= self.keys[column] == value
        return pd.concat([self.keys[chosen], self.said[chosen]], axis=1).reset_index(drop=True)

    def frame(self) -> pd.DataFrame:
        """Return the ledger's changes: the keys, ``said_in``, ``before`` and ``after``."""
        return changes(self)

    def only(self, chosen: pd.Series) -> Ledger:
        """Return the ledger of the cells that `chosen` (aligned with ``keys``) marks."""
        return Ledger(self.keys[chosen], self.said[chosen], self.said_on)


@dataclass(frozen=True, slots=True)
class Revised:
    """How much of what was said twice was said otherwise.

    Attributes
    ----------
    compared, changed : int
        Cells that stand in two snapshots or more, and those whose figure differs in any two.
    withdrawn : int
        Cells with a figure that a later snapshot does not have.
    moved : int
        Cells compared whose last figure is not the first one said.
    first, last : float
        Sum of all that was said first, and last, of the cells compared.
    """

    compared: int
    changed: int
    withdrawn: int
    moved: int
    first: float
    last: float

    @property
    def share(self) -> float:
        """Changed cells among those compared; missing where none was."""
        return self.changed / self.compared if self.compared else float("nan")

    @property
    def growth(self) -> float:
        """By how much the sum of all cells compared grew, from the first said to the last."""
        return self.last / self.first - 1 if self.first else float("nan")


def build_ledger(
    snapshots: Mapping[str, pd.DataFrame],
    *,
    keys: Sequence[str],
    figure: str = "events",
    said_on: Mapping[str, pd.Timestamp] | None = None,
) -> Ledger:
    """Put snapshots of one table side by side.

    Parameters
    ----------
    snapshots : mapping of str to pandas.DataFrame
        Name of the snapshot → its table, from the oldest to the newest.
    keys : sequence of str
        Columns that tell cells apart.
    figure : str
        Column that is compared; a missing figure was not said.
    said_on : mapping, optional
        Dates of the cuts; read from the names where absent.

    Raises
    ------
    SourceError
        If there is no snapshot, or one has two figures for one cell.
    """
    if not snapshots:
        raise SourceError(
            "There is no snapshot to compare. Run “labtools collect” when the publisher gives "
            "a new edition, and compare then."
        )
    said, cells = {}, pd.DataFrame(columns=list(keys))
    for name, table in snapshots.items():
        place = pd.util.hash_pandas_object(table[list(keys)].astype("str"), index=False)
        _refuse_two_figures(name, table, place.to_numpy(), keys)
        said[name] = pd.Series(table[figure].to_numpy(float, na_value=np.nan), index=place)
        told = table[list(keys)].set_axis(place.to_numpy(), axis=0)
        cells = told if cells.empty else pd.concat([cells, told[~told.index.isin(cells.index)]])
    dates = said_on or {name: pd.Timestamp(name[:10]) for name in snapshots}
    figures = {name: column.reindex(cells.index).to_numpy() for name, column in said.items()}
    return Ledger(
        cells.reset_index(drop=True), pd.DataFrame(figures), pd.Series(dates)[list(snapshots)]
    )


def changes(ledger: Ledger) -> pd.DataFrame:
    """Return every change: the cell, the snapshot that made it, the figure before and after.

    The figure before is the last one said: a cell that a snapshot leaves out and the next one
    restores did not change.
    """
    before = ledger.said.ffill(axis=1).shift(axis=1)
    changed = ledger.said.notna() & before.notna() & (ledger.said != before)
    row, column = np.nonzero(changed.to_numpy())
    found = ledger.keys.iloc[row].reset_index(drop=True)
    return found.assign(
        said_in=ledger.said.columns.to_numpy()[column],
        before=before.to_numpy()[row, column],
        after=ledger.said.to_numpy()[row, column],
    )


def revised(ledger: Ledger) -> Revised:
    """Return how many cells were said twice, said otherwise, and withdrawn; and how sums moved."""
    compared = ledger.said.notna().sum(axis=1) > 1
    twice = ledger.said[compared]
    first, last = twice.bfill(axis=1).iloc[:, 0], twice.ffill(axis=1).iloc[:, -1]
    apart = ledger.said.max(axis=1) != ledger.said.min(axis=1)
    seen = ledger.said.notna().to_numpy()
    gone = np.maximum.accumulate(seen, axis=1)[:, -1] & ~seen[:, -1]
    return Revised(
        compared=int(compared.sum()),
        changed=int((compared & apart).sum()),
        withdrawn=int(gone.sum()),
        moved=int((first != last).sum()),
        first=float(first.sum()),
        last=float(last.sum()),
    )


def jumps(
    ledger: Ledger, *, events: int = JUMP_EVENTS, deviations: float = JUMP_DEVIATIONS
) -> pd.DataFrame:
    """Return the changes too large for a late report, the largest first.

    A change counts when it is at least `events`, and `deviations` times the square root of
    the smaller figure (the chance of a Poisson count of that size; of 1 where it is 0).
    """
    found = changes(ledger)
    size = (found["after"] - found["before"]).abs()
    chance = np.sqrt(found[["before", "after"]].min(axis=1).clip(lower=1))
    jumped = found[(size >= events) & (size >= deviations * chance)]
    return jumped.loc[size[jumped.index].sort_values(ascending=False, kind="stable").index]


def completeness(ledger: Ledger, *, month: str = "month") -> pd.DataFrame:
    """Return how complete a month's count is, by months since it ended (chain ladder).

    Use it to know how many months to leave out of a comparison: what was said one month
    after is the part ``known`` of what will be said in the end, if reports go on arriving as
    they did.  Only cells that both of two following snapshots have are used.

    Returns
    -------
    pandas.DataFrame
        ``delay`` (months from the month to the cut), ``factor`` (by which the next snapshots
        multiplied the count), ``known`` (share of the last known delay) and ``cells``.

    Raises
    ------
    SourceError
        If there are fewer than two snapshots.

    References
    ----------
    Mack (1993), doi:10.2143/AST.23.2.2005092.
    """
    if len(ledger.said_on) < 2:  # noqa: PLR2004 - two editions, or nothing to compare
        raise SourceError(
            "Late reporting needs two snapshots and there is {n}. Collect the publisher's next "
            "edition, and compare then.",
            n=len(ledger.said_on),
        )
    born = _months(pd.to_datetime(ledger.keys[month]))
    cuts = _months(pd.to_datetime(ledger.said_on)).tolist()
    editions = [ledger.said.iloc[:, at] for at in range(len(cuts))]
    parts = [
        _growth(first, second, born, cut, later)
        for (first, cut), (second, later) in pairwise(zip(editions, cuts, strict=True))
    ]
    longest = int(max(cuts) - born.min()) if len(born) else 0
    delays = pd.RangeIndex(longest + 1, name="delay")
    summed = pd.concat(parts).groupby("delay").sum().reindex(delays, fill_value=0)
    early, late, cells = (summed[name].to_numpy(float) for name in ("early", "late", "cells"))
    factor = np.divide(late, early, out=np.ones_like(late), where=early > 0)
    known = 1 / np.cumprod(factor[::-1])[::-1]
    table = pd.DataFrame(
        {"delay": delays, "factor": factor, "known": known, "cells": cells.astype(int)}
    )
    return table[table["cells"] > 0].reset_index(drop=True)


def shout(ledger: Ledger, source: str) -> tuple[Finding, ...]:
    """Return what a reader must know before two editions are compared."""
    found = []
    large, told = jumps(ledger), revised(ledger)
    if len(large):
        first = large.iloc[0]
        sentence = plural(
            "{source} changed a figure beyond any late report: {cell} was {before} and is {after} "
            "since {said_in}. Do not compare it across editions before the publisher explains it.",
            "{source} changed {n} figures beyond any late report; the largest: {cell} was {before} "
            "and is {after} since {said_in}. Do not compare them across editions before the "
            "publisher explains them.",
        )
        facts = {
            "source": source,
            "n": len(large),
            "cell": " | ".join(str(first[name]) for name in ledger.keys.columns),
            "before": int(first["before"]),
            "after": int(first["after"]),
            "said_in": str(first["said_in"]),
        }
        found.append(Finding(sentence, Severity.BLOCKER, facts))
    if told.changed:
        sentence = plural(
            "{source}: one of {compared} figures said twice was said otherwise.",
            "{source}: {n} of {compared} figures said twice were said otherwise.",
        )
        facts = {"source": source, "n": told.changed, "compared": told.compared}
        found.append(Finding(sentence, Severity.CAUTION, facts))
    return tuple(found)


def clean_snapshots(
    raw: Path, intake: Intake, clean: Cleaner, table: str
) -> dict[str, pd.DataFrame]:
    """Return one canonical table of every snapshot kept of a source, from the oldest.

    Each is read by today's rules, so that what differs is what the publisher said.

    Parameters
    ----------
    raw : Path
        Folder of the workbench where snapshots are kept.
    intake : Intake
        As for the current snapshot; path and cut are those of each one.
    table : str
        Canonical table wanted, for example ``official_counts``.
    """
    found = {}
    folders = [path.parent for path in (raw / intake.source).glob("*/snapshot.json")]
    for folder in sorted(folders, key=lambda f: (f.name[:10], f.stat().st_mtime_ns)):
        told = json.loads((folder / "snapshot.json").read_text(encoding="utf-8"))
        given = replace(intake, path=folder / told["file"], cutoff=pd.Timestamp(told["cutoff"]))
        found[folder.name] = clean(given).tables[table]
    return found


def _refuse_two_figures(
    name: str, table: pd.DataFrame, place: np.ndarray, keys: Sequence[str]
) -> None:
    twice = pd.Series(place).duplicated()
    if twice.any():
        first = table.iloc[int(twice.idxmax())]
        raise SourceError(
            "The snapshot {name} has two figures for {cell} ({n} such cells). Add up what is to be "
            "added, or name more keys, and compare again.",
            name=name,
            cell=" | ".join(str(first[key]) for key in keys),
            n=int(twice.sum()),
        )


def _months(dates: pd.Series) -> pd.Series:
    return dates.dt.year * 12 + dates.dt.month


def _growth(
    first: pd.Series, second: pd.Series, born: pd.Series, cut: int, later: int
) -> pd.DataFrame:
    """Return what two following editions said of months of each age, month by month between.

    Two editions some months apart share their growth evenly by those months.
    """
    both = first.notna() & second.notna() & (born <= cut) & (later > cut)
    pairs = pd.DataFrame({"delay": cut - born, "early": first, "late": second})[both]
    groups = pairs.groupby("delay")
    summed = groups[["early", "late"]].sum().assign(cells=groups.size())
    span = max(later - cut, 1)
    ratio = (summed["late"] / summed["early"].where(summed["early"] > 0)).fillna(1.0) ** (1 / span)
    steps = [
        summed.assign(late=summed["early"] * ratio).set_axis(summed.index + after, axis=0)
        for after in range(span)
    ]
    return pd.concat(steps).rename_axis("delay")
