"""What a cell prints: to ``sys.stdout``, or past Python to the file descriptor beneath."""

from __future__ import annotations

import io
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Literal

Name = Literal["stdout", "stderr"]
Listener = Callable[[Name, str], None]

_DESCRIPTOR: dict[Name, int] = {"stdout": 1, "stderr": 2}


class CellStream(io.TextIOBase):
    """Stands in for ``sys.stdout`` or ``sys.stderr`` and tells `listener` when flushed.

    As in a stock kernel, what is printed waits until a display, an error, an explicit
    flush or the end of the cell.  What subprocesses and C libraries wrote to the
    descriptor since the last flush comes first.
    """

    encoding = "UTF-8"

    def __init__(self, name: Name, listener: Listener) -> None:
        super().__init__()
        self.name = name
        self._listener = listener
        self._pieces: list[str] = []
        self._beneath = tempfile.TemporaryFile()  # noqa: SIM115 - as long-lived as the stream
        self._read_until = 0

    def writable(self) -> bool:
        """Return True: cells may print."""
        return True

    def fileno(self) -> int:
        """Return the descriptor that subprocesses may be given."""
        return _DESCRIPTOR[self.name]

    def write(self, text: str) -> int:
        """Keep `text` until the next flush."""
        if not isinstance(text, str):
            message = "write() argument must be str, not " + type(text).__name__
            raise TypeError(message)
        self._pieces.append(text)
        return len(text)

    def flush(self) -> None:
        """Tell the listener what has been written since the last flush."""
        text = self._new_beneath() + "".join(self._pieces)
        self._pieces.clear()
        if text:
            self._listener(self.name, text)

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Take the place of the process's own stream inside the block, descriptor included."""
        before = getattr(sys, self.name)
        before.flush()
        kept = os.dup(self.fileno())
        os.dup2(self._beneath.fileno(), self.fileno())
        setattr(sys, self.name, self)
        try:
            yield
        finally:
            setattr(sys, self.name, before)
            os.dup2(kept, self.fileno())
            os.close(kept)

    def _new_beneath(self) -> str:
        size = os.fstat(self._beneath.fileno()).st_size
        if size <= self._read_until:
            return ""
        new = os.pread(self._beneath.fileno(), size - self._read_until, self._read_until)
        self._read_until = size
        return new.decode(self.encoding, errors="replace")


class CellStreams:
    """Both streams of a notebook.

    They stay the same objects from cell to cell, because a log handler made in one cell
    keeps writing to them in the next.
    """

    def __init__(self, listener: Listener) -> None:
        self._streams = CellStream("stdout", listener), CellStream("stderr", listener)

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Capture what is printed inside the block, and flush at its end."""
        with ExitStack() as stack:
            for stream in self._streams:
                stack.enter_context(stream.installed())
            try:
                yield
            finally:
                for stream in self._streams:
                    stream.flush()
