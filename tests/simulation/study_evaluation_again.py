"""Every cell of the three studies of an evaluation that lay outside 3 to 7 %, on fresh histories.

``python tests/simulation/study_evaluation_again.py [SEEDS]`` asks each test that rejected less than
3 or more than 7 % of the time where nothing was done again, on histories that no study and no
choice of method has seen, and writes what it found beside the first figure (``again``), with the
interval in which the true rate lies.  What lay outside by chance comes back; what errs does not.
Both figures stay: the first one is never replaced.
"""

from __future__ import annotations

import functools
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import study_evaluation as decides
import study_evaluation_designs as designs
import study_evaluation_tests as shipped
from scipy import stats
from study_evaluation import LEAST, MOST, SCENARIOS, Town, history

from labtools.errors import AnalysisError
from labtools.evaluation import permuted_ratio

# Only p-values are asked: limits that a permutation test does not reject cost six times as much.
permuted_ratio._edge = lambda *_: np.nan
FIRST_SEED, SEEDS, AT_ONCE, LEVEL = 60_000, 1_000, 25, 0.05
#: Names of the design that decides, as study_evaluation tells it: neighbours, and row.
ROWS = {
    "effect, neighbours with an effect of their own": ("own_effect", decides.ALL),
    "effect, neighbours compared": ("compared", decides.ALL),
    "beside": ("own_effect", decides.BESIDE),
}
#: p-value of a test in the history of a seed.
Ask = Callable[[Town, int], float]


def outside(told: object) -> bool:
    """Return whether a cell tells a rate that is not what was promised."""
    rate = told.get("rejects") if isinstance(told, dict) else None
    return rate is not None and not LEAST <= rate <= MOST


def asked_again(worlds: dict[str, dict[str, dict[str, object]]], fewest: int) -> Iterator[tuple]:
    """Return the cells outside 3 to 7 % where nothing was done: world and test.

    A test that refuses nearly all of a world's histories says nothing there, and what was asked
    again is not asked a third time.
    """
    for world, tests in worlds.items():
        if world in SCENARIOS and world.startswith("nothing"):
            for test, told in tests.items():
                if outside(told) and told["seeds"] >= fewest and "again" not in told:
                    yield world, test


@functools.lru_cache(maxsize=16)
def _history(town: Town, seed: int, world: str) -> tuple[np.ndarray, np.ndarray]:
    counts, stage, *_ = history(town, seed, SCENARIOS[world])
    return counts, stage


@functools.lru_cache(maxsize=16)
def _world(town: Town, seed: int, world: str) -> shipped.World:
    return shipped.World(town, seed, SCENARIOS[world])


def _shipped(world: str, test: str) -> Ask:
    def ask(town: Town, seed: int) -> float:
        one = _world(town, seed, world)
        return shipped.one(one, {test: shipped.TESTS[test]})[test]

    return ask


def _decides(world: str, row: str) -> Ask:
    neighbours, key = ROWS[row]

    def ask(town: Town, seed: int) -> float:
        counts, stage = _history(town, seed, world)
        return float(decides.evaluate(town, counts, stage, neighbours)[key]["p"])

    return ask


def _designs(world: str, design: str) -> Ask:
    def ask(town: Town, seed: int) -> float:
        counts = _history(town, seed, world)[0]
        return designs.ask(town, counts, design, (seed, False)).p

    return ask


STUDIES = ((decides.OUT, _decides), (shipped.OUT, _shipped), (designs.OUT, _designs))


def judged(p: list[float]) -> dict[str, object]:
    """Return how often a test rejected, and where its true rate lies (Clopper and Pearson)."""
    told = np.array([value for value in p if np.isfinite(value)])
    often = int((told <= LEVEL + 1e-12).sum())
    within = stats.binomtest(often, len(told), LEVEL).proportion_ci(0.95)
    return {
        "rejects": round(often / len(told), 4),
        "true_rate_lies_in": [round(float(within.low), 4), round(float(within.high), 4)],
        "first_seed": FIRST_SEED,
        "seeds": len(told),
        "refused": len(p) - len(told),
    }


def main(seeds: int) -> None:
    """Ask again, and write after each hundred of seeds: it may be stopped."""
    town, begun = Town(), time.process_time()
    cells: list[tuple[Path, str, str, Ask, list[float]]] = []
    for path, of in STUDIES:
        worlds = json.loads(path.read_text(encoding="utf-8"))["scenarios"]
        cells += [(path, *cell, of(*cell), []) for cell in asked_again(worlds, fewest=100)]
    for first in range(FIRST_SEED, FIRST_SEED + seeds, AT_ONCE):
        for seed in range(first, min(first + AT_ONCE, FIRST_SEED + seeds)):
            for *_, ask, found in cells:
                try:
                    found.append(ask(town, seed))
                except AnalysisError:
                    found.append(np.nan)
        _write(cells)
        sys.stdout.write(f"{first + AT_ONCE - FIRST_SEED} {time.process_time() - begun:.0f} s\n")
        sys.stdout.flush()


def _write(cells: list[tuple[Path, str, str, Ask, list[float]]]) -> None:
    for path in {path for path, *_ in cells}:
        told = json.loads(path.read_text(encoding="utf-8"))
        for of, world, test, _, found in cells:
            if of == path:
                told["scenarios"][world][test]["again"] = judged(found)
        path.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS)
