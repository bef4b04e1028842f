"""Which notebooks a run executes: ``notebooks/runs.toml`` → jobs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from labtools import paths
from labtools.errors import SettingsError
from labtools.forms import Part, read_checked
from labtools.messages import mark
from labtools.runs.context import Audience
from labtools.runs.jobs import Job
from labtools.tables.released import slug

FICHAS = "fichas"
_WORTH_REHEARSING = 5  # jobs of one notebook: with fewer, a rehearsal costs more than it saves
#: What a notebook is made for → the parameter that names it.
_NAMES = {"colonia": "colonia_id", "protocol": "protocol"}


class Entry(Part):
    """One notebook of a run.

    Attributes
    ----------
    notebook : str
        Path below ``notebooks/``.
    for_each : {"colonia", "municipality", "protocol"}
    audiences : list of {"internal", "public"}
    rehearse : bool
        Whether its cells may be run once in the process that forks the others (see
        `labtools.runs.rehearsal`).
    """

    notebook: str
    for_each: Literal["colonia", "municipality", "protocol"]
    audiences: tuple[Audience, ...]
    rehearse: bool = False

    @property
    def path(self) -> Path:
        """Where the notebook is."""
        return paths.bundled("notebooks", *self.notebook.split("/"))


class _Runs(Part):
    run: dict[str, Entry]


def read_entries(path: Path | None = None) -> dict[str, Entry]:
    """Return the entries of ``runs.toml``.

    Raises
    ------
    SettingsError
        If an entry is not valid, or names a notebook that is not there.
    """
    found = path or paths.bundled("notebooks", "runs.toml")
    advice = mark("The one that ships with the workbench shows every entry.")
    entries = read_checked(found, _Runs, advice=advice).run
    for name, entry in entries.items():
        if not entry.path.is_file():
            raise SettingsError(
                "{path}, entry {name}: there is no notebook {notebook}.",
                path=str(found),
                name=name,
                notebook=entry.notebook,
            )
    return entries


def plan_jobs(
    entries: dict[str, Entry],
    colonias: Sequence[str],
    *,
    period_end: str,
    run: Path,
    protocols: Sequence[str] = (),
) -> list[Job]:
    """Return the jobs of a run, in a fixed order.

    Parameters
    ----------
    colonias : sequence of str
        Keys of the colonias that get a ficha.
    run : pathlib.Path
        Folder of the run.
    protocols : sequence of str
        Evaluations that get a notebook.
    """
    of = {"colonia": tuple(colonias), "protocol": tuple(protocols), "municipality": ("",)}
    return [
        Job(
            key=f"{name}/{audience}/{subject}" if subject else f"{name}/{audience}",
            notebook=entry.path,
            parameters=_parameters(entry, subject, period_end, audience),
            output=run / "internal" / "notebooks" / name / audience / _file(name, subject),
        )
        for name, entry in entries.items()
        for audience in entry.audiences
        for subject in of[entry.for_each]
    ]


def rehearsals_of(entries: dict[str, Entry], jobs: Sequence[Job]) -> list[Job]:
    """Return one job for each audience of each notebook that is worth rehearsing."""
    chosen: dict[tuple[str, ...], Job] = {}
    times: Counter[tuple[str, ...]] = Counter()
    for job in jobs:
        name = tuple(job.key.split("/", 2)[:2])
        chosen.setdefault(name, job)
        times[name] += 1
    return [
        job
        for name, job in chosen.items()
        if entries[name[0]].rehearse and times[name] >= _WORTH_REHEARSING
    ]


def ficha_of(key: str, audience: str = "") -> str:
    """Return the colonia whose ficha the job `key` makes (for `audience`, if given), or none."""
    name, of, *colonia = key.split("/", 2)
    return colonia[0] if name == FICHAS and colonia and audience in ("", of) else ""


def _parameters(entry: Entry, subject: str, period_end: str, audience: str) -> dict[str, object]:
    common: dict[str, object] = {"period_end": period_end, "audience": audience}
    name = _NAMES.get(entry.for_each)
    return {name: subject, **common} if name else common


def _file(name: str, subject: str) -> str:
    return f"{slug(subject) if subject else name}.ipynb"
