"""The caller's ends of the warm process and of its lanes: start them, and see to their end."""

from __future__ import annotations

import os
import pickle
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from labtools import messages
from labtools.runs.jobs import Job, Limits, Loading

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
# jsonschema, which nbformat imports, loads rfc3987_syntax where it finds it, to check a format
# that no notebook has; that compiles a grammar for 0.8 s, more than all the rest of the start.
# The collector rests while libraries load: they make hundreds of thousands of objects that stay.
_PROGRAM = """
import gc, sys
gc.disable()
sys.path[:] = {path!r}
from labtools.runs.heap import draw_from_one_heap
draw_from_one_heap()
from labtools.loading import without
with without("rfc3987_syntax"):
    import jsonschema
from labtools.runs.nursery import serve
serve({descriptor})
"""
_PATIENCE = 5  # seconds for a process to end by itself once its caller has hung up


@dataclass(frozen=True, slots=True)
class Start:
    """What the warm process needs to start.

    `scratch` is a folder that nobody keeps; `environment` is added to that of this process.
    """

    preload: tuple[str, ...]
    warm: Callable[[], None] | None
    limits: Limits
    templates: tuple[Path, ...]
    rehearsals: tuple[Job, ...]
    scratch: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def loading(self) -> Loading:
        """Return what is told to the process."""
        return Loading(
            self.preload,
            pickle.dumps(self.warm),
            self.limits,
            self.templates,
            self.rehearsals,
            self.scratch,
        )


class NurseryHandle:
    """The process that loads once and forks lanes, seen from the one that started it.

    Attributes
    ----------
    connection : multiprocessing.connection.Connection
        Says ``("ready", None)`` or ``("broken", reason)`` once.
    """

    def __init__(self, start: Start) -> None:
        self._socket, theirs = socket.socketpair()
        self.connection = Connection(os.dup(self._socket.fileno()))
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, our own interpreter
                [sys.executable, "-c", _program(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env={**_environment(start.scratch), **start.environment},
                start_new_session=True,  # Ctrl-C is the caller's to answer
            )
        with suppress(OSError):  # it may have died already; its silence will be heard
            self.connection.send(start.loading())

    def fork_lane(self) -> LaneHandle:
        """Have a lane forked, and return our end of it; where that fails its silence is heard."""
        ours, theirs = socket.socketpair()
        with theirs, suppress(OSError):
            socket.send_fds(self._socket, [b"+"], [theirs.fileno()])
        return LaneHandle(ours)

    def close(self) -> None:
        """Hang up, and see to it that the process is gone."""
        self.connection.close()
        self._socket.close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class LaneHandle:
    """One lane, seen from the process that gives it jobs.

    Attributes
    ----------
    connection : multiprocessing.connection.Connection
    index : int or None
        The job it is at.
    child : int or None
        Process (and process group) of that job.
    was_ready : bool
        Whether it has ever been given a job.
    """

    def __init__(self, ours: socket.socket) -> None:
        self.connection = Connection(ours.detach())
        self.index: int | None = None
        self.child: int | None = None
        self.was_ready = False
        self.pid: int | None = None
        self._aside: Path | None = None
        self._given = time.monotonic()

    @property
    def seconds(self) -> float:
        """Return the time since the lane was given its job."""
        return time.monotonic() - self._given

    def give(self, index: int, job: Job) -> None:
        """Give the lane its next job."""
        self.index, self.child, self.was_ready = index, None, True
        self._aside = job.output.with_name(f".{job.output.name}.{os.getpid()}-{index}")
        self._given = time.monotonic()
        with suppress(OSError):  # it may have died already; its silence will be heard
            self.connection.send((job, self._aside))

    def rest(self) -> None:
        """Take note that the lane has nothing to do."""
        self.index = self.child = self._aside = None

    def hang_up(self) -> None:
        """Tell the lane that nobody waits for it any more; it then ends by itself."""
        with socket.socket(fileno=os.dup(self.connection.fileno())) as end, suppress(OSError):
            end.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Hang up; see to it that the lane and its child are gone, and the unfinished file."""
        self.hang_up()
        if not self._ends_within(_PATIENCE) and self.pid is not None:
            _kill(os.kill, self.pid)
        if self.child is not None:
            _kill(os.killpg, self.child)
        self.connection.close()
        if self._aside is not None:
            with suppress(OSError):
                self._aside.unlink(missing_ok=True)

    def _ends_within(self, seconds: float) -> bool:
        """Wait until the lane's end of the socket is closed: it is gone, or it never was."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            ready, _, _ = select.select([self.connection], [], [], left)
            try:
                if ready:
                    self.connection.recv_bytes()
            except (EOFError, OSError):
                return True
        return False


def _kill(how: Callable[[int, int], None], number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        how(number, signal.SIGKILL)


def _program(descriptor: int) -> str:
    return _PROGRAM.format(path=sys.path, descriptor=descriptor)


def _environment(scratch: Path) -> dict[str, str]:
    """Return the lane's environment: one thread, one language, and the same hashes every time."""
    return {
        **os.environ,
        **dict.fromkeys(_ONE_THREAD, "1"),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYTHONHASHSEED": "0",
        "IPYTHONDIR": str(scratch),
        "LABTOOLS_LANG": messages.language(),
    }
