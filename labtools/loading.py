"""Libraries that others load although nobody here asks for what they do."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Have `names` count as not installed for what is imported inside the block.

    Use it around an import that takes a library where it finds it, and a tenth of a second or
    more.  What is loaded already stays.
    """
    unwanted = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(unwanted))  # type: ignore[arg-type]  # None: not to be had
    try:
        yield
    finally:
        for name in unwanted:
            del sys.modules[name]
