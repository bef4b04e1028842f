"""Size of every shipped test on the demo's municipality, where nothing was done.

``python tests/simulation/study_evaluation_tests.py [SEEDS [TEST ...]]`` writes
reports/studies/evaluation_tests.json; with names of tests, only theirs, beside what stands there.
The histories are those of study_evaluation; each test is given what its module asks for: whole
years, before the choice and after.  Where the choice did not look at records, places are drawn by
lot; the worst are chosen for their records, and are declared so.  A test that refuses is counted
as refused.
"""

from __future__ import annotations

import json
import os
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from scipy import stats
from study_evaluation import SCENARIOS, N, Scenario, Town, history

from labtools.errors import AnalysisError
from labtools.evaluation.answers import answer_effect
from labtools.evaluation.choice import Chosen
from labtools.evaluation.displacement import (
    estimate_dispersion,
    harm_dispersion,
    harm_weighted_difference,
    poisson_e_test,
    weighted_displacement_difference,
)
from labtools.evaluation.interrupted_series import interrupted_series
from labtools.evaluation.micro_synthetic import micro_synthetic
from labtools.evaluation.randomisation import (
    choice_by_odds,
    lottery,
    randomisation_test,
    spatial_permutation,
)
from labtools.evaluation.staggered import Panel, average_effects, group_time_effects, pretrend_p
from labtools.evaluation.synthetic_control import placebo_ratios
from labtools.evaluation.synthetic_did import placebo_error

OUT = Path(__file__).resolve().parents[2] / "reports" / "studies" / "evaluation_tests.json"
FIRST_SEED, SEEDS, AT_ONCE, LEVEL = 20_000, 500, 25, 0.05
MONTHS = pd.date_range("2020-01-01", periods=72, freq="MS")
YEARS = {year: slice(12 * (year - 2020), 12 * (year - 2019)) for year in range(2020, 2026)}
BLOCKS, CHOSEN_BLOCKS = 40, 4
NULLS = {name: one for name, one in SCENARIOS.items() if not one.effect and not one.beside}


class World:
    """One history in which nothing was done: monthly counts, and who would have been chosen."""

    def __init__(self, town: Town, seed: int, scenario: Scenario) -> None:
        self.town, self.scenario = town, scenario
        self.counts, self.stage, *_ = history(town, seed, scenario)
        self.seed, self.rng = seed, np.random.default_rng([seed, 78])
        self.chosen: Chosen = "by_records" if scenario.worst_first else "by_lottery"
        self.late = self.stage >= 3
        if not scenario.worst_first:
            free = (self.stage >= 3) | (self.stage == 0)
            drawn = self.rng.choice(np.flatnonzero(free), int(self.late.sum()), replace=False)
            self.late = np.isin(np.arange(N), drawn)
        self.others = (self.stage >= 3) | (self.stage == 0)
        self.others &= ~self.late
        self.kept = self.late | self.others

    def year(self, year: int) -> np.ndarray:
        """Return the events of each colonia in a year."""
        return self.counts[:, YEARS[year]].sum(axis=1)

    def paired(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the later choice, and as many others of the same level in 2020."""
        level, free = np.log1p(self.year(2020)), list(np.flatnonzero(self.others))
        ours, pairs = np.flatnonzero(self.late), []
        for place in self.rng.permutation(ours):
            nearest = free[int(np.argmin(np.abs(level[free] - level[place])))]
            free.remove(nearest)
            pairs.append(nearest)
        return ours, np.array(pairs)


def staggered(world: World) -> float:
    """Group-time effects on yearly counts over those of 2020, paired in level."""
    outcome, first = _panel(world)
    got = average_effects(
        group_time_effects(
            Panel(outcome, first, outcome[[]]),
            anticipation=2,
            chosen=world.chosen,
            near=_near(world, outcome),
        ),
        "simple",
    )
    return float(2 * stats.norm.sf(abs(got.effect / got.se)))


def pretrend(world: World) -> float:
    """Joint test of the quarters of 2021, before the choice looked at the records."""
    ours, pairs = world.paired()
    rows = np.concatenate([ours, pairs])
    spans = {1: (12, 15), 2: (15, 18), 3: (18, 21), 4: (21, 24), 5: (60, 63)}
    outcome = pd.DataFrame(
        {k: np.log1p(world.counts[rows, a:b].sum(axis=1)) for k, (a, b) in spans.items()}, rows
    )
    first = pd.Series(np.where(np.isin(rows, ours), 5, 0), rows)
    panel = Panel(outcome, first, outcome[[]])
    near = _near(world, outcome)
    return pretrend_p(group_time_effects(panel, chosen=world.chosen, near=near))


def _near(world: World, outcome: pd.DataFrame) -> np.ndarray:
    return world.town.near[np.ix_(outcome.index, outcome.index)]


def _panel(world: World) -> tuple[pd.DataFrame, pd.Series]:
    ours, pairs = world.paired()
    rows = np.concatenate([ours, pairs])
    outcome = pd.DataFrame(
        {year: np.log1p(world.year(year)[rows]) for year in range(2021, 2026)}, rows
    )
    return outcome, pd.Series(np.where(np.isin(rows, ours), 2024, 0), rows)


def displacement(world: World) -> float:
    """Weighted displacement difference of 2021 and 2025, paired in the level of 2020."""
    ours, pairs = world.paired()
    spread = estimate_dispersion(
        np.column_stack([world.year(2020), world.year(2024)])[world.others], chosen=world.chosen
    )
    got = weighted_displacement_difference(
        _sums(world, ours), _sums(world, pairs), dispersion=spread
    )
    return got.p


def harm(world: World) -> float:
    """Difference weighted by harm of the same years, two kinds that share their shocks."""
    ours, pairs = world.paired()
    grave = world.rng.binomial(world.counts, 0.25)
    years = {
        y: np.stack([k[:, YEARS[y]].sum(axis=1) for k in (grave, world.counts - grave)])
        for y in (2020, 2021, 2024, 2025)
    }
    weight = np.array([5.0, 1.0])
    before = np.stack([years[2020], years[2024]], axis=2)[:, world.others]
    columns = [years[y][:, rows].sum(axis=1) for rows in (pairs, ours) for y in (2021, 2025)]
    return harm_weighted_difference(
        np.column_stack(columns),
        weight,
        dispersion=harm_dispersion(before, weight, chosen=world.chosen),
    ).p


def two_counts(world: World) -> float:
    """Exact Poisson test of two halves of the others, drawn by lot: it refuses such counts."""
    rows = world.rng.permutation(np.flatnonzero(world.others))
    spread = estimate_dispersion(
        np.column_stack([world.year(2020), world.year(2024)])[world.others], chosen=world.chosen
    )
    halves = [float(world.year(2025)[half].sum()) for half in np.array_split(rows, 2)]
    return poisson_e_test((halves[0], 1.0), (halves[1], 1.0), dispersion=spread)


def _sums(world: World, rows: np.ndarray) -> tuple[float, float]:
    return float(world.year(2021)[rows].sum()), float(world.year(2025)[rows].sum())


def micro(world: World) -> float:
    """Micro-synthetic control of the second choice, matched on 2020 and 2021."""
    rows = np.flatnonzero(world.kept)
    matched = pd.DataFrame({year: world.year(year)[rows] for year in (2020, 2021)}, rows)
    after = pd.Series(world.year(2025)[rows], rows)
    return micro_synthetic(
        matched,
        after,
        pd.Series(world.late[rows], rows),
        rng=world.rng,
        draws=199,
        chosen=world.chosen,
    ).p


def synthetic(world: World) -> float:
    """Placebo rank of one block of colonias among forty, by quarter."""
    quarters, past = _blocks(world)
    chosen = past.idxmax() if world.scenario.worst_first else world.rng.integers(BLOCKS)
    ratios = placebo_ratios(quarters, 16, chosen=world.chosen)
    return float(ratios.rank(ascending=False)[chosen] / len(ratios))


def synthetic_both(world: World) -> float:
    """Synthetic difference-in-differences of a few blocks of colonias among forty, by quarter."""
    quarters, past = _blocks(world)
    drawn = world.rng.choice(BLOCKS, CHOSEN_BLOCKS, replace=False)
    chosen = past.nlargest(CHOSEN_BLOCKS).index if world.scenario.worst_first else drawn
    return placebo_error(
        quarters, list(chosen), 16, rng=world.rng, draws=100, chosen=world.chosen
    ).p


def _blocks(world: World) -> tuple[pd.DataFrame, pd.Series]:
    """Return log events of blocks by quarter, but those looked at, and how the choice saw them."""
    centres = world.town.ground.centres
    seeds = np.random.default_rng(1).choice(N, BLOCKS, replace=False)
    block = np.argmin(np.linalg.norm(centres[:, None] - centres[seeds][None], axis=2), axis=1)
    by_block = pd.DataFrame(world.counts).groupby(block).sum().T
    quarters = np.log1p(by_block.groupby(np.arange(72) // 3).sum())
    past = by_block.iloc[24:48].sum() / by_block.iloc[:24].sum()
    return quarters.drop(index=range(8, 16)), past


def drawn_again(world: World) -> float:
    """Randomisation test with the odds of the choice, of the change since what it looked at."""
    free = world.stage * 0 == 0
    past = np.log1p(world.counts[:, 24:48].sum(axis=1))
    odds = pd.Series(1.2 * (past - past.mean()) / past.std())
    draw = choice_by_odds(odds, 82)
    chosen = pd.Series(draw(world.rng)) & free
    outcome = pd.Series(np.log1p(world.year(2025)) - np.log1p(world.year(2021)))
    return randomisation_test(outcome, chosen, draw, rng=world.rng, draws=499).p


def drawn_by_lot(world: World) -> float:
    """Randomisation test of a lottery, of the change from 2021 to 2025."""
    chosen = pd.Series(np.isin(np.arange(N), world.rng.choice(N, 82, replace=False)))
    outcome = pd.Series(np.log1p(world.year(2025)) - np.log1p(world.year(2021)))
    return randomisation_test(outcome, chosen, lottery(chosen), rng=world.rng, draws=499).p


def spatial(world: World) -> float:
    """Spatial permutation of the change from 2021 to 2025, second choice against the rest."""
    rows = np.flatnonzero(world.kept)
    outcome = pd.Series(np.log1p(world.year(2025)) - np.log1p(world.year(2021)), world.town.keys)
    treated = pd.Series(world.late, world.town.keys)
    keys = world.town.keys[rows]
    return spatial_permutation(
        outcome.loc[keys],
        treated.loc[keys],
        world.town.beside,
        rng=world.rng,
        draws=499,
        chosen=world.chosen,
    ).p


def series(world: World) -> float:
    """Interrupted series of the whole municipality, at June 2024."""
    counts = pd.Series(world.counts.sum(axis=0), MONTHS)
    return interrupted_series(counts, pd.Timestamp("2024-06-01"), rng=world.rng, draws=1_999).p


def answers(world: World) -> float:
    """Repeated survey: six waves, answers that vary with the colonia and the wave."""
    rng = world.rng
    fear = np.log1p(world.year(2021)) / 4 + rng.normal(0, 0.3, N)
    waves = pd.date_range("2021-12-01", periods=6, freq="6MS")
    parts = []
    for k, wave in enumerate(waves):
        place = rng.integers(0, N, 500)
        chance = 1 / (1 + np.exp(-(fear[place] - 0.7 + 0.1 * k)))
        parts.append(
            pd.DataFrame(
                {
                    "place": world.town.keys[place],
                    "wave": wave,
                    "weight": rng.uniform(0.5, 2, 500),
                    "value": (rng.random(500) < chance).astype(float),
                }
            )
        )
    entered = pd.Series(pd.NaT, world.town.keys, dtype="datetime64[ns]")
    entered[world.stage == 1] = pd.Timestamp("2022-11-01")
    entered[world.late] = pd.Timestamp("2024-06-01")
    return answer_effect(pd.concat(parts, ignore_index=True), entered).p


TESTS: dict[str, Callable[[World], float]] = {
    "staggered.group_time_effects": staggered,
    "staggered.pretrend_p": pretrend,
    "displacement.weighted_displacement_difference": displacement,
    "displacement.harm_weighted_difference": harm,
    "displacement.poisson_e_test": two_counts,
    "micro_synthetic.micro_synthetic": micro,
    "synthetic_control.placebo_ratios": synthetic,
    "synthetic_did.placebo_error": synthetic_both,
    "randomisation.randomisation_test, by odds": drawn_again,
    "randomisation.randomisation_test, lottery": drawn_by_lot,
    "randomisation.spatial_permutation": spatial,
    "interrupted_series.interrupted_series": series,
    "answers.answer_effect": answers,
}


def one(world: World, tests: dict[str, Callable[[World], float]]) -> dict[str, float]:
    """Return the p-value of each test; missing where it refused."""
    told = {}
    for name, test in tests.items():
        begun = time.process_time()
        # A stream of its own: which other tests are asked changes nothing.
        world.rng = np.random.default_rng([world.seed, 78, zlib.crc32(name.encode())])
        try:
            told[name] = test(world)
        except AnalysisError:
            told[name] = np.nan
        CPU[name] = CPU.get(name, 0.0) + time.process_time() - begun
        DONE[name] = DONE.get(name, 0) + 1
    return told


CPU: dict[str, float] = {}
DONE: dict[str, int] = {}


def _judged(p: pd.Series) -> dict[str, object]:
    """Return how often a test rejected, and where that of an exact test would lie."""
    told = p.dropna()
    if told.empty:
        return {"rejects": None, "refused": len(p)}
    limit = stats.binom.ppf([0.025, 0.975], len(told), 0.05) / len(told)
    return {
        "rejects": round(float((told <= LEVEL + 1e-12).mean()), 4),
        "of_an_exact_test": [round(float(v), 4) for v in limit],
        "seeds": len(told),
        "refused": len(p) - len(told),
    }


def main(seeds: int, names: list[str]) -> None:
    """Run the study some seeds at a time, and write it after each of these: it may be stopped."""
    town = Town()
    tests = {name: test for name, test in TESTS.items() if not names or name in names}
    stands = bool(names) and OUT.is_file()
    before = json.loads(OUT.read_text(encoding="utf-8")) if stands else {}
    kept, took = before.get("scenarios", {}), before.get("cpu_seconds_a_seed", {})
    rows: dict[str, list[dict[str, float]]] = {name: [] for name in NULLS}
    for first in range(FIRST_SEED, FIRST_SEED + seeds, AT_ONCE):
        for name, scenario in NULLS.items():
            some = range(first, min(first + AT_ONCE, FIRST_SEED + seeds))
            rows[name] += [one(World(town, seed, scenario), tests) for seed in some]
            judged = {str(test): _judged(p) for test, p in pd.DataFrame(rows[name]).items()}
            both = {**kept.get(name, {}), **judged}
            kept[name] = {test: both[test] for test in TESTS if test in both}
        _write(kept, took)


def _write(scenarios: dict[str, dict[str, object]], before: dict[str, float]) -> None:
    took = {name: round(cpu / DONE[name], 3) for name, cpu in CPU.items()}
    told = {
        "what": "shipped tests where nothing was done, 5 % nominal, demo's municipality",
        "first_seed": FIRST_SEED,
        "cpu_seconds_a_seed": dict(sorted({**before, **took}.items())),
        "scenarios": scenarios,
    }
    OUT.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.stdout.write(f"{max(DONE.values()) // len(NULLS)} seeds\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS, sys.argv[2:])
