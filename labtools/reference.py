"""Files of reference (``data/reference/*.toml``): read, checked against a form, in one way.

A workbench's own file takes the place of the one that ships with the package.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from labtools import paths
from labtools.forms import read_checked
from labtools.messages import mark

_File = TypeVar("_File", bound=BaseModel)


def read_reference(name: str, form: type[_File], own: Path | None = None) -> _File:
    """Return a file of reference as `form`: the workbench's `own` if it is there, else ours.

    Parameters
    ----------
    name : str
        Of the file in ``data/reference/``, without its ending.

    Raises
    ------
    SettingsError
        If it is not TOML in UTF-8, or says something that it may not say: which entry, and how
        many faults.
    """
    path = own if own and own.is_file() else paths.bundled("data", "reference", f"{name}.toml")
    advice = mark("The header of the file says what each entry holds.")
    return read_checked(path, form, advice=advice)


def references_digest(own: Path | None = None) -> str:
    """Return the digest of all files of reference: ours, and those of a workbench's own folder."""
    told = hashlib.sha256()
    ours = paths.bundled("data", "reference")
    for folder in (ours, own) if own else (ours,):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                told.update(f"{path.relative_to(folder)}\0".encode())
                told.update(hashlib.sha256(path.read_bytes()).digest())
    return told.hexdigest()
