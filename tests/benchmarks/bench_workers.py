"""Measure fichas per minute with 1, 2 and 4 of Dask's workers, on this one machine.

Workers are processes here, not machines: more of them than there are processors share these, and
what a network costs is not measured.  Part of ``python -m tests.benchmarks.bench_scale DEMO``.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import psutil

from labtools.runs.distributed import Place, run_on_workers
from labtools.runs.jobs import Job, Limits
from labtools.runs.plan import read_entries, rehearsals_of
from labtools.runs.pool import LIMITS
from labtools.workflow.notebooks import PRELOAD
from tests.benchmarks.measuring import Used, measured

WORKERS = (1, 2, 4)
#: Fichas before the clock starts, for each worker: every one of them is warm then.
_WARM = 4
FICHAS = 240
TIMES = 3


def fichas_per_minute(jobs: Sequence[Job], run: Path, settings: Path) -> dict[str, object]:
    """Return, by number of workers, fichas per minute: all repeats, and the middle one.

    Parameters
    ----------
    jobs : sequence of Job
        Fichas of a register; the first are run to warm the workers up.
    run, settings : pathlib.Path
        As `labtools.runs.distributed.Place` takes them.
    """
    told: dict[str, object] = {"fichas": FICHAS, "processors": os.cpu_count()}
    for workers in WORKERS:
        used = [measured(partial(_timed, jobs, run, settings, workers)) for _ in range(TIMES)]
        clocks = [60 * FICHAS / one.wall_s for one in used]
        told[str(workers)] = {
            "per_minute": statistics.median(clocks),
            "repeats": clocks,
            "cpu_s_each": statistics.median(one.cpu_s for one in used) / FICHAS,
            "load_after": os.getloadavg()[0],
        }
        sys.stdout.write(f"{workers} workers: {told[str(workers)]}\n")
        sys.stdout.flush()
    return told


def _timed(jobs: Sequence[Job], run: Path, settings: Path, workers: int) -> Used:
    """Return what `FICHAS` take when all workers are warm, and scheduler and client included."""
    import distributed  # noqa: PLC0415 - an extra, and threads that no fork may inherit

    first, rest = jobs[: _WARM * workers], jobs[_WARM * workers :][:FICHAS]
    with distributed.LocalCluster(
        n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=50
    ) as cluster:
        place = Place(cluster.scheduler_address, run, settings)
        go = partial(
            run_on_workers,
            place=place,
            preload=PRELOAD,
            rehearsals=rehearsals_of(read_entries(), list(jobs)),
            limits=Limits(LIMITS.cell_seconds, 6_000, LIMITS.memory_bytes),
        )
        _ended_well(go(first))
        begun, cpu = time.perf_counter(), _cpu_of_all()
        outcomes = go(rest)
        used = Used(_cpu_of_all() - cpu, time.perf_counter() - begun, 0)
    _ended_well(outcomes)
    for job in (*first, *rest):
        shutil.rmtree(job.output.parent, ignore_errors=True)
    return used


def _cpu_of_all() -> float:
    """Return what this process and all below it used, those that ended included."""
    own = psutil.Process()
    return sum(sum(one.cpu_times()[:4]) for one in [own, *own.children(recursive=True)])


def _ended_well(outcomes: Sequence[object]) -> None:
    failed = [one for one in outcomes if not one.ok]  # type: ignore[attr-defined]
    if failed:
        sys.exit(f"{failed[0].key}: {failed[0].error}")  # type: ignore[attr-defined]
