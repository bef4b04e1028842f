"""Where a child writes which cell it is about to run: nobody is woken to read it."""

from __future__ import annotations

import mmap
import time

_BYTES = 8
_BEGUN, _CELL = 0, 1
_NO_CELL = -1.0


class Board:
    """A few bytes that a process shares with those it forks.

    A notebook has dozens of cells and most take less than a millisecond: a message for each
    would cost more than the cell.  Who holds the child to its time looks here instead, now and
    then.
    """

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 2 * _BYTES)
        # Each of the two is written in one piece.  Not by struct, which clears its bytes first: who
        # looked in that moment saw a cell that had begun when the machine did, and ended it.
        self._told = memoryview(self._shared).cast("d")
        self._told[_CELL] = _NO_CELL

    def write(self, cell: int) -> None:
        """Tell that `cell` begins now."""
        self._told[_BEGUN] = time.monotonic()  # first: half written, an entry only seems younger
        self._told[_CELL] = cell

    def read(self) -> tuple[int | None, float]:
        """Return the cell that runs and when it began, by the machine's monotonic clock."""
        cell = self._told[_CELL]  # first: the moment that is read then is no earlier than its own
        since = self._told[_BEGUN]
        return (None if cell == _NO_CELL else int(cell)), since

    def close(self) -> None:
        """Give the bytes back."""
        self._told.release()
        self._shared.close()
