"""Does small wrongs to the statistical and privacy cores, and counts those that tests notice.

Run with ``make mutation`` (an hour and more on one processor).  From each room an equal number of
mutants is drawn, as many from a module as it has shares of the room's, by a seed that is declared;
each is judged by the tests of its module alone.  What cannot change anything is argued one by one
in ``equivalent.toml``, and counts for nothing.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import time
import tomllib
from functools import cache
from pathlib import Path
from statistics import NormalDist

from tests.mutation.mutants import Mutant, mutants_of, wronged
from tests.mutation.trial import ROOT, Wrong, module_of, tests_of, tried, warm_up

ROOMS = ("analysis", "privacy", "evaluation")
#: A sample serves once: after tests were written for what lived, another is drawn.
SEED = 2
EACH = 60
#: Seconds of processor that a trial may take; more than the tests of any module need.
_MOST = 90
RECORD = ROOT / "reports" / "studies" / "mutation.json"
EQUIVALENT = Path(__file__).with_name("equivalent.toml")


def drawn(room: str, *, each: int, seed: int) -> list[tuple[Path, Mutant]]:
    """Return a systematic sample of a room's mutants: modules have as many as their share."""
    chance = random.Random(f"{seed} {room}")  # noqa: S311 - a sample, not a secret
    every = []
    for path in sorted((ROOT / "labtools" / room).rglob("*.py")):
        mutants = mutants_of(path.read_text(encoding="utf-8"))
        chance.shuffle(mutants)
        every += [(path, it) for it in mutants]
    step = len(every) / each
    first = chance.random() * step
    sample = [every[int(first + k * step)] for k in range(each)]
    chance.shuffle(sample)
    return sample


def wilson(killed: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson, doi:10.2307/2276774)."""
    z = NormalDist().inv_cdf(0.975)
    share, more = killed / n, z * z / n
    half = z * math.sqrt(share * (1 - share) / n + more / (4 * n))
    return (share + more / 2 - half) / (1 + more), (share + more / 2 + half) / (1 + more)


def main() -> None:
    """Try the sample and record the score."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seed", type=int, default=SEED)
    asked.add_argument("--each", type=int, default=EACH, help="mutants of each room")
    asked.add_argument("--skip", type=int, default=0, help="as many were tried already")
    asked.add_argument("--module", help="every mutant of one module, such as analysis/rates.py")
    asked.add_argument("--record", type=Path, default=RECORD)
    given = asked.parse_args()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    warm_up()
    if given.module:
        path = ROOT / "labtools" / given.module
        every = mutants_of(path.read_text(encoding="utf-8"))
        judge([(path, it) for it in every])
        return
    samples = [drawn(room, each=given.each, seed=given.seed) for room in ROOMS]
    # In turn, each room's by lot: a study that is broken off has still asked a fair sample.
    found = judge([it for turn in zip(*samples, strict=True) for it in turn][given.skip :])
    write(found, given.seed, given.record)


def judge(sample: list[tuple[Path, Mutant]]) -> dict[str, list[str]]:
    """Return the mutants of a sample by what became of them."""
    argued = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))["mutants"]
    equivalent = {it["name"] for it in argued}
    found: dict[str, list[str]] = {"killed": [], "survived": [], "too long": [], "equivalent": []}
    for path, mutant in sample:
        module = module_of(path)
        name = f"{module.removeprefix('labtools.')}, {mutant.name}"
        if name in equivalent:
            found["equivalent"].append(name)
            continue
        wrong = Wrong(module, mutant.inside, wronged(path.read_text(encoding="utf-8"), mutant))
        ended = tried(tests_of(path), wrong=wrong, most=_MOST)
        if ended.by:  # none is named where the module could not even be imported
            check_unharmed(ended.by)
        found[ended.verdict].append(name)
        told = f"{ended.verdict:9} {ended.seconds:5.1f} s  {name}  [line {mutant.line}] {ended.by}"
        print(told, flush=True)  # noqa: T201
    return found


@cache
def check_unharmed(test: str) -> None:
    """Prove that a test that noticed a mutant says nothing where there is none."""
    file = test.partition("::")[0]
    ended = tried([test if "::" in test and "[" not in test else file], most=_MOST)
    if ended.verdict != "survived":
        message = f"{test} fails without any mutant ({ended.verdict})"
        raise RuntimeError(message)


def write(found: dict[str, list[str]], seed: int, record: Path) -> None:
    """Record scores with their intervals, and the names of those that lived."""
    told: dict[str, object] = {"seed": seed, "made": time.strftime("%Y-%m-%d")}
    for room in (*ROOMS, ""):
        of_room = {way: [it for it in them if it.startswith(room)] for way, them in found.items()}
        noticed = len(of_room["killed"]) + len(of_room["too long"])
        told[room or "all"] = scored(noticed, noticed + len(of_room["survived"]))
    told |= {way: sorted(them) for way, them in found.items() if way != "killed"}
    record.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print({room: told[room] for room in (*ROOMS, "all")})  # noqa: T201


def scored(killed: int, n: int) -> dict[str, object]:
    """Return how many were noticed, with the interval of the share."""
    return {
        "mutants": n,
        "noticed": killed,
        "score": round(killed / n, 3),
        "interval": [round(it, 3) for it in wilson(killed, n)],
    }


if __name__ == "__main__":
    main()
