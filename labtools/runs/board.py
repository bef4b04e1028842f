"""Where a child writes which cell it is about to run: nobody is woken to read it."""

from __future__ import annotations

import mmap
import struct
import time

_ENTRY = struct.Struct("dq")  # the time first: half written, an entry can only seem younger
_NO_CELL = -1


class Board:
    """A few bytes that a process shares with those it forks.

    A notebook has dozens of cells and most take less than a millisecond: a message for each
    would cost more than the cell.  Who holds the child to its time looks here instead, now and
    then.
    """

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, _ENTRY.size)
        _ENTRY.pack_into(self._shared, 0, 0.0, _NO_CELL)

    def write(self, cell: int) -> None:
        """Tell that `cell` begins now."""
        _ENTRY.pack_into(self._shared, 0, time.monotonic(), cell)

    def read(self) -> tuple[int | None, float]:
        """Return the cell that runs and when it began, by the machine's monotonic clock."""
        since, cell = _ENTRY.unpack_from(self._shared)
        return (None if cell == _NO_CELL else cell), since

    def close(self) -> None:
        """Give the bytes back."""
        self._shared.close()
