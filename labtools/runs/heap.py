"""Memory for processes that will be forked: what they share in one place, what they need unused.

A forked child shares its parent's pages until it writes in one: that is a fault, and a copy of
4 KiB.  A third of what a notebook with figures of its own wrote in was not shared at all, but
memory that its parent had used and freed; it costs the same.  And Python's memory lies in pieces
of 1 MiB between the libraries, too short for large pages, of which a fork copies one entry for
each small page.  So Python is told, before anything is loaded, to draw from the C library's heap;
and before the first fork what is free in it is used up, and large pages that nobody has touched
are left at its end, of which a child gets 2 MiB for one fault.

It is glibc's heap; elsewhere nothing is done.  Nothing here changes what a program computes.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import os
import sys
from functools import cache

from labtools.runs import large_pages

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3  # options of mallopt
_RESERVE = 64 << 20  # bytes: three times what a notebook with five figures takes
_OWN = 5 << 18  # bytes of it for the parent itself, which would otherwise begin a large page
_DEFAULT_PAD = 128 << 10
_LARGEST_IN_HEAP = 32 << 20  # glibc allows no more
_POOL = 16 << 10  # Python's arenas are cut in pools, which begin at multiples of it
_LARGEST_HOLE, _SMALLEST_HOLE = 512 << 10, 1 << 10
_MOST_IN_HOLES = 256 << 20
_ALIGNED = 16  # bytes: sizes in Python's arenas are multiples of it
_SMALL_OBJECTS = range(512, 0, -_ALIGNED)
_EMPTY = sys.getsizeof(b"")
_RAW = 0  # PYMEM_DOMAIN_RAW


class _Arenas(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_void_p) for name in ("context", "draw", "free"))


class _Memory(ctypes.Structure):
    _fields_ = tuple(
        (name, ctypes.c_void_p) for name in ("context", "malloc", "calloc", "realloc", "free")
    )


def draw_from_one_heap() -> bool:
    """Have Python draw its memory from the C library's heap; return whether it does.

    Call it once, before libraries are loaded, in a process of one thread.  From then on the
    process, and each that is forked from it, ends before Python puts its own memory away: its
    stack lies in an arena that was drawn before, and would be freed in the new way.
    """
    libc = _glibc()
    if libc is None:
        return False
    atexit.register(_end_at_once)  # the first to be registered is the last to be called
    libc.mallopt(_MMAP_THRESHOLD, _LARGEST_IN_HEAP)
    libc.mallopt(_TRIM_THRESHOLD, 2 * _RESERVE)  # the reserve alone is not returned
    start = libc.sbrk(0)
    _keep_older_arenas()
    arenas = _Arenas()
    arenas.context = _POOL  # the first argument of aligned_alloc
    arenas.draw = ctypes.cast(libc.aligned_alloc, ctypes.c_void_p).value
    arenas.free = _raw_memory().free
    ctypes.pythonapi.PyObject_SetArenaAllocator(ctypes.byref(arenas))
    _fill_arenas(libc, start)
    return True


def set_apart() -> int:
    """Gather what children will inherit, and leave them large pages that nobody has used.

    Call it before the first fork; return how many bytes were left: large, if the kernel has them.
    """
    libc = _glibc()
    if libc is not None:
        libc.malloc_trim(0)
    large_pages.gather()
    if libc is None:
        return 0
    before = libc.sbrk(0)
    libc.mallopt(_TOP_PAD, _RESERVE)
    _fill_holes(libc, before)
    libc.mallopt(_TOP_PAD, _DEFAULT_PAD)
    _fill_arenas(libc, before)
    return large_pages.wish(before + _OWN, libc.sbrk(0))


def _end_at_once() -> None:
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    finally:
        os._exit(int(hasattr(sys, "last_value")))  # an error that nobody caught was told


def _keep_older_arenas() -> None:
    """Keep the objects that there are for ever: those that the collector knows, and what they hold.

    An arena drawn in one way must not be freed in another, so those that exist must never be
    empty: those that are full have these objects, those with room get more (`_fill_arenas`).
    """
    tracked = gc.get_objects()
    held = gc.get_referents(*tracked)
    _keep([tracked, held, gc.get_referents(*held)])  # plain dicts are known to nobody


def _keep(objects: list[object]) -> None:
    """Keep `objects` for ever: Python frees what a variable holds when it ends."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(objects))


def _fill_arenas(libc: ctypes.CDLL, start: int) -> None:
    """Use up what is free in Python's arenas below `start`, so that the next is drawn after it."""
    left = _RESERVE  # bytes: another library may give memory of elsewhere, and never of there
    for size in _SMALL_OBJECTS:
        filler: list[object] = []
        while left > 0:
            filler.append(_object_of(size, len(filler)))
            left -= size
            where = id(filler[-1])
            if where >= start and where < libc.sbrk(0):
                break
        _keep(filler)


def _object_of(size: int, number: int) -> object:
    """Return a new object that takes `size` bytes, a multiple of 16, of Python's arenas."""
    if size == _ALIGNED:
        return object()
    if size == 2 * _ALIGNED:
        return number / 2
    return bytes(size - _EMPTY - 7)


def _fill_holes(libc: ctypes.CDLL, start: int) -> None:
    """Use up what is free in the heap below `start`, largest first."""
    size, left = _LARGEST_HOLE, _MOST_IN_HOLES
    while size >= _SMALLEST_HOLE and left > 0:
        drawn = libc.malloc(size)
        if not drawn:
            return
        left -= size
        if drawn >= start - _DEFAULT_PAD:
            libc.free(drawn)
            size //= 2


def _raw_memory() -> _Memory:
    memory = _Memory()
    ctypes.pythonapi.PyMem_GetAllocator(_RAW, ctypes.byref(memory))
    return memory


@cache
def _glibc() -> ctypes.CDLL | None:
    """Return the C library, if it is one whose heap can be asked for all this."""
    # Whoever checks or traces memory has functions of its own, which ask for their own context.
    if not sys.platform.startswith("linux") or _raw_memory().context:
        return None
    libc = ctypes.CDLL(None)
    needed = ("gnu_get_libc_version", "mallopt", "malloc_trim", "aligned_alloc", "sbrk")
    if not all(hasattr(libc, name) for name in needed):
        return None
    libc.malloc.argtypes, libc.malloc.restype = (ctypes.c_size_t,), ctypes.c_void_p
    libc.free.argtypes, libc.free.restype = (ctypes.c_void_p,), None
    libc.sbrk.argtypes, libc.sbrk.restype = (ctypes.c_ssize_t,), ctypes.c_void_p
    return libc
