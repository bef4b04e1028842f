"""The caller's end of a lane: starts it, gives it jobs, and sees to its end."""

from __future__ import annotations

import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from labtools import messages
from labtools.runs.jobs import Job, Limits, Loading

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
# jsonschema, which nbformat imports, loads rfc3987_syntax where it finds it, to check a format
# that no notebook has; that compiles a grammar for 0.8 s, half of a lane's start.
_PROGRAM = """
import sys
sys.path[:] = {path!r}
sys.modules["rfc3987_syntax"] = None
import jsonschema
del sys.modules["rfc3987_syntax"]
from labtools.runs.lane import serve
serve({descriptor})
"""
_PATIENCE = 5  # seconds for a lane to end by itself once its caller has hung up


@dataclass(frozen=True, slots=True)
class Start:
    """What a lane needs to start; `scratch` is a folder for IPython's own files."""

    preload: tuple[str, ...]
    warm: Callable[[], None] | None
    limits: Limits
    scratch: Path


class LaneHandle:
    """One lane, seen from the process that started it.

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

    def __init__(self, start: Start) -> None:
        ours, theirs = socket.socketpair()
        self.connection = Connection(ours.detach())
        self.index: int | None = None
        self.child: int | None = None
        self.was_ready = False
        self._aside: Path | None = None
        self._given = time.monotonic()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, our own interpreter
                [sys.executable, "-c", _program(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env=_environment(start.scratch),
                start_new_session=True,  # Ctrl-C is the caller's to answer
            )
        with suppress(OSError):  # it may have died already; its silence will be heard
            self.connection.send(Loading(start.preload, pickle.dumps(start.warm), start.limits))

    @property
    def seconds(self) -> float:
        """Return the time since the lane was given its job."""
        return time.monotonic() - self._given

    def give(self, index: int, job: Job) -> None:
        """Give the lane its next job."""
        self.index, self.child, self.was_ready = index, None, True
        self._aside = job.output.with_name(f".{job.output.name}.{os.getpid()}-{index}")
        self._given = time.monotonic()
        with suppress(OSError):  # as above
            self.connection.send((job, self._aside))

    def rest(self) -> None:
        """Take note that the lane has nothing to do."""
        self.index = self.child = self._aside = None

    def hang_up(self) -> None:
        """Tell the lane that nobody waits for it any more; it then ends by itself."""
        self.connection.close()

    def close(self) -> None:
        """Hang up; see to it that the lane and its child are gone, and the unfinished file."""
        self.hang_up()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.returncode != 0 and self.child is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.child, signal.SIGKILL)
        if self._aside is not None:
            with suppress(OSError):
                self._aside.unlink(missing_ok=True)


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
