"""What every source module gives: typed tables, and an account of each row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from labtools.errors import SourceError
from labtools.findings import Finding
from labtools.sources.descriptor import Descriptor
from labtools.tables.account import Account


@dataclass(frozen=True, slots=True)
class Intake:
    """What a source module is given.

    Attributes
    ----------
    source : str
        Name of the source in this workbench.
    path : pathlib.Path
        The snapshot's file.
    descriptor : Descriptor
        With the columns of ``lab.toml`` put over its own.
    cutoff, first_day : pandas.Timestamp or None
        Events after the one or before the other are not accepted.
    key : bytes
        Of the pseudonyms.
    where : mapping
        Supplier's column → value of the rows wanted.
    """

    source: str
    path: Path
    descriptor: Descriptor
    cutoff: pd.Timestamp
    key: bytes
    first_day: pd.Timestamp | None = None
    where: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What a source module gives back.

    Attributes
    ----------
    tables : mapping of str to pandas.DataFrame
        Canonical tables (see ``tables.contracts``).
    account : Account
        Rows read = rows kept + rows rejected by reason.
    findings : tuple of Finding
        What the reader must know.
    """

    tables: Mapping[str, pd.DataFrame]
    account: Account
    findings: tuple[Finding, ...] = ()


Cleaner = Callable[[Intake], Cleaned]


def numbers(intake: Intake, cells: pd.DataFrame, column: str) -> pd.Series:
    """Return a column of text as numbers; the descriptor's tokens and blanks are missing.

    Raises
    ------
    SourceError
        If a cell is neither a plain number nor a declared token: nothing is guessed.
    """
    written = cells[column].fillna("").str.strip()
    missing = written.eq("") | written.isin(list(intake.descriptor.tokens))
    plain = written.str.fullmatch(r"-?\d+(\.\d+)?")
    wrong = written[~missing & ~plain.fillna(value=False).astype(bool)]
    if len(wrong):
        raise SourceError(
            "{path}, column “{column}”: “{value}” in row {row} is not a number ({n} such cells). "
            "Expected digits with a decimal point and no thousands mark, or one of the declared "
            "tokens: {tokens}.",
            path=intake.path.name,
            column=column,
            value=str(wrong.iloc[0]),
            row=int(wrong.index[0]) + 2 + intake.descriptor.file.header_row,
            n=len(wrong),
            tokens=tuple(intake.descriptor.tokens) or ("—",),
        )
    return pd.to_numeric(written.mask(missing)).astype(float)


def dates(cells: pd.Series, form: str) -> pd.Series:
    """Return text as dates (the day only); what is not a date in `form` is missing."""
    written = cells.fillna("").str.strip().str.slice(0, 10)
    return pd.to_datetime(written, format=form, errors="coerce").dt.as_unit("ns")


def tidy(cells: pd.Series) -> pd.Series:
    """Return text with spaces folded, in NFC; blank becomes missing."""
    unique = cells.dropna().unique()
    folded = (
        pd.Series(unique, dtype="str").str.normalize("NFC").str.replace(r"\s+", " ", regex=True)
    )
    lookup = dict(zip(unique, folded.str.strip(), strict=True))
    return cells.map(lookup).replace("", None).astype("str")
