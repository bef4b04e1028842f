"""Who gets a living page: pages that are drawn already, given out in the order of asking.

Nobody waits for a kernel to start: some pages are always ready, a reader takes one, and another
is made ready.  Where there is not room for all, readers who wait come before pages that wait
for nobody: one of those is ended, whatever its dashboard, and its room is theirs.  A reader for
whom there is no room waits a little, is told so (503), and keeps the still page; one whose page
is being drawn is not sent away.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from tornado.web import HTTPError

MOST_WAITING = 100
LONGEST_DRAWING = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class Drawn:
    """A page that waits for its reader.

    Attributes
    ----------
    kernel_id : str
        Kernel that drew it and answers its widgets.
    html : str
        The whole page.
    """

    kernel_id: str
    html: str


class Kernels(Protocol):
    """What seats ask of a server's kernels; :class:`~labtools.dashboards.kernels.ReaderKernels`."""

    most: int

    @property
    def given(self) -> int:
        """Kernels with a reader."""

    def give(self, kernel_id: str) -> None:
        """Note that a kernel has a reader now."""

    async def end(self, kernel_id: str) -> None:
        """End a kernel."""

    async def end_forsaken(self) -> None:
        """End kernels whose reader left."""


def shares(room: int, waiting: Mapping[str, int], warm: Mapping[str, int]) -> dict[str, int]:
    """Return how many pages of each notebook to hold, ready or being drawn.

    Readers who wait come first, by turns, so that no dashboard takes the room of the others;
    what is left keeps pages warm, in the order of `warm`.

    Parameters
    ----------
    room : int
        Kernels that have no reader, or may still be started.
    waiting, warm : mapping of str to int
        Readers who wait, and pages wanted ready, by notebook.
    """
    held = dict.fromkeys(warm, 0)
    for name in (*_by_turns(waiting), *_in_order(warm)):
        wanted = max(waiting.get(name, 0), warm[name])
        if room > 0 and held[name] < wanted:
            held[name] += 1
            room -= 1
    return held


class Seats:
    """The living pages of one server.

    Parameters
    ----------
    kernels : Kernels
        That no page outlives.
    draw : callable
        Starts a kernel and draws a notebook's page with it.
    warm : mapping of str to int
        Pages kept ready of each notebook while there is room, the first ones first.
    queue_seconds : float
        How long a reader waits for room.
    """

    def __init__(
        self,
        kernels: Kernels,
        draw: Callable[[str], Awaitable[Drawn]],
        warm: Mapping[str, int],
        queue_seconds: float,
    ) -> None:
        self._kernels, self._draw, self._warm = kernels, draw, warm
        self._patience = queue_seconds
        self._lines: dict[str, list[asyncio.Future[Drawn]]] = {name: [] for name in warm}
        self._pages: dict[str, list[asyncio.Task[Drawn]]] = {name: [] for name in warm}
        self._tending = asyncio.Lock()
        self.refused = 0
        self.given = 0

    @property
    def waiting(self) -> int:
        """Readers in line."""
        return sum(map(len, self._lines.values()))

    async def take(self, notebook: str) -> Drawn:
        """Wait for a page of this notebook, and take it.

        Raises
        ------
        HTTPError
            503, if there is no room in time, or too many wait already.
        """
        if self.waiting >= MOST_WAITING:
            self._refuse()
        turn: asyncio.Future[Drawn] = asyncio.get_running_loop().create_future()
        self._lines[notebook].append(turn)
        until = time.monotonic() + self._patience + LONGEST_DRAWING
        try:
            # A reader who leaves now must not stop a kernel's end half way: nobody would end it.
            await asyncio.shield(asyncio.ensure_future(self.tend()))
            while not turn.done():
                await asyncio.wait({turn}, timeout=self._patience)
                late = time.monotonic() > until
                if not turn.done() and (late or not self._is_drawn_for(notebook, turn)):
                    self._refuse()
            return turn.result()
        finally:
            if turn in self._lines[notebook]:
                self._lines[notebook].remove(turn)

    async def tend(self) -> None:
        """Give out what is ready, end what stands in a reader's way, draw while there is room."""
        async with self._tending:
            await self._kernels.end_forsaken()
            self._give_out()
            waiting = {name: len(line) for name, line in self._lines.items()}
            held = shares(self._kernels.most - self._kernels.given, waiting, self._warm)
            for name, pages in self._pages.items():
                while len(pages) > held[name] and (spare := _last_drawn(pages)):
                    pages.remove(spare)
                    await self._kernels.end(spare.result().kernel_id)
            for name, pages in self._pages.items():
                while len(pages) < held[name] and self._has_room():
                    pages.append(asyncio.create_task(self._drawn(name)))
                    pages[-1].add_done_callback(lambda _: self._give_out())

    async def close(self) -> None:
        """Draw no more; kernels that are starting have started when this returns."""
        pages = [page for of_one in self._pages.values() for page in of_one]
        self._warm = dict.fromkeys(self._warm, 0)
        await asyncio.gather(*pages, return_exceptions=True)

    async def _drawn(self, notebook: str) -> Drawn:
        return await self._draw(notebook)

    def _give_out(self) -> None:
        for name, pages in self._pages.items():
            line = self._lines[name]
            pages[:] = [page for page in pages if not _failed(page)]
            while line and (ready := next(filter(asyncio.Task.done, pages), None)):
                pages.remove(ready)
                self._kernels.give(ready.result().kernel_id)
                self.given += 1
                line.pop(0).set_result(ready.result())

    def _is_drawn_for(self, notebook: str, turn: asyncio.Future[Drawn]) -> bool:
        """Whether a page is being drawn that this reader will get."""
        line = self._lines[notebook]
        return turn in line and line.index(turn) < len(self._pages[notebook])

    def _has_room(self) -> bool:
        return self._kernels.given + sum(map(len, self._pages.values())) < self._kernels.most

    def _refuse(self) -> None:
        self.refused += 1
        raise HTTPError(503)


def _by_turns(waiting: Mapping[str, int]) -> Iterator[str]:
    for turn in range(max(waiting.values(), default=0)):
        yield from (name for name, readers in waiting.items() if readers > turn)


def _in_order(warm: Mapping[str, int]) -> Iterator[str]:
    for name, pages in warm.items():
        yield from (name for _ in range(pages))


def _failed(page: asyncio.Task[Drawn]) -> bool:
    return page.done() and (page.cancelled() or page.exception() is not None)


def _last_drawn(pages: list[asyncio.Task[Drawn]]) -> asyncio.Task[Drawn] | None:
    return next(filter(asyncio.Task.done, reversed(pages)), None)
