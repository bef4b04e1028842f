import mmap
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from labtools.runs import large_pages

SMAPS = Path("/proc/self/smaps_rollup")


def in_large_pages() -> int:
    lines = SMAPS.read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("AnonHugePages")) << 10


@pytest.mark.skipif(not SMAPS.is_file(), reason="no account of memory here: not Linux")
def test_memory_is_gathered_and_what_is_in_it_stays() -> None:
    with mmap.mmap(-1, 64 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        held = np.frombuffer(memory, np.uint64)
        held[:] = np.arange(len(held), dtype=np.uint64)
        before = in_large_pages()
        if large_pages.gather() == 0:
            pytest.skip("this kernel does not gather pages (Linux 6.1 and later do)")
        assert in_large_pages() - before > 32 << 20
        assert np.array_equal(held, np.arange(len(held), dtype=np.uint64))
        del held


def test_only_own_writable_memory_is_looked_at() -> None:
    maps = """\
559a6d070000-559a6d470000 rw-p 00000000 00:00 0                          [heap]
7fda1b400000-7fda1c000000 rw-p 00000000 00:00 0
7fda20900000-7fda20a00000 r--p 00000000 00:00 0
7fda40000000-7fda41000000 rw-p 00000000 fd:01 3942                       /lib/libpython.so
7ffc00000000-7ffc00100000 rw-p 00000000 00:00 0                          [stack]
"""
    found = [(first, last) for first, last in large_pages._own_memory(maps)]
    assert found == [(0x559A6D070000, 0x559A6D470000), (0x7FDA1B400000, 0x7FDA1C000000)]


def test_elsewhere_than_on_linux_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert large_pages.gather() == 0


@pytest.mark.skipif(not SMAPS.is_file(), reason="no account of memory here: not Linux")
def test_a_child_reads_and_writes_what_was_gathered_as_its_own() -> None:
    held = np.arange(4 << 20, dtype=np.uint64)
    large_pages.gather()
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        held[::4096] += np.uint64(1)
        os.write(writer, int(held.sum()).to_bytes(16))
        os._exit(0)
    os.waitpid(pid, 0)
    told = int.from_bytes(os.read(reader, 16))
    own = int(np.arange(4 << 20, dtype=np.uint64).sum())
    assert told == own + len(held[::4096])
    assert int(held.sum()) == own
    for end in (reader, writer):
        os.close(end)
