"""The notebooks of a run: which must be executed and why, which stand, and their execution."""

from __future__ import annotations

import fnmatch
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from labtools import paths
from labtools.errors import SettingsError, TableError
from labtools.messages import plural, say, text
from labtools.runs.context import RUN_VARIABLE, read_shared_tables
from labtools.runs.distributed import Place, run_on_workers
from labtools.runs.jobs import Job, Outcome
from labtools.runs.plan import plan_jobs, read_entries, rehearsals_of
from labtools.runs.pool import LIMITS, run_notebooks
from labtools.runs.reads import Digests, table_of
from labtools.runs.traces import (
    Trace,
    files_of,
    read_traces,
    reason_to_run,
    reason_words,
    recipe_of,
    take_over,
    write_trace,
)
from labtools.tables.lineage import sha256_of
from labtools.tables.store import make_folder, read_table
from labtools.workflow.steps import Opened

#: Imported once by each lane, before it starts notebooks.
PRELOAD = (
    "labtools.runs.context",
    "labtools.narrative",
    "labtools.charts.change",
    "labtools.charts.intervals",
    "labtools.charts.maps",
    "labtools.charts.perception",
    "labtools.charts.place",
    "labtools.charts.series",
)
OUTCOMES = "outcomes.json"
_TOLD_TIMES = 10  # how often progress is told in a run, where there is no terminal


@dataclass(frozen=True, slots=True)
class Choice:
    """Which notebooks of a run somebody wants.

    Attributes
    ----------
    only : tuple of str
        Job keys or keys of colonias, ``*`` for any text; none means all.
    limit : int or None
        Execute at most so many.
    force : bool
        Execute them although nothing changed.
    scheduler : str
        Address of Dask's scheduler, whose workers execute them; empty for this machine's lanes.
    """

    only: tuple[str, ...] = ()
    limit: int | None = None
    force: bool = False
    scheduler: str = field(default="", compare=False)

    @property
    def is_partial(self) -> bool:
        """Whether some notebooks are left aside, so that there is no whole edition."""
        return bool(self.only) or self.limit is not None

    def covers(self, job: Job) -> bool:
        """Return whether `job` is wanted."""
        names = (job.key, str(job.parameters.get("colonia_id", "")))
        return not self.only or any(
            fnmatch.fnmatchcase(name, wanted) for wanted in self.only for name in names if name
        )


@dataclass(frozen=True, slots=True)
class Planned:
    """A notebook of a run, and what is to be done about it.

    Attributes
    ----------
    job : Job
    reason : str or None
        Why it must be executed (see `labtools.runs.traces.REASONS`); None if it stands.
    trace : Trace or None
        Of the last time it was made, if it was.
    made_in : pathlib.Path or None
        The run that it stands in, if it does.
    """

    job: Job
    reason: str | None
    trace: Trace | None = None
    made_in: Path | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done about the notebooks of a run.

    Attributes
    ----------
    notebooks : list of Planned
    digests : Digests
        Of what they read.
    """

    notebooks: list[Planned]
    digests: Digests


def protocols_in(run: Path) -> tuple[str, ...]:
    """Return the protocols that a run's tables speak of."""
    facts = read_table("evaluation_facts", run / "internal" / "city" / "internal")
    return tuple(dict.fromkeys(facts["protocol"]))


def outcomes_in(run: Path) -> list[Outcome]:
    """Return what came of the notebooks of a run."""
    kept = json.loads((run / OUTCOMES).read_text(encoding="utf-8"))
    return [Outcome(**row) for row in kept]


def plan_notebooks(
    fichas: Sequence[str],
    run: Path,
    earlier: Sequence[Path],
    *,
    period_end: str,
    choice: Choice,
) -> Plan:
    """Return every notebook of a run with the reason to execute it, or where it stands.

    Parameters
    ----------
    fichas : sequence of str
        Colonias that get a ficha.
    run : pathlib.Path
        Folder of the run; its tables must be there.
    earlier : sequence of pathlib.Path
        Runs whose notebooks may be taken over, the best first.

    Raises
    ------
    SettingsError
        If `choice` names none of them.
    """
    jobs = plan_jobs(
        read_entries(), fichas, period_end=period_end, run=run, protocols=protocols_in(run)
    )
    wanted = [job for job in jobs if choice.covers(job)]
    if not wanted:
        raise SettingsError(
            "None of the {n} notebooks of this run is called {asked}. The first is {example}.",
            n=len(jobs),
            asked=choice.only,
            example=jobs[0].key if jobs else "—",
        )
    kept = [(folder, read_traces(folder)) for folder in earlier]
    digests = Digests(run / "internal" / "city", _known(kept, run, recipe_of(jobs[0])))
    return Plan([_planned(job, digests, kept, force=choice.force) for job in wanted], digests)


def _known(
    kept: Sequence[tuple[Path, dict[str, Trace]]], run: Path, recipe: Mapping[str, str]
) -> dict[str, str]:
    """Return digests of what other runs read of tables that are the same here, byte by byte.

    Only those that the same code and libraries made, and of notebooks that did not fail: what is
    left of one that did may be of tables that were written over since.
    """
    known: dict[str, str] = {}
    for folder, traces in kept:
        if not (folder / OUTCOMES).is_file() or folder.samefile(run):
            continue
        made = {outcome.key for outcome in outcomes_in(folder) if outcome.ok}
        told: dict[str, str] = {}
        for key, trace in traces.items():
            same = all(trace.recipe.get(part) == recipe[part] for part in ("code", "packages"))
            if key in made and same:
                told |= trace.reads
        tables = {it for it in {*map(table_of, told)} if _is_same(it, folder, run)}
        known |= {read: digest for read, digest in told.items() if table_of(read) in tables}
    return known


def _is_same(table: tuple[str, str], one: Path, other: Path) -> bool:
    audience, name = table
    files = [run / "internal" / "city" / audience / f"{name}.parquet" for run in (one, other)]
    try:
        return sha256_of(files[0]) == sha256_of(files[1])
    except TableError:  # not there, or not to be read
        return False


def _planned(
    job: Job, digests: Digests, kept: Sequence[tuple[Path, dict[str, Trace]]], *, force: bool
) -> Planned:
    last = next((traces[job.key] for _, traces in kept if job.key in traces), None)
    if force:
        return Planned(job, "forced", last)
    reasons = []
    for folder, traces in kept:
        trace = traces.get(job.key)
        reason = reason_to_run(job, trace, digests.of, folder)
        if reason is None:
            return Planned(job, None, trace, folder)
        reasons.append(reason)
    changed = [reason for reason in reasons if reason != "new"]
    return Planned(job, changed[0] if changed else "new", last)


def tell_plan(plan: Plan, tell: Callable[[str], None]) -> None:
    """Tell how many notebooks must be executed, and why."""
    planned = plan.notebooks
    reasons = Counter(it.reason for it in planned if it.reason)
    tell(
        text(
            "Notebooks: {changed} of {total} must be executed",
            changed=sum(reasons.values()),
            total=len(planned),
        )
    )
    for reason, n in reasons.most_common():
        first = next(it.job.key for it in planned if it.reason == reason)
        words = reason_words(reason)
        tell(text("  {n}: {reason} (the first is {first})", n=n, reason=words, first=first))


def execute(opened: Opened, run: Path, plan: Plan, choice: Choice) -> list[Outcome]:
    """Take over what stands, execute the rest; return the outcomes in the order of the plan.

    What is done is on record at once: a run that is killed goes on from there.
    """
    planned = plan.notebooks
    outcomes = {it.job.key: _taken_over(it, run) for it in planned if it.reason is None}
    wanted = Plan([it for it in planned if it.reason is not None][: choice.limit], plan.digests)
    for folder in {it.job.output.parent for it in wanted.notebooks}:
        make_folder(folder)
    for outcome in _executed(opened, run, wanted, choice.scheduler):
        outcomes[outcome.key] = outcome
    return [outcomes[it.job.key] for it in planned if it.job.key in outcomes]


def _taken_over(planned: Planned, run: Path) -> Outcome:
    trace, made_in = planned.trace, planned.made_in
    if trace is None or made_in is None:  # a plan's notebook that stands has both
        raise ValueError(planned.job.key)
    if made_in != run:
        take_over(trace, made_in, run)
        write_trace(trace, run)
    return Outcome(trace.key, ok=True, seconds=0.0, cpu_seconds=0.0, reused=True)


def _executed(opened: Opened, run: Path, wanted: Plan, scheduler: str) -> list[Outcome]:
    jobs = [it.job for it in wanted.notebooks]
    if not jobs:
        return []
    by_key = {job.key: job for job in jobs}
    progress = _Progress(opened.tell, len(jobs))

    def done(outcome: Outcome) -> None:
        if outcome.ok and outcome.files:
            reads = {read: wanted.digests.of(read) for read in outcome.reads}
            files = files_of(map(Path, outcome.files), run)
            recipe = recipe_of(by_key[outcome.key])
            write_trace(Trace(outcome.key, recipe, reads, files), run)
        progress.tell(outcome)

    rehearsals = rehearsals_of(read_entries(), jobs)
    if scheduler:
        place = Place(scheduler, run, opened.workbench.settings_file)
        return run_on_workers(
            jobs, place, preload=PRELOAD, rehearsals=rehearsals, limits=LIMITS, on_done=done
        )
    os.environ[paths.ENVIRONMENT_VARIABLE] = str(opened.workbench.root)
    os.environ[RUN_VARIABLE] = str(run)
    try:
        return run_notebooks(
            jobs,
            preload=PRELOAD,
            warm=partial(read_shared_tables, str(run), _expected(wanted.notebooks)),
            rehearsals=rehearsals,
            on_done=done,
        )
    finally:
        del os.environ[RUN_VARIABLE], os.environ[paths.ENVIRONMENT_VARIABLE]


def _expected(wanted: Sequence[Planned]) -> frozenset[tuple[str, str]] | None:
    """Return the tables that these notebooks read when last made, if all were made before."""
    traces = [it.trace for it in wanted]
    if None in traces:
        return None
    return frozenset(table_of(read) for trace in traces if trace for read in trace.reads)


class _Progress:
    """Tell how many notebooks are done and how long the rest takes, and each failure at once."""

    def __init__(self, tell: Callable[[str], None], total: int) -> None:
        self._tell, self._total, self._done = tell, total, 0
        self._every = 1 if sys.stdout.isatty() else max(1, total // _TOLD_TIMES)
        self._started = time.monotonic()

    def tell(self, outcome: Outcome) -> None:
        self._done += 1
        if not outcome.ok:
            self._tell(text("Failed: {key}: {error}", key=outcome.key, error=outcome.error or ""))
        if self._done % self._every == 0:
            left = (time.monotonic() - self._started) / self._done * (self._total - self._done)
            self._tell(
                say(
                    plural(
                        "Notebooks: {done} of {total}, {n} second left",
                        "Notebooks: {done} of {total}, {n} seconds left",
                    ),
                    done=self._done,
                    total=self._total,
                    n=round(left),
                )
            )
