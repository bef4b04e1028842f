"""The process of a dashboards' server: what it may do, its folder, its environment, its start.

It holds nothing but our notebooks, the released folder, and a private folder that goes when it
stops.  :mod:`labtools.dashboards.hardened` is what runs in it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from importlib.util import find_spec
from pathlib import Path

from labtools import messages
from labtools.dashboards.boards import BOARDS
from labtools.dashboards.data import ENVIRONMENT_VARIABLE
from labtools.dashboards.door import Door
from labtools.errors import DependencyError
from labtools.paths import bundled

Process = subprocess.Popen[bytes]

PAGES = tuple(board.name for board in BOARDS)
MOST_READERS = 8

#: What the parent says to a server whose place another one takes, and how long it still lives.
LAST_READERS = b"last"
LAST_READERS_SECONDS = 600

#: Day by which servers judge whether figures still hold, ISO; empty for the day that it is.
AS_OF = ""

_NEEDED = ("voila", "ipywidgets", "ipyleaflet")
_KEPT = ("PATH", "TZ", "PROJ_DATA", "GDAL_DATA", "LD_LIBRARY_PATH")
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
_STOP_AFTER = 10  # seconds for the kernels to end before the server is killed


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
    as_of : str
        See `AS_OF`.
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
    as_of: str = ""

    @property
    def today(self) -> date:
        """Day by which it is judged whether figures still hold."""
        return date.fromisoformat(self.as_of) if self.as_of else date.today()  # noqa: DTZ011 - here

    @property
    def notebooks(self) -> Path:
        """Folder of the pages' notebooks: the only one that Voilà sees."""
        return Path(self.folder) / "pages"

    @property
    def sockets(self) -> Path:
        """Folder of the kernels' sockets, which only this user may enter."""
        return Path(self.folder) / "kernels"


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


@contextmanager
def started(edition: Path, door: Door, most_readers: int) -> Iterator[tuple[Service, Process]]:
    """Run the process of a server on an edition inside the block."""
    with _private_folder() as folder:
        service = Service(
            str(edition),
            str(folder),
            door.hosts,
            most_readers=most_readers,
            proxy_digest=door.proxy_digest,
            as_of=AS_OF,
        )
        _fill(service)
        process = _start(service, door)
        try:
            yield service, process
        finally:
            _stop(process)


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


@contextmanager
def _private_folder() -> Iterator[Path]:
    # Short, because a socket's path may not exceed 107 characters; mkdtemp makes it 0700.
    folder = Path(tempfile.mkdtemp(prefix="lab-", dir="/tmp" if Path("/tmp").is_dir() else None))  # noqa: S108
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fill(service: Service) -> None:
    for folder in ("home", "jupyter", "kernels", "pages"):
        (Path(service.folder) / folder).mkdir(mode=0o700)
    for page in service.pages:
        notebook = bundled("notebooks", "dashboards", f"{page}.ipynb")
        shutil.copyfile(notebook, service.notebooks / notebook.name)


def _start(service: Service, door: Door) -> Process:
    command = (sys.executable, "-m", "labtools.dashboards.hardened", str(door.socket.fileno()))
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        (*command, json.dumps(asdict(service))),
        cwd=service.notebooks,
        env=clean_environment(service, os.environ),
        stdin=subprocess.PIPE,  # closes when we end, however we end; the server then ends too
        pass_fds=(door.socket.fileno(),),
        start_new_session=True,
    )


def _stop(process: Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(_STOP_AFTER)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
