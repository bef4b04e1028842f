"""Who gets a living page: kernels that are drawn already, given out in the order of asking.

Nobody waits for a kernel to start: some are always ready, a reader takes one, and another is
made ready.  While none is, readers wait a little; then they are told so (503) and keep the
still page.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from tornado.web import HTTPError

MOST_WAITING = 100
_LOOK = 0.2  # seconds


class Seats:
    """The living pages of one server.

    Parameters
    ----------
    kernels : ReaderKernels
        With Voilà's pools of notebooks that are drawn already.
    notebooks : sequence of str
        Those that are kept ready.
    queue_seconds : float
        How long a reader waits.
    """

    def __init__(self, kernels: Any, notebooks: Sequence[str], queue_seconds: float) -> None:
        self._kernels, self._notebooks, self._patience = kernels, notebooks, queue_seconds
        self._lines = {name: asyncio.Lock() for name in notebooks}
        self._promised = dict.fromkeys(notebooks, 0)
        self.waiting = 0
        self.refused = 0
        self.given = 0

    async def take(self, notebook: str) -> None:
        """Wait until a page of this notebook is ready; the caller takes it at once.

        Raises
        ------
        HTTPError
            503, if there is none in time, or too many wait already.
        """
        if self.waiting >= MOST_WAITING:
            self._refuse()
        self.waiting += 1
        until = time.monotonic() + self._patience
        try:
            async with asyncio.timeout(self._patience), self._lines[notebook]:
                # Voilà tells nobody when a page is drawn: there is no event to wait for.
                while not self.is_ready(notebook) and time.monotonic() < until:  # noqa: ASYNC110
                    await asyncio.sleep(_LOOK)
                if not self.is_ready(notebook):
                    self._refuse()
                self._promised[notebook] += 1
        except TimeoutError:
            self._refuse()
        finally:
            self.waiting -= 1
        self.given += 1

    def taken(self, notebook: str) -> None:
        """Note that the page waited for left the pool."""
        self._promised[notebook] -= 1

    def is_ready(self, notebook: str) -> bool:
        """Return whether the next page of this notebook can be given."""
        pool = self._kernels._pools.get(notebook, [])  # noqa: SLF001 - Voilà tells nobody
        pool.sort(key=lambda task: not _is_drawn(task))  # Voilà gives out the first
        return sum(map(_is_drawn, pool)) > self._promised[notebook]

    async def tend(self) -> None:
        """Drop pages that could not be made ready, and make as many ready as there is room for."""
        await self._kernels.end_forsaken()
        for name in self._notebooks:
            pool = self._kernels._pools.get(name, [])  # noqa: SLF001 - as above
            pool[:] = [task for task in pool if not task.done() or _is_good(task)]
            if not self._kernels.is_full:
                self._kernels.fill_if_needed(delay=0, notebook_name=name)

    def _refuse(self) -> None:
        self.refused += 1
        raise HTTPError(503)


def _is_good(task: asyncio.Task[Any]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is None


def _is_drawn(task: asyncio.Task[Any]) -> bool:
    return _is_good(task) and task.result()["task"].done()
