"""Kernels of readers' pages: few, short-lived, reached through private sockets.

A kernel obeys only what widgets need: a viewer cannot run code in it, nor fill it with
widgets of their own.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.web import HTTPError
from traitlets import Integer

from labtools.dashboards.seats import LONGEST_DRAWING, Drawn

ALLOWED_MESSAGES = (
    "comm_open",
    "comm_close",
    "comm_msg",
    "comm_info_request",
    "kernel_info_request",
)
CONTROL = "jupyter.widget.control"

_PROTOCOL_1 = "v1.kernel.websocket.jupyter.org"
_MOST_PARTS = 64
_CONTENT = 3  # place of a message's content among its parts, after header, parent and metadata


class ReaderKernels(AsyncMappingKernelManager):  # type: ignore[misc] # no types in Jupyter
    """The kernels of one server: never more than `most`, and none that nobody watches.

    Attributes
    ----------
    most : int
        Kernels at once; a further reader is answered 503.
    alone_seconds : int
        A kernel whose page was closed, or never opened, ends after this time.
    """

    most = Integer(8, help="Kernels at once.").tag(config=True)
    alone_seconds = Integer(30, help="Life of a kernel without a page.").tag(config=True)
    longest_seconds = Integer(7_200, help="No kernel lives longer.").tag(config=True)
    _starting = 0

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._given: dict[str, datetime] = {}
        self._born: dict[str, datetime] = {}
        self._words: dict[str, bytes] = {}

    @property
    def is_full(self) -> bool:
        """Whether one more kernel would be too many."""
        return bool(len(self) + self._starting >= self.most)

    @property
    def given(self) -> int:
        """Kernels that readers were given."""
        return len(self._given)

    def give(self, kernel_id: str) -> None:
        """Note that a reader was given a kernel: from now on it must have a page."""
        self._given[kernel_id] = datetime.now(UTC)

    def bind(self, kernel_id: str, word: bytes) -> None:
        """Note by which word the reader of a kernel's page is known."""
        self._words[kernel_id] = word

    def is_read_by(self, kernel_id: str, word: bytes) -> bool:
        """Return whether a kernel's page was given to the reader who brings this word."""
        bound = self._words.get(kernel_id)
        return bound is not None and hmac.compare_digest(bound, word)

    async def end(self, kernel_id: str) -> None:
        """End a kernel, if it did not end by itself."""
        if kernel_id in self:
            await self.shutdown_kernel(kernel_id, now=True)

    async def _async_start_kernel(self, **options: Any) -> str:
        """Start a kernel, if there is room for one more."""
        if self.is_full:
            await self.end_forsaken()
        if self.is_full:
            raise HTTPError(503)
        self._starting += 1
        try:
            kernel_id = str(await super()._async_start_kernel(**options))
            self._born[kernel_id] = datetime.now(UTC)
            return kernel_id
        finally:
            self._starting -= 1

    start_kernel = _async_start_kernel

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """End a kernel that nobody watches; leave the others to the ordinary rule."""
        if self._is_forsaken(kernel_id) or self._is_too_old(kernel_id):
            await self.end(kernel_id)
        elif kernel_id in self._given:  # one that waits for its reader is not idle
            await super().cull_kernel_if_idle(kernel_id)

    async def end_forsaken(self) -> None:
        """End every kernel whose page was closed, or never opened."""
        for kernel_id in self.list_kernel_ids():
            if self._is_forsaken(kernel_id):
                await self.end(kernel_id)

    def remove_kernel(self, kernel_id: str) -> Any:
        """Forget a kernel that ended."""
        self._given.pop(kernel_id, None)
        self._born.pop(kernel_id, None)
        self._words.pop(kernel_id, None)
        return super().remove_kernel(kernel_id)

    def _is_forsaken(self, kernel_id: str) -> bool:
        given, kernel = self._given.get(kernel_id), self._kernels.get(kernel_id)
        if given is None or kernel is None or self._kernel_connections.get(kernel_id, 0):
            return False
        if not kernel.trait_has_value("last_activity"):  # still being started, or being ended
            return False
        last = max(kernel.last_activity, given)
        return bool(datetime.now(UTC) - last > timedelta(seconds=self.alone_seconds))

    def _is_too_old(self, kernel_id: str) -> bool:
        born = self._born.get(kernel_id)
        longest = timedelta(seconds=self.longest_seconds)
        return kernel_id in self._given and born is not None and datetime.now(UTC) - born > longest


async def draw_page(kernels: Any, notebook: str) -> Drawn:
    """Start a kernel and let it draw a notebook's page, wholly.

    Parameters
    ----------
    kernels : ReaderKernels
        As Voilà completes it.
    """
    begun = await kernels._initialize(notebook, None, path="")  # noqa: SLF001 - no public name
    try:
        async with asyncio.timeout(LONGEST_DRAWING):
            snippets, _ = await begun["task"]
    except BaseException:
        await kernels.end(begun["kernel_id"])
        raise
    return Drawn(begun["kernel_id"], "".join(snippets))


class WidgetsOnly(ZMQChannelsWebsocketConnection):  # type: ignore[misc] # no types in Jupyter
    """A viewer's line to the kernel, on which widgets may be asked for and moved, not made."""

    def handle_incoming_message(self, incoming_msg: Any) -> None:
        """Pass a message on, unless it opens a widget or is not a message at all."""
        if is_let_through(incoming_msg, str(self.subprotocol or "")):
            super().handle_incoming_message(incoming_msg)


def is_let_through(message: str | bytes, protocol: str) -> bool:
    """Return whether a message from a browser is one, and opens nothing but the widgets' control.

    Parameters
    ----------
    protocol : str
        Subprotocol of the websocket; empty for the older one, whose messages are JSON.
    """
    try:
        header, content = _header_and_content(message, protocol)
        if header["msg_type"] != "comm_open":
            return header["msg_type"] in ALLOWED_MESSAGES  # else Jupyter writes it to the log
        return bool(content["target_name"] == CONTROL)
    except (ValueError, LookupError, TypeError, RecursionError):
        return False


def _header_and_content(message: str | bytes, protocol: str) -> tuple[Any, Any]:
    if protocol != _PROTOCOL_1:
        told = json.loads(message if isinstance(message, str) else "null")  # no older binary form
        return told["header"], told["content"]
    if not isinstance(message, bytes):
        raise TypeError
    # Jupyter counts up to whatever number stands first: 2**64 would stop the server for ever.
    if int.from_bytes(message[:8], "little") > _MOST_PARTS:
        raise ValueError
    _, parts = deserialize_msg_from_ws_v1(message)
    return json.loads(parts[0]), json.loads(parts[_CONTENT])
