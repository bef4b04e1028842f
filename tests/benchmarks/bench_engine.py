"""Compare the run's engine with a plain loop over stock Papermill, children included.

Run by hand: ``python tests/benchmarks/bench_engine.py [jobs]``.  On a machine that others
use too, trust the processor seconds; the clock only on a quiet one.
"""

import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
import papermill

from labtools.runs.pool import Job, run_notebooks

CELLS = [
    "import numpy as np\nimport pandas as pd\nimport geopandas\nfrom IPython.display import HTML",
    """
rng = np.random.default_rng(int(colonia_id[-4:]))
months = pd.date_range("2022-01-01", periods=48, freq="MS")
crimes = ["robo", "lesiones", "violencia familiar", "extorsión", "daño a la propiedad"]
index = pd.MultiIndex.from_product([months, crimes], names=["month", "crime"])
events = pd.DataFrame({"events": rng.poisson(2.0, len(index))}, index=index).reset_index()
events.head()
""",
    """
monthly = events.groupby("month")["events"].sum()
rolling = monthly.rolling(12).mean()
pd.DataFrame({"events": monthly, "rolling": rolling}).tail(12)
""",
    """
yearly = events.assign(year=events["month"].dt.year).pivot_table(
    index="crime", columns="year", values="events", aggfunc="sum", margins=True
)
HTML(yearly.to_html())
""",
    """
step = 600 / len(monthly)
points = " ".join(
    f"{place * step:.1f},{200 - 5 * value}" for place, value in enumerate(monthly.to_numpy())
)
HTML(
    '<svg role="img" viewBox="0 0 600 200"><title>Hechos por mes</title>'
    f'<polyline fill="none" stroke="#13322b" points="{points}"/></svg>'
)
""",
    'print("Hechos:", int(monthly.sum()), "en", len(monthly), "meses")',
]


def main(count: int) -> None:
    """Print both ways' times and their ratios."""
    with TemporaryDirectory() as folder:
        jobs = make_jobs(Path(folder), count)
        stock = measured(lambda: run_stock(jobs))
        ours = measured(lambda: run_notebooks(jobs, preload=["geopandas", "pandas"]))
    lines = [
        f"{count} notebooks, {os.cpu_count()} processors",
        line("stock loop", stock, count),
        line("run_notebooks", ours, count),
        f"ratio         {stock[0] / ours[0]:8.1f} CPU   and {stock[1] / ours[1]:8.1f} by the clock",
    ]
    sys.stdout.write("\n".join(lines) + "\n")


def line(name: str, used: tuple[float, float], count: int) -> str:
    """Return what one way used for each notebook."""
    cpu, wall = (seconds / count for seconds in used)
    return f"{name:14}{cpu:8.3f} CPU s and {wall:8.3f} s per notebook"


def make_jobs(folder: Path, count: int) -> list[Job]:
    """Write the template into `folder` and return one job for each colonia."""
    template = folder / "template.ipynb"
    parameters = nbformat.v4.new_code_cell(
        'colonia_id: str = "99001_0001"', metadata={"tags": ["parameters"]}
    )
    cells = [nbformat.v4.new_code_cell(source.strip()) for source in CELLS]
    kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
    notebook = nbformat.v4.new_notebook(cells=[parameters, *cells], metadata={"kernelspec": kernel})
    nbformat.write(notebook, template)
    keys = [f"99001_{place:04}" for place in range(1, count + 1)]
    return [Job(key, template, {"colonia_id": key}, folder / f"{key}.ipynb") for key in keys]


def run_stock(jobs: list[Job]) -> None:
    """Execute `jobs` one after the other, a stock kernel each."""
    for job in jobs:
        papermill.execute_notebook(
            job.notebook, job.output, dict(job.parameters), progress_bar=False
        )


def measured(work: Callable[[], object]) -> tuple[float, float]:
    """Return the processor seconds (children included) and the seconds that `work` takes."""
    cpu, wall = cpu_seconds(), time.perf_counter()
    work()
    return cpu_seconds() - cpu, time.perf_counter() - wall


def cpu_seconds() -> float:
    """Return what this process and its finished children have used so far."""
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in uses)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 12)
