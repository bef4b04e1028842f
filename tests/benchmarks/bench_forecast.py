"""Time the endemic-epidemic model on cities of the size to serve.

Run by hand: ``python tests/benchmarks/bench_forecast.py``.  Writes CPU seconds (medians) and, as
the machine may be busy, their ratio to a reference run beside it: the Cholesky factors of ten
matrices of 1,500 rows.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd

from labtools.analysis.forecast.ahead import forecast_steps
from labtools.analysis.forecast.contagion import borders_apart, rings_of
from labtools.analysis.forecast.endemic_epidemic import fit_endemic_epidemic
from labtools.analysis.forecast.endemic_likelihood import Terms

RESULTS = Path(__file__).parents[2] / "reports" / "bench" / "latest.json"
MONTHS = 60
SIZES = {"endemic_epidemic_128x60_s": (16, 8), "endemic_epidemic_700x60_s": (28, 25)}
ROUNDS = 3


def main() -> None:
    """Measure each size and put the figures under their keys."""
    found = {key: _measure(*sides) for key, sides in SIZES.items()}
    found["endemic_epidemic_reference_s"] = median(_timed(_reference) for _ in range(ROUNDS))
    kept = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}
    kept |= {key: round(seconds, 3) for key, seconds in found.items()}
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    told = json.dumps(kept, indent=1, sort_keys=True, ensure_ascii=False)
    RESULTS.write_text(told + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))  # noqa: T201 - run by hand


def _measure(rows: int, columns: int) -> float:
    cells = np.arange(rows * columns).reshape(rows, columns)
    across = np.column_stack([cells[:, :-1].ravel(), cells[:, 1:].ravel()])
    down = np.column_stack([cells[:-1].ravel(), cells[1:].ravel()])
    borders = borders_apart(np.vstack([across, down]), cells.size)
    terms = Terms(rings=rings_of(borders, furthest=5))
    rng = np.random.default_rng(cells.size)
    level = np.exp(rng.normal(-0.7, 0.6, (cells.size, 1)))
    season = np.exp(0.2 * np.sin(2 * np.pi * np.arange(MONTHS) / 12))
    counts = pd.DataFrame(rng.negative_binomial(5, 1 / (1 + 0.2 * level * season)))
    return median(
        _timed(lambda: forecast_steps(fit_endemic_epidemic(counts, terms), counts, 3))
        for _ in range(ROUNDS)
    )


def _reference() -> None:
    matrix = np.eye(1_500) + 1e-4
    for _ in range(10):
        np.linalg.cholesky(matrix)


def _timed(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


if __name__ == "__main__":
    main()
