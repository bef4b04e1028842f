"""What a run is asked to do and what came of it: jobs, limits, outcomes.

Plain data that crosses the borders between the caller, the lanes and their children.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from labtools import messages

_LINE = 300  # characters of an error that fit into a line of a table


@dataclass(frozen=True, slots=True)
class Job:
    """One notebook to execute.

    Attributes
    ----------
    key : str
        Name of the job in messages (the colonia, say), and the seed of its randomness.
    notebook : pathlib.Path
        The template; it is only read.
    parameters : mapping
        Values for the template's ``parameters`` cell.
    output : pathlib.Path
        Where the executed notebook goes, if and only if all of it ran without error.
    """

    key: str
    notebook: Path
    parameters: Mapping[str, object]
    output: Path


@dataclass(frozen=True, slots=True)
class Limits:
    """What one job may use; seconds are of the clock, None is without limit."""

    cell_seconds: float | None
    job_seconds: float | None
    memory_bytes: int | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one job.

    Attributes
    ----------
    key : str
        The job's key.
    ok : bool
        Whether the executed notebook is at its output path.  If not, whatever was
        there before is still there.
    seconds, cpu_seconds : float
        Time of the clock, and of the processor (the job's own processes included); the
        latter is not a number where processes cannot be forked.
    error : str or None
        What happened, in one line.
    cell : int or None
        Place of the cell at fault in the template, from 0, where one is known.
    reads, files : tuple of str
        What the notebook read (see `labtools.runs.reads`) and the paths it wrote, the
        executed notebook among them; empty where that was not noted.
    reused : bool
        Whether it stands from an earlier run and was not executed.
    """

    key: str
    ok: bool
    seconds: float
    cpu_seconds: float
    error: str | None = None
    cell: int | None = None
    reads: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    reused: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job was not finished: the error in one line, and the executed notebook's cell."""

    error: str
    cell: int | None = None


@dataclass(frozen=True, slots=True)
class Loading:
    """What is done once, before the first job.

    Attributes
    ----------
    preload : tuple of str
        Modules to import.
    warm : bytes
        A pickled function without arguments, or None, to call after that.
    limits : Limits
        What each job may use.
    templates : tuple of pathlib.Path
        Notebooks to read.
    rehearsals : tuple of Job
        To run once for nothing (see `labtools.runs.rehearsal`).
    scratch : pathlib.Path
        Folder that nobody keeps.
    """

    preload: tuple[str, ...]
    warm: bytes
    limits: Limits
    templates: tuple[Path, ...]
    rehearsals: tuple[Job, ...]
    scratch: Path


@dataclass(frozen=True, slots=True)
class Report:
    """What a lane tells of one job; the failure's cell is that of the executed notebook."""

    failure: Failure | None
    seconds: float
    cpu_seconds: float
    reads: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


def failure_of(problem: BaseException) -> Failure:
    """Return an exception as a failure: its kind and text, in one line.

    Papermill's exception for a failed cell is told as the error in that cell.
    """
    name = getattr(problem, "ename", type(problem).__name__)
    said = str(getattr(problem, "evalue", problem)).strip()
    first_line = said.splitlines()[0] if said else ""
    line = ": ".join(part for part in (name, first_line) if part)
    return Failure(line[:_LINE], getattr(problem, "cell_index", None))


def notebook_too_long(seconds: float) -> str:
    """Say that a notebook reached its time limit."""
    return messages.text(
        "The notebook took more than {seconds} s and was stopped.", seconds=_seconds(seconds)
    )


def cell_too_long(seconds: float) -> str:
    """Say that a cell reached its time limit."""
    return messages.text(
        "The cell took more than {seconds} s and was stopped.", seconds=_seconds(seconds)
    )


def _seconds(seconds: float) -> str:
    return messages.number(seconds, 0 if float(seconds).is_integer() else 1)
