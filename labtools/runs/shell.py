"""A notebook's shell without a kernel process: stock IPython, messages kept in memory.

The shell is ipykernel's own, and what it "sends" goes straight to nbclient's own
bookkeeping, so the outputs are those of a stock kernel by construction; only the
sockets, threads and second process in between are gone.
"""

from __future__ import annotations

import os
import sys
import warnings
import zlib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from ipykernel.eventloops import loop_map
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.compilerop import CachingCompiler
from IPython.core.error import UsageError
from IPython.core.inputtransformer2 import TransformerManager
from IPython.core.interactiveshell import InteractiveShell
from jupyter_client.session import Session
from traitlets.config import Config

from labtools.runs.figures import listen

BACKEND = "module://matplotlib_inline.backend_inline"

Message = dict[str, Any]


class LocalSession(Session):  # type: ignore[misc]  # jupyter_client is not followed by mypy
    """A session that keeps its messages instead of sending them through a socket."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: list[Message] = []

    def send(
        self,
        _stream: object,
        msg_or_type: Message | str,
        content: Mapping[str, object] | None = None,
        *_sockets_arguments: object,
        **_sockets_options: object,
    ) -> Message:
        """Keep a message as a client would receive it, after its trip through JSON."""
        if isinstance(msg_or_type, str):
            message: Message = self.msg(msg_or_type, content=content)
        else:
            message = msg_or_type
        message["content"] = self.unpack(self.pack(message["content"]))
        self._kept.append(message)
        return message

    def send_print(self, name: str, text: str) -> None:
        """Keep what was printed to the stream `name`."""
        self.send(None, "stream", {"name": name, "text": text})

    def heard(self) -> list[Message]:
        """Return the messages kept since the last call."""
        kept, self._kept = self._kept, []
        return kept


class CellCompiler(CachingCompiler):  # type: ignore[misc]  # IPython is not followed by mypy
    """Names the code of a cell alike in every run; ipykernel's names hold the process id."""

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
        """Return a name such as ``<notebook>/cell-3-5d41402a.py``.

        It ends as ipykernel's does, or IPython would draw tracebacks in another way.
        """
        return (
            f"<notebook>/cell-{number}-{zlib.crc32((raw_code or transformed_code).encode()):08x}.py"
        )


class KnownCells(TransformerManager):  # type: ignore[misc]  # as above
    """Turns magics into Python as IPython does, but cells that it saw before from memory."""

    def transform_cell(self, cell: str) -> str:
        """Return the Python of a cell."""
        rules = (self.cleanup_transforms, self.line_transforms, self.token_transformers)
        if any(mine != stock for mine, stock in zip(rules, _STOCK_RULES, strict=True)):
            return str(super().transform_cell(cell))  # the notebook added rules of its own
        return _transformed(cell)


_STOCK = TransformerManager()
_STOCK_RULES = (_STOCK.cleanup_transforms, _STOCK.line_transforms, _STOCK.token_transformers)


@lru_cache(maxsize=1024)
def _transformed(cell: str) -> str:
    return str(_STOCK.transform_cell(cell))


class NotebookShell(ZMQInteractiveShell):
    """The stock kernel's shell, in this process."""

    #: Cells, as Python, of which it is known whether they await at their top level.
    known: Mapping[str, bool] = MappingProxyType({})

    def should_run_async(
        self, raw_cell: str, *, transformed_cell: str, **preprocessing: object
    ) -> bool:
        """Return whether a cell awaits at its top level; IPython compiles it to find out."""
        known = None if any(preprocessing.values()) else self.known.get(transformed_cell)
        if known is not None and self.autoawait:
            return known
        asked = super().should_run_async(
            raw_cell, transformed_cell=transformed_cell, **preprocessing
        )
        return bool(asked)

    def learn(self, cells: Iterable[str]) -> None:
        """Remember of `cells` whether they await, but for those that the compiler warns of.

        Their warnings are part of what a notebook shows.  Call it where no notebook runs.
        """
        known = dict(self.known)
        for cell in cells:
            python = self.transform_cell(cell)
            with warnings.catch_warnings(record=True) as warned:
                warnings.simplefilter("always")
                awaits = self.should_run_async(cell, transformed_cell=python)
            if not warned:
                known[python] = awaits
        self.known = MappingProxyType(known)

    def ask_exit(self) -> None:
        """Treat ``exit`` in a cell like ``sys.exit()``: the cell fails."""
        raise SystemExit(0)

    def enable_gui(self, gui: str | None = None) -> None:
        """Take ``%matplotlib inline`` and its like; a batch has no loop that serves windows."""
        if loop_map.get(gui, gui) is not None:
            message = f"This notebook runs without windows; {gui!r} would need one."
            raise UsageError(message)
        self.active_eventloop = gui


# rich, tqdm and others ask for the shell's class by name to know that they are in a notebook.
NotebookShell.__name__ = ZMQInteractiveShell.__name__


def prepare_environment() -> None:
    """Set what a stock kernel sets before anything is imported; matplotlib reads it then."""
    os.environ.setdefault("MPLBACKEND", BACKEND)


def fresh_shell() -> NotebookShell:
    """Return a new shell with an empty namespace, replacing the process's own if it has one.

    It reads and writes no history, so that runs do not depend on each other.
    """
    prepare_environment()
    if InteractiveShell.initialized():
        type(InteractiveShell.instance()).clear_instance()
    quiet = Config({"HistoryManager": {"enabled": False}})
    shell: NotebookShell = NotebookShell.instance(config=quiet, compiler_class=CellCompiler)
    session = LocalSession()
    for publisher in (shell.displayhook, shell.display_pub):
        publisher.session = session
    shell.displayhook.topic = b"execute_result"
    shell.input_transformer_manager = KnownCells()
    listen(shell)
    return shell


def emptied_shell() -> NotebookShell:
    """Return this process's shell as `fresh_shell` made it: no name, no cell, nothing said.

    It stays the same object, because matplotlib draws for the shell that it first met.
    """
    shell: NotebookShell = NotebookShell.instance()
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
    shell.reset(new_session=True)
    shell.display_pub.session.heard()
    shell._last_traceback = None  # noqa: SLF001 - as ipykernel does
    return shell
