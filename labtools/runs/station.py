"""One machine's share of a distributed run: a parcel of what jobs read, and a warm lane.

A Dask worker calls `run_at_station`; nothing here knows Dask.  The station needs no disk in
common with the one who asks: tables and templates come in the parcel, results go back as bytes.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from labtools import paths
from labtools.errors import RunError
from labtools.runs.context import RUN_VARIABLE, read_shared_tables
from labtools.runs.jobs import Failure, Job, Limits, Report
from labtools.runs.lane_handle import NurseryHandle, Start

RUN = "run"
TEMPLATES = "templates"


@dataclass(frozen=True, slots=True)
class Parcel:
    """What every job of a run reads.

    Attributes
    ----------
    name : str
        Two parcels with the same name hold the same.
    files : mapping of str to bytes
        Tables (below ``run/``), templates (below ``templates/``) and ``lab.toml``, by path.
    preload : tuple of str
        Modules to import.
    limits : Limits
    rehearsals : tuple of Job
        Their templates and outputs are named as in the parcel.
    """

    name: str
    files: Mapping[str, bytes]
    preload: tuple[str, ...]
    limits: Limits
    rehearsals: tuple[Job, ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came of one job: its report, and the files it wrote, by path below the run."""

    report: Report
    files: Mapping[str, bytes]


def run_at_station(parcel: Parcel, job: Job) -> Delivery:
    """Run a job here; the first of a parcel unpacks it and starts the warm process.

    Parameters
    ----------
    job : Job
        Its template and output are relative: to the parcel, and to the run.
    """
    with _taking_turns:
        return _station_of(parcel).run(job)


def unpacked(parcel: Parcel, folder: Path) -> None:
    """Write the files of a parcel below `folder`."""
    for name, held in parcel.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(held)


class _Station:
    def __init__(self, parcel: Parcel) -> None:
        self.name = parcel.name
        self._place = TemporaryDirectory(prefix="labtools-station-")
        self._folder = Path(self._place.name)
        unpacked(parcel, self._folder)
        (self._folder / "scratch").mkdir()
        (self._folder / RUN / "internal" / "city").mkdir(parents=True, exist_ok=True)
        self._nursery = NurseryHandle(self._start(parcel))
        kind, reason = _heard(self._nursery)
        if kind != "ready":
            self.close()
            raise RunError(
                "The notebooks' libraries or shared tables could not be loaded: {reason}. "
                "No notebook was run.",
                reason=reason,
            )
        self._lane = self._nursery.fork_lane()

    def run(self, job: Job) -> Delivery:
        here = self._located(job)
        here.output.parent.mkdir(parents=True, exist_ok=True)
        self._lane.give(0, here)
        try:
            report = self._report()
        except (EOFError, OSError):  # the lane died: the job is at fault, the station goes on
            self._lane.close()
            self._lane = self._nursery.fork_lane()
            return Delivery(Report(Failure("SIGKILL"), 0.0, 0.0), {})
        run = self._folder / RUN
        names = {path: Path(path).relative_to(run).as_posix() for path in report.files}
        files = {name: Path(path).read_bytes() for path, name in names.items()}
        return Delivery(replace(report, files=tuple(names.values())), files)

    def close(self) -> None:
        self._nursery.close()
        self._place.cleanup()

    def _report(self) -> Report:
        while True:
            kind, content = self._lane.connection.recv()
            if kind == "child":
                self._lane.child = content
            elif kind == "done":
                self._lane.rest()
                report: Report = content
                return report

    def _start(self, parcel: Parcel) -> Start:
        run = self._folder / RUN
        return Start(
            preload=parcel.preload,
            warm=partial(read_shared_tables, str(run)),
            limits=parcel.limits,
            templates=(),
            rehearsals=tuple(self._located(job) for job in parcel.rehearsals),
            scratch=self._folder / "scratch",
            environment={
                paths.ENVIRONMENT_VARIABLE: str(self._folder),
                RUN_VARIABLE: str(run),
            },
        )

    def _located(self, job: Job) -> Job:
        run = self._folder / RUN
        return replace(job, notebook=self._folder / job.notebook, output=run / job.output)


def _heard(nursery: NurseryHandle) -> tuple[str, object]:
    try:
        told: tuple[str, object] = nursery.connection.recv()
    except (EOFError, OSError):
        return "broken", "SIGKILL"
    return told


_taking_turns = threading.Lock()
_stations: list[_Station] = []


def _station_of(parcel: Parcel) -> _Station:
    if _stations and _stations[0].name != parcel.name:
        _stations.pop().close()
    if not _stations:
        _stations.append(_Station(parcel))
    return _stations[0]
