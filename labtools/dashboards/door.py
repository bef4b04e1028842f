"""Where a dashboards' server listens, by which names it is called, and whom it believes."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from labtools.dashboards.sign_on import digest_of_key
from labtools.errors import SettingsError
from labtools.messages import text

_LAST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Proxy:
    """What stands before a server: whoever calls it by the proxy's name, and who signs readers on.

    Attributes
    ----------
    called : tuple of str
        Names by which readers reach the server.
    key : Path, optional
        File with the key by which the proxy vouches for readers who signed on; without it nobody
        is asked who they are.
    """

    called: tuple[str, ...] = ()
    key: Path | None = None

    def digest(self) -> str:
        """Return the digest of the key as its file holds it now; empty where there is none."""
        return digest_of_key(self.key) if self.key else ""


NO_PROXY = Proxy()


@dataclass(frozen=True, slots=True)
class Door:
    """A socket that listens, and who is let in through it.

    Attributes
    ----------
    socket : socket.socket
    hosts : tuple of str
        Names by which readers may call; a request with any other Host is refused.
    proxy_digest : str
        Digest of the key of the proxy that signs readers on; empty where none does.
    """

    socket: socket.socket
    hosts: tuple[str, ...]
    proxy_digest: str = ""

    @property
    def url(self) -> str:
        """Address of the first page."""
        host, port = self.socket.getsockname()[:2]
        return f"http://{_in_url(host)}:{port}/"


@contextmanager
def opened(host: str, port: int, proxy: Proxy = NO_PROXY) -> Iterator[Door]:
    """Listen inside the block; see `listening`.  The proxy's key is read once, here.

    A new edition must not depend on a file that is being replaced.
    """
    with listening(host, port) as door:
        yield Door(door, allowed_hosts(host, door, proxy.called), proxy.digest())


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens there, before anything else is started.

    Raises
    ------
    SettingsError
        If the port is taken, needs privileges, or the address is not of this machine.
    """
    if not 0 <= port <= _LAST_PORT:
        raise _cannot_listen(host, port, text("ports go from 0 to 65535"))
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=64)
    except OSError as refused:
        if refused.errno == errno.EADDRINUSE:
            raise SettingsError(
                "Port {port} is already in use, perhaps by another dashboard. Stop that one, "
                "or choose another port with --port.",
                port=str(port),
            ) from refused
        raise _cannot_listen(host, port, refused.strerror or str(refused)) from refused


def allowed_hosts(host: str, door: socket.socket, also_called: Sequence[str]) -> tuple[str, ...]:
    """Return the Host headers that are answered: names with the port, and proxies' names bare.

    Any other is refused: a page elsewhere could otherwise point its own name at this
    machine and read the dashboard with its reader's eyes (DNS rebinding).
    """
    port = door.getsockname()[1]
    local = ("localhost", "127.0.0.1", "[::1]")
    own = local if host in {"127.0.0.1", "::1", "localhost"} else (*local, _in_url(host))
    named = [f"{name}:{port}" for name in (*own, *also_called)]
    return tuple(dict.fromkeys(name.lower() for name in (*named, *also_called)))


def _cannot_listen(host: str, port: int, reason: str) -> SettingsError:
    return SettingsError(
        "It is not possible to listen on {host}, port {port} ({reason}). Choose another "
        "with --host and --port.",
        host=host,
        port=str(port),
        reason=reason,
    )


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
