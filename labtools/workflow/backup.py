"""Keep a copy of a workbench, proven by its checksums, and put it back.

A copy holds what cannot be made again: settings, suppliers' bytes, decisions, plans, the ledger,
every published edition, the diary.  Working tables are made again by the next run.  The keys go
into a file of their own: whoever has them and the published figures can undo part of the
rounding, so the two do not belong in the same place.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import shutil
import stat
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

from labtools import __version__
from labtools.errors import SettingsError
from labtools.paths import Workbench
from labtools.tables.lineage import sha256_of
from labtools.tables.released import slug
from labtools.tables.store import make_folder, writing
from labtools.workflow.format import format_of
from labtools.workflow.locking import held, looking

LIST = "BACKUP.json"
RECORD = "backups.jsonl"
_REMADE = ("data/interim/", "data/processed/", "data/schedule/logs/")
_SECRETS = "data/secrets/"
_LATEST = "reports/latest"
_FOLDER = "folder"
_RUN = re.compile(r"\w[\w.-]*")
_BLOCK = 1024 * 1024
_BROKEN = (tarfile.TarError, gzip.BadGzipFile, EOFError, OSError, ValueError, zlib.error)


@dataclass(frozen=True, slots=True)
class Copy:
    """One file of a backup.

    Attributes
    ----------
    path : pathlib.Path
    files : int
        How many files of the workbench it holds, each proven.
    """

    path: Path
    files: int


def back_up(
    workbench: Workbench, folder: Path, *, now: datetime | None = None
) -> tuple[Copy, Copy]:
    """Write a copy of a workbench into `folder`, read it back, and return both its files.

    The first holds everything but the keys, the second the keys alone.  Nobody can change the
    workbench meanwhile.

    Raises
    ------
    BusyError
        If somebody is working in it.
    SettingsError
        If the folder is inside the workbench, or cannot be written.
    """
    if folder.resolve().is_relative_to(workbench.root):
        raise SettingsError(
            "The folder {folder} is inside the workbench: a copy there would be lost with it. "
            "Name one on another disk.",
            folder=str(folder),
        )
    make_folder(folder)
    when = (now or datetime.now(UTC)).astimezone(UTC)
    stem = f"{slug(workbench.root.name)}-{when:%Y%m%dT%H%M%SZ}"
    with held(workbench), looking(workbench):
        names = list(_names(workbench))
        secret = [name for name in names if name.startswith(_SECRETS)]
        plain = [name for name in names if not name.startswith(_SECRETS)]
        copies = (
            _write(workbench, folder / f"{stem}.tar.gz", plain),
            _write(workbench, folder / f"{stem}.keys.tar.gz", secret),
        )
    _record(workbench, when, copies)
    return copies


def restore(copies: tuple[Path, ...], folder: Path) -> int:
    """Make the workbench of a backup in `folder`, which must not exist or be empty.

    Every byte is compared with its checksum before the workbench is there at all.

    Returns
    -------
    int
        How many files were put back.

    Raises
    ------
    SettingsError
        If the folder is in use; or if a copy is damaged, cut off, or not one of ours.
    """
    target = folder.resolve()
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise SettingsError(
            "{folder} is not empty, and nothing is written over. Name another folder.",
            folder=str(folder),
        )
    make_folder(target.parent)
    with _aside(target) as aside:
        n = sum(_unpack(copy, aside) for copy in copies)
        if target.exists():
            target.rmdir()
        aside.replace(target)
    return n


def last_backup(workbench: Workbench) -> datetime | None:
    """Return when a workbench was last backed up, as its own record has it."""
    record = workbench.root / "data" / RECORD
    lines = record.read_text(encoding="utf-8").splitlines() if record.is_file() else []
    return datetime.fromisoformat(json.loads(lines[-1])["when"]) if lines else None


def _names(workbench: Workbench) -> Iterator[str]:
    """Give the files and folders of a workbench that cannot be made again, relative to it."""
    for path in sorted(workbench.root.rglob("*")):
        name = path.relative_to(workbench.root).as_posix()
        hidden = any(part.startswith(".") for part in PurePosixPath(name).parts)
        through_latest = name.startswith(f"{_LATEST}/")
        if not (hidden or through_latest or f"{name}/".startswith(_REMADE)):
            yield name


def _write(workbench: Workbench, path: Path, names: list[str]) -> Copy:
    """Write an archive with a list of checksums at its end, and read it back."""
    files: dict[str, str] = {}
    with writing(path, private=True) as aside:
        with tarfile.open(aside, "w:gz", compresslevel=1) as archive:
            for name in names:
                files[name] = _add(archive, workbench.root / name, name)
            told = {
                "labtools": __version__,
                "format": format_of(workbench),
                "mode": stat.S_IMODE(workbench.root.stat().st_mode),
                "files": files,
            }
            _add_bytes(archive, LIST, json.dumps(told).encode())
        n = sum(entry.isreg() for entry, _ in _proven(aside)[0])
    with writing(path.with_name(f"{path.name}.sha256")) as aside:
        aside.write_text(f"{sha256_of(path)}  {path.name}\n", encoding="utf-8")
    return Copy(path, n)


def _add(archive: tarfile.TarFile, path: Path, name: str) -> str:
    """Add a file, and return the checksum of the bytes that were added."""
    entry = archive.gettarinfo(path if name == _LATEST else path.resolve(), name)
    if not entry.isreg() and not entry.islnk():
        archive.addfile(entry)
        return entry.linkname or _FOLDER
    entry.type = tarfile.REGTYPE  # two names of one file are two files
    with path.open("rb") as file:
        reader = _Hashing(file)
        archive.addfile(entry, reader)
    return reader.digest()


def _add_bytes(archive: tarfile.TarFile, name: str, told: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(told), 0o600
    archive.addfile(entry, io.BytesIO(told))


class _Hashing(io.RawIOBase):
    """A file that is digested as it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file, self._sum = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        read = self._file.read(size)
        self._sum.update(read)
        return read

    def digest(self) -> str:
        return self._sum.hexdigest()


def _proven(path: Path) -> tuple[list[tuple[tarfile.TarInfo, str]], dict[str, Any]]:
    """Read an archive whole: return its entries, once their bytes are what its list says.

    Raises
    ------
    SettingsError
        If they are not, or there is no list: the archive was cut off.
    """
    try:
        with tarfile.open(path, "r:gz") as archive:
            *found, (last, _) = [(entry, _digest(archive, entry)) for entry in archive]
            listed = archive.extractfile(last)
            told: dict[str, Any] = json.loads(listed.read()) if listed else {}
    except _BROKEN as broken:
        raise _damaged(path, str(broken)) from broken
    files = told.get("files", {})
    digests = {entry.name: digest for entry, digest in found}
    names = {*files, *digests} if last.name == LIST else {LIST}
    wrong = [name for name in names if files.get(name, 0) != digests.get(name, 1)]
    if wrong or len(digests) < len(found):
        raise _damaged(path, min(wrong, default=LIST))
    return found, told


def _digest(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> str:
    """Return the checksum of an entry, if it is one that a backup of ours can hold."""
    outside = ".." in PurePosixPath(entry.name).parts or entry.name.startswith("/")
    if entry.isdir() and not outside:
        return _FOLDER
    if entry.issym() and entry.name == _LATEST and _RUN.fullmatch(entry.linkname):
        return entry.linkname
    if not entry.isreg() or outside:
        raise tarfile.TarError(entry.name)
    total = hashlib.sha256()
    for block in _blocks(archive, entry):
        total.update(block)
    return total.hexdigest()


def _unpack(path: Path, aside: Path) -> int:
    """Put an archive's files into a folder, with their modes; those of folders come last."""
    proven, told = _proven(path)
    with tarfile.open(path, "r:gz") as archive:
        for entry, digest in proven:
            place = aside / entry.name
            make_folder(place if entry.isdir() else place.parent)
            if entry.issym():
                place.symlink_to(entry.linkname)
            elif entry.isreg():
                _put(archive, entry, place)
                if sha256_of(place) != digest:
                    raise _damaged(path, entry.name)
    for entry, _ in reversed(proven):
        if entry.isdir():
            (aside / entry.name).chmod(entry.mode & 0o777)
    aside.chmod(int(told["mode"]) & 0o777)
    return sum(entry.isreg() for entry, _ in proven)


def _put(archive: tarfile.TarFile, entry: tarfile.TarInfo, place: Path) -> None:
    with place.open("wb") as file:
        for block in _blocks(archive, entry):
            file.write(block)
    place.chmod(entry.mode & 0o777)


def _blocks(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> Iterator[bytes]:
    source = archive.extractfile(entry)
    while source is not None and (block := source.read(_BLOCK)):
        yield block


@contextmanager
def _aside(target: Path) -> Iterator[Path]:
    """Give a hidden folder beside `target`, and remove it if it did not become `target`."""
    aside = Path(tempfile.mkdtemp(prefix=".restore.", dir=target.parent))
    try:
        yield aside
    finally:
        if aside.exists():
            shutil.rmtree(aside)


def _record(workbench: Workbench, when: datetime, copies: tuple[Copy, Copy]) -> None:
    told = {
        "when": when.isoformat(timespec="seconds"),
        "files": {copy.path.name: sha256_of(copy.path) for copy in copies},
    }
    path = workbench.root / "data" / RECORD
    path.touch(mode=0o600)
    with path.open("a", encoding="utf-8") as record:
        record.write(json.dumps(told) + "\n")


def _damaged(path: Path, where: str) -> SettingsError:
    return SettingsError(
        "{path} is not a whole backup: {where} is not what was written. Use another copy; nothing "
        "was put in place.",
        path=str(path),
        where=where or "—",
    )
