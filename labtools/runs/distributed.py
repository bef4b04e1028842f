"""The notebooks of a run on Dask's workers: the same jobs, the same bytes.

When to use it: for tens of thousands of colonias, or a machine too small for hundreds.  When
not: for a municipality, which the lanes of one machine finish in a minute.  Each worker keeps a
warm process of its own (`labtools.runs.station`); a job whose worker dies is run by another.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from labtools.errors import DependencyError, SettingsError
from labtools.runs.jobs import Failure, Job, Limits, Outcome, Report, failure_of
from labtools.runs.parameters import Signature, check_parameters, read_signature
from labtools.runs.pool import in_template
from labtools.runs.station import RUN, TEMPLATES, Delivery, Parcel, run_at_station
from labtools.tables.lineage import digest_of

_RETRIES = 3  # workers that may die under one job
#: Jobs that the scheduler knows of at a time: enough for hundreds of workers, and what they send
#: back does not pile up.
_AHEAD = 1_024


@dataclass(frozen=True, slots=True)
class Place:
    """Where a distributed run is made.

    Attributes
    ----------
    scheduler : str
        Address of Dask's scheduler, ``tcp://…``.
    run : pathlib.Path
        Folder of the run, here; its ``internal/city`` is sent to the workers once.
    settings : pathlib.Path
        The workbench's ``lab.toml``.
    """

    scheduler: str
    run: Path
    settings: Path


def run_on_workers(
    jobs: Sequence[Job],
    place: Place,
    *,
    preload: Sequence[str] = (),
    rehearsals: Sequence[Job] = (),
    limits: Limits,
    on_done: Callable[[Outcome], None] = lambda _outcome: None,
) -> list[Outcome]:
    """Execute `jobs` on the workers of a scheduler; return their outcomes in the same order.

    Raises
    ------
    DependencyError
        If Dask is not installed.
    SettingsError
        If no scheduler answers there, or a parameter is unknown or of the wrong kind.
    """
    notebooks = dict.fromkeys(job.notebook for job in jobs)
    signatures = {notebook: read_signature(notebook) for notebook in notebooks}
    checked = [
        replace(job, parameters=check_parameters(signatures[job.notebook], job.parameters))
        for job in jobs
    ]
    outcomes: dict[str, Outcome] = {}
    parcel = _packed(checked, rehearsals, place, tuple(preload), limits)
    for job, delivery in _delivered(checked, parcel, place):
        outcomes[job.key] = _settled(job, delivery, place.run, signatures[job.notebook])
        on_done(outcomes[job.key])
    return [outcomes[job.key] for job in jobs]


def _delivered(jobs: Sequence[Job], parcel: Parcel, place: Place) -> Iterable[tuple[Job, Delivery]]:
    distributed = _dask()
    try:
        client = distributed.Client(place.scheduler, timeout="20s", set_as_default=False)
    except OSError as silent:
        raise SettingsError(
            "No scheduler answers at {address} ({reason}). Start one with “dask scheduler” and "
            "workers with “dask worker {address} --nthreads 1”.",
            address=place.scheduler,
            reason=str(silent),
        ) from silent
    with client:
        [sent] = client.scatter([parcel], broadcast=True)
        waiting = iter(jobs)
        begun: dict[Any, Job] = {}

        def submit(job: Job) -> Any:
            future = client.submit(
                run_at_station,
                sent,
                _relative(job, place.run),
                key=f"{parcel.name[:12]}/{job.key}",
                retries=_RETRIES,
                pure=False,
            )
            begun[future] = job
            return future

        first = [submit(job) for job in islice(waiting, _AHEAD)]
        ended = distributed.as_completed(first, loop=client.loop)
        for future in ended:
            yield begun.pop(future), _delivery(future)
            future.release()  # its bytes need not stay on the worker
            for job in islice(waiting, 1):
                ended.add(submit(job))


def _delivery(future: Any) -> Delivery:
    problem = future.exception()
    if problem is None:
        delivery: Delivery = future.result()
        return delivery
    return Delivery(Report(failure_of(problem), 0.0, 0.0), {})


def _packed(
    jobs: Sequence[Job],
    rehearsals: Sequence[Job],
    place: Place,
    preload: tuple[str, ...],
    limits: Limits,
) -> Parcel:
    city = place.run / "internal" / "city"
    files = {
        f"{RUN}/{path.relative_to(place.run).as_posix()}": path.read_bytes()
        for path in sorted(city.rglob("*"))
        if path.is_file()
    }
    for template in dict.fromkeys(job.notebook for job in jobs):
        files[f"{TEMPLATES}/{template.name}"] = template.read_bytes()
    files[place.settings.name] = place.settings.read_bytes()
    name = digest_of({path: digest_of(held.hex()) for path, held in files.items()}, preload)
    rehearsed = tuple(_relative(job, place.run) for job in rehearsals)
    return Parcel(name, files, preload, limits, rehearsed)


def _relative(job: Job, run: Path) -> Job:
    template = Path(TEMPLATES) / job.notebook.name
    return replace(job, notebook=template, output=job.output.relative_to(run))


def _settled(job: Job, delivery: Delivery, run: Path, signature: Signature) -> Outcome:
    report = delivery.report
    failure = report.failure
    if failure is None:
        try:
            for name, held in delivery.files.items():
                _put(run / name, held)
        except OSError as error:
            failure = Failure(f"{type(error).__name__}: {error}")
    return Outcome(
        key=job.key,
        ok=failure is None,
        seconds=report.seconds,
        cpu_seconds=report.cpu_seconds,
        error=failure.error if failure else None,
        cell=in_template(job, signature, failure.cell) if failure else None,
        reads=report.reads,
        files=tuple(str(run / name) for name in report.files),
    )


def _put(path: Path, held: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    with aside.open("wb") as written:
        written.write(held)
        written.flush()
        os.fsync(written.fileno())
    aside.replace(path)


def _dask() -> Any:
    try:
        import distributed  # noqa: PLC0415 - an extra
    except ImportError as missing:
        raise DependencyError(
            "Dask is not installed. Install it with: pip install 'labtools[dist]'."
        ) from missing
    return distributed
