"""The register of processing: which personal data come in, what for, and how long they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import pandas as pd
from pydantic import Field

from labtools.forms import Part, Slug
from labtools.reference import read_reference

Said = Annotated[str, Field(min_length=1)]


class Treatment(Part):
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


class _Register(Part):
    treatment: tuple[Treatment, ...]


def read_treatments(own: Path | None = None) -> tuple[Treatment, ...]:
    """Return the register: a workbench's `own` file if there is one, else the package's.

    Raises
    ------
    SettingsError
        If the file is not TOML or says something it may not say.
    """
    return read_reference("processing", _Register, own).treatment


def kept_until(
    kind: str, cutoff: pd.Timestamp, treatments: Sequence[Treatment]
) -> pd.Timestamp | None:
    """Return the day on which a file's bytes must go; None where it brings no personal data."""
    months = [it.kept_months for it in treatments if kind in it.kinds]
    return cutoff + pd.DateOffset(months=min(months)) if months else None
