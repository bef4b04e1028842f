"""Fit the maps of risk: processor seconds of one thread, the median of three.

Run by hand: ``python -m tests.benchmarks.bench_risk``.  Beside them stands the time of one
factorisation of a dense matrix of 2,000 rows, by which other machines can be compared.
"""

import os
import statistics
import time
from collections.abc import Callable

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
import pandas as pd

from labtools.analysis.hotspots.scan import scan_areas
from labtools.analysis.risk.bym2 import fit_bym2
from labtools.analysis.risk.space_time import CountPanel, fit_space_time
from tests.benchmarks.record import record
from tests.simulation.risk_cities import MONTHS, risk_city


def main() -> None:
    """Print and record the seconds of each fit."""
    rng = np.random.default_rng(1)
    square = rng.standard_normal((2_000, 2_000))
    square = square @ square.T + 2_000 * np.eye(2_000)
    seconds = {
        "risk_reference_cholesky_2000_s": middle(lambda: np.linalg.cholesky(square), 3),
        "bym2_1400_s": middle(map_of(1_400), 3),
        "st_bym2_128x60_s": middle(space_time_of(128, 2.5), 3),
        "st_bym2_700x60_s": middle(space_time_of(700, 0.6), 3),
        "scan_1400x999_s": middle(scan_of(1_400), 3),
    }
    print(seconds)  # noqa: T201 - run by hand
    record(**{name: round(value, 3) for name, value in seconds.items()})


def map_of(n: int) -> Callable[[], object]:
    """Return what fits the map of one year."""
    city = risk_city(n, 1, mean=0.6)
    events = pd.Series(city.counts[:, MONTHS - 12 : MONTHS].sum(1), city.exposure.index)
    exposure, neighbours = city.exposure * 12, city.neighbours
    return lambda: fit_bym2(events, exposure, neighbours, rng=np.random.default_rng(1))


def space_time_of(n: int, mean: float) -> Callable[[], object]:
    """Return what fits five years by month."""
    city = risk_city(n, 1, mean=mean)
    counts = pd.DataFrame(city.counts[:, :MONTHS], city.exposure.index)
    panel = CountPanel(counts, city.exposure, city.covariates)
    return lambda: fit_space_time(panel, city.neighbours, rng=np.random.default_rng(1))


def scan_of(n: int) -> Callable[[], object]:
    """Return what scans one year with 999 replicates."""
    rng = np.random.default_rng(1)
    areas = pd.RangeIndex(n)
    expected = pd.Series(rng.lognormal(1.5, 0.7, n), areas)
    events = pd.Series(rng.poisson(expected * rng.gamma(5, 0.2, n)).astype(float), areas)
    places = pd.DataFrame(rng.random((n, 2)), areas)
    return lambda: scan_areas(events, expected, places, replicates=999)


def middle(work: Callable[[], object], times: int) -> float:
    """Return the median of the processor seconds."""
    seconds = []
    for _ in range(times):
        started = time.process_time()
        work()
        seconds.append(time.process_time() - started)
    return statistics.median(seconds)


if __name__ == "__main__":
    main()
