"""Measure the engine on the product's own ficha notebook: medians of ratios, in one run.

``make bench`` compares three ways of making the same fichas, children included:

(a) a plain loop: stock ``papermill.execute_notebook``, then nbconvert;
(b) ours: ``run_notebooks``, then the pages of ``labtools export``;
(c) the limit: the same cells as a plain function, in as many warm processes as we use.

It also makes the whole demo with a ficha for each colonia, changes the log of actions of three
colonias, and makes it again: both by ``labtools run``, its start included.  And it compares the
three ways on a notebook that fits models and draws with matplotlib.
The ways are measured in rounds, one after the other in each, so that what slows the machine for a
while slows all of them: a ratio is the median of those of the rounds.
On a machine that others use too, trust the processor seconds; the clock only on a quiet one.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import nbconvert
import nbformat
import papermill

import labtools.runs.context as seen_by_notebooks
from labtools import paths
from labtools.charts.ground import ground_of
from labtools.charts.maps import locator_map
from labtools.narrative import sentences
from labtools.paths import Workbench
from labtools.publish.ficha import render_ficha
from labtools.runs.context import (
    FICHA_FILE,
    RUN_VARIABLE,
    _of_fichas,
    _profiles,
    read_shared_tables,
)
from labtools.runs.jobs import Job, Outcome
from labtools.runs.plan import plan_jobs, read_entries, rehearsals_of
from labtools.runs.pool import run_notebooks
from labtools.runs.reading import export_notebooks
from labtools.tables.released import FICHA_TABLES, read_fichas, slug
from labtools.tables.store import read_table
from labtools.workflow.notebooks import PRELOAD
from labtools.workflow.workbenches import make_demo
from tests.benchmarks.measuring import Used, Way, in_rounds, measured, middle, ratio, used_by

NAIVE = 32  # notebooks of the plain loop: it starts anew for each, and more would tell no more


def main(fichas: int, rounds: int, results: Path) -> None:
    """Measure, print the table, and write ``latest.json``."""
    with TemporaryDirectory() as folder:
        bench = make_demo(Path(folder) / "demo")
        give_each_colonia_a_ficha(bench)
        full = by_command(bench)
        run = Path(os.path.realpath(bench.latest))
        used = in_rounds(rounds, ficha_ways(bench, run, fichas))
        used |= {"whole run": [full], **in_rounds(rounds, {"3 changed": partial(changed, bench)})}
        used |= in_rounds(rounds, heavy_ways(Path(folder), fichas))
    each = {name: middle(found) for name, found in used.items()}
    told = {
        "fichas": fichas,
        "rounds": rounds,
        "processors": os.cpu_count(),
        "cpu_ratio_vs_naive": ratio(used["naive"], used["ours"]),
        "wall_ratio_vs_naive": ratio(used["naive"], used["ours"], "wall_s"),
        "overhead_cpu_s_vs_limit": each["ours"].cpu_s - each["limit"].cpu_s,
        "all_fichas_wall_s": each["ours"].wall_s * fichas,
        "designed_page_cpu_s": each["designed"].cpu_s - each["ours"].cpu_s,
        "changed3_fraction": each["3 changed"].cpu_s / full.cpu_s,
        "whole_run_cpu_s": full.cpu_s,
        "heavy_cpu_ratio_vs_naive": ratio(used["heavy naive"], used["heavy ours"]),
        "heavy_cpu_vs_limit": ratio(used["heavy ours"], used["heavy limit"]),
    }
    lines = [
        f"{name:12}{found.cpu_s:8.3f} CPU s and {found.wall_s:8.3f} s"
        f"   CPU s of each round: {', '.join(f'{one.cpu_s:.3f}' for one in used[name])}"
        for name, found in each.items()
    ]
    lines += [f"{name}: {value:.3g}" for name, value in told.items()]
    sys.stdout.write("\n".join(lines) + "\n")
    results.parent.mkdir(parents=True, exist_ok=True)
    earlier = json.loads(results.read_text(encoding="utf-8")) if results.is_file() else {}
    results.write_text(json.dumps({**earlier, **told}, indent=1) + "\n", encoding="utf-8")


def ficha_ways(bench: Workbench, run: Path, fichas: int) -> dict[str, Way]:
    """Return the ways of making the public fichas: each tells what one ficha used."""
    loop = min(NAIVE, fichas)

    def each(way: Callable[[list[Job]], None], count: int = fichas) -> Way:
        return lambda: measured_on(bench, run, count, way).for_each(count)

    return {
        "naive": each(naive, loop),
        "ours": each(ours),
        "limit": each(limit),
        "designed": each(pages),
    }


def changed(bench: Workbench) -> Used:
    """Change an action of three colonias, and return what the run after it uses."""
    drop_an_action_of(bench, colonias_with_actions(bench, 3))
    return by_command(bench)


def heavy_ways(folder: Path, fichas: int) -> dict[str, Way]:
    """Return the ways of making as many notebooks that fit and draw for themselves."""
    template = Path(__file__).parent / "heavy.ipynb"

    def jobs(count: int = fichas) -> list[Job]:
        outputs = Path(mkdtemp(dir=folder))
        return [Job(str(n), template, {"place": n}, outputs / f"{n}.ipynb") for n in range(count)]

    def stock(given: list[Job]) -> None:
        for job in given:
            papermill.execute_notebook(
                job.notebook, job.output, dict(job.parameters), progress_bar=False
            )

    def pooled(given: list[Job]) -> None:
        loaded = ("pandas", "statsmodels.api", "matplotlib.pyplot")
        check(run_notebooks(given, preload=loaded, rehearsals=given[:1]))

    drawing = partial(limit, after_cell=drawn)
    return {
        "heavy naive": lambda: measured(partial(stock, jobs(NAIVE))).for_each(NAIVE),
        "heavy ours": lambda: measured(partial(pooled, jobs())).for_each(fichas),
        "heavy limit": lambda: measured_warm(drawing, jobs()).for_each(fichas),
    }


def drawn() -> None:
    """Draw what a cell left, as the notebook's own backend does at the end of each."""
    from matplotlib import pyplot as plt  # noqa: PLC0415 - only heavy notebooks draw

    for number in plt.get_fignums():
        plt.figure(number).savefig(BytesIO(), format="png", bbox_inches="tight")
    plt.close("all")


def check(outcomes: list[Outcome]) -> None:
    """End here if a notebook failed."""
    failed = [outcome for outcome in outcomes if not outcome.ok]
    if failed:
        sys.exit(f"{failed[0].key}: {failed[0].error}")


def give_each_colonia_a_ficha(bench: Workbench) -> None:
    """Ask for all colonias of the register in the settings."""
    settings = bench.settings_file.read_text(encoding="utf-8")
    told = settings.replace('select = "programme"', 'select = "all"')
    bench.settings_file.write_text(told, encoding="utf-8")


def by_command(bench: Workbench) -> Used:
    """Return what ``labtools run`` uses, from the start of its process to its end."""
    begun = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall = time.perf_counter()
    command = [sys.executable, "-m", "labtools", "run", "--workbench", str(bench.root)]
    # An installation keeps its modules compiled, whatever is wished here.
    kept = {name: said for name, said in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=kept)
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = ended.ru_utime + ended.ru_stime - begun.ru_utime - begun.ru_stime
    return Used(cpu, time.perf_counter() - wall, ended.ru_maxrss / 1024)


def measured_on(bench: Workbench, run: Path, fichas: int, way: Callable[[list[Job]], None]) -> Used:
    """Return what a way of making the public fichas uses, in a run's folder of its own."""
    with TemporaryDirectory(dir=bench.reports) as folder:
        aside = Path(folder)
        shutil.copytree(run / "internal" / "city", aside / "internal" / "city")
        shutil.copytree(run / "public" / "tables", aside / "public" / "tables")
        os.environ[paths.ENVIRONMENT_VARIABLE] = str(bench.root)
        os.environ[RUN_VARIABLE] = str(aside)
        period_end = json.loads((run / "manifest.json").read_text(encoding="utf-8"))["period_end"]
        jobs = [
            job
            for job in plan_jobs(
                read_entries(), colonias_of(run, fichas), period_end=period_end, run=aside
            )
            if job.key.startswith("fichas/public/")
        ]
        for job in jobs:
            job.output.parent.mkdir(parents=True, exist_ok=True)
        if way is limit:
            return measured_warm(limit, jobs, partial(warm, aside))
        return measured(lambda: way(jobs))


def naive(jobs: list[Job]) -> None:
    """Execute `jobs` one after the other, a stock kernel each, and convert each to HTML."""
    for job in jobs:
        papermill.execute_notebook(
            job.notebook, job.output, dict(job.parameters), progress_bar=False
        )
        page, _ = nbconvert.HTMLExporter().from_filename(str(job.output))
        job.output.with_suffix(".html").write_text(page, encoding="utf-8")


def ours(jobs: list[Job]) -> None:
    """Execute `jobs` as a run does, and make a page of each executed notebook."""
    run = Path(os.environ[RUN_VARIABLE])
    rehearsals = rehearsals_of(read_entries(), jobs)
    shared = partial(read_shared_tables, str(run))
    check(run_notebooks(jobs, preload=PRELOAD, warm=shared, rehearsals=rehearsals))
    export_notebooks([(job.output, job.output.stem) for job in jobs], run / "pages")


def pages(jobs: list[Job]) -> None:
    """Make the designed page of each ficha that `jobs` saved: what the naive loop has none of."""
    ours(jobs)
    run = Path(os.environ[RUN_VARIABLE])
    saved = sorted((run / "internal" / "outputs").glob(f"*/*/public/{FICHA_FILE}"))
    ground = ground_of(read_table("colonias_shown", run / "public" / "tables"))
    for ficha in read_fichas(saved):
        page = render_ficha(
            ficha,
            map_svg=locator_map(ground, ficha.colonia_id),
            language="es_MX",
            sentences=sentences(ficha),
            site_root="..",
        )
        (run / "public" / f"{slug(ficha.colonia_id)}.html").write_text(page, encoding="utf-8")


def warm(run: Path) -> None:
    """Load what notebooks need into this process."""
    for module in PRELOAD:
        importlib.import_module(module)
    read_shared_tables(str(run))
    city = run / "internal" / "city" / "public"
    for cut in (_profiles(city), *(_of_fichas(name, city) for name in FICHA_TABLES)):
        _ = cut.lines  # as a rehearsal leaves them


def limit(jobs: list[Job], after_cell: Callable[[], None] = lambda: None) -> None:
    """Run the cells of `jobs` as one plain function, in a process where all is loaded."""
    seen_by_notebooks.display = lambda *_, **__: None
    notebook = nbformat.read(jobs[0].notebook, 4)
    cells = [
        compile(cell.source, "cell", "exec")
        for cell in notebook.cells
        if cell.cell_type == "code" and "parameters" not in cell.metadata.get("tags", [])
    ]
    for job in jobs:
        names: dict[str, object] = dict(job.parameters)
        for cell in cells:
            exec(cell, names)  # noqa: S102 - the project's own notebook
            after_cell()


def colonias_of(run: Path, count: int) -> list[str]:
    """Return the keys of the first colonias with a public ficha."""
    found = sorted((run / "public" / "fichas").glob("*.json"))[:count]
    return [json.loads(path.read_text(encoding="utf-8"))["colonia_id"] for path in found]


def colonias_with_actions(bench: Workbench, count: int) -> list[str]:
    """Return the keys of the first colonias in which the programme acted in 2025."""
    log = (bench.root / "suppliers" / "acciones_programa.csv").read_text(encoding="utf-8")
    found = [told.split(",")[2] for told in log.splitlines()[1:] if told.split(",")[1] > "2025-01"]
    return list(dict.fromkeys(found))[:count]


def drop_an_action_of(bench: Workbench, colonias: list[str]) -> None:
    """Take one of the year's actions of each colonia out of the supplier's log."""
    log = bench.root / "suppliers" / "acciones_programa.csv"
    lines = log.read_text(encoding="utf-8").splitlines(keepends=True)
    for colonia in colonias:
        lines.pop(max(n for n, told in enumerate(lines) if colonia in told and "2025-" in told))
    log.write_text("".join(lines), encoding="utf-8")


def measured_warm(
    way: Callable[[list[Job]], None], jobs: list[Job], load: Callable[[], None] = lambda: None
) -> Used:
    """Return what `way` takes for `jobs` in processes that loaded, and did one of them, before."""

    def warmed() -> Used:
        load()
        way(jobs[:1])
        return used_by(partial(shared_out, way, jobs))

    return measured(warmed)


def shared_out(way: Callable[[list[Job]], None], jobs: list[Job]) -> None:
    """Do `jobs` in as many processes as the machine has: beside one another, all are slower."""
    count = os.cpu_count() or 1
    started = []
    for n in range(count):
        if (pid := os.fork()) == 0:
            way(jobs[n::count])
            os._exit(0)
        started.append(pid)
    if any(os.waitpid(pid, 0)[1] for pid in started):
        sys.exit("a process of the limit did not end well")


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--fichas", type=int, default=400)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--results", type=Path, default=Path("reports/bench/latest.json"))
    given = asked.parse_args()
    main(given.fichas, given.rounds, given.results)
