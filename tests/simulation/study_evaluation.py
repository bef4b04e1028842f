"""Size, bias, cover and power of the evaluation of a programme, on many invented cities.

``python tests/simulation/study_evaluation.py [SEEDS]`` writes reports/studies/evaluation.json.
Each seed is another history of the demo's municipality: its colonias, months, choice of
colonias by their records, and dates of entry.  Nothing of it was used to choose the method
but seeds below 400; the study begins at 2,000.  A world in which nothing was done, and some test
rejected less than 3 or more than 7 % of the time, is asked as many seeds more, once: at 500 an
exact test lies outside in one world of fifteen.
"""

from __future__ import annotations

import functools
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from scipy import stats
from scipy.sparse.csgraph import shortest_path

from labtools.demo.chance import generator
from labtools.demo.ground import lay_out
from labtools.demo.history import enrol
from labtools.demo.intensity import imagine
from labtools.demo.people import settle
from labtools.demo.programme import STAGES, take_effect
from labtools.errors import AnalysisError
from labtools.evaluation.counts import BESIDE, imputed_effects, nearness
from labtools.evaluation.programme import ALL, Enrolment, alike_in_level, design_cells
from labtools.evaluation.protocol import read_protocol
from labtools.paths import bundled

OUT = Path(__file__).resolve().parents[2] / "reports" / "studies" / "evaluation.json"
FIRST_SEED, SEEDS, AT_ONCE = 2_000, 500, 25
LEAST, MOST = 0.03, 0.07
N, MONTHS, ROUNDS = 412, 72, ((34, (1,)), (48, (2, 3, 4, 5)))
QUARTERS = pd.date_range("2020-01-01", periods=24, freq="QS")
GROUPS = [1, 2]  # robbery and theft


@dataclass(frozen=True)
class Scenario:
    """A kind of world: what is planted, and how its counts vary."""

    effect: float = 0.0
    beside: float = 0.0
    ratio: float | None = None  # variance over mean; None: the demo's own
    shared: float = 0.0  # shocks that neighbours share, as log sd
    worst_first: bool = False


SCENARIOS = {
    "nothing, as in the demo": Scenario(),
    "nothing, variance/mean 2": Scenario(ratio=2),
    "nothing, variance/mean 5": Scenario(ratio=5),
    "nothing, worst first": Scenario(worst_first=True),
    "nothing, worst first, variance/mean 5": Scenario(ratio=5, worst_first=True),
    "nothing, shocks shared by neighbours": Scenario(shared=0.15),
    "nothing, shared shocks, worst first, variance/mean 3": Scenario(
        ratio=3, shared=0.15, worst_first=True
    ),
    "the demo's effect and displacement": Scenario(effect=float(np.log(0.8)), beside=0.0392),
    "displacement as large as promised": Scenario(beside=0.45),
}


class Town:
    """The demo's ground, on which every history takes place."""

    def __init__(self) -> None:
        self.ground = lay_out(generator(2026, "ground"))
        self.people = settle(self.ground, 2026)
        keys = [f"c{i:03d}" for i in range(N)]
        self.keys = pd.Index(keys)
        near = self.ground.neighbours.toarray() > 0
        self.beside = pd.DataFrame(near, keys, keys)
        self.near = nearness(shortest_path(near.astype(float), unweighted=True), reach=5)
        apart = np.linalg.norm(self.ground.centres[:, None] - self.ground.centres[None], axis=2)
        self.root = np.linalg.cholesky(np.exp(-apart / 2_500) + 1e-9 * np.eye(N))
        # Every kind of world begins with the same intensities: they are imagined once a seed.
        self.latent = functools.lru_cache(maxsize=32)(
            lambda seed: imagine(self.ground, self.people, seed)
        )


def history(
    town: Town, seed: int, scenario: Scenario
) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Return recorded counts (412, 72), stages, the true log effect and that beside."""
    latent = town.latent(seed)
    rng = np.random.default_rng([seed, 77])
    parts = np.exp(latent.log_true[:, :MONTHS, GROUPS])
    log_mean = np.log((parts * latent.recorded_share[:, None, GROUPS]).sum(axis=2))
    log_mean = log_mean + _shared(town, scenario.shared, rng)
    counts, stage = np.zeros((N, MONTHS), dtype=int), np.zeros(N, dtype=int)
    start = 0
    for stop, stages in (*ROUNDS, (MONTHS, ())):
        span = slice(start, stop)
        log_now = (log_mean + _planted(town, stage, scenario)[0])[:, span]
        counts[:, span] = _draw(np.exp(log_now), scenario.ratio, rng)
        past = counts[:, max(0, stop - 24) : stop].sum(axis=1)
        if stages:
            stage = _choose(town, stage, stages, past, scenario, rng)
        start = stop
    both, own = _planted(town, stage, scenario)
    inside = _entered(stage)[:, None] <= np.arange(MONTHS)
    mean = np.exp(log_mean)
    truth = np.log((mean * np.exp(own))[inside].sum() / mean[inside].sum())
    moved = both - own
    touched = take_effect(stage, town.ground.neighbours).displacement[:, :MONTHS] > 0
    beside = np.log((mean * np.exp(moved))[touched].sum() / mean[touched].sum())
    return counts, stage, truth, beside


def _shared(town: Town, size: float, rng: np.random.Generator) -> np.ndarray:
    if not size:
        return np.zeros((N, MONTHS))
    path = size * town.root @ rng.standard_normal((N, MONTHS))
    for month in range(1, MONTHS):
        path[:, month] = 0.7 * path[:, month - 1] + np.sqrt(1 - 0.49) * path[:, month]
    return path


def _planted(town: Town, stage: np.ndarray, scenario: Scenario) -> tuple[np.ndarray, np.ndarray]:
    made = take_effect(stage, town.ground.neighbours)
    ramp = made.effect[:, :MONTHS] / np.log(0.8)
    near = made.displacement[:, :MONTHS] / np.log(1.04)
    own = scenario.effect * ramp
    return own + scenario.beside * near, own


def _choose(town, stage, stages, past, scenario, rng):
    if not scenario.worst_first:
        return enrol(stage, stages, past, town.people, rng)
    stage = stage.copy()
    free = (stage == 0) & (town.people.colonias["population"].to_numpy() >= 60)
    order = np.argsort(np.where(free, -past - rng.random(N), np.inf))
    first = 0
    for number in stages:
        size = STAGES[number - 1][1]
        stage[order[first : first + size]] = number
        first += size
    return stage


def _draw(mean: np.ndarray, ratio: float | None, rng: np.random.Generator) -> np.ndarray:
    if ratio is None:
        return rng.poisson(mean * rng.gamma(4.4, 1 / 4.4, mean.shape))
    return rng.negative_binomial(np.maximum(mean / (ratio - 1), 1e-9), 1 / ratio)


def _entered(stage: np.ndarray) -> np.ndarray:
    days = [pd.Timestamp(day) for day, _ in STAGES]
    months = np.array([10**6, *((d.year - 2020) * 12 + d.month - 1 for d in days)])
    return months[stage]


def evaluate(town: Town, counts: np.ndarray, stage: np.ndarray, neighbours: str) -> dict:
    """Return log ratio, error and limits of the programme and of the colonias beside."""
    days = pd.to_datetime(np.array([None, *(day for day, _ in STAGES)])[stage])
    entered = pd.Series(days, index=town.keys)
    table = pd.DataFrame(counts.reshape(N, 24, 3).sum(axis=2), town.keys, QUARTERS)
    plan = read_protocol(bundled("data", "reference", "protocols", "barrios-en-marcha.toml"))
    plan = plan.model_copy(
        update={"design": plan.design.model_copy(update={"neighbours": neighbours})}
    )
    cells = design_cells(table, Enrolment(entered, entered.notna(), town.beside), plan)
    found = imputed_effects(cells.panel, {ALL: cells.inside}, near=town.near).effects
    return {**found.to_dict("index"), "alike": alike_in_level(cells)}


def summary(found: pd.DataFrame, key: str, truth: pd.Series) -> dict[str, float]:
    """Return what a test did over all seeds."""
    told = pd.DataFrame(list(found[key]))
    off = told["log_ratio"] - truth.to_numpy()
    n = len(told)
    return {
        "rejects": round(float((told["p"] < 0.05).mean()), 4),
        "covers": round(
            float(
                ((told["lower"] <= truth.to_numpy()) & (truth.to_numpy() <= told["upper"])).mean()
            ),
            4,
        ),
        "truth": round(float(truth.mean()), 4),
        "bias": round(float(off.mean()), 4),
        "bias_error": round(float(off.std() / np.sqrt(n)), 4),
        "sd": round(float(off.std()), 4),
        "mean_error": round(float(told["se"].mean()), 4),
        "seeds": n,
    }


def rows_of(town: Town, scenario: Scenario, seeds: range) -> list[dict | None]:
    """Return what the design says of each history; None where it refuses."""
    rows: list[dict | None] = []
    for seed in seeds:
        counts, stage, truth, beside = history(town, seed, scenario)
        try:
            own = evaluate(town, counts, stage, "own_effect")
            compared = evaluate(town, counts, stage, "compared")
        except AnalysisError:
            rows.append(None)
            continue
        rows.append(
            {
                "own": own[ALL],
                "beside": own[BESIDE],
                "compared": compared[ALL],
                "truth": truth,
                "moved": beside,
                "alike": own["alike"],
            }
        )
    return rows


def judged(rows: list[dict | None]) -> dict[str, object]:
    """Return what each test did in one kind of world."""
    found = pd.DataFrame([row for row in rows if row])
    return {
        "refused": len(rows) - len(found),
        "with colonias as high to compare with": round(float(found["alike"].mean()), 4),
        "effect, neighbours with an effect of their own": summary(found, "own", found["truth"]),
        "effect, neighbours compared": summary(found, "compared", found["truth"]),
        "beside": summary(found, "beside", found["moved"]),
    }


def borderline(told: dict[str, object]) -> bool:
    """Return whether some test rejected too rarely or too often, of those asked so far."""
    rates = [one["rejects"] for one in told.values() if isinstance(one, dict)]
    return not all(LEAST <= rate <= MOST for rate in rates)


def main(seeds: int) -> None:
    """Run the study some seeds at a time, and write it after each of these: it may be stopped."""
    town, started = Town(), time.process_time()
    rows: dict[str, list[dict | None]] = {name: [] for name in SCENARIOS}
    asked = list(SCENARIOS)
    for last in (FIRST_SEED + seeds, FIRST_SEED + 2 * seeds):
        for first in range(last - seeds, last, AT_ONCE):
            for name in asked:
                some = range(first, min(first + AT_ONCE, last))
                rows[name] += rows_of(town, SCENARIOS[name], some)
            _write({name: judged(told) for name, told in rows.items()}, started)
        asked = [
            name
            for name, scenario in SCENARIOS.items()
            if not scenario.effect and not scenario.beside and borderline(judged(rows[name]))
        ]


def _write(results: dict[str, dict[str, object]], started: float) -> None:
    seeds = min(told["beside"]["seeds"] + told["refused"] for told in results.values())
    limit = stats.binom.ppf([0.025, 0.975], seeds, 0.05) / seeds
    told = {
        "what": "sealed design imputed_counts on the demo's municipality, 5 % nominal",
        "first_seed": FIRST_SEED,
        "seeds": seeds,
        "cpu_seconds": round(time.process_time() - started),
        "rejections_of_an_exact_test_lie_in": [round(float(v), 4) for v in limit],
        "scenarios": results,
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.stdout.write(f"{seeds} seeds, {told['cpu_seconds']} s\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS)
