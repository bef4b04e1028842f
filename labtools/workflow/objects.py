"""Objects at an address that fsspec knows: a bucket of S3, a folder, a server.

What is put is read back and compared.  Credentials, and the address of a server other than
Amazon's, come from the environment (``AWS_ACCESS_KEY_ID``, ``AWS_ENDPOINT_URL``…), never from a
file of a workbench.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from labtools.errors import DependencyError, SettingsError
from labtools.tables.lineage import sha256_of

_ABREAST = 8  # transfers at a time
_BLOCK = 1024 * 1024
_AT_ONCE = 16 * _BLOCK  # what is larger is read in parts
#: Where an object is there whole or not at all; elsewhere it is written aside and renamed.
_WHOLE = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "memory"})
_Given = TypeVar("_Given")
_Got = TypeVar("_Got")


@dataclass(frozen=True, slots=True)
class Objects:
    """What lies below an address.

    Attributes
    ----------
    url : str
        As it was given: ``s3://bucket/folder``, ``file:///mnt/disk``.
    system : fsspec.AbstractFileSystem
    root : str
        The address without its protocol.
    """

    url: str
    system: Any
    root: str

    def read(self, name: str, *, closed: bool = False) -> bytes | None:
        """Return an object; None where there is none, or if `closed`, none for this account."""
        with self._told():
            try:
                held: bytes = self.system.cat_file(self._at(name))
            except FileNotFoundError:
                return None
            except PermissionError:
                if not closed:
                    raise
                return None
            return held

    def digest(self, name: str, size: int) -> str:
        """Return the sha256 of an object, read again, or nothing where there is none."""
        with self._told():
            try:
                return _digest(self._blocks(name, size))
            except FileNotFoundError:
                return ""

    def put(self, name: str, told: bytes | Path) -> None:
        """Put an object there, whole or not at all."""
        place = self._at(name)
        with self._told():
            if self._is_whole():
                self._send(place, told)
                return
            folder, _, last = place.rpartition("/")
            self.system.makedirs(folder, exist_ok=True)
            aside = f"{folder}/.{last}.partial"
            self._send(aside, told)
            self.system.mv(aside, place)

    def get(self, name: str, size: int, target: Path) -> str:
        """Write an object into a file, and return the sha256 of what was written."""
        with self._told(), target.open("wb") as file:
            return _digest(_written(file, self._blocks(name, size)))

    def sizes(self, folder: str = "") -> dict[str, int]:
        """Return how many bytes each object below the address, or a folder there, has."""
        with self._told():
            try:
                found = self.system.find(self._at(folder).rstrip("/"), detail=True)
            except FileNotFoundError:
                return {}
            return {
                str(path)[len(self.root) :].lstrip("/"): int(told["size"])
                for path, told in sorted(found.items())
            }

    def remove(self, folder: str) -> None:
        """Remove the objects below a folder."""
        with self._told():
            for name in self.sizes(folder):
                self.system.rm_file(self._at(name))

    def above(self) -> Iterator[Objects]:
        """Give the addresses above this one, the nearest first."""
        place = self.root
        while "/" in place.lstrip("/"):
            place = place.rpartition("/")[0]
            yield Objects(self.system.unstrip_protocol(place), self.system, place)

    def _at(self, name: str) -> str:
        return f"{self.root}/{name}"

    def _is_whole(self) -> bool:
        protocol = self.system.protocol
        return not _WHOLE.isdisjoint([protocol] if isinstance(protocol, str) else protocol)

    def _send(self, place: str, told: bytes | Path) -> None:
        if isinstance(told, Path):
            self.system.put_file(str(told), place)
        else:
            self.system.pipe_file(place, told)

    def _blocks(self, name: str, size: int) -> Iterator[bytes]:
        if size <= _AT_ONCE:
            yield self.system.cat_file(self._at(name))
            return
        with self.system.open(self._at(name), "rb") as file:
            while block := file.read(_BLOCK):
                yield block

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say in one sentence whatever a store may answer (each has errors of its own)."""
        try:
            yield
        except SettingsError:
            raise
        except Exception as wrong:  # its library's class depends on the protocol
            raise SettingsError(
                "{url} does not answer as it should ({reason}). Check the address, who may write "
                "there, and the variables that say who asks (AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL "
                "and the like). What stood there stands; the same command goes on.",
                url=self.url,
                reason=f"{type(wrong).__name__}: {wrong}",
            ) from wrong


def objects_at(url: str) -> Objects:
    """Return what lies at an address.

    Raises
    ------
    DependencyError
        If the library that speaks its protocol is not installed.
    SettingsError
        If nobody knows that protocol.
    """
    try:
        import fsspec  # noqa: PLC0415 - an extra
        from fsspec.core import url_to_fs  # noqa: PLC0415

        if "://" not in url or url.split("://", maxsplit=1)[0] not in fsspec.available_protocols():
            raise SettingsError(
                "{url} is not an address that can be written to: it begins with s3://, file:// or "
                "another protocol that fsspec knows.",
                url=url,
            )
        # No list of files is remembered: what is asked is asked of the store.
        system, root = url_to_fs(url, use_listings_cache=False)
    except ImportError as absent:
        raise DependencyError(
            "Addresses such as {url} need more libraries ({reason}). Install them: pip install "
            "'labtools[dist]'.",
            url=url.split("://", maxsplit=1)[0] + "://",
            reason=str(absent),
        ) from absent
    return Objects(url.rstrip("/"), system, root.rstrip("/"))


def abreast(work: Callable[[_Given], _Got], given: Iterable[_Given]) -> list[_Got]:
    """Return what `work` makes of each, several at a time; the first fault ends it."""
    with ThreadPoolExecutor(_ABREAST) as pool:
        begun = [pool.submit(work, one) for one in given]
        try:
            return [one.result() for one in begun]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def is_in_place(path: Path, size: int, sha256: str) -> bool:
    """Tell whether a file is there with these bytes."""
    return path.is_file() and path.stat().st_size == size and sha256_of(path) == sha256


def _digest(blocks: Iterable[bytes]) -> str:
    total = hashlib.sha256()
    for block in blocks:
        total.update(block)
    return total.hexdigest()


def _written(file: Any, blocks: Iterable[bytes]) -> Iterator[bytes]:
    for block in blocks:
        file.write(block)
        yield block
