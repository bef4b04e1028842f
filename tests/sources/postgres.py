"""A PostgreSQL server of its own for the tests, from the programs that Debian installs."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_NOBODY = 65534


@dataclass(frozen=True)
class Server:
    """A server that listens on a socket only.

    Attributes
    ----------
    socket : Path
        Folder of its socket.
    """

    socket: Path

    def connection(self, user: str = "dueno") -> str:
        return f"host={self.socket} dbname=postgres user={user}"


@contextmanager
def running_server() -> Iterator[Server]:
    """Start a server and end it; skip the test where the programs are not installed."""
    programs = _programs()
    # The server's account must be able to walk there: pytest's own folders are closed to it.
    home = Path(tempfile.mkdtemp(prefix="pg."))
    os.chown(home, *_owner())
    data = home / "data"
    _run([programs / "initdb", "-D", data, "-U", "dueno", "-A", "trust", "-N", "-E", "UTF8",
          "--locale=C"])  # fmt: skip
    settings = f"-k {home} -c listen_addresses='' -c fsync=off -c timezone=UTC"
    try:
        _run([programs / "pg_ctl", "-D", data, "-w", "-l", home / "log", "-o", settings, "start"])
        try:
            yield Server(home)
        finally:
            _run([programs / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(home)


def _programs() -> Path:
    beside = [Path(found).resolve().parent for found in [shutil.which("postgres")] if found]
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in (*beside, *debian):
        if all((folder / name).is_file() for name in ("initdb", "pg_ctl", "postgres")):
            return folder
    pytest.skip("PostgreSQL's server is not installed (Debian's package “postgresql”)")


def _owner() -> tuple[int, int]:
    return (os.getuid(), os.getgid()) if os.getuid() else (_NOBODY, _NOBODY)


def _run(command: list[str | Path]) -> None:
    """Run a program of the server, which refuses to be run by root."""
    user, group = _owner()
    subprocess.run(
        list(map(str, command)),
        check=True,
        user=user,
        group=group,
        extra_groups=[] if not os.getuid() else None,
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
