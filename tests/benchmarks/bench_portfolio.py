"""How long a portfolio takes to choose: 400 colonias × 38 actions × 1,000 draws, to a 1 % gap.

``python tests/benchmarks/bench_portfolio.py`` adds its figures to ``reports/bench/latest.json``.
CPU seconds of this process: wall times of a shared machine say nothing.
"""

from __future__ import annotations

import time

import numpy as np
import pandas as pd

from labtools.targeting.options import Options
from labtools.targeting.portfolio import Rules, choose_portfolio
from tests.benchmarks.record import record

COLONIAS, ACTIONS, DRAWS = 400, 38, 1_000


def big_options(rng: np.random.Generator) -> Options:
    """Return options of realistic size: harm of colonias uneven, effects shared by all."""
    harm = rng.gamma(2, 15, COLONIAS) * rng.lognormal(0, 0.3, (DRAWS, COLONIAS))
    effect = rng.uniform(0.02, 0.4, ACTIONS) * rng.random((DRAWS, ACTIONS))
    benefit = (harm[:, :, None] * effect[:, None, :]).astype(np.float32)
    cost = rng.lognormal(10, 0.7, ACTIONS).round(-2)
    table = pd.DataFrame(
        {
            "colonia_id": np.repeat([f"c{k:03d}" for k in range(COLONIAS)], ACTIONS),
            "intervention": np.tile([f"i{k:02d}" for k in range(ACTIONS)], COLONIAS),
            "agency": np.tile([f"a{k % 12}" for k in range(ACTIONS)], COLONIAS),
            "cost": np.tile(cost, COLONIAS),
            "borough": np.repeat([f"b{k % 7}" for k in range(COLONIAS)], ACTIONS),
            "grade": np.repeat([f"g{k % 5}" for k in range(COLONIAS)], ACTIONS),
        }
    )
    return Options(table, benefit.reshape(DRAWS, -1))


def rules_of(options: Options, aversion: float) -> Rules:
    """Return a budget for some 150 actions, with every kind of rule."""
    budget = 150 * float(options.table["cost"].mean())
    return Rules(
        budget,
        capacity={f"a{k}": 25 for k in range(12)},
        borough_floor={f"b{k}": budget * 0.07 for k in range(7)},
        grade_floor={f"g{k}": budget * 0.1 for k in range(5)},
        aversion=aversion,
    )


def measure() -> dict[str, float]:
    """Return CPU seconds and gaps, for a choice by the mean and one that guards the worst."""
    options = big_options(np.random.default_rng(8))
    told = {}
    for name, aversion in (("portfolio_400_mean", 0.0), ("portfolio_400", 0.5)):
        start = time.process_time()
        found = choose_portfolio(options, rules_of(options, aversion))
        told[f"{name}_s"] = round(time.process_time() - start, 1)
        told[f"{name}_gap"] = round(found.gap, 5)
    return told


def main() -> None:
    """Measure, and keep the figures beside those of the other benchmarks."""
    told = measure()
    record(**told)
    print(told)  # noqa: T201 - a command speaks


if __name__ == "__main__":
    main()
