"""Files of reference (``data/reference/*.toml``): read, checked against a form, in one way.

A workbench's own file takes the place of the one that ships with the package.
"""

from __future__ import annotations

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
