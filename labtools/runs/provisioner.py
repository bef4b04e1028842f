"""Kernels that start in a fraction of a second: Jupyter's door to the warm process.

`jupyter_client` finds this class by the name that a kernel's ``kernel.json`` gives it (entry
point ``jupyter_client.kernel_provisioners``); whatever starts kernels through `jupyter_client`
(JupyterLab, Voilà, nbclient) starts them here.  Where processes cannot be forked safely the
stock kernel is started, and the log says so.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyter_client.provisioning import LocalProvisioner
from traitlets import List, Unicode

from labtools.messages import text

logger = logging.getLogger(__name__)

NAME = "labtools-warm"
KERNEL = "python3"
#: What a researcher's notebook imports first.
PRELOAD = ("labtools.runs.context", "labtools.charts.series", "labtools.charts.maps")
_LAUNCHER = "ipykernel_launcher"
_PROGRAM = """
import sys
sys.path[:] = {path!r}
from labtools.runs.kernels import serve
serve({descriptor}, {preload!r})
"""


def write_kernelspec(folder: Path, preload: tuple[str, ...] = PRELOAD) -> Path:
    """Write a kernel's ``kernel.json`` below `folder`, to be named in ``JUPYTER_PATH``.

    It takes the name of the stock Python kernel, so that every notebook starts warm; its
    command is the stock kernel's, so that it still works where this package is not.
    """
    kernel = folder / "kernels" / KERNEL
    kernel.mkdir(parents=True, exist_ok=True)
    told = {
        "argv": [sys.executable, "-m", _LAUNCHER, "-f", "{connection_file}"],
        "display_name": "Python 3 (labtools)",
        "language": "python",
        "metadata": {
            "debugger": True,
            "kernel_provisioner": {
                "provisioner_name": NAME,
                "config": {"preload": list(preload)},
            },
        },
    }
    (kernel / "kernel.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return kernel


class WarmProvisioner(LocalProvisioner):  # type: ignore[misc]  # jupyter_client carries no types
    """Starts a kernel by having it forked from a process that has its libraries loaded."""

    preload = List(Unicode(), list(PRELOAD), help="Modules the warm process imports.").tag(
        config=True
    )

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Fork a kernel; start the stock one where that cannot be done."""
        argv = _arguments_of(cmd)
        if argv is None or not _can_fork():
            return await self._launch_stock(cmd, kwargs)
        request = {
            "argv": argv,
            "env": dict(kwargs.get("env") or os.environ),
            "cwd": str(kwargs.get("cwd") or Path.cwd()),
        }
        try:
            parent = await asyncio.to_thread(_Parent.with_loaded, tuple(self.preload))
            self.process = ForkedKernel(await asyncio.to_thread(parent.fork, request))
        except (OSError, ValueError):
            return await self._launch_stock(cmd, kwargs)
        self.pid = self.pgid = self.process.pid  # it leads a group of its own
        self.cwd = request["cwd"]
        return self.connection_info

    async def _launch_stock(self, cmd: list[str], kwargs: Mapping[str, Any]) -> Any:
        logger.warning(
            text("A kernel cannot be forked here; the stock kernel is started, which takes longer.")
        )
        return await super().launch_kernel(cmd, **kwargs)


class ForkedKernel:
    """A kernel that is not our child, with what `jupyter_client` asks of a ``Popen``."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        try:
            self._handle = os.pidfd_open(pid)
        except ProcessLookupError:  # it has ended already
            self._handle, self.returncode = -1, 1

    def poll(self) -> int | None:
        """Return 0 if the kernel has ended, None if it has not."""
        if self.returncode is None and select.select([self._handle], [], [], 0)[0]:
            self._forget()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait until the kernel has ended."""
        if self.returncode is None:
            if not select.select([self._handle], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(_LAUNCHER, timeout or 0)
            self._forget()
        return self.returncode or 0

    def send_signal(self, number: int) -> None:
        """Send a signal to the kernel, and to no other process that got its number since."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, number)

    def terminate(self) -> None:
        """Ask the kernel to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the kernel."""
        self.send_signal(signal.SIGKILL)

    def _forget(self) -> None:
        os.close(self._handle)
        self.returncode = 0


class _Parent:
    """The warm process of this server, one for each set of libraries."""

    _started: dict[tuple[str, ...], _Parent] = {}  # noqa: RUF012 - shared on purpose

    def __init__(self, preload: tuple[str, ...]) -> None:
        self._socket, theirs = socket.socketpair()
        program = _PROGRAM.format(path=sys.path, descriptor=theirs.fileno(), preload=preload)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own module and interpreter
                [sys.executable, "-c", program],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env={**os.environ, **dict.fromkeys(_ONE_THREAD, "1")},
                start_new_session=True,
            )
        self._answers = self._socket.makefile("rb")
        if self._answer() != 1:
            message = "the warm process has threads"
            raise ValueError(message)

    @classmethod
    def with_loaded(cls, preload: tuple[str, ...]) -> _Parent:
        """Return the process that has `preload` loaded; start it if it is not there."""
        found = cls._started.get(preload)
        if found is not None and not found.is_alive():
            found.close()
            found = None
        if found is None:
            found = cls._started[preload] = cls(preload)
        return found

    def is_alive(self) -> bool:
        """Return whether the process is still there."""
        return self._process.poll() is None

    def close(self) -> None:
        """Hang up: the process ends, and its kernels with it."""
        self._answers.close()
        self._socket.close()
        self._process.wait()

    def fork(self, request: Mapping[str, Any]) -> int:
        """Have a kernel forked; return its process id."""
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        return self._answer()

    def _answer(self) -> int:
        return int(json.loads(self._answers.readline()))


_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def _can_fork() -> bool:
    return hasattr(os, "fork") and hasattr(os, "pidfd_open")


def _arguments_of(cmd: list[str]) -> list[str] | None:
    """Return what follows the launcher in a kernel's command, if it is our own Python's."""
    if cmd[:3] != [sys.executable, "-m", _LAUNCHER]:
        return None
    return cmd[3:]
