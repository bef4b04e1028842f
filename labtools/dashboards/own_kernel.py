"""A page's kernel answers the reader who was given the page, and nobody else.

Whoever learns a kernel's name from another reader's page could otherwise read and move what
that reader sees.  A page is therefore given together with the browser's ``_xsrf`` cookie, a
random word that tells nothing about the reader, and only what brings it reaches the kernel.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from jupyter_server.services.kernels.handlers import KernelHandler
from tornado.web import HTTPError, RequestHandler
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from labtools.dashboards.gate import PlainErrors


def word_of(handler: RequestHandler) -> bytes:
    """Return the random word of a browser's cookie; a new one where it brings none."""
    return bytes(handler._get_raw_xsrf_token()[1])  # noqa: SLF001 - tornado shows it masked only


class OwnKernel(PlainErrors):
    """A request about a kernel: to anybody but its reader there is no such kernel."""

    def prepare(self) -> Awaitable[None] | None:
        """Refuse whoever was not given the page of this kernel."""
        kernels = self.settings["kernel_manager"]
        if not kernels.is_read_by(self.path_kwargs["kernel_id"], word_of(self)):
            raise HTTPError(404)
        prepared: Awaitable[None] | None = super().prepare()
        return prepared


class KernelState(OwnKernel, KernelHandler):  # type: ignore[misc] # no types in Jupyter
    """Whether a page's kernel lives; ending it goes through :class:`KernelEnd`."""

    def delete(self, **_: Any) -> None:
        """Refuse."""
        raise HTTPError(405)


class KernelLine(OwnKernel, VoilaKernelWebsocketHandler):  # type: ignore[misc] # as above
    """The line between a page and its kernel."""


class KernelEnd(OwnKernel, VoilaShutdownKernelHandler):  # type: ignore[misc] # as above
    """The end of a kernel whose page was closed."""
