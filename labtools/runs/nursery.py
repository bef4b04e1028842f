"""The process that stays warm: it loads once, and forks the lanes of a run.

It computes nothing itself after loading and starts no thread, because what is forked
while a thread holds a lock may wait for ever.  Started by :mod:`labtools.runs.pool`;
when its caller is gone it ends, and the lanes, which notice it too, end by themselves.
"""

from __future__ import annotations

import gc
import importlib
import os
import pickle
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NoReturn

from papermill.engines import papermill_engines

from labtools import messages
from labtools.runs import heap
from labtools.runs.cells import IN_PROCESS, InProcessEngine
from labtools.runs.execution import read_template
from labtools.runs.jobs import Limits, Loading, failure_of
from labtools.runs.lane import serve_lane
from labtools.runs.rehearsal import rehearse
from labtools.runs.shell import fresh_shell

_THREADS = Path("/proc/self/task")


def serve(descriptor: int) -> None:
    """Serve the caller at the other end of the socket `descriptor` until it hangs up.

    It sends a `Loading`; it hears ``("ready", None)`` or ``("broken", reason)``.  Then each
    byte that it sends carries one end of a socket, and a lane is forked that serves it.
    """
    with messages.speaking(messages.language()), socket.socket(fileno=descriptor) as caller:
        connection = Connection(os.dup(descriptor))
        try:
            loading: Loading = connection.recv()
            reason = _load(loading)
            connection.send(("broken", reason) if reason else ("ready", None))
        except (EOFError, OSError):
            return
        while reason is None:
            _, descriptors, _, _ = socket.recv_fds(caller, 1, 1)
            if not descriptors:
                break
            _fork_lane(descriptors[0], (caller, connection), loading.limits)
        _wait_for_lanes()


def _load(loading: Loading) -> str | None:
    """Load what the jobs share; return why that failed, if it did."""
    try:
        papermill_engines.register(IN_PROCESS, InProcessEngine)
        fresh_shell()  # before matplotlib is imported, so that its figures find the shell
        for module in loading.preload:
            importlib.import_module(module)
        warm: Callable[[], None] | None = pickle.loads(loading.warm)  # noqa: S301 - from our caller
        if warm is not None:
            warm()
        for template in loading.templates:
            read_template(template)
        before = _threads()
        for job in loading.rehearsals:
            rehearse(job, loading.scratch)
    except BaseException as problem:  # noqa: BLE001 - sys.exit() included: the caller must hear
        return failure_of(problem).error
    if threading.active_count() > 1:
        return _thread_left(next(t.name for t in threading.enumerate() if t.name != "MainThread"))
    if _threads() > before:
        return _thread_left(loading.rehearsals[0].key)
    _set_aside(for_many=bool(loading.rehearsals))
    return None


def _set_aside(*, for_many: bool) -> None:
    """Leave what children inherit alone: the collector does not touch it, and forks copy little."""
    gc.collect()
    gc.freeze()
    gc.enable()  # as in any new process
    if for_many:
        heap.set_apart()


def _threads() -> int:
    """Return how many threads this process has, those of libraries included, where one can see."""
    return sum(1 for _ in _THREADS.iterdir()) if _THREADS.is_dir() else 1


def _thread_left(name: str) -> str:
    return messages.text(
        "the thread {name} was left running, and a process with threads cannot be forked safely",
        name=name,
    )


def _fork_lane(descriptor: int, ours: tuple[socket.socket, Connection], limits: Limits) -> None:
    if os.fork() == 0:
        for end in ours:
            end.close()
        _be_lane(descriptor, limits)
    # A lane that ended stays in the table of processes, so that its number is not given to
    # another while the caller may still want to kill it.
    os.close(descriptor)


def _wait_for_lanes() -> None:
    """Wait until every lane has ended, so that what they used counts as this process's."""
    with suppress(ChildProcessError):
        while True:
            os.wait()


def _be_lane(descriptor: int, limits: Limits) -> NoReturn:
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        serve_lane(Connection(descriptor), limits)
    finally:
        os._exit(0)
