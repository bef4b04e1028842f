"""Voilà with the doors closed: runs as ``python -m labtools.dashboards.hardened``.

Stock Voilà lets a viewer change theme and template (a script runs, a request never ends),
read pictures of the served folder, start kernels without end, and answers any Host.  Here
only what a page needs is routed, and the rest does not exist.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import resource
import socket
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import FileFindHandler
from jupyterlab_server.config import get_federated_extensions
from jupyterlab_server.themes_handler import ThemesHandler
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop, PeriodicCallback
from tornado.web import HTTPError
from traitlets.config import Config
from voila.app import Voila
from voila.static_file_handler import MultiStaticFileHandler, TemplateStaticFileHandler
from voila.utils import get_voila_labextensions_path

from labtools import messages
from labtools.dashboards.boards import BOARDS, board_of
from labtools.dashboards.gate import EveryReader, PlainErrors, Refusal, guarded
from labtools.dashboards.kernels import ALLOWED_MESSAGES, ReaderKernels, WidgetsOnly, draw_page
from labtools.dashboards.own_kernel import KernelEnd, KernelLine, KernelState, word_of
from labtools.dashboards.reading import (
    Health,
    Metrics,
    SiteFiles,
    StillPage,
    Tally,
    named_colonia,
    note_answer,
)
from labtools.dashboards.seats import Drawn, Seats
from labtools.dashboards.service import LAST_READERS, LAST_READERS_SECONDS, Service
from labtools.dashboards.still import ASSETS, SITE, Stills
from labtools.messages import text

TEMPLATE = "laboratorio"
EXTENSIONS = (
    "@jupyter-widgets/jupyterlab-manager",
    "@voila-dashboards/widgets-manager8",
    "jupyter-leaflet",
)

_KERNEL = r"(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"
_MEMORY = 4 * 2**30  # bytes of address space for the server and for each kernel
_LONGEST_MESSAGE = 256 * 2**10
_GONE = 410  # its figures are past their day
_LEFT = 499  # a reader who closed the line before the answer
_TEND_EVERY = 2_000  # milliseconds
_LIMITS = {"idle_connection_timeout": 10, "max_header_size": 8192, "max_body_size": 65536}


def voila_config(service: Service) -> Config:
    """Return Voilà's settings: everything that a viewer could turn is fixed here."""
    return Config(
        {
            "Voila": {
                "open_browser": False,
                "root_dir": str(service.notebooks),
                "connection_dir_root": str(service.sockets),
                "identity_provider_class": EveryReader,
                "kernel_websocket_connection_class": WidgetsOnly,
                "log_level": "WARN",
                "tornado_settings": {
                    "websocket_max_message_size": _LONGEST_MESSAGE,
                    "xsrf_cookie_kwargs": {"samesite": "Strict"},
                    "default_handler_class": Refusal,
                    "log_function": note_answer,
                },
            },
            "VoilaConfiguration": {
                "template": TEMPLATE,
                "theme": "light",
                "allow_theme_override": "NO",
                "allow_template_override": "NO",
                "file_allowlist": [],
                "strip_sources": True,
                "show_tracebacks": False,
                "extension_denylist": unwanted_extensions(),
                "http_keep_alive_timeout": 120,
                "preheat_kernel": True,
                "default_pool_size": 1,
                "multi_kernel_manager_class": ReaderKernels,
                "resources": {"words": page_words()},
            },
            "VoilaExecutor": {
                "timeout": 60,
                "cell_error_instruction": text("Tell the laboratory that this page failed."),
            },
            "ReaderKernels": {
                "most": service.most_readers,
                "longest_seconds": service.longest_minutes * 60,
                "cull_idle_timeout": service.idle_minutes * 60,
                "cull_interval": 15,
                "cull_connected": True,
            },
            "VoilaKernelManager": {"kernel_pools_config": {"default": {"pool_size": 0}}},
            "KernelManager": {"transport": "ipc"},
        }
    )


def pages_kept_warm(service: Service) -> dict[str, int]:
    """Return how many pages of each dashboard's notebook are kept ready while there is room."""
    first, *others = (f"{page}.ipynb" for page in service.pages)
    return {first: service.warm, **dict.fromkeys(others, 1)}


def unwanted_extensions() -> list[str]:
    """Return the JupyterLab extensions installed here that pages have no use for."""
    installed = get_federated_extensions(get_voila_labextensions_path())
    return sorted(name for name in installed if name not in EXTENSIONS)


def page_words() -> dict[str, str]:
    """Return the words of the page around a dashboard, in the language in force."""
    return {
        "lang": messages.language().replace("_", "-"),
        "opening": text("Opening the dashboard…"),
        "script": text("This dashboard needs JavaScript. The fichas can be read without it."),
        "ended": text("This page was left alone for a while and was closed."),
        "again": text("Open it again"),
        "map": text("Map of colonias; the list “Colonia” does the same with the keyboard"),
    }


class Page(PlainErrors):
    """A living page of the allow-list; every other name does not exist, and starts nothing."""

    _turn: asyncio.Future[Drawn] | None = None

    async def get(self, page: str = "") -> None:
        """Give a page that a kernel has drawn already, and the kernel with it."""
        if page not in self.settings["pages"]:
            raise HTTPError(404)
        stills: Stills = self.settings["stills"]
        if not stills.is_known(named_colonia(self)):
            raise HTTPError(400)
        board = board_of(page)
        if board is not None and stills.past(board, self.settings["service"].today):
            raise HTTPError(_GONE)
        self.xsrf_token  # noqa: B018 - the page gives it back when it closes, to end its kernel
        kernels = self.settings["kernel_manager"]
        self._turn = asyncio.ensure_future(self.settings["seats"].take(f"{page}.ipynb"))
        try:
            drawn = await self._turn
        except asyncio.CancelledError:
            if self.request.connection.stream.closed():  # who left is no fault of the server
                self.set_status(_LEFT, "reader left")
                return
            raise
        kernels.bind(drawn.kernel_id, word_of(self))
        try:
            self.set_header("Cache-Control", "no-store")
            await self.finish(drawn.html)
        finally:
            kernels.give(drawn.kernel_id)  # its time without a page begins now

    def on_connection_close(self) -> None:
        """Leave the line of a reader who left."""
        if self._turn is not None:
            self._turn.cancel()


class TemplateFiles(PlainErrors, TemplateStaticFileHandler):  # type: ignore[misc]
    """Static files of our template and of those that it stands on."""

    async def get(self, path: str, include_body: bool = True) -> None:  # noqa: FBT001, FBT002
        """Send a file; a path of any other form does not exist."""
        if not re.fullmatch(rf"({TEMPLATE}|lab|base)/static/[\w.@/-]+", path) or ".." in path:
            raise HTTPError(404)
        await super().get(path, include_body)


class StaticFiles(PlainErrors, MultiStaticFileHandler):  # type: ignore[misc]
    """Voilà's own static files."""


class ThemeFiles(PlainErrors, ThemesHandler):
    """Style sheets of the light theme."""


class ExtensionFiles(PlainErrors, FileFindHandler):  # type: ignore[misc]
    """Files of the few extensions that pages use."""


class ReadersVoila(Voila):  # type: ignore[misc] # no types in Voilà
    """Voilà for readers: our routes, our socket, our gate, and no configuration file."""

    service: Service
    door: socket.socket

    def load_config_file(self, *_: Any, **__: Any) -> None:
        """Read no file: no folder of the machine decides how readers are served."""

    def init_settings(self) -> dict[str, Any]:
        """Return Voilà's settings and what its pages may ask of a kernel."""
        settings: dict[str, Any] = super().init_settings()
        self.kernel_manager.allowed_message_types = list(ALLOWED_MESSAGES)
        self.seats = Seats(
            self.kernel_manager,
            partial(draw_page, self.kernel_manager),
            pages_kept_warm(self.service),
            self.service.queue_seconds,
        )
        stills = Stills(Path(self.service.public))
        own = {"pages": self.service.pages, "seats": self.seats, "stills": stills}
        own["service"] = self.service
        return {**settings, **own, "tally": Tally(self.kernel_manager, self.seats)}

    def init_handlers(self) -> list[Any]:
        """Return the routes: what a page needs to stand, and no other."""
        extensions = "|".join(re.escape(name) for name in EXTENSIONS)
        themes = {
            "themes_url": "/voila/api/themes",
            "path": self.themes_dir,
            "labextensions_path": self.labextensions_path,
            "no_cache_paths": ["/"],
        }
        return [
            (rf"/api/kernels/{_KERNEL}", KernelState),
            (rf"/api/kernels/{_KERNEL}/channels", KernelLine),
            (r"/voila/templates/(.*)", TemplateFiles),
            (r"/voila/static/(.*)", StaticFiles, {"paths": self.static_paths}),
            (r"/voila/api/themes/(.*)", ThemeFiles, themes),
            (rf"/voila/api/shutdown/{_KERNEL}", KernelEnd),
            (
                rf"/voila/labextensions/((?:{extensions})/.*)",
                ExtensionFiles,
                {"path": self.labextensions_path, "no_cache_paths": ["/"]},
            ),
            (r"/live/(?P<page>[a-z0-9_]{1,60})", Page),
            (r"/site/(.*)", SiteFiles, {"path": str(Path(self.service.public) / SITE)}),
            (r"/still/([a-z]+\.(?:css|js))", SiteFiles, {"path": str(ASSETS)}),
            (r"/health", Health),
            (r"/metrics", Metrics),
            (r"/(?P<page>[a-z0-9_]{0,60})", StillPage),
        ]

    def listen(self) -> None:
        """Answer on the socket that was opened for us, until our parent ends or asks."""
        server = HTTPServer(
            guarded(self.app, self.service.hosts, self.service.proxy_digest), **_LIMITS
        )
        server.add_socket(self.door)
        stills = self.app.settings["stills"]
        stills.page(BOARDS[0], "", messages.language(), self.service.today)  # read once, before
        self._server = server
        self.ioloop = IOLoop.current()
        tending = PeriodicCallback(self.seats.tend, _TEND_EVERY)
        tending.start()
        self.ioloop.add_callback(self.seats.tend)
        self.ioloop.add_handler(sys.stdin.fileno(), self._parent_spoke, IOLoop.READ)
        try:
            self.ioloop.start()
        finally:
            server.stop()
            self.ioloop.run_sync(self.seats.close)
            self.stop()

    def _parent_spoke(self, descriptor: int, _: int) -> None:
        said = os.read(descriptor, 1024)
        if not said:
            self.ioloop.remove_handler(descriptor)  # it would be said again and again
            self.ioloop.stop()
        elif LAST_READERS in said:  # another server answers from now on
            self._server.stop()
            self.ioloop.call_later(LAST_READERS_SECONDS, self.ioloop.stop)


def run(arguments: Sequence[str]) -> None:
    """Serve: `arguments` are the number of a listening socket, and a `Service` as JSON."""
    told = json.loads(arguments[1])
    door = socket.socket(fileno=int(arguments[0]))
    door.setblocking(False)  # noqa: FBT003 - the standard library's signature
    door.set_inheritable(False)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    service = Service(
        **{**told, "hosts": tuple(told["hosts"]), "pages": tuple(told["pages"])},
    )
    app = ReadersVoila(config=voila_config(service))
    app.service, app.door = service, door
    app.initialize([])
    app.start()


if __name__ == "__main__":
    run(sys.argv[1:])
