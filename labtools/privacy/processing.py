"""The register of processing: which personal data come in, what for, and how long they are kept."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from labtools import paths
from labtools.errors import SettingsError
from labtools.settings import Slug, first_fault

FILE = "processing.toml"
Said = Annotated[str, Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Treatment(_Part):
    """One use of personal data, as the register of a public body describes it.

    Attributes
    ----------
    key : str
    kinds : tuple of str
        Kinds of file that bring them (see `labtools.sources.descriptor.Kind`).
    purpose, basis, data, seen_by : str
        What for, on what legal ground, which data, and who sees them; for counsel to confirm.
    kept_months : int
        Months after a file's cut date during which its bytes may be kept.
    """

    key: Slug
    kinds: tuple[Slug, ...]
    purpose: Said
    basis: Said
    data: Said
    seen_by: Said
    kept_months: Annotated[int, Field(ge=1)]


class _Register(_Part):
    treatment: tuple[Treatment, ...]


def read_treatments(own: Path | None = None) -> tuple[Treatment, ...]:
    """Return the register: a workbench's `own` file if there is one, else the package's.

    Raises
    ------
    SettingsError
        If the file is not TOML or says something it may not say.
    """
    path = own if own and own.is_file() else paths.bundled("data", "reference", FILE)
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        return _Register.model_validate(told).treatment
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
        raise SettingsError(
            "{path} cannot be read as TOML in UTF-8: {reason}. Correct that line.",
            path=str(path),
            reason=str(broken),
        ) from broken
    except ValidationError as invalid:
        entry, reason = first_fault(invalid)
        raise SettingsError(
            "{path}: the entry {entry} of the register of processing is not valid: {reason}.",
            path=str(path),
            entry=entry,
            reason=reason,
        ) from invalid


def kept_until(
    kind: str, cutoff: pd.Timestamp, treatments: Sequence[Treatment]
) -> pd.Timestamp | None:
    """Return the day on which a file's bytes must go; None where it brings no personal data."""
    months = [it.kept_months for it in treatments if kind in it.kinds]
    return cutoff + pd.DateOffset(months=min(months)) if months else None
