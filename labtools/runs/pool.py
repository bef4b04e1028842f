"""Run many notebooks: warm lanes, one forked child for each notebook, nothing half done.

One process, started clean, imports the notebooks' libraries and reads the run's shared tables
once; the lanes are forked from it, and each notebook's process from its lane.  One notebook
that fails, hangs, eats the memory or kills its process takes nothing with it: the others run,
and yesterday's output stays.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from multiprocessing.connection import wait
from pathlib import Path
from tempfile import TemporaryDirectory

from labtools import messages
from labtools.errors import RunError, SettingsError
from labtools.runs.jobs import Failure, Job, Limits, Outcome, Report
from labtools.runs.lane_handle import LaneHandle, NurseryHandle, Start
from labtools.runs.parameters import Signature, check_parameters, read_signature
from labtools.runs.unforked import run_unforked

__all__ = ["LIMITS", "Job", "Outcome", "run_notebooks"]

GIBIBYTE = 1024**3
#: What a notebook may use unless told otherwise: seconds of a cell, of the whole, and memory.
LIMITS = Limits(120, 600, 4 * GIBIBYTE)


def run_notebooks(  # noqa: PLR0913 - options, keyword-only, of the one entrance to this room
    jobs: Sequence[Job],
    *,
    lanes: int | None = None,
    preload: Sequence[str] = (),
    warm: Callable[[], None] | None = None,
    rehearsals: Sequence[Job] = (),
    cell_seconds: float = 120,
    job_seconds: float = 600,
    memory_bytes: int = 4 * GIBIBYTE,
    on_done: Callable[[Outcome], None] | None = None,
) -> list[Outcome]:
    """Execute `jobs` and return their outcomes in the same order.

    Parameters
    ----------
    jobs : sequence of Job
        Their parameters are checked before any process starts.
    lanes : int, optional
        Notebooks executed at a time; as many as the machine has processors if not given.
    preload : sequence of str
        Modules imported once; their notebooks find them loaded.
    warm : callable, optional
        Called once, without arguments, to load what the notebooks share.  It
        must belong to an importable module, and must leave no thread and no open
        connection behind.
    rehearsals : sequence of Job
        Run once for nothing before the others are forked, so that these find everything in
        use already (see `labtools.runs.rehearsal`).
    cell_seconds, job_seconds : float
        Time one cell, and one notebook, may take by the clock; what it stood in the queue for a
        processor does not count.
    memory_bytes : int
        Address space one notebook may use.
    on_done : callable, optional
        Hears each outcome as it comes, in this process.

    Raises
    ------
    SettingsError
        If a parameter is unknown or of the wrong kind, or two jobs have one output.
    RunError
        If a template has no proper ``parameters`` cell, or a lane cannot start.
    """
    jobs, signatures = _checked(jobs)
    if not jobs:
        return []
    limits = Limits(cell_seconds, job_seconds, memory_bytes)
    count = min(len(jobs), max(1, lanes or os.cpu_count() or 1))
    outcomes = _Outcomes(jobs, signatures, on_done or (lambda _outcome: None))
    if not hasattr(os, "fork"):
        run_unforked(jobs, limits, count, outcomes.settle)
        return outcomes.in_order()
    with TemporaryDirectory(prefix="labtools-lanes-") as scratch:
        templates = tuple(dict.fromkeys(job.notebook for job in jobs))
        start = Start(tuple(preload), warm, limits, templates, tuple(rehearsals), Path(scratch))
        _Dispatch(jobs, start, outcomes).run(count)
    return outcomes.in_order()


def _checked(jobs: Sequence[Job]) -> tuple[list[Job], list[Signature]]:
    read = {path: read_signature(path) for path in dict.fromkeys(job.notebook for job in jobs)}
    signatures = [read[job.notebook] for job in jobs]
    _refuse_shared_outputs(jobs)
    checked = [
        replace(job, parameters=check_parameters(signature, job.parameters))
        for job, signature in zip(jobs, signatures, strict=True)
    ]
    return checked, signatures


def _refuse_shared_outputs(jobs: Sequence[Job]) -> None:
    keys: dict[Path, str] = {}
    for job in jobs:
        output = job.output.absolute()
        if output in keys:
            raise SettingsError(
                "The notebooks for {first} and {second} would both be written to {path}. "
                "Give each its own output.",
                first=keys[output],
                second=job.key,
                path=output,
            )
        keys[output] = job.key


class _Outcomes:
    """What came of each job so far."""

    def __init__(
        self,
        jobs: list[Job],
        signatures: list[Signature],
        on_done: Callable[[Outcome], None],
    ) -> None:
        self._jobs = jobs
        self._signatures = signatures
        self._on_done = on_done
        self._found: dict[int, Outcome] = {}

    def settle(self, index: int, report: Report) -> None:
        """Take note of what a lane reports of the job `index`, and tell who wants to hear."""
        failure, job = report.failure, self._jobs[index]
        outcome = Outcome(
            key=job.key,
            ok=failure is None,
            seconds=report.seconds,
            cpu_seconds=report.cpu_seconds,
            error=failure.error if failure else None,
            cell=in_template(job, self._signatures[index], failure.cell) if failure else None,
            reads=report.reads,
            files=report.files,
        )
        self._found[index] = outcome
        self._on_done(outcome)

    def are_complete(self) -> bool:
        """Return whether every job has its outcome."""
        return len(self._found) == len(self._jobs)

    def in_order(self) -> list[Outcome]:
        """Return the outcomes in the order of the jobs."""
        return [self._found[index] for index in range(len(self._jobs))]


def in_template(job: Job, signature: Signature, cell: int | None) -> int | None:
    """Return the place in the template of a cell of the executed notebook."""
    is_after = cell is not None and cell > signature.cell
    return cell - 1 if cell is not None and job.parameters and is_after else cell


class _Dispatch:
    """Hands jobs to lanes, one at a time, until each has its outcome."""

    def __init__(self, jobs: list[Job], start: Start, outcomes: _Outcomes) -> None:
        self._jobs = jobs
        self._outcomes = outcomes
        self._waiting = deque(range(len(jobs)))
        self._nursery = NurseryHandle(start)
        self._lanes: list[LaneHandle] = []

    def run(self, count: int) -> None:
        """Run everything in `count` lanes; leave no process behind."""
        try:
            self._wait_until_loaded()
            self._lanes = [self._nursery.fork_lane() for _ in range(count)]
            while not self._outcomes.are_complete():
                for connection in wait([lane.connection for lane in self._lanes]):
                    self._hear(next(it for it in self._lanes if it.connection is connection))
        finally:
            for lane in self._lanes:
                lane.hang_up()
            for lane in self._lanes:
                lane.close()
            self._nursery.close()

    def _wait_until_loaded(self) -> None:
        try:
            kind, reason = self._nursery.connection.recv()
        except (EOFError, OSError):
            raise _died_loading() from None
        if kind == "broken":
            raise RunError(
                "The notebooks' libraries or shared tables could not be loaded: {reason}. "
                "No notebook was run.",
                reason=reason,
            )

    def _hear(self, lane: LaneHandle) -> None:
        try:
            kind, content = lane.connection.recv()
        except (EOFError, OSError):
            self._replace(lane)
            return
        if kind == "child":
            lane.child = content
            return
        if kind == "ready":
            lane.pid = content
        elif lane.index is not None:
            self._outcomes.settle(lane.index, content)
        self._give(lane)

    def _give(self, lane: LaneHandle) -> None:
        if self._waiting:
            index = self._waiting.popleft()
            lane.give(index, self._jobs[index])
        else:
            lane.rest()

    def _replace(self, lane: LaneHandle) -> None:
        """Report the job that a dead lane was at, and start another lane if one is needed."""
        self._lanes.remove(lane)
        lane.close()
        if not lane.was_ready:
            raise _died_loading()
        if lane.index is not None:
            error = messages.text("The process that ran this notebook's lane died.")
            self._outcomes.settle(lane.index, Report(Failure(error), lane.seconds, 0.0))
        if self._waiting:
            self._lanes.append(self._nursery.fork_lane())


def _died_loading() -> RunError:
    return RunError(
        "A process that runs notebooks died while it loaded their libraries and shared "
        "tables. Look at what is loaded; the machine may be out of memory."
    )
