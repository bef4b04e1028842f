"""Large pages for what a process will pass on: then a fork copies a tenth of the page tables.

A fork copies one entry for every page that the process has written, so that a register of ten
times as many colonias made each notebook's start dearer, although the notebook reads one colonia.
Two mebibytes in one large page are one entry instead of 512.
"""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

_MAPS = Path("/proc/self/maps")
_LARGE = 2 << 20  # bytes; of other machines' larger ones the kernel refuses a part
_COLLAPSE = 25  # MADV_COLLAPSE of Linux 6.1 and later


def gather() -> int:
    """Gather this process's own memory in large pages; return how many there are now.

    What is in them does not change.  Where the kernel cannot, all stays as it was.
    """
    if not sys.platform.startswith("linux") or not _MAPS.is_file():
        return 0
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    return sum(
        madvise(start, _LARGE, _COLLAPSE) == 0
        for first, last in _own_memory(_MAPS.read_text(encoding="utf-8"))
        for start in range(-(-first // _LARGE) * _LARGE, last - _LARGE + 1, _LARGE)
    )


def _own_memory(maps: str) -> list[tuple[int, int]]:
    """Return first and last address of what is writable and of no file, of ``/proc/self/maps``."""
    found = []
    for line in maps.splitlines():
        addresses, access, _, _, inode, *name = line.split(maxsplit=5)
        if access.startswith("rw") and inode == "0" and name in ([], ["[heap]"]):
            first, last = addresses.split("-")
            found.append((int(first, 16), int(last, 16)))
    return found
