"""Where processes cannot be forked: each notebook by stock Papermill, in its own process."""

from __future__ import annotations

import logging
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from labtools import messages
from labtools.runs.jobs import Failure, Job, Limits, Report, failure_of, notebook_too_long

logger = logging.getLogger(__name__)


def run_unforked(
    jobs: list[Job], limits: Limits, lanes: int, settle: Callable[[int, Report], None]
) -> None:
    """Execute `jobs` with a stock kernel each; slower, and without the memory limit.

    `settle` hears the place of each job and its report as it comes.
    """
    logger.warning(
        "This system cannot fork processes: each notebook starts a stock kernel of its own, "
        "loads its libraries itself and has no memory limit."
    )
    with ThreadPoolExecutor(lanes) as threads:
        try:
            places = {threads.submit(_run, job, limits): n for n, job in enumerate(jobs)}
            for future in as_completed(places):
                settle(places[future], future.result())
        finally:
            threads.shutdown(cancel_futures=True)


def serve() -> None:
    """Execute the one job that standard input describes; say on standard output how it went."""
    from labtools.runs.execution import (  # noqa: PLC0415 - papermill is not needed by the caller
        execute_job,
    )

    job, aside, limits = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our caller
    failure = None
    try:
        execute_job(job, aside, engine_name="nbclient", execution_timeout=limits.cell_seconds)
    except Exception as problem:  # noqa: BLE001 - the caller reports it
        failure = failure_of(problem)
    sys.stdout.buffer.write(pickle.dumps(failure))


def _run(job: Job, limits: Limits) -> Report:
    from labtools.runs.execution import (  # noqa: PLC0415 - not needed where processes fork
        discard,
        put_in_place,
    )

    aside = job.output.with_name(f".{job.output.name}.{os.getpid()}-{threading.get_ident()}")
    started = time.monotonic()
    try:
        failure = _ask(job, aside, limits) or put_in_place(aside, job.output)
    finally:
        discard(aside)
    return Report(failure, time.monotonic() - started, cpu_seconds=float("nan"))


def _ask(job: Job, aside: Path, limits: Limits) -> Failure | None:
    try:
        done = subprocess.run(  # noqa: S603 - our own module, our own interpreter
            [sys.executable, "-c", _program()],
            input=pickle.dumps((job, aside, limits)),
            stdout=subprocess.PIPE,
            timeout=limits.job_seconds,
            check=False,
        )
        failure: Failure | None = pickle.loads(done.stdout)  # noqa: S301 - from our own process
    except subprocess.TimeoutExpired:
        return Failure(notebook_too_long(limits.job_seconds or 0))
    except (EOFError, pickle.UnpicklingError):
        return Failure(
            messages.text(
                "The process ended with code {code} before it finished.", code=done.returncode
            )
        )
    return failure


def _program() -> str:
    return (
        f"import sys; sys.path[:] = {sys.path!r}; from labtools.runs.unforked import serve; serve()"
    )
