"""Secret keys of a workbench: made once, kept 0400, never printed, never in git."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from labtools.errors import PrivacyError
from labtools.tables.store import make_folder

_BYTES = 32


def make_key(folder: Path, name: str, *, value: bytes | None = None) -> Path:
    """Write a new random key (or `value`) as ``<folder>/<name>.key`` unless there is one.

    A key that exists is kept: a new key would change every published figure.
    """
    path = make_folder(folder, private=True) / f"{name}.key"
    try:
        # Private from its first byte, and never over one that another process just made.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    except FileExistsError:
        return path
    with os.fdopen(handle, "wb") as file:
        file.write((value or secrets.token_bytes(_BYTES)).hex().encode())
    return path


def read_key(folder: Path, name: str) -> bytes:
    """Return a key.

    Raises
    ------
    PrivacyError
        If there is none, or it is too short to protect anything.
    """
    path = folder / f"{name}.key"
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as unreadable:
        raise PrivacyError(
            "The key {path} is not there or cannot be read. Restore it from the backup of this "
            "workbench; only a new workbench gets a new key (“labtools init”).",
            path=str(path),
        ) from unreadable
    if len(key) < _BYTES:
        raise PrivacyError(
            "The key {path} has {n} bytes and needs {expected}. Restore it from the backup.",
            path=str(path),
            n=len(key),
            expected=_BYTES,
        )
    return key


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys of one purpose, each for the periods from its first day to the next one's.

    A period keeps the key that it was first published with: the same cell drawn with two keys
    would tell more than with one.  A new key therefore begins with a period that nobody saw.

    Attributes
    ----------
    keys : tuple of (str, bytes)
        First day (``YYYY-MM-DD``; the first key has none) and key, oldest first.
    """

    keys: tuple[tuple[str, bytes], ...]

    def split(self, days: pd.Series) -> Iterator[tuple[bytes, pd.Series]]:
        """Return each key with the mask of the days that are its own."""
        starts = pd.to_datetime([first or "1700-01-01" for first, _ in self.keys])
        which = starts.searchsorted(days.to_numpy("datetime64[ns]"), side="right") - 1
        for place, (_, key) in enumerate(self.keys):
            yield key, pd.Series(which == place, index=days.index)

    def digest(self) -> str:
        """Return what tells this ring from any other, and nothing of its keys."""
        told = "\n".join(f"{first} {key.hex()}" for first, key in self.keys)
        return hashlib.sha256(told.encode()).hexdigest()


def read_keyring(folder: Path, name: str) -> Keyring:
    """Return every key of a purpose: ``<name>.key``, then ``<name>-<first day>.key``.

    Raises
    ------
    PrivacyError
        As :func:`read_key`.
    """
    later = sorted(
        found.group(1)
        for path in folder.glob(f"{name}-*.key")
        if (found := re.fullmatch(rf"{name}-(\d{{4}}-\d{{2}}-\d{{2}})\.key", path.name))
    )
    first = ("", read_key(folder, name))
    return Keyring((first, *((day, read_key(folder, f"{name}-{day}")) for day in later)))
