"""Large pages for what a process will pass on: then a fork copies a tenth of the page tables.

A fork copies one entry for every page that the process has written, so that a register of ten
times as many colonias made each notebook's start dearer, although the notebook reads one colonia.
Two mebibytes in one large page are one entry instead of 512.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

_MAPS = Path("/proc/self/maps")
_LARGE = 2 << 20  # bytes; of other machines' larger ones the kernel refuses a part
_WISH = 14  # MADV_HUGEPAGE
_COLLAPSE = 25  # MADV_COLLAPSE of Linux 6.1 and later


def gather() -> int:
    """Gather this process's own memory in large pages; return how many there are now.

    What is in them does not change.  Where the kernel cannot, all stays as it was.
    """
    if not sys.platform.startswith("linux") or not _MAPS.is_file():
        return 0
    return sum(
        _advised(start, _LARGE, _COLLAPSE)
        for first, last in _own_memory(_MAPS.read_text(encoding="utf-8"))
        for start in range(_next_large(first), last - _LARGE + 1, _LARGE)
    )


def wish(first: int, last: int) -> int:
    """Wish for large pages where memory from `first` to `last` is not in use yet.

    Return for how many bytes the wish was heard; the kernel gives them when they are written.
    """
    start = _next_large(first)
    size = (last - start) // _LARGE * _LARGE
    return size if size > 0 and _advised(start, size, _WISH) else 0


def _next_large(address: int) -> int:
    return -(-address // _LARGE) * _LARGE


def _advised(start: int, size: int, advice: int) -> bool:
    return bool(_madvise()(start, size, advice) == 0)


@cache
def _madvise() -> Callable[[int, int, int], int]:
    found = ctypes.CDLL(None).madvise
    found.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    return found


def _own_memory(maps: str) -> list[tuple[int, int]]:
    """Return first and last address of what is writable and of no file, of ``/proc/self/maps``."""
    found = []
    for line in maps.splitlines():
        addresses, access, _, _, inode, *name = line.split(maxsplit=5)
        if access.startswith("rw") and inode == "0" and name in ([], ["[heap]"]):
            first, last = addresses.split("-")
            found.append((int(first, 16), int(last, 16)))
    return found
