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
import platform
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from labtools import paths
from labtools.paths import Workbench
from labtools.tables.lineage import code_digest
from tests.benchmarks.bench_risk import map_of, scan_of, space_time_of
from tests.benchmarks.bench_workers import fichas_per_minute
from tests.benchmarks.measuring import measured
from tests.benchmarks.record import SCALE
from tests.benchmarks.stages import STAGES, Register

SIZES = (412, 824, 3_296, 13_184, 74_160)
MODELS = SIZES[:3]


def disk_of(run: Path) -> dict[str, float]:
    """Return the MB that a finished run keeps of each ficha, and of all the rest together."""
    fichas = len(list((run / "public" / "fichas").glob("*.json")))
    folders = ("internal/notebooks", "internal/outputs", "public/fichas", "public/site")
    own = sum(_bytes(run / name) for name in folders) - _bytes(run / "public" / "site" / "data")
    return {
        "fichas": fichas,
        "mb_each": own / fichas / 2**20,
        "mb_rest": (_bytes(run) - own) / 2**20,
    }


def _bytes(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


def main(
    workbench: Path,
    sizes: Sequence[int],
    only: Sequence[str],
    models_on: Sequence[int],
    workers_on: int,
    results: Path,
) -> None:
    """Measure every size, models, and workers on a register; print and write what was found so far.

    What the file holds of other sizes and stages is kept: each says when and on what it was
    measured.
    """
    demo = Path(os.path.realpath(Workbench(workbench).latest))
    os.environ[paths.ENVIRONMENT_VARIABLE] = str(workbench)
    told = json.loads(results.read_text(encoding="utf-8")) if results.is_file() else {}
    told = {"sizes": {}, "models": {}, **told, "disk": disk_of(demo)}

    def kept() -> None:
        results.parent.mkdir(parents=True, exist_ok=True)
        results.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")

    for n in sizes:
        with TemporaryDirectory(dir=workbench / "reports") as folder:
            register = Register(demo, Path(folder) / "run", n)
            sys.stdout.write(f"{n} colonias, made in {register.made.wall_s:.0f} s\n")
            sys.stdout.flush()
            stages = register.stages(only)
        told["sizes"][str(n)] = beside(told["sizes"].get(str(n)), stages)
        show(n, stages)
        kept()
    for n in models_on:
        made = {
            "BYM2, a year": map_of(n),
            "space and time": space_time_of(n, 0.6),
            "scan": scan_of(n),
        }
        models = {name: measured(work)._asdict() for name, work in made.items()}
        told["models"][str(n)] = {"on": machine(), "stages": models}
        show(n, models)
        kept()
    if workers_on:
        with TemporaryDirectory(dir=workbench / "reports") as folder:
            register = Register(demo, Path(folder) / "run", workers_on)
            settings = Workbench(workbench).settings_file
            found = fichas_per_minute(register.jobs(register.keys), register.run, settings)
        told["workers"] = {"on": machine(), "register": workers_on, **found}
        kept()


def beside(earlier: dict[str, Any] | None, stages: dict[str, dict[str, float]]) -> dict[str, Any]:
    """Return what was measured now, beside what was measured earlier of other stages."""
    kept = earlier or {"on": [], "stages": {}}
    others = [
        {**one, "stages": [stage for stage in one["stages"] if stage not in stages]}
        for one in kept["on"]
    ]
    return {
        "on": [*(one for one in others if one["stages"]), {**machine(), "stages": list(stages)}],
        "stages": {**kept["stages"], **stages},
    }


def machine() -> dict[str, Any]:
    """Return what the figures were measured on, and when."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "measured": time.strftime("%Y-%m-%d"),
        "processors": os.cpu_count(),
        "memory_gib": round(memory, 1),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
        "code": code_digest()[:12],
    }


def show(n: int, stages: dict[str, dict[str, float]]) -> None:
    """Print what each stage took for a colonia, and in all."""
    for stage, used in stages.items():
        figures = "  ".join(f"{name} {value:.3f}" for name, value in used.items())
        each = used["cpu_s"] / (1 if stage.endswith("each") else n)
        sys.stdout.write(f"  {stage:26}{1000 * each:9.3f} ms CPU each   {figures}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("workbench", type=Path)
    asked.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    asked.add_argument("--only", nargs="+", choices=STAGES, default=STAGES, help="stages")
    asked.add_argument("--models-on", type=int, nargs="*", default=MODELS)
    asked.add_argument("--workers-on", type=int, default=SIZES[0], help="colonias; 0 for none")
    asked.add_argument("--results", type=Path, default=SCALE)
    given = asked.parse_args()
    main(
        given.workbench.resolve(),
        given.sizes,
        given.only,
        given.models_on,
        given.workers_on,
        given.results,
    )
