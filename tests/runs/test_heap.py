import os
import subprocess
import sys

import pytest

from labtools.runs import heap

HERE = """
import os, sys
from labtools.runs import heap
def in_heap(each):
    pieces = [line.split()[0].split("-") for line in open("/proc/self/maps")
              if line.rstrip().endswith("[heap]")]
    return any(int(first, 16) <= id(each) < int(last, 16) for first, last in pieces)
"""


def told_by(program: str, **environment: str) -> str:
    """Return what a program of its own process says; it must end well."""
    done = subprocess.run(
        [sys.executable, "-c", HERE + program],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def gives_large_pages() -> bool:
    told = told_by("""
import mmap
memory = mmap.mmap(-1, 8 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
memory.madvise(mmap.MADV_HUGEPAGE)
memory.write(b"1" * (8 << 20))
print(sum(int(line.split()[1]) for line in open("/proc/self/smaps_rollup")
          if line.startswith("AnonHugePages")))
""")
    return int(told) >= 4 << 10


needs_glibc = pytest.mark.skipif(heap._glibc() is None, reason="not glibc's heap")


@needs_glibc
def test_what_python_makes_from_then_on_lies_in_the_heap() -> None:
    told = told_by("""
before = [str(n) for n in range(100_000)]
assert heap.draw_from_one_heap()
after = [str(n) for n in range(100_000)]
print(sum(map(in_heap, before[::1000])), sum(map(in_heap, after[::1000])))
""")
    assert told == "0 100"


@needs_glibc
def test_what_was_drawn_before_may_be_let_go() -> None:
    """An arena that is drawn in one way and freed in another would end the process."""
    told = told_by("""
before = {n: [bytes(100), str(n), (n / 3, {n: object()})] for n in range(100_000)}
plain = {n: bytes(100) for n in range(100_000)}
heap.draw_from_one_heap()
for inner in before.values():
    inner.clear()
before.clear()
plain.clear()
def deep(n):
    return n and 1 + deep(n - 1)
print(sum(len([bytes(n % 600)] * 1000) for n in range(1000)), deep(900))
""")
    assert told == "1000000 900"


@needs_glibc
def test_a_process_ends_as_elsewhere() -> None:
    """What was registered is done, what was printed is seen, and an error is told."""
    program = """
heap.draw_from_one_heap()
import atexit
atexit.register(print, "put away")
print("done")
"""
    assert told_by(program) == "done\nput away"
    ended = subprocess.run(
        [sys.executable, "-c", f"{HERE}{program}raise ValueError('told')"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, "done\nput away\n")
    assert ended.stderr.strip().endswith("ValueError: told")


@needs_glibc
def test_memory_comes_and_goes_as_elsewhere() -> None:
    told = told_by("""
heap.draw_from_one_heap()
heap.set_apart()
def end():
    return heap._glibc().sbrk(0)
for _ in range(3):
    held = [bytes(200) for _ in range(200_000)]
    del held
before = end()
for _ in range(30):
    held = [bytes(200) for _ in range(200_000)]
    del held
print(end() - before < 64 << 20)
""")
    assert told == "True"


@needs_glibc
def test_a_child_gets_unused_memory_in_large_pages() -> None:
    if not gives_large_pages():
        pytest.skip("this kernel gives no large pages of 2 MiB")
    told = told_by("""
from labtools.runs import large_pages
def faults_of_a_child():
    pid = os.fork()
    if pid == 0:
        held = [bytes(200) for _ in range(100_000)], bytearray(b"1") * (8 << 20)
        os._exit(len(held) != 2)
    _, status, used = os.wait4(pid, 0)
    assert status == 0
    return used.ru_minflt
heap.draw_from_one_heap()
freed = [bytes(200) for _ in range(200_000)]
del freed
large_pages.gather()
before = faults_of_a_child()
left = heap.set_apart()
print(left, before, faults_of_a_child())
""")
    left, before, after = map(int, told.split())
    assert left > 32 << 20
    assert after < before / 3


@needs_glibc
def test_where_memory_never_comes_from_the_heap_little_is_used_up() -> None:
    told = told_by("""
import resource
def mib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before = mib()
heap._fill_arenas(heap._glibc(), 1 << 62)
print(mib() - before)
""")
    assert float(told) < 80


@needs_glibc
@pytest.mark.parametrize("asked", [{"PYTHONMALLOC": "debug"}, {"PYTHONTRACEMALLOC": "1"}])
def test_nothing_is_done_where_memory_is_checked_or_traced(asked: dict[str, str]) -> None:
    told = told_by("print(heap.draw_from_one_heap(), heap.set_apart())", **asked)
    assert told == "False 0"


def test_elsewhere_than_on_linux_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    heap._glibc.cache_clear()
    assert heap.draw_from_one_heap() is False
    assert heap.set_apart() == 0
    heap._glibc.cache_clear()
