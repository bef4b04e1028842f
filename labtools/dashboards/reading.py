"""What readers get without a kernel: still pages, the site, and how the server is.

Nothing here remembers who asked: the log holds neither address nor what was searched.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from tornado.web import HTTPError, RequestHandler, StaticFileHandler

from labtools import messages
from labtools.dashboards.boards import board_of
from labtools.dashboards.gate import PlainErrors
from labtools.dashboards.seats import Seats
from labtools.dashboards.still import LANGUAGES, Stills

_KINDS = ("live", "site", "still", "voila", "api", "health", "metrics")
_ENDINGS = (".html", ".css", ".js", ".csv", ".xlsx", ".parquet", ".pdf", ".png", ".json")


class Tally:
    """What a server has done, in numbers that tell nobody apart."""

    def __init__(self, kernels: Any, seats: Seats) -> None:
        self._kernels, self._seats, self._begun = kernels, seats, time.monotonic()
        self.answers: Counter[tuple[str, int]] = Counter()

    def as_text(self) -> str:
        """Return the numbers as monitoring programs read them (Prometheus)."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        lines = [
            f'labtools_answers_total{{kind="{kind}",status="{status}"}} {n}'
            for (kind, status), n in sorted(self.answers.items())
        ]
        told = {
            "labtools_kernels": len(self._kernels),
            "labtools_kernels_with_a_reader": self._kernels.given,
            "labtools_readers_waiting": self._seats.waiting,
            "labtools_pages_given_total": self._seats.given,
            "labtools_pages_refused_total": self._seats.refused,
            "labtools_memory_peak_bytes": peak,
            "labtools_up_seconds": int(time.monotonic() - self._begun),
        }
        return "\n".join([*lines, *(f"{name} {value}" for name, value in told.items())]) + "\n"


class StillPage(PlainErrors):
    """A dashboard's page as the site tells it: at once, and without a kernel."""

    def get(self, page: str = "") -> None:
        """Show the page, of the colonia that the address names."""
        board = board_of(page)
        if board is None or board.name not in self.settings["pages"]:
            raise HTTPError(404)
        stills: Stills = self.settings["stills"]
        named = named_colonia(self)
        if not stills.is_known(named):
            raise HTTPError(400)
        language = LANGUAGES.get(self.get_query_argument("idioma", ""), messages.language())
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-cache")
        # The living page inside owns its kernel by this cookie: pages opened at once share it.
        self.xsrf_token  # noqa: B018
        self.finish(stills.page(board, named, language, self.settings["service"].today))


class SiteFiles(PlainErrors, StaticFileHandler):  # type: ignore[misc] # tornado's types are not read
    """Files of the published site; what has another ending is not one of them."""

    def parse_url_path(self, url_path: str) -> str:
        """Return the file asked for."""
        if "\0" in url_path or not url_path.endswith(_ENDINGS):
            raise HTTPError(404)
        return str(super().parse_url_path(url_path))


class Health(RequestHandler):  # type: ignore[misc] # as above
    """Whether readers are served, for whoever watches the server."""

    def get(self) -> None:
        """Say so."""
        self.set_header("Content-Type", "application/json")
        self.finish({"status": "ok", "edition": self.settings["stills"].public.parent.name})


class Metrics(RequestHandler):  # type: ignore[misc] # as above
    """Numbers of the server."""

    def get(self) -> None:
        """Tell them."""
        self.set_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.finish(self.settings["tally"].as_text())


def named_colonia(handler: RequestHandler) -> str:
    """Return the colonia that an address names, empty where it names none."""
    named = handler.get_query_arguments("colonia", strip=False)
    if len(named) > 1:
        raise HTTPError(400)
    return str(named[0]) if named else ""


def note_answer(handler: RequestHandler) -> None:
    """Note an answer: when, what kind of page, how it ended, how long it took; not who asked."""
    first = handler.request.path.split("/")[1]
    kind = first if first in _KINDS else "page"
    status = handler.get_status()
    tally = handler.application.settings.get("tally")
    if tally is not None:
        tally.answers[kind, status] += 1
    told = {
        "at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%MZ"),
        "kind": kind,
        "status": status,
        "ms": round(1000 * handler.request.request_time()),
    }
    sys.stderr.write(json.dumps(told) + "\n")
