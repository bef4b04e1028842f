"""What a run is asked to do and what came of it: jobs, limits, outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


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
        Time of the clock, and of the processor (the job's own processes included).
    error : str or None
        What happened, in one line.
    cell : int or None
        Place of the cell at fault in the template, from 0, where one is known.
    """

    key: str
    ok: bool
    seconds: float
    cpu_seconds: float
    error: str | None = None
    cell: int | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job was not finished: the error in one line, and the executed notebook's cell."""

    error: str
    cell: int | None = None
