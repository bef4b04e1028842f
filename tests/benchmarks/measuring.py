"""What work uses: processor seconds, seconds by the clock and memory, in a process of its own."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import NamedTuple

_WHO = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


class Used(NamedTuple):
    """What work used.

    Attributes
    ----------
    cpu_s : float
        Processor seconds, those of its finished children included.
    wall_s : float
        Seconds by the clock: to be trusted on a quiet machine only.
    mb : float
        Memory of the largest of its processes, in MiB.
    """

    cpu_s: float
    wall_s: float
    mb: float

    def for_each(self, count: int) -> Used:
        """Return what one of `count` equal parts used."""
        return Used(self.cpu_s / count, self.wall_s / count, self.mb)


#: Does some work, and tells what it used.
Way = Callable[[], Used]


def measured(work: Callable[[], object]) -> Used:
    """Return what `work` uses in a process of its own (or what it says itself that it used)."""
    read, write = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:  # in a process of its own: what it loads does not help the next
        os.close(read)
        os.write(write, json.dumps(used_by(work)).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        text = answer.read()
    os.waitpid(pid, 0)
    if not text:
        sys.exit("what was being measured did not end well")
    return Used(*json.loads(text))


def used_by(work: Callable[[], object]) -> Used:
    """Return what `work` uses in this process and its children."""
    begun, wall = cpu_seconds(), time.perf_counter()
    inner = work()
    told = Used(cpu_seconds() - begun, time.perf_counter() - wall, largest_mb())
    return inner if isinstance(inner, Used) else told


def cpu_seconds() -> float:
    """Return what this process and its finished children have used so far."""
    uses = [resource.getrusage(who) for who in _WHO]
    return sum(use.ru_utime + use.ru_stime for use in uses)


def largest_mb() -> float:
    """Return the most that this process, or the largest of its finished children, held."""
    return max(resource.getrusage(who).ru_maxrss for who in _WHO) / 1024


def in_rounds(rounds: int, ways: dict[str, Way]) -> dict[str, list[Used]]:
    """Return what each way uses in each round: all of them once, then all of them again."""
    used: dict[str, list[Used]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            used[name].append(way())
    return used


def middle(used: list[Used]) -> Used:
    """Return the median of each thing that was used."""
    return Used(*(median(values) for values in zip(*used, strict=True)))


def ratio(of: list[Used], to: list[Used], what: str = "cpu_s") -> float:
    """Return the median, over the rounds, of the ratio of what two ways used in the same round."""
    return median(getattr(a, what) / getattr(b, what) for a, b in zip(of, to, strict=True))
