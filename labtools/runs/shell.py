"""A notebook's shell without a kernel process: stock IPython, messages kept in memory.

The shell is ipykernel's own, and what it "sends" goes straight to nbclient's own
bookkeeping, so the outputs are those of a stock kernel by construction; only the
sockets, threads and second process in between are gone.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from IPython.core.compilerop import CachingCompiler
from IPython.core.interactiveshell import InteractiveShell
from ipykernel.zmqshell import ZMQInteractiveShell
from jupyter_client.session import Session
from traitlets.config import Config

BACKEND = "module://matplotlib_inline.backend_inline"

Message = dict[str, Any]


class LocalSession(Session):  # type: ignore[misc] - jupyter_client carries no types here
    """A session whose messages reach `listener` instead of a socket."""

    listener: Callable[[Message], None] | None = None

    def send(
        self,
        _stream: object,
        msg_or_type: Message | str,
        content: Mapping[str, object] | None = None,
        **_options: object,
    ) -> Message:
        """Hand a message over as a client would receive it, after its trip through JSON."""
        is_message = isinstance(msg_or_type, dict)
        message = msg_or_type if is_message else self.msg(msg_or_type, content=content)
        message["content"] = self.unpack(self.pack(message["content"]))
        if self.listener is not None:
            self.listener(message)
        return message


class CellCompiler(CachingCompiler):  # type: ignore[misc] - IPython carries no types here
    """Names the code of a cell alike in every run; ipykernel's names hold the process id."""

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
        """Return a name such as ``<cell-3-5d41402a>``."""
        return f"<cell-{number}-{zlib.crc32((raw_code or transformed_code).encode()):08x}>"


class NotebookShell(ZMQInteractiveShell):  # type: ignore[misc] - ipykernel carries no types here
    """The stock kernel's shell, in this process."""

    def ask_exit(self) -> None:
        """Treat ``exit`` in a cell like ``sys.exit()``: the cell fails."""
        raise SystemExit(0)


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
    shell = NotebookShell.instance(config=quiet, compiler_class=CellCompiler)
    session = LocalSession()
    for publisher in (shell.displayhook, shell.display_pub):
        publisher.session = session
    shell.displayhook.topic = b"execute_result"
    return shell
