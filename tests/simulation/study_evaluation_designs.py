"""Size, bias and cover of every design that a protocol may name, as a run asks it.

``python tests/simulation/study_evaluation_designs.py [SEEDS [DESIGN ...]]`` writes
reports/studies/evaluation_designs.json; with names of designs, only theirs, beside what stands
there.  The histories are those of study_evaluation.  Places are
drawn by lot and enter together in January 2024 (in two waves for the designs that know waves);
the synthetic control has nine of them, as it is for few, and the others sixty.  Neighbours have an
effect of their own.  In the last world a fifth of the programme's events is averted.  A choice by
records is refused by all of these (a test proves it); imputed_counts is study_evaluation's.
Seeds of 40,000 and of 80,000 to 82,000 served to mend designs that did not keep their size; those
of the study, 50,000 and on, did not.
"""

from __future__ import annotations

import json
import os
import sys
import time
import zlib
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from scipy import stats
from study_evaluation import QUARTERS, SCENARIOS, N, Scenario, Town, history

from labtools.errors import AnalysisError
from labtools.evaluation.designs import ONE_START
from labtools.evaluation.estimate import Estimate
from labtools.evaluation.one_start import one_start
from labtools.evaluation.programme import Enrolment, design_cells
from labtools.evaluation.protocol import Protocol, read_protocol
from labtools.evaluation.waves import waves_effect
from labtools.paths import bundled

OUT = Path(__file__).resolve().parents[2] / "reports" / "studies" / "evaluation_designs.json"
FIRST_SEED, SEEDS, AT_ONCE = 50_000, 300, 10
START, PLACES, FEW = 16, 60, 9
LEVEL, EFFECT = 0.95, 0.8
NULLS = (
    "nothing, as in the demo",
    "nothing, variance/mean 5",
    "nothing, shocks shared by neighbours",
)
PLANTED = "a fifth averted, as in the demo"
DESIGNS = ("group_time", *ONE_START)


def plan() -> Protocol:
    """Return the demo's protocol, of a lottery; one look, and one outcome, for 95 % intervals."""
    told = read_protocol(bundled("data", "reference", "protocols", "barrios-en-marcha.toml"))
    units = {"chosen": "by_lottery", "chosen_on": ("2023-01-01",), "months_looked_at": 0}
    return told.model_copy(
        update={
            "units": told.units.model_copy(update=units),
            "analysis": told.analysis.model_copy(update={"error": 2 * (1 - LEVEL)}),
        }
    )


def ask(town: Town, counts: np.ndarray, design: str, how: tuple[int, bool]) -> Estimate:
    """Return what a design says of one history."""
    seed, planted = how
    rng = np.random.default_rng([seed, zlib.crc32(design.encode())])
    table = pd.DataFrame(counts.reshape(N, 24, 3).sum(axis=2), town.keys, QUARTERS)
    chosen = rng.choice(N, FEW if design == "synthetic_control" else PLACES, replace=False)
    starts = np.full(len(chosen), START)
    if design == "group_time":
        starts[::2] -= 4
    entered = pd.Series(pd.NaT, town.keys, dtype="datetime64[ns]")
    entered.iloc[chosen] = QUARTERS[starts]
    if planted:
        for row, start in zip(chosen, starts, strict=True):
            table.iloc[row, start:] = rng.binomial(table.iloc[row, start:], EFFECT)
    protocol = plan()
    cells = design_cells(table, Enrolment(entered, entered.notna(), town.beside), protocol)
    if design == "group_time":
        return waves_effect(cells, town.beside, protocol)[0]
    return ONE_START[design](one_start(cells, town.beside, protocol), level=LEVEL, rng=rng)


def judged(told: list[Estimate | None], truth: float) -> dict[str, object]:
    """Return what a design did over all seeds."""
    found = [one for one in told if one]
    if not found:
        return {"refused": len(told)}
    off = np.array([one.log_ratio - truth for one in found])
    inside = [one.lower <= truth <= one.upper for one in found]
    limit = stats.binom.ppf([0.025, 0.975], len(found), 0.05) / len(found)
    return {
        "rejects": round(float(np.mean([one.p <= 1 - LEVEL + 1e-12 for one in found])), 4),
        "of_an_exact_test": [round(float(v), 4) for v in limit],
        "covers": round(float(np.mean(inside)), 4),
        "bias": round(float(off.mean()), 4),
        "bias_error": round(float(off.std() / np.sqrt(len(off))), 4),
        "seeds": len(found),
        "refused": len(told) - len(found),
    }


def main(seeds: int, names: list[str]) -> None:
    """Run the study some seeds at a time, and write it after each of these: it may be stopped."""
    town, started = Town(), time.process_time()
    worlds = {**{name: (SCENARIOS[name], False) for name in NULLS}, PLANTED: (Scenario(), True)}
    rows: dict[tuple[str, str], list[Estimate | None]] = {}
    asked = [design for design in DESIGNS if not names or design in names]
    stands = bool(names) and OUT.is_file()
    before = json.loads(OUT.read_text(encoding="utf-8"))["scenarios"] if stands else {}
    for first in range(FIRST_SEED, FIRST_SEED + seeds, AT_ONCE):
        for seed in range(first, min(first + AT_ONCE, FIRST_SEED + seeds)):
            for name, (scenario, planted) in worlds.items():
                counts = history(town, seed, scenario)[0]
                for design in asked:
                    try:
                        one = ask(town, counts, design, (seed, planted))
                    except AnalysisError:
                        one = None
                    rows.setdefault((name, design), []).append(one)
        truth = {name: np.log(EFFECT) if planted else 0.0 for name, (_, planted) in worlds.items()}
        told = {
            "what": "designs as a protocol names them, 5 % nominal, demo's municipality",
            "first_seed": FIRST_SEED,
            "cpu_seconds": round(time.process_time() - started),
            "scenarios": {
                name: {
                    design: judged(rows[name, design], truth[name])
                    if design in asked
                    else before[name][design]
                    for design in DESIGNS
                }
                for name in worlds
            },
        }
        OUT.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        sys.stdout.write(f"{len(rows[PLANTED, asked[0]])} seeds, {told['cpu_seconds']} s\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS, sys.argv[2:])
