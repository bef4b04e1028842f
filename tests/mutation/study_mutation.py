"""Does small wrongs to the statistical and privacy cores, and counts those that tests notice.

Run with ``make mutation`` (an hour and more on one processor).  From each room an equal number of
mutants is drawn, as many from a module as it has shares of the room's, by a seed that is declared;
each is judged by the tests of its module, and where those say nothing by the tests of the modules
that use it.  Many numbers are held to those of other programs, whose inputs are not copied here:
``LABTOOLS_REFERENCE_INPUTS`` names their folder, and the record says whether they were there.  What
cannot change anything is argued one by one in ``equivalent.toml``, and counts for nothing.
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
from tests.mutation.trial import (
    ROOT,
    Tried,
    Wrong,
    circles_of,
    inputs_are_here,
    module_of,
    tried,
    warm_up,
)

ROOMS = ("analysis", "privacy", "evaluation")
#: A sample serves once: after tests were written for what lived, another is drawn.
SEED = 6
EACH = 60
#: Seconds of processor that a trial may take, or so many times what it takes without a mutant.
_MOST, _TIMES = 90, 3
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
    if (named := os.environ.get("LABTOOLS_REFERENCE_INPUTS")) and not inputs_are_here():
        asked.error(
            f"{named}, which LABTOOLS_REFERENCE_INPUTS names, has no .csv: name their folder"
        )
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
    write(found, given.record, seed=given.seed, drawn=given.each * len(ROOMS))


def judge(sample: list[tuple[Path, Mutant]]) -> dict[str, list[str]]:
    """Return the mutants of a sample by what became of them."""
    argued = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))["mutants"]
    equivalent = {it["name"] for it in argued}
    ways = ("killed", "survived", "too long", "equivalent", "only where it is used")
    found: dict[str, list[str]] = {way: [] for way in ways}
    for path, mutant in sample:
        module = module_of(path)
        name = f"{module.removeprefix('labtools.')}, {mutant.name}"
        if name in equivalent:
            found["equivalent"].append(name)
            continue
        wrong = Wrong(module, mutant.inside, wronged(path.read_text(encoding="utf-8"), mutant))
        ended, circle = judged(path, wrong)
        if ended.by:
            check_unharmed(ended.by)
        elif (
            ended.verdict == "killed"
        ):  # so early that no test is named: are they themselves whole?
            usual(circles_of(path)[circle])
        found[ended.verdict].append(name)
        if ended.verdict != "survived" and circle:
            found["only where it is used"].append(name)
        told = f"{ended.verdict:9} {ended.seconds:5.1f} s  {name}  [line {mutant.line}] {ended.by}"
        print(told, flush=True)  # noqa: T201
    return found


def judged(path: Path, wrong: Wrong) -> tuple[Tried, int]:
    """Return what the nearest tests that notice say, and in which circle they are."""
    ended, circle = Tried("survived", 0.0), 0
    for circle, files in enumerate(circles_of(path)):  # noqa: B007 - which one noticed is told
        ended = tried(files, wrong=wrong, most=_MOST)
        if ended.verdict == "too long":
            ended = tried(files, wrong=wrong, most=max(_MOST, _TIMES * usual(files)))
        if ended.verdict != "survived":
            break
    return ended, circle


@cache
def usual(files: tuple[Path, ...]) -> float:
    """Return the seconds of processor that tests take without any mutant."""
    ended = tried(files, most=10 * _MOST)
    if ended.verdict != "survived":
        message = f"{files[0]} and its like do not pass without any mutant ({ended.verdict})"
        raise RuntimeError(message)
    return ended.seconds


@cache
def check_unharmed(test: str) -> None:
    """Prove that a test that noticed a mutant says nothing where there is none."""
    file = test.partition("::")[0]
    ended = tried([test if "::" in test and "[" not in test else file], most=10 * _MOST)
    if ended.verdict != "survived":
        message = f"{test} fails without any mutant ({ended.verdict})"
        raise RuntimeError(message)


def write(found: dict[str, list[str]], record: Path, *, seed: int, drawn: int) -> None:
    """Record scores with their intervals, how many were drawn, and who lived."""
    told: dict[str, object] = {
        "seed": seed,
        "drawn": drawn,
        "made": time.strftime("%Y-%m-%d"),
        "reference inputs": inputs_are_here(),
    }
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
