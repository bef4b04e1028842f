"""Where processes cannot be forked: each notebook by stock Papermill, in its own process."""

from __future__ import annotations

import logging
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from labtools import messages
from labtools.runs.jobs import Failure, Job, Limits, Outcome

logger = logging.getLogger(__name__)


def run_unforked(
    jobs: list[Job], limits: Limits, lanes: int, on_done: Callable[[Outcome], None]
) -> list[Outcome]:
    """Execute `jobs` with a stock kernel each; slower, and without the memory limit."""
    logger.warning(
        "This system cannot fork processes: each notebook starts a stock kernel of its own, "
        "loads its libraries itself and has no memory limit."
    )
    with ThreadPoolExecutor(lanes) as threads:
        try:
            futures = {threads.submit(_run, job, limits): job for job in jobs}
            for future in as_completed(futures):
                on_done(future.result())
        finally:
            threads.shutdown(cancel_futures=True)
    return [future.result() for future in futures]


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
        failure = _failure_of(problem)
    sys.stdout.buffer.write(pickle.dumps(failure))
