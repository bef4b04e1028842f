"""One run at a time in a workbench: the second is told who holds it."""

from __future__ import annotations

import getpass
import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from labtools.errors import BusyError
from labtools.paths import Workbench
from labtools.tables.store import make_folder

try:
    import fcntl
except ImportError:  # Windows has no such locks: there, one run at a time is its operator's care
    fcntl = None  # type: ignore[assignment]

NAME = ".lock"


@contextmanager
def held(workbench: Workbench) -> Iterator[None]:
    """Hold the workbench while the block runs; the system lets go when the process ends.

    Raises
    ------
    BusyError
        If another process holds it: who, since when.
    """
    with _door(workbench, make_folder(workbench.root / "data") / NAME):
        yield


@contextmanager
def looking(workbench: Workbench) -> Iterator[None]:
    """Hold the schedules of a workbench while the block runs; the workbench itself stays free.

    Raises
    ------
    BusyError
        If another process is looking at them: who, since when.
    """
    with _door(workbench, make_folder(workbench.schedule, private=True) / NAME):
        yield


@contextmanager
def _door(workbench: Workbench, path: Path) -> Iterator[None]:
    with path.open("a+", encoding="utf-8") as door:
        if fcntl is not None:
            try:
                fcntl.flock(door, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as taken:
                raise _busy(workbench, path) from taken
        _sign(door)
        try:
            yield
        finally:
            door.truncate(0)


def holder_of(workbench: Workbench) -> dict[str, object] | None:
    """Return who holds a workbench, or held it when it died; None if it was left in order.

    ``at_work`` says which of the two it is.
    """
    path = workbench.root / "data" / NAME
    try:
        with path.open("r", encoding="utf-8") as door:
            told: dict[str, object] = json.loads(door.read())
            at_work = False
            if fcntl is not None:
                try:
                    fcntl.flock(door, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except OSError:
                    at_work = True
    except (OSError, ValueError):  # it was never held, or whoever held it left in order
        return None
    return {**told, "at_work": at_work}


def _sign(door: IO[str]) -> None:
    told = {
        "process": os.getpid(),
        "user": getpass.getuser(),
        "machine": platform.node(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    door.truncate(0)
    door.write(json.dumps(told))
    door.flush()


def _busy(workbench: Workbench, path: Path) -> BusyError:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:  # it has only just taken hold
        told = {}
    return BusyError(
        "The workbench {folder} is being worked on by the process {process} of {user} on "
        "{machine}, since {since}. Nothing was done: wait for it to end.",
        folder=str(workbench.root),
        process=str(told.get("process", "—")),
        user=told.get("user", "—"),
        machine=told.get("machine", "—"),
        since=told.get("since", "—"),
    )
