"""Is promised power kept?  On counts that another mechanism drew, Poisson and overdispersed.

``python tests/simulation/study_power.py`` writes ``reports/studies/power.json``.

Each history (80 colonias, 48 months) is drawn with gamma years, alike or not among neighbours;
the planner fits it and promises; fresh years are then drawn from the truth, not from the fit.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats
from scipy.spatial.distance import pdist, squareform

from labtools.targeting.count_model import fit_counts
from labtools.targeting.power_simulation import compare_change, simulate_power

HISTORIES, TIMES, COLONIAS, PER_ARM = 60, 500, 80, 16
HERE = Path(__file__).parents[2]
CASES = {
    "poisson": (0.0, 0.0, 0.20),
    "overdispersed": (0.10, 0.0, 0.25),
    "overdispersed_near_alike": (0.10, 1_500.0, 0.25),
    "poisson_smaller_fall": (0.0, 0.0, 0.17),
    "overdispersed_larger_fall": (0.10, 0.0, 0.40),
    "overdispersed_near_alike_larger_fall": (0.10, 1_500.0, 0.38),
}


def years(spread: float, near: np.ndarray, times: int, rng: np.random.Generator) -> np.ndarray:
    """Return gamma multipliers of mean 1 joined by a Gaussian copula, shape (times, n)."""
    n = len(near)
    if not spread:
        return np.ones((times, n))
    normal = rng.standard_normal((times, n)) @ np.linalg.cholesky(near + 1e-9 * np.eye(n)).T
    return np.asarray(stats.gamma.ppf(stats.norm.cdf(normal), 1 / spread, scale=spread))


def judge(spread: float, reach: float, fall: float, rng: np.random.Generator) -> dict[str, float]:
    """Return promised and kept power, and the false alarm, over all histories."""
    told: list[tuple[float, float, float]] = []
    for _ in range(HISTORIES):
        places = pd.DataFrame(rng.uniform(0, 10_000, (COLONIAS, 2)), columns=["x", "y"])
        distance = squareform(pdist(places.to_numpy()))
        near = np.exp(-distance / reach) if reach else np.eye(COLONIAS)
        level = rng.gamma(3, 2, COLONIAS)
        past = years(spread, near, 4, rng).T.repeat(12, axis=1)
        counts = pd.DataFrame(rng.poisson(level[:, None] * past))
        model = fit_counts(counts, places, months=12)
        promised = simulate_power(model, fall, per_arm=PER_ARM, times=TIMES, rng=rng)
        order = rng.permuted(np.tile(np.arange(COLONIAS), (TIMES, 1)), axis=1)[:, : 2 * PER_ARM]
        treated = np.arange(2 * PER_ARM) < PER_ARM
        rows = np.arange(TIMES)[:, None]
        first = years(spread, near, TIMES, rng)[rows, order]
        then = years(spread, near, TIMES, rng)[rows, order]
        before = rng.poisson(12 * level[order] * first)
        same = rng.poisson(12 * level[order] * then)
        fallen = rng.poisson(12 * level[order] * then * np.where(treated, 1 - fall, 1.0))
        kept = (compare_change(before, fallen, treated)[1] < 0.05).mean()
        alarm = (compare_change(before, same, treated)[1] < 0.05).mean()
        told.append((promised, float(kept), float(alarm)))
    promised, kept, alarm = np.mean(told, axis=0)
    miss = np.array([one[1] - one[0] for one in told])
    return {
        "fall": fall,
        "promised": round(float(promised), 4),
        "kept": round(float(kept), 4),
        "difference_points": round(float(100 * (kept - promised)), 2),
        # Of one history's promise; the noise of so many simulated studies is in it.
        "rmse_points": round(float(100 * np.sqrt((miss**2).mean())), 2),
        "false_alarm": round(float(alarm), 4),
    }


def main() -> None:
    """Judge every case and write what came of it."""
    told: dict[str, object] = {
        "what": "promised power of 16 + 16 colonias, 12 + 12 months, and power kept",
        "histories": HISTORIES,
        "studies_per_history": TIMES,
        "seed": 20_261_126,
    }
    for name, (spread, reach, fall) in CASES.items():
        told[name] = judge(spread, reach, fall, np.random.default_rng([20_261_126, len(name)]))
    path = HERE / "reports" / "studies" / "power.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(told, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    print(json.dumps(told, indent=2))  # noqa: T201 - a command speaks


if __name__ == "__main__":
    main()
