"""Which rows say what a row before said, of more rows than the memory holds.

Of each row its digest and its place are kept; beyond some millions, in files by digest.
"""

from __future__ import annotations

import shutil
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pandas as pd

_TOLD = np.dtype([("said", "<u8"), ("place", "<i8"), ("row", "<i8")])
_PAIR = np.dtype([("place", "<i8"), ("before", "<i8"), ("row", "<i8"), ("row_before", "<i8")])
_IN_MEMORY = 2_000_000
_PARTS_BITS = 6


class Seen:
    """Digests of rows, told one slice after the other.

    Parameters
    ----------
    in_memory : int
        Rows that are held; more of them go to the disk, and come back part by part.
    """

    def __init__(self, in_memory: int = _IN_MEMORY) -> None:
        self.rows = 0
        self._in_memory = in_memory
        self._held: list[np.ndarray] = []
        self._aside: Path | None = None

    def add(self, said: pd.Series) -> None:
        """Note the digests (uint64) of rows, indexed by where they stand in the file."""
        told = np.empty(len(said), _TOLD)
        told["said"] = said.to_numpy()
        told["place"] = np.arange(self.rows, self.rows + len(said))
        told["row"] = said.index.to_numpy()
        self.rows += len(said)
        self._held.append(told)
        if sum(map(len, self._held)) > self._in_memory:
            self._spill()

    def repeats(self) -> Iterator[np.ndarray]:
        """Yield the rows that repeat one before, in order, some millions at a time.

        Yields
        ------
        ndarray of records
            ``place`` among the rows told, ``before`` (place of the last row that said the
            same), ``row`` and ``row_before`` (where both stand in the file).
        """
        if self._aside is None:
            yield np.sort(_pairs(_joined(self._held, _TOLD)), order="place")
            return
        self._spill()
        yield np.empty(0, _PAIR)
        folder = self._aside
        for part in sorted(folder.glob("said-*")):
            pairs = _pairs(np.fromfile(part, _TOLD))
            for span in np.unique(pairs["place"] // self._in_memory):
                of_span = pairs[pairs["place"] // self._in_memory == span]
                _append(folder / f"repeats-{span:09}", of_span)
        for span_file in sorted(folder.glob("repeats-*")):
            yield np.sort(np.fromfile(span_file, _PAIR), order="place")
            span_file.unlink()

    def _spill(self) -> None:
        if self._aside is None:
            self._aside = Path(mkdtemp(prefix="labtools-"))
            weakref.finalize(self, shutil.rmtree, self._aside, ignore_errors=True)
        told = _joined(self._held, _TOLD)
        self._held = []
        part = told["said"] >> np.uint64(64 - _PARTS_BITS)
        for at in np.unique(part):
            _append(self._aside / f"said-{at:03}", told[part == at])


@dataclass(frozen=True, slots=True)
class Block:
    """Rows that repeat others in the same order.

    Attributes
    ----------
    length : int
        How many; 0 where no row repeats another.
    first, again : int
        Where the block stands in the file, and where it stands again.
    repeats : int
        How many rows of the whole file repeat another, in whatever order.
    """

    length: int = 0
    first: int = 0
    again: int = 0
    repeats: int = 0


def longest_block(seen: Seen) -> Block:
    """Return the longest block of rows that stands again, in the same order."""
    best, last, repeats = Block(), _Run(0, 0, 0, Block()), 0
    for pairs in seen.repeats():
        repeats += len(pairs)
        for run in _runs(pairs):
            if run.place == last.place + last.length and run.offset == last.offset:
                last = _Run(last.place, last.offset, last.length + run.length, last.block)
            else:
                best, last = _longer(best, last), run
    return replace(_longer(best, last), repeats=repeats)


@dataclass(frozen=True, slots=True)
class _Run:
    """Rows one after the other, each of which repeats the one `offset` before it."""

    place: int
    offset: int
    length: int
    block: Block


def _runs(pairs: np.ndarray) -> Iterator[_Run]:
    """Yield the runs that may be the longest of these rows, and both those at the ends."""
    if not len(pairs):
        return
    offset = pairs["place"] - pairs["before"]
    new = np.ones(len(pairs), bool)
    new[1:] = (np.diff(offset) != 0) | (np.diff(pairs["place"]) != 1)
    start = np.flatnonzero(new)
    length = np.diff(np.append(start, len(pairs)))
    longest = int(np.argmax(np.minimum(length, offset[start])))
    for at in sorted({0, longest, len(start) - 1}):
        one = pairs[start[at]]
        block = Block(0, int(one["row_before"]), int(one["row"]))
        yield _Run(int(one["place"]), int(offset[start[at]]), int(length[at]), block)


def _longer(best: Block, run: _Run) -> Block:
    # A copy stands after what it copies: rows that follow their own copies at less than the
    # length of a block are the same few typed many times.
    length = min(run.length, run.offset)
    return Block(length, run.block.first, run.block.again) if length > best.length else best


def _pairs(told: np.ndarray) -> np.ndarray:
    order = np.argsort(told["said"], kind="stable")
    said = told["said"][order]
    at = np.flatnonzero(said[1:] == said[:-1])
    now, before = told[order[at + 1]], told[order[at]]
    pairs = np.empty(len(at), _PAIR)
    for name, column in (
        ("place", now["place"]),
        ("before", before["place"]),
        ("row", now["row"]),
        ("row_before", before["row"]),
    ):
        pairs[name] = column
    return pairs


def _joined(parts: list[np.ndarray], kind: np.dtype) -> np.ndarray:
    return np.concatenate(parts) if parts else np.empty(0, kind)


def _append(path: Path, rows: np.ndarray) -> None:
    with path.open("ab") as file:
        rows.tofile(file)
