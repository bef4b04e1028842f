"""Make an edition in a process of its own, and say how it really ended.

A run that dies (no memory, no power, a fault of a library) cannot then take the schedule with it;
one that never ends is ended.  What counts as done is what the manifest says, not an exit code: an
edition with a notebook that failed is no success.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import IO

from labtools.errors import RunError
from labtools.messages import text
from labtools.paths import Workbench
from labtools.runs.manifest import read_manifest
from labtools.tables.store import make_folder
from labtools.workflow.prepared import failed_in

#: What a run says by its exit code when somebody else holds the workbench.
BUSY = 75
_LOGS_KEPT = 40
#: What may be done with an edition once it is whole → our command for it.
_AFTER = MappingProxyType({"share": ["share", "push"], "deliver": ["deliver"]})
_LAST_WORDS = 400  # characters
_SECONDS_TO_END = 30


@dataclass(frozen=True, slots=True)
class Errand:
    """An edition to be made.

    Attributes
    ----------
    workbench : Workbench
    period : str
        Its last month, ``YYYY-MM``; empty for the last quarter of the data.
    limit : datetime.timedelta
        How long it may take.
    log : pathlib.Path
        Where what it says is kept.
    after : tuple of str
        What is then done with it: ``deliver`` sends it to the lists of ``[delivery]``, ``share``
        puts its tables in place in the shared database.
    """

    workbench: Workbench
    period: str
    limit: timedelta
    log: Path
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ended:
    """How an errand ended.

    Attributes
    ----------
    code : int or None
        0 if the edition is whole and published; `BUSY` if nothing was begun; None if it was
        ended from outside or came to no end.
    reason : str
        The last it said, for lab staff: it may name a row of data.
    run : str
        Name of the edition.
    """

    code: int | None
    reason: str = ""
    run: str = ""


def run_errand(errand: Errand) -> Ended:
    """Make the edition, and deliver it if that is asked; what stands is not made again."""
    logs = make_folder(errand.log.parent, private=True)
    for old in sorted(logs.glob("*.log"), key=lambda path: path.stat().st_mtime)[:-_LOGS_KEPT]:
        old.unlink()
    period = ["--period-end", errand.period] if errand.period else []
    with errand.log.open("ab") as log:
        ended = _run(errand, ["run", *period], log)
        if ended.code == 0:
            ended = _proven(errand)
        for step in errand.after if ended.code == 0 else ():
            done = _run(errand, _AFTER[step], log)
            if done.code == BUSY:  # the edition is made: to wait would not mend this
                return replace(done, code=RunError.exit_code)
            if done.code != 0:
                return done
    return ended


def _run(errand: Errand, words: list[str], log: IO[bytes]) -> Ended:
    """Run a command of ours and wait for its end, or end it with all that it started."""
    command = [sys.executable, "-m", "labtools", *words]
    where = ["--workbench", str(errand.workbench.root)]
    process = subprocess.Popen(  # noqa: S603 - our own interpreter, no shell
        [*command, *where],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        code = process.wait(errand.limit.total_seconds())
    except subprocess.TimeoutExpired:
        limit = round(errand.limit.total_seconds() / 60)
        return Ended(None, text("It lasted longer than {n} minutes and was ended.", n=limit))
    finally:
        _end(process)
    return Ended(code if code >= 0 else None, "" if code == 0 else _last_words(errand.log))


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a command and all that it started, if it is still at work."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        os.killpg(process.pid, sign)
        try:
            process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            continue


def _proven(errand: Errand) -> Ended:
    """Return that the edition is done, if its manifest says so of every notebook."""
    latest = errand.workbench.latest
    failed = failed_in(latest)
    if failed is None:
        return Ended(None, text("It ended well and published nothing."))
    if failed:
        return Ended(
            7, text("{n} notebooks failed; the first is {key}.", n=len(failed), key=failed[0])
        )
    made = str(read_manifest(latest)["period_end"])
    if errand.period not in ("", made):
        return Ended(
            None, text("It published {made}, not {asked}.", made=made, asked=errand.period)
        )
    return Ended(0, run=latest.resolve().name)


def _last_words(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1][-_LAST_WORDS:] if lines else ""
