"""One piece of work in one forked process: limited, watched, and never left behind."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection, Pipe, wait
from typing import Any, NoReturn

from labtools import messages
from labtools.runs.board import Board
from labtools.runs.clock import Clock
from labtools.runs.jobs import Failure, Limits, cell_too_long, failure_of, notebook_too_long

Announce = Callable[[int], None]
Work = Callable[[Announce], object]

_LOOK_EVERY = 0.25  # seconds between looks at a child that may have died in silence
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux's prctl


class Abandoned(Exception):  # noqa: N818 - nothing is wrong with the work
    """Nobody waits for the work any more."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How the work of a child ended.

    Attributes
    ----------
    result
        What the work returned; None if it failed.
    failure : Failure or None
        Why there is no result.
    timed_out : bool
        Whether the failure is a time limit.
    cpu_seconds : float
        Processor time of the child and of its own children.
    """

    result: Any
    failure: Failure | None
    timed_out: bool
    cpu_seconds: float


def run_in_child(
    work: Work,
    limits: Limits,
    *,
    on_start: Callable[[int], None] = lambda _pid: None,
    callers: Sequence[Connection] = (),
) -> Ending:
    """Run `work` in a forked child and return how it ended.

    Call it from a process with one thread only.  `work` is given a function with
    which it announces the cell it is about to run, so that each cell has its time.
    When it ends, however it ends, nothing of the child's process group is left.

    Parameters
    ----------
    on_start
        Hears the child's process id, which is also its process group.
    callers
        Connections that become ready when the one who asked for the work is gone.

    Raises
    ------
    Abandoned
        If one of `callers` became ready.
    """
    reader, writer = Pipe(duplex=False)
    board = Board()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        reader.close()
        _be_child(partial(work, board.write), writer, limits, parent)
    writer.close()
    with suppress(OSError):
        os.setpgid(pid, pid)  # the child does it too: whoever is first
    attendant = _Attendant(pid, reader, limits, board)
    try:
        on_start(pid)
        return attendant.attend(callers)
    finally:
        attendant.finish()


def _be_child(
    work: Callable[[], object], writer: Connection, limits: Limits, parent: int
) -> NoReturn:
    code = 1
    try:
        _settle_in(limits, parent)
        result = work()
        writer.send(("result", result))
        code = 0
    except BaseException as problem:  # noqa: BLE001 - whatever it is, the parent must hear of it
        with suppress(BaseException):
            writer.send(("failure", failure_of(problem)))
    finally:
        os._exit(code)  # the parent's exit handlers and buffers are not the child's


def _settle_in(limits: Limits, parent: int) -> None:
    with suppress(OSError):
        os.setpgid(0, 0)
    _die_with(parent)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    if limits.memory_bytes is not None:
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        allowed = limits.memory_bytes if most < 0 else min(limits.memory_bytes, most)
        resource.setrlimit(resource.RLIMIT_AS, (allowed, most))


def _die_with(parent: int) -> None:
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we asked
        os._exit(1)


class _Attendant:
    """Watches one child: hears it, holds it to its limits, and cleans up after it."""

    def __init__(self, pid: int, reader: Connection, limits: Limits, board: Board) -> None:
        self._pid = pid
        self._reader = reader
        self._limits = limits
        self._board = board
        self._clock = Clock(pid)
        self._started = self._clock.now()
        self._reaped: tuple[int, float] | None = None

    def attend(self, callers: Sequence[Connection]) -> Ending:
        """Return how the child ended, once it has."""
        while True:
            ready = wait([self._reader, *callers], timeout=_LOOK_EVERY)
            if any(caller in ready for caller in callers):
                raise Abandoned
            ending = self._hear() if self._reader in ready else self._look()
            if ending is not None:
                return ending

    def finish(self) -> tuple[int, float]:
        """Kill what is left of the child's group, reap it; return status and CPU seconds."""
        if self._reaped is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._pid, signal.SIGKILL)
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
            _, status, used = os.wait4(self._pid, 0)
            self._reaped = status, used.ru_utime + used.ru_stime
            self._reader.close()
            self._board.close()
        return self._reaped

    def _hear(self) -> Ending | None:
        try:
            kind, content = self._reader.recv()
        except (EOFError, OSError):
            return self._silent_end()
        cell, _ = self._board.read()
        _, cpu = self.finish()
        if kind == "result":
            return Ending(content, None, timed_out=False, cpu_seconds=cpu)
        if content.cell is None:
            content = Failure(content.error, cell)
        return Ending(None, content, timed_out=False, cpu_seconds=cpu)

    def _look(self) -> Ending | None:
        if self._has_exited():
            return self._silent_end()
        cell, since = self._board.read()
        most, job = self._limits.cell_seconds, self._limits.job_seconds
        if most is not None and cell is not None and self._clock.since(since) > most:
            error = cell_too_long(most)
        elif job is not None and self._clock.now() - self._started > job:
            error = notebook_too_long(job)
        else:
            return None
        _, cpu = self.finish()
        return Ending(None, Failure(error, cell), timed_out=True, cpu_seconds=cpu)

    def _silent_end(self) -> Ending:
        """Account for a child that died, or closed its pipe, without a last word."""
        deadline = time.monotonic() + 1
        while not self._has_exited() and time.monotonic() < deadline:
            time.sleep(0.01)
        cell, _ = self._board.read()
        status, cpu = self.finish()
        code = os.waitstatus_to_exitcode(status)
        if code < 0:
            error = messages.text(
                "The process was killed by the signal {signal} before it finished.",
                signal=signal.Signals(-code).name,
            )
        else:
            error = messages.text(
                "The process ended with code {code} before it finished.", code=code
            )
        return Ending(None, Failure(error, cell), timed_out=False, cpu_seconds=cpu)

    def _has_exited(self) -> bool:
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self._pid, options) is not None
