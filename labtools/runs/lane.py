"""A lane: forked from the warm process, it forks one child for each job and waits for it.

It starts no thread and computes nothing, as the process that it came from.  When its caller
is gone it ends, and its child with it.
"""

from __future__ import annotations

import os
import time
from multiprocessing.connection import Connection
from pathlib import Path

from labtools.runs.cells import IN_PROCESS
from labtools.runs.child import Abandoned, Announce, run_in_child
from labtools.runs.execution import discard, execute_job, put_in_place
from labtools.runs.jobs import Job, Limits, Report
from labtools.runs.reads import taking_notes


def serve_lane(caller: Connection, limits: Limits) -> None:
    """Serve `caller` until it hangs up.

    It hears ``("ready", pid)``; it sends ``(Job, path)`` pairs; for each it hears
    ``("child", pid)`` and ``("done", Report)``.
    """
    try:
        caller.send(("ready", os.getpid()))
        while True:
            job, aside = caller.recv()
            caller.send(("done", _run(job, aside, limits, caller)))
    except (EOFError, OSError, Abandoned):
        return


def _run(job: Job, aside: Path, limits: Limits, caller: Connection) -> Report:
    def work(announce: Announce) -> tuple[tuple[str, ...], tuple[str, ...]]:
        caller.close()  # or the caller would not notice that the lane is gone
        with taking_notes() as notes:
            execute_job(job, aside, engine_name=IN_PROCESS, announce=announce)
        return tuple(sorted(notes.reads)), tuple(sorted(map(str, (job.output, *notes.files))))

    started, cpu_started = time.monotonic(), time.process_time()
    try:
        ending = run_in_child(
            work,
            limits,
            on_start=lambda pid: caller.send(("child", pid)),
            callers=(caller,),
        )
        failure = ending.failure or put_in_place(aside, job.output)
    except BaseException:
        discard(aside)
        raise
    if failure is not None:
        discard(aside)
    cpu = ending.cpu_seconds + time.process_time() - cpu_started
    seconds = time.monotonic() - started
    return Report(failure, seconds, cpu, *(ending.result if failure is None else ()))
