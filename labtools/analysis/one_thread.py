"""Linear algebra in one thread: sums depend on how many add, and small matrices gain by none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from threadpoolctl import threadpool_limits


@contextmanager
def one_thread() -> Iterator[None]:
    """Have NumPy's and SciPy's linear algebra use one thread inside the block, or the function.

    When to use it: where many small systems are solved, or bits must not depend on the machine.
    When not: for one large product, which several threads do sooner.
    """
    # SciPy brings a library of its own, and loads it when it is first asked for: one that is not
    # loaded yet cannot be told.
    import_module("scipy.linalg")
    with threadpool_limits(limits=1, user_api="blas"):
        yield
