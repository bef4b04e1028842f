"""The process that stays warm: it loads once, then forks one child for each job.

It computes nothing itself after loading and starts no thread, because what is forked
while a thread holds a lock may wait for ever.  Started by :mod:`labtools.runs.pool`;
when its caller is gone it ends, and its child with it.
"""

from __future__ import annotations

import gc
import importlib
import pickle
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from papermill.engines import papermill_engines

from labtools import messages
from labtools.runs.cells import IN_PROCESS, InProcessEngine
from labtools.runs.child import Abandoned, Announce, run_in_child
from labtools.runs.execution import discard, execute_job, put_in_place
from labtools.runs.jobs import Job, Limits, Loading, Report, failure_of
from labtools.runs.reads import taking_notes
from labtools.runs.shell import fresh_shell


def serve(descriptor: int) -> None:
    """Serve the caller at the other end of the socket `descriptor` until it hangs up.

    It sends a `Loading`, then ``(Job, path)`` pairs; it hears ``("ready", None)`` or
    ``("broken", reason)``, then for each job ``("child", pid)`` and ``("done", Report)``.
    """
    caller = Connection(descriptor)
    try:
        loading: Loading = caller.recv()
        reason = _load(loading)
        caller.send(("broken", reason) if reason else ("ready", None))
        while not reason:
            job, aside = caller.recv()
            caller.send(("done", _run(job, aside, loading.limits, caller)))
    except (EOFError, OSError, Abandoned):
        return


def _load(loading: Loading) -> str | None:
    """Load what the jobs share; return why that failed, if it did."""
    try:
        papermill_engines.register(IN_PROCESS, InProcessEngine)
        fresh_shell()  # before matplotlib is imported, so that its figures find the shell
        for module in loading.preload:
            importlib.import_module(module)
        warm: Callable[[], None] | None = pickle.loads(loading.warm)  # noqa: S301 - from our caller
        if warm is not None:
            warm()
    except BaseException as problem:  # noqa: BLE001 - sys.exit() included: the caller must hear
        return failure_of(problem).error
    if threading.active_count() > 1:
        return messages.text(
            "the thread {name} was left running, and a process with threads cannot be forked "
            "safely",
            name=next(it.name for it in threading.enumerate() if it.name != "MainThread"),
        )
    gc.collect()
    gc.freeze()  # what children inherit stays shared: the collector does not touch it
    return None


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
