"""Serve the dashboards that ship with the package, on one released edition after another.

The server is a process of its own with an environment of its own
(:mod:`labtools.dashboards.service`); a new edition gets a new one, at the same door.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from labtools.dashboards.data import open_released
from labtools.dashboards.door import NO_PROXY, Door, Proxy, opened
from labtools.dashboards.service import (
    LAST_READERS,
    MOST_READERS,
    Process,
    Service,
    check_installed,
    started,
)
from labtools.errors import TableError

PORT = 8866

NEVER = threading.Event()
_LOOK_EVERY = 2.0  # seconds


@dataclass(frozen=True, slots=True)
class Running:
    """A server at work.

    Attributes
    ----------
    url : str
        Address of its first page, which stands at once.
    service : Service
        What it may do.
    process : subprocess.Popen
        Its process.
    """

    url: str
    service: Service
    process: Process

    @property
    def live(self) -> str:
        """Address of the first page's living form, which a kernel draws."""
        return f"{self.url}live/{self.service.pages[0]}"


def serve(
    public: Path,
    *,
    host: str = "127.0.0.1",
    port: int = PORT,
    proxy: Proxy = NO_PROXY,
    when_ready: Callable[[str], object] = print,
    stopped: threading.Event = NEVER,
) -> int:
    """Serve the dashboards until stopped (Ctrl-C), and return the server's exit status.

    A new edition is served as soon as ``latest`` names it: new readers meet it, and those who
    read the earlier one are left to finish.

    Parameters
    ----------
    public : Path
        ``reports/<run>/public`` of a workbench.
    host, port : str, int
        Where to listen.  Listening beyond this machine is a decision of the network's
        administrator: put a proxy with TLS before it.
    proxy : Proxy
        What stands before the server, if anything does.
    when_ready : callable
        Told the address.
    stopped : threading.Event
        Set, it ends the service.

    Raises
    ------
    DependencyError
        If Voilà is not installed.
    TableError
        If the folder holds no released edition.
    SettingsError
        If the port is taken, the address is not of this machine, or the proxy's key is no key.
    """
    check_installed()
    edition = open_released(public).public
    with opened(host, port, proxy) as door, _ended_by_signals(), ExitStack() as servers:
        running = servers.enter_context(_served(edition, door))
        when_ready(running.url)
        try:
            while running.process.poll() is None and not stopped.wait(_LOOK_EVERY):
                newer = _newer_edition(public, running)
                if newer is not None:
                    retire(running)
                    running = servers.enter_context(_served(newer, door))
        except KeyboardInterrupt:
            return 0
        return running.process.poll() or 0


@contextmanager
def serving(
    public: Path,
    *,
    host: str = "127.0.0.1",
    port: int = PORT,
    proxy: Proxy = NO_PROXY,
    most_readers: int = MOST_READERS,
) -> Iterator[Running]:
    """Serve the dashboards inside the block; see :func:`serve`.  Port 0 takes a free one."""
    check_installed()
    edition = open_released(public).public
    with (
        opened(host, port, proxy) as door,
        _ended_by_signals(),
        _served(edition, door, most_readers) as running,
    ):
        yield running


def retire(running: Running) -> None:
    """Tell a server that another one answers from now on: it serves who is there, and ends."""
    if running.process.stdin is not None and running.process.poll() is None:
        running.process.stdin.write(LAST_READERS)
        running.process.stdin.flush()


@contextmanager
def _served(edition: Path, door: Door, most_readers: int = MOST_READERS) -> Iterator[Running]:
    with started(edition, door, most_readers) as (service, process):
        yield Running(door.url, service, process)


def _newer_edition(public: Path, running: Running) -> Path | None:
    """Return the edition that the folder leads to now, if it is another one and whole."""
    if public.resolve() == Path(running.service.public):
        return None
    try:
        return open_released(public).public
    except TableError:
        return None  # being made, or broken: the earlier one goes on


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Turn SIGTERM into an exit that cleans up, as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
