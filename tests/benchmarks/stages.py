"""The stages of a run that do something for every colonia, each to be measured by itself."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from labtools.charts.ground import ground_of
from labtools.messages import DEFAULT_LANGUAGE
from labtools.narrative import sentences
from labtools.privacy.cards import expiry_of_sections
from labtools.privacy.editions import READ, PublishedEdition, attack_editions
from labtools.privacy.registry import read_registry
from labtools.privacy.release import check_release
from labtools.privacy.rules import Evidence
from labtools.publish.contents import _LOT, _PAPERS, Edition, _ficha_page
from labtools.publish.paper import Paper
from labtools.publish.wording import EDITIONS
from labtools.runs.context import FICHA_FILE, RUN_VARIABLE, read_shared_tables
from labtools.runs.jobs import Job, Outcome
from labtools.runs.manifest import write_manifest
from labtools.runs.plan import FICHAS, plan_jobs, read_entries, rehearsals_of
from labtools.runs.pool import run_notebooks
from labtools.runs.reads import Digests
from labtools.runs.traces import Trace, files_of, read_traces, recipe_of, write_trace
from labtools.settings import Disclosure
from labtools.tables.lineage import sha256_within
from labtools.tables.released import (
    Released,
    bytes_of,
    read_fichas,
    read_heads,
    seal_of_rows,
    slug,
    write_ficha,
)
from labtools.tables.store import read_table
from labtools.workflow.notebooks import PRELOAD, Choice, plan_notebooks
from labtools.workflow.prepared import Prepared
from labtools.workflow.release import _ficha
from labtools.workflow.slices import released_tables
from tests.benchmarks.measuring import measured
from tests.benchmarks.register import grow, link, spread

PERIOD = "2025-12"
#: Colonias whose notebooks are executed: the second less the first is what each costs.
FEW, MANY = 8, 40
TIMES = 3
#: In the order in which they can be measured: some need what those before them leave.
STAGES = (
    "tables read once",
    "notebooks, public, each",
    "notebooks, internal, each",
    "plan, all new",
    "digests",
    "gate",
    "attacker",
    "plan, all stand",
    "release, each",
    "pages, each",
    "paper, each",
    "fichas read for the site",
    "manifest",
)


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
        city = run / "internal" / "city"
        self.public = city / "public"
        # Elsewhere: memory that this process once held would be taken for the stages'.
        self.made = measured(lambda: grow(demo / "internal" / "city", city, n))
        shown = pd.read_parquet(self.public / "colonias_shown.parquet", columns=["colonia_id"])
        self.keys = shown["colonia_id"].tolist()

    def stages(self, only: Collection[str] = STAGES) -> dict[str, dict[str, float]]:
        """Return what stages take, each for the whole register or for one colonia."""
        work: dict[str, Callable[[], object]] = {
            "tables read once": lambda: read_shared_tables(str(self.run)),
            "plan, all new": lambda: self.plan(()),
            "digests": self.digests,
            "plan, all stand": lambda: self.plan((self.run,)),
            "fichas read for the site": self.read_for_site,
            "gate": self.gate,
            "attacker": self.attacker,
            "manifest": self.manifest,
        }
        by_each: dict[str, Callable[[int], None]] = {
            "notebooks, public, each": partial(self.execute, audience="public"),
            "notebooks, internal, each": partial(self.execute, audience="internal"),
            "release, each": self.release,
            "pages, each": self.pages,
            "paper, each": self.papers,
        }
        before = {
            "plan, all stand": self.leave_traces,
            "fichas read for the site": self.release_all,
        }
        told = {}
        for stage in [stage for stage in STAGES if stage in only]:
            if stage in before:
                before[stage]()
            if stage in by_each:
                told[stage] = self.by_difference(by_each[stage])
            else:
                told[stage] = measured(work[stage])._asdict()
        return told

    def by_difference(self, work: Callable[[int], None]) -> dict[str, float]:
        """Return what `work` takes for one colonia, and what it takes before the first.

        Of a few repeats the cheapest counts: what else a machine does only adds.
        """
        few, many = (min(measured(lambda k=k: work(k)) for _ in range(TIMES)) for k in (FEW, MANY))
        each = (many.cpu_s - few.cpu_s) / (MANY - FEW)
        return {"cpu_s": each, "once_cpu_s": few.cpu_s - FEW * each, "mb": many.mb, "times": TIMES}

    def jobs(self, keys: list[str], audience: str = "public") -> list[Job]:
        """Return the jobs of some colonias' fichas."""
        jobs = plan_jobs(read_entries(), keys, period_end=PERIOD, run=self.run)
        return [job for job in jobs if job.key.startswith(f"{FICHAS}/{audience}/")]

    def execute(self, k: int, audience: str = "public") -> None:
        """Execute the fichas of `k` colonias for an audience, in one lane."""
        jobs = self.jobs(spread(self.keys, k), audience)
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

    def release_all(self) -> None:
        """Release a ficha for every colonia: one, under each key."""
        folder = self.run / "public" / "fichas"
        own = spread(self.keys, FEW)[0]
        text = (folder / f"{slug(own)}.json").read_text(encoding="utf-8")
        for key in self.keys:
            rows = json.loads(text.replace(own, key))["tables"]
            released = Released(key, MappingProxyType({}), seal_of_rows(rows), rows=rows)
            (folder / f"{slug(key)}.json").write_bytes(bytes_of(released))

    def pages(self, k: int) -> None:
        """Write the pages of `k` fichas in every language."""
        edition = self.edition(k)
        for ficha in edition.fichas:
            for language in EDITIONS:
                _ficha_page(edition, ficha, language)

    def papers(self, k: int) -> None:
        """Print `k` fichas and draw their cards for telephones, in the language of residents."""
        edition = self.edition(k)
        for ficha in edition.fichas:
            for make in _PAPERS.values():
                make(edition, ficha, DEFAULT_LANGUAGE)

    def edition(self, k: int) -> Edition:
        """Return `k` released fichas with what their pages are drawn from."""
        files = [self.run / "public" / "fichas" / f"{slug(it)}.json" for it in spread(self.keys, k)]
        shown = read_table("colonias_shown", self.public)
        paper = Paper((DEFAULT_LANGUAGE,), "https://example.org")
        return Edition({}, read_fichas(files), ground_of(shown), sentences, paper)

    def read_for_site(self) -> None:
        """Read the head of every released ficha, and a lot of them whole, as the site does."""
        files = sorted((self.run / "public" / "fichas").glob("*.json"))
        heads = read_heads(files)
        sys.stdout.write(f"  {len(heads)} heads, {len(read_fichas(files[:_LOT]))} whole\n")

    def gate(self) -> None:
        """Check every released table against its rule."""
        registry = read_registry()
        rules = Disclosure()
        evidence = Evidence(frozenset(), rules)
        for name in registry.tables:
            check_release(name, read_table(name, self.public), evidence, registry)

    def attacker(self) -> None:
        """Attack the edition."""
        tables = {name: read_table(name, self.public) for name in READ if name != "years"}
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
        made = {f"public/{name}": it for name, it in sha256_within(self.run / "public").items()}
        write_manifest(self.run, inputs={}, outputs=made, accounts=(), outcomes=outcomes, facts={})

    def _tables(self) -> list[Path]:
        return sorted(self.public.glob("*.parquet"))
