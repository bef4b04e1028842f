"""Secret keys of a workbench: made once, kept 0400, never printed, never in git."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

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
