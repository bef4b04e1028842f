"""Measure what a colonia costs as the register grows: to a state and to the country.

Each stage is done on the tables of a whole register of N colonias, in a process of its own.  What
is done once for each colonia (executing, releasing and writing pages) is done for some of them
taken from all over it: were it to depend on how many others there are, their cost would tell.

Use it on a quiet machine: ``python -m tests.benchmarks.bench_scale DEMO`` with a finished demo.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from labtools import paths
from labtools.charts.ground import ground_of
from labtools.narrative import sentences
from labtools.paths import Workbench
from labtools.privacy.cards import expiry_of_sections
from labtools.privacy.editions import PublishedEdition, attack_editions
from labtools.privacy.registry import read_registry
from labtools.privacy.release import check_release
from labtools.privacy.rules import Evidence
from labtools.publish.contents import Edition, _ficha_page
from labtools.runs.context import FICHA_FILE, RUN_VARIABLE, read_shared_tables
from labtools.runs.jobs import Job, Outcome
from labtools.runs.manifest import write_manifest
from labtools.runs.plan import FICHAS, plan_jobs, read_entries, rehearsals_of
from labtools.runs.pool import run_notebooks
from labtools.runs.reads import Digests
from labtools.runs.traces import Trace, files_of, read_traces, recipe_of, write_trace
from labtools.settings import Disclosure
from labtools.tables.released import read_fichas, slug, write_ficha
from labtools.tables.store import read_table
from labtools.workflow.audit import _TABLES
from labtools.workflow.notebooks import PRELOAD, Choice, plan_notebooks
from labtools.workflow.prepared import Prepared
from labtools.workflow.release import _ficha
from labtools.workflow.slices import released_tables
from tests.benchmarks.register import grow, link, spread

SIZES = (412, 824, 3_296, 13_184, 74_160)
PERIOD = "2025-12"
#: Colonias whose notebooks are executed: the second less the first is what each costs.
FEW, MANY = 8, 40
_WHO = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


def measured(work: Callable[[], object]) -> dict[str, float]:
    """Return the processor seconds (children included), seconds and MB that `work` takes."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        begun, wall = time.process_time(), time.perf_counter()
        before = _children()
        work()
        told = {
            "cpu_s": time.process_time() - begun + _children() - before,
            "wall_s": time.perf_counter() - wall,
            "mb": max(resource.getrusage(who).ru_maxrss for who in _WHO) / 1024,
        }
        os.write(write, json.dumps(told).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        text = answer.read()
    os.waitpid(pid, 0)
    if not text:
        sys.exit("what was being measured did not end well")
    told: dict[str, float] = json.loads(text)
    return told


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Register:
    """A run of `n` colonias and what is measured of it.

    Parameters
    ----------
    demo : pathlib.Path
        Finished run of the demo.
    run : pathlib.Path
        Folder where the run of `n` colonias is made.
    n : int
    """

    def __init__(self, demo: Path, run: Path, n: int) -> None:
        self.demo, self.run, self.n = demo, run, n
        self.keys = grow(demo / "internal" / "city", run / "internal" / "city", n)
        self.public = run / "internal" / "city" / "public"

    def stages(self) -> dict[str, dict[str, float]]:
        """Return what each stage takes, all of it for the whole register."""
        few, many = (measured(lambda k=k: self.execute(k)) for k in (FEW, MANY))
        each = {name: (many[name] - few[name]) / (MANY - FEW) for name in ("cpu_s", "wall_s")}
        start = {"cpu_s": few["cpu_s"] - FEW * each["cpu_s"], "mb": many["mb"]}
        told = {
            "tables read once": measured(lambda: read_shared_tables(str(self.run))),
            "lanes start": start,
            "notebooks, public, each": each,
            "plan, all new": measured(lambda: self.plan(())),
            "digests": measured(self.digests),
        }
        self.leave_traces()
        told["plan, all stand"] = measured(lambda: self.plan((self.run,)))
        told["release, each"] = self.by_difference(self.release)
        told["pages, each"] = self.by_difference(self.pages)
        told["gate"] = measured(self.gate)
        told["attacker"] = measured(self.attacker)
        told["manifest"] = measured(self.manifest)
        return told

    def by_difference(self, work: Callable[[int], None]) -> dict[str, float]:
        """Return what `work` takes for one colonia, and what it takes before the first."""
        few, many = (measured(lambda k=k: work(k)) for k in (FEW, MANY))
        each = (many["cpu_s"] - few["cpu_s"]) / (MANY - FEW)
        return {"cpu_s": each, "once_cpu_s": few["cpu_s"] - FEW * each, "mb": many["mb"]}

    def jobs(self, keys: list[str], audience: str = "public") -> list[Job]:
        """Return the jobs of some colonias' fichas."""
        jobs = plan_jobs(read_entries(), keys, period_end=PERIOD, run=self.run)
        return [job for job in jobs if job.key.startswith(f"{FICHAS}/{audience}/")]

    def execute(self, k: int) -> None:
        """Execute the public fichas of `k` colonias in one lane."""
        jobs = self.jobs(spread(self.keys, k))
        for job in jobs:
            job.output.parent.mkdir(parents=True, exist_ok=True)
        os.environ[RUN_VARIABLE] = str(self.run)
        failed = [
            outcome.error
            for outcome in run_notebooks(
                jobs,
                lanes=1,
                preload=PRELOAD,
                warm=partial(read_shared_tables, str(self.run)),
                rehearsals=rehearsals_of(read_entries(), jobs),
                job_seconds=6000,
            )
            if not outcome.ok
        ]
        if failed:
            sys.exit(failed[0])

    def plan(self, earlier: tuple[Path, ...]) -> None:
        """Plan the notebooks of all colonias."""
        plan_notebooks(self.keys, self.run, earlier, period_end=PERIOD, choice=Choice())

    def digests(self) -> None:
        """Digest what every public ficha reads."""
        digests = Digests(self.run / "internal" / "city")
        for key in self.keys:
            for read in self._reads(key):
                digests.of(read)

    def _reads(self, key: str) -> list[str]:
        return [read.replace("{}", key) for read in self._read_by_each()]

    def _read_by_each(self) -> list[str]:
        traces = read_traces(self.demo)
        one = next(it for name, it in traces.items() if name.startswith(f"{FICHAS}/public/"))
        own = one.key.rsplit("/", 1)[1]
        return [read.replace(own, "{}") for read in one.reads]

    def leave_traces(self) -> None:
        """Leave what a finished run leaves of each ficha: its files and its trace."""
        digests = Digests(self.run / "internal" / "city")
        reads = self._read_by_each()
        made = self.jobs(spread(self.keys, 1))[0]
        ficha = self.run / "internal" / "outputs" / FICHAS / slug(made.key.split("/")[2])
        aside = self.run / "one"
        aside.mkdir()
        sources = [made.output, ficha / "public" / FICHA_FILE]
        kept = [Path(shutil.copyfile(it, aside / it.name)) for it in sources]
        (self.run / "traces.jsonl").unlink(missing_ok=True)
        recipe: dict[str, str] = {}
        sums: dict[str, str] = {}
        for job in self.jobs(self.keys):
            own = slug(job.key.split("/")[2])
            files = [job.output, ficha.parent / own / "public" / FICHA_FILE]
            for source, target in zip(kept, files, strict=True):
                if not target.exists():
                    link(source, target)
            recipe = recipe or recipe_of(job)
            sums = sums or files_of(kept, self.run)
            told = {read.replace("{}", job.key.split("/")[2]): "" for read in reads}
            told = {read: digests.of(read) for read in told}
            named = {
                it.relative_to(self.run).as_posix(): sums[one.relative_to(self.run).as_posix()]
                for one, it in zip(kept, files, strict=True)
            }
            write_trace(Trace(job.key, recipe_of(job), told, named), self.run)

    def release(self, k: int) -> None:
        """Release `k` fichas: cut the released tables and compare each slice."""
        tables = {path.stem: read_table(path.stem, self.public) for path in self._tables()}
        cut = released_tables(tables)
        expires = expiry_of_sections(tables["cards"])
        prepared = Prepared("x", self.run, None, (), "")  # type: ignore[arg-type]
        folder = self.run / "public" / "fichas"
        folder.mkdir(parents=True, exist_ok=True)
        for key in spread(self.keys, k):
            write_ficha(_ficha(prepared, key, cut, expires), folder / f"{slug(key)}.json")

    def pages(self, k: int) -> None:
        """Write the pages of `k` fichas in one language."""
        files = [self.run / "public" / "fichas" / f"{slug(it)}.json" for it in spread(self.keys, k)]
        shown = read_table("colonias_shown", self.public)
        edition = Edition({}, read_fichas(files), ground_of(shown), sentences)
        for ficha in edition.fichas:
            _ficha_page(edition, ficha, "es_MX")

    def gate(self) -> None:
        """Check every released table against its rule."""
        registry = read_registry()
        rules = Disclosure()
        evidence = Evidence(frozenset(), rules)
        for name in registry.tables:
            check_release(name, read_table(name, self.public), evidence, registry)

    def attacker(self) -> None:
        """Attack the edition."""
        tables = {name: read_table(name, self.public) for name in _TABLES}
        attack_editions([PublishedEdition("x", tables, "")])

    def manifest(self) -> None:
        """Write the manifest of a whole edition: four public files of each colonia."""
        public = self.run / "public" / "site"
        source = self.run / "one" / FICHA_FILE
        for key in self.keys:
            for name in (f"{slug(key)}.html", f"{slug(key)}.pdf", f"en/{slug(key)}.html"):
                if not (public / name).exists():
                    link(source, public / name)
        reads = self._read_by_each()
        outcomes = [
            Outcome(
                job.key, ok=True, seconds=1.0, cpu_seconds=1.0, reads=tuple(reads), files=("a", "b")
            )
            for job in self.jobs(self.keys)
        ]
        write_manifest(self.run, inputs={}, accounts=(), outcomes=outcomes, facts={})

    def _tables(self) -> list[Path]:
        return sorted(self.public.glob("*.parquet"))


def main(workbench: Path, sizes: tuple[int, ...], results: Path | None) -> None:
    """Measure every size, print and write the table."""
    demo = Path(os.path.realpath(Workbench(workbench).latest))
    os.environ[paths.ENVIRONMENT_VARIABLE] = str(workbench)
    told: dict[str, dict[str, dict[str, float]]] = {}
    for n in sizes:
        with TemporaryDirectory(dir=workbench / "reports") as folder:
            begun = time.perf_counter()
            register = Register(demo, Path(folder) / "run", n)
            sys.stdout.write(f"{n} colonias, made in {time.perf_counter() - begun:.0f} s\n")
            told[str(n)] = register.stages()
        for stage, used in told[str(n)].items():
            figures = "  ".join(f"{name} {value:.3f}" for name, value in used.items())
            each = used["cpu_s"] / (1 if stage.endswith("each") else n)
            sys.stdout.write(f"  {stage:26}{1000 * each:9.3f} ms CPU each   {figures}\n")
        sys.stdout.flush()
        if results:
            results.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("workbench", type=Path)
    asked.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    asked.add_argument("--results", type=Path)
    given = asked.parse_args()
    main(given.workbench.resolve(), tuple(given.sizes), given.results)
