"""Serve the dashboards that ship with the package, on one released edition.

The server is a process of its own with an environment of its own.  It holds nothing but
our notebooks, the released folder, and a private folder that goes when it stops.
:mod:`labtools.dashboards.hardened` is what runs in it.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from labtools import messages
from labtools.dashboards.boards import BOARDS
from labtools.dashboards.data import ENVIRONMENT_VARIABLE, open_released
from labtools.dashboards.sign_on import digest_of_key
from labtools.errors import DependencyError, SettingsError, TableError
from labtools.messages import text
from labtools.paths import bundled

PAGES = tuple(board.name for board in BOARDS)
PORT = 8866
MOST_READERS = 8

#: What the parent says to a server whose place another one takes, and how long it still lives.
LAST_READERS = b"last"
LAST_READERS_SECONDS = 600

NEVER = threading.Event()
_LOOK_EVERY = 2.0  # seconds

_NEEDED = ("voila", "ipywidgets", "ipyleaflet")
_KEPT = ("PATH", "TZ", "PROJ_DATA", "GDAL_DATA", "LD_LIBRARY_PATH")
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
_LAST_PORT = 65_535
_STOP_AFTER = 10  # seconds for the kernels to end before the server is killed


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
class Service:
    """What a dashboards' server may do.

    Attributes
    ----------
    public : str
        Released folder that its pages read.
    folder : str
        Private folder of the server.
    hosts : tuple of str
        Names by which readers may call it; a request with any other Host is refused.
    pages : tuple of str
        Pages served, the first of them at ``/``.
    most_readers : int
        Living pages at once, those that wait ready included; further readers keep the still page
        and are let in as there is room.
    idle_minutes : int
        A page left alone this long is closed.
    longest_minutes : int
        No page lives longer, even if it is used.
    queue_seconds : int
        How long a request for a living page waits for room.
    warm : int
        Living pages kept ready of the first dashboard; of each of the others, one.
    proxy_digest : str
        Digest of the key of the proxy that signs readers on; empty where none does.
    """

    public: str
    folder: str
    hosts: tuple[str, ...]
    pages: tuple[str, ...] = PAGES
    most_readers: int = MOST_READERS
    idle_minutes: int = 20
    longest_minutes: int = 120
    queue_seconds: int = 20
    warm: int = 2
    proxy_digest: str = ""

    @property
    def notebooks(self) -> Path:
        """Folder of the pages' notebooks: the only one that Voilà sees."""
        return Path(self.folder) / "pages"

    @property
    def sockets(self) -> Path:
        """Folder of the kernels' sockets, which only this user may enter."""
        return Path(self.folder) / "kernels"


@dataclass(frozen=True, slots=True)
class Running:
    """A server at work.

    Attributes
    ----------
    url : str
        Address of its first page, which stands at once.
    service : Service
        What it may do.
    process : subprocess.Popen
        Its process.
    """

    url: str
    service: Service
    process: subprocess.Popen[bytes]

    @property
    def live(self) -> str:
        """Address of the first page's living form, which a kernel draws."""
        return f"{self.url}live/{self.service.pages[0]}"


def serve(
    public: Path,
    *,
    host: str = "127.0.0.1",
    port: int = PORT,
    proxy: Proxy = NO_PROXY,
    when_ready: Callable[[str], object] = print,
    stopped: threading.Event = NEVER,
) -> int:
    """Serve the dashboards until stopped (Ctrl-C), and return the server's exit status.

    A new edition is served as soon as ``latest`` names it: new readers meet it, and those who
    read the earlier one are left to finish.

    Parameters
    ----------
    public : Path
        ``reports/<run>/public`` of a workbench.
    host, port : str, int
        Where to listen.  Listening beyond this machine is a decision of the network's
        administrator: put a proxy with TLS before it.
    proxy : Proxy
        What stands before the server, if anything does.
    when_ready : callable
        Told the address.
    stopped : threading.Event
        Set, it ends the service.

    Raises
    ------
    DependencyError
        If Voilà is not installed.
    TableError
        If the folder holds no released edition.
    SettingsError
        If the port is taken, the address is not of this machine, or the proxy's key is no key.
    """
    check_installed()
    edition = open_released(public).public
    with listening(host, port) as door, _ended_by_signals(), ExitStack() as servers:
        # The key is read once: a new edition must not depend on a file that is being replaced.
        by = _By(host, proxy.called, proxy.digest())
        served = partial(_served, door=door, by=by, most_readers=MOST_READERS)
        running = servers.enter_context(served(edition))
        when_ready(running.url)
        try:
            while running.process.poll() is None and not stopped.wait(_LOOK_EVERY):
                newer = _newer_edition(public, running)
                if newer is not None:
                    retire(running)
                    running = servers.enter_context(served(newer))
        except KeyboardInterrupt:
            return 0
        return running.process.poll() or 0


@contextmanager
def serving(
    public: Path,
    *,
    host: str = "127.0.0.1",
    port: int = PORT,
    proxy: Proxy = NO_PROXY,
    most_readers: int = MOST_READERS,
) -> Iterator[Running]:
    """Serve the dashboards inside the block; see :func:`serve`.  Port 0 takes a free one."""
    check_installed()
    edition = open_released(public).public
    with (
        listening(host, port) as door,
        _ended_by_signals(),
        _served(
            edition,
            door=door,
            by=_By(host, proxy.called, proxy.digest()),
            most_readers=most_readers,
        ) as running,
    ):
        yield running


def retire(running: Running) -> None:
    """Tell a server that another one answers from now on: it serves who is there, and ends."""
    if running.process.stdin is not None and running.process.poll() is None:
        running.process.stdin.write(LAST_READERS)
        running.process.stdin.flush()


class _By(NamedTuple):
    """Under which names a server answers, and whom it believes."""

    host: str
    called: tuple[str, ...]
    digest: str


@contextmanager
def _served(edition: Path, *, door: socket.socket, by: _By, most_readers: int) -> Iterator[Running]:
    with _private_folder() as folder:
        service = Service(
            str(edition),
            str(folder),
            allowed_hosts(by.host, door, by.called),
            most_readers=most_readers,
            proxy_digest=by.digest,
        )
        _fill(service)
        process = _start(service, door)
        try:
            host, port = door.getsockname()[:2]
            yield Running(f"http://{_in_url(host)}:{port}/", service, process)
        finally:
            _stop(process)


def _newer_edition(public: Path, running: Running) -> Path | None:
    """Return the edition that the folder leads to now, if it is another one and whole."""
    if public.resolve() == Path(running.service.public):
        return None
    try:
        return open_released(public).public
    except TableError:
        return None  # being made, or broken: the earlier one goes on


def check_installed() -> None:
    """Refuse early, with the remedy, where a library of the dashboards is absent.

    Raises
    ------
    DependencyError
        If Voilà or one of the widgets' libraries is not installed.
    """
    absent = tuple(name for name in _NEEDED if find_spec(name) is None)
    if absent:
        raise DependencyError(
            "Dashboards need {absent}, not installed here. Install them: "
            "pip install 'labtools[dash]'",
            absent=absent,
        )


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


def clean_environment(service: Service, around: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the server and its kernels: what they need, no secret of ours."""
    folder = Path(service.folder)
    kept = {name: around[name] for name in _KEPT if name in around}
    own = {
        "HOME": folder / "home",
        "TMPDIR": folder / "home",
        "IPYTHONDIR": folder / "home",
        "JUPYTER_CONFIG_DIR": folder / "jupyter",
        "JUPYTER_DATA_DIR": folder / "jupyter",
        "JUPYTER_RUNTIME_DIR": folder / "kernels",
        "JUPYTER_PATH": Path(__file__).parent / "template",
        ENVIRONMENT_VARIABLE: service.public,
        "LABTOOLS_LANG": messages.language(),
        "LANG": "C.UTF-8",
        "PYTHONNOUSERSITE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        **dict.fromkeys(_THREADS, "1"),
    }
    return {**kept, **{name: str(value) for name, value in own.items()}}


def _cannot_listen(host: str, port: int, reason: str) -> SettingsError:
    return SettingsError(
        "It is not possible to listen on {host}, port {port} ({reason}). Choose another "
        "with --host and --port.",
        host=host,
        port=str(port),
        reason=reason,
    )


@contextmanager
def _private_folder() -> Iterator[Path]:
    # Short, because a socket's path may not exceed 107 characters; mkdtemp makes it 0700.
    folder = Path(tempfile.mkdtemp(prefix="lab-", dir="/tmp" if Path("/tmp").is_dir() else None))  # noqa: S108
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Turn SIGTERM into an exit that cleans up, as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _fill(service: Service) -> None:
    for folder in ("home", "jupyter", "kernels", "pages"):
        (Path(service.folder) / folder).mkdir(mode=0o700)
    for page in service.pages:
        notebook = bundled("notebooks", "dashboards", f"{page}.ipynb")
        shutil.copyfile(notebook, service.notebooks / notebook.name)


def _start(service: Service, door: socket.socket) -> subprocess.Popen[bytes]:
    command = (sys.executable, "-m", "labtools.dashboards.hardened", str(door.fileno()))
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        (*command, json.dumps(asdict(service))),
        cwd=service.notebooks,
        env=clean_environment(service, os.environ),
        stdin=subprocess.PIPE,  # closes when we end, however we end; the server then ends too
        pass_fds=(door.fileno(),),
        start_new_session=True,
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(_STOP_AFTER)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
