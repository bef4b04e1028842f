"""How long a process has had, not how long the machine kept it waiting for a processor.

On a machine that others use too, a cell of two seconds may take two minutes by the clock on the
wall without doing anything wrong.  What the system says of the time that a process stood in the
queue is left out of its limits; the time that it slept, waited for the disk or hung is not.
"""

from __future__ import annotations

import time
from pathlib import Path

_NANOSECONDS = 1e9
_QUEUED = 1  # its place among the three figures that Linux keeps of a process


class Clock:
    """The machine's monotonic clock less the time that one process stood in the queue.

    Parameters
    ----------
    pid : int
        A process that is alive, or was and is not reaped yet.
    """

    def __init__(self, pid: int) -> None:
        self._told_by = Path(f"/proc/{pid}/schedstat")
        self._mark = (0.0, 0.0)

    def now(self) -> float:
        """Return the seconds that the process could have used, since some fixed moment."""
        return time.monotonic() - self.queued()

    def since(self, moment: float) -> float:
        """Return the seconds that the process could have used since `moment`.

        `moment` is told by the machine's monotonic clock.  What the process had waited by then is
        known from the first time that one asks about the moment.
        """
        if self._mark[0] != moment:
            self._mark = (moment, self.queued())
        return time.monotonic() - moment - (self.queued() - self._mark[1])

    def queued(self) -> float:
        """Return the seconds that the process stood in the queue; 0 where nothing tells."""
        try:
            told = self._told_by.read_text(encoding="ascii").split()
            return int(told[_QUEUED]) / _NANOSECONDS
        except (OSError, ValueError, IndexError):
            return 0.0
