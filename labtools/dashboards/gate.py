"""Who is let in, and with what headers every answer leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jupyter_server.auth.identity import IdentityProvider, User
from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.routing import AnyMatches, Matcher, Rule, RuleRouter
from tornado.web import Application, HTTPError, OutputTransform, RequestHandler

from labtools import messages
from labtools.charts.svg import Svg, element
from labtools.dashboards.sign_on import SignedOn
from labtools.messages import text

_REFUSED = 400
_NOT_SIGNED_ON = 401
_NOTED = ("log_function", "tally")


def content_policy(hosts: Sequence[str]) -> str:
    """Return the Content-Security-Policy of every answer.

    Scripts come from this server only and never from inside the page.  Two concessions to the
    widgets: they place themselves with styles in the page, and the map's library builds
    functions from text when it loads (without ``unsafe-eval`` there is no map).
    """
    named = [host for host in hosts if not host.startswith("[")]  # no IPv6 in the CSP grammar
    sockets = " ".join(f"ws://{host} wss://{host}" for host in named)
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self' 'unsafe-eval'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self' data:",
            f"connect-src 'self' {sockets}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'self'",
        )
    )


#: What is not drawn by a kernel needs no concession: its own files, and the living page inside it.
STILL_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_LIVING = ("/live/", "/voila/", "/api/")


def strict_headers(hosts: Sequence[str], path: str = "/live/") -> dict[str, str]:
    """Return the headers that every answer carries."""
    living = path.startswith(_LIVING)
    return {
        "Content-Security-Policy": content_policy(hosts) if living else STILL_POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "X-Robots-Tag": "noindex",
        "Server": "labtools",
    }


def guarded(application: Application, hosts: Sequence[str], proxy_digest: str = "") -> RuleRouter:
    """Return a router that hands `application` only requests for one of `hosts`.

    Parameters
    ----------
    proxy_digest : str, optional
        Digest of the key of a proxy: only readers for whom it vouches are let in.
    """
    noted = {name: application.settings[name] for name in _NOTED if name in application.settings}
    strangers, elsewhere = (
        Application([(".*", Refusal, {"status": status})], **noted)
        for status in (_NOT_SIGNED_ON, _REFUSED)
    )
    for answering in (application, strangers, elsewhere):
        answering.add_transform(_headers_transform(tuple(hosts)))
    called = RuleRouter(
        [Rule(SignedOn(proxy_digest), application), Rule(AnyMatches(), strangers)],
    )
    return RuleRouter([Rule(_CalledBy(hosts), called), Rule(AnyMatches(), elsewhere)])


class PlainErrors(RequestHandler):  # type: ignore[misc] # tornado's types are not read
    """Handler whose errors are a short page in the reader's language, without inner details."""

    def write_error(self, status_code: int, **_: Any) -> None:
        """Write the page of an error."""
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(error_page(status_code))


class Refusal(PlainErrors):
    """Answer to whatever has no answer."""

    def initialize(self, status: int = 404) -> None:
        """Remember the status given to every request."""
        self._status = status

    def prepare(self) -> None:
        """Refuse, whatever the method."""
        raise HTTPError(self._status)


class EveryReader(IdentityProvider):  # type: ignore[misc] # jupyter_server has no types here
    """Nobody signs in: every reader is the same; a cookie tells only whose kernel is whose."""

    def get_user(self, handler: RequestHandler) -> User:  # noqa: ARG002 - Jupyter's signature
        """Return the one reader there is."""
        return User(username="lector")

    def get_handlers(self) -> list[tuple[str, object]]:
        """Return no page to sign in or out."""
        return []


def error_page(status: int) -> str:
    """Return the page that readers see in place of a dashboard."""
    told = {
        400: text("This address is not served here. Use the one that the laboratory gave you."),
        401: text("Sign in first: this address is reached through the municipality's own page."),
        404: text("There is no such page here."),
        410: text("The figures of this page are past the day until which they held."),
        503: text("Many people are reading this dashboard now. Please try again in a minute."),
    }
    words = told.get(status, text("The dashboard could not be shown. Tell the laboratory."))
    page = element(
        "html",
        element("head", element("meta", charset="utf-8"), element("title", words)),
        element("body", element("main", element("p", words))),
        lang=messages.language()[:2],
    )
    return str(Svg("<!DOCTYPE html>\n") + page)


class _CalledBy(Matcher):  # type: ignore[misc] # as above
    """Matches requests whose Host header is one of ours."""

    def __init__(self, hosts: Sequence[str]) -> None:
        self._hosts = frozenset(hosts)

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """Return no argument where the Host is ours, None where it is not."""
        return {} if request.host.lower() in self._hosts else None


def _headers_transform(hosts: tuple[str, ...]) -> type[OutputTransform]:
    class StrictHeaders(OutputTransform):  # type: ignore[misc] # as above
        """Sets our headers last, over what any handler set."""

        def __init__(self, request: HTTPServerRequest) -> None:
            self._strict = strict_headers(hosts, request.path)

        def transform_first_chunk(
            self,
            status_code: int,
            headers: HTTPHeaders,
            chunk: bytes,
            finishing: bool,  # noqa: ARG002, FBT001 - tornado's signature
        ) -> tuple[int, HTTPHeaders, bytes]:
            for name, value in self._strict.items():
                headers[name] = value
            return status_code, headers, chunk

    return StrictHeaders
