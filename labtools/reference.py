"""Files of reference (``data/reference/*.toml``): read, checked against a form, in one way.

A workbench's own file takes the place of the one that ships with the package.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from labtools import paths
from labtools.errors import SettingsError
from labtools.settings import first_fault


class Part(BaseModel):
    """Part of such a file: an entry that it does not know is refused, and it never changes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


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
    try:
        return form.model_validate(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
        raise SettingsError(
            "{path} cannot be read as TOML in UTF-8: {reason}. Correct that line.",
            path=str(path),
            reason=str(broken),
        ) from broken
    except ValidationError as invalid:
        entry, reason = first_fault(invalid)
        raise SettingsError(
            "{path}: the entry {entry} is not valid: {reason} ({n} faults). The header of the "
            "file says what each entry holds.",
            path=str(path),
            entry=entry,
            reason=reason,
            n=invalid.error_count(),
        ) from invalid
