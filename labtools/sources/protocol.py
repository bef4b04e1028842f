"""What every source module gives: typed tables, and an account of each row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from labtools.errors import SourceError
from labtools.findings import Finding
from labtools.sources.descriptor import Descriptor
from labtools.sources.files import read_cells, require_columns
from labtools.tables.account import Account
from labtools.tables.canonical import KEY_FORM

_TIME = r"[ T]\d{1,2}:\d{2}.*$"
_FIRST_YEAR, _LAST_YEAR = 1700, 2200


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


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a supplier's table, of which ``lab.toml`` may want only some.

    Attributes
    ----------
    cells : pandas.DataFrame
        The rows wanted, every cell as text; the index is their position in the file.
    read : int
        Rows in the file.
    """

    cells: pd.DataFrame
    read: int


def read_rows(intake: Intake, *needed: str) -> Rows:
    """Return the rows that ``where`` wants, with every column that the descriptor names.

    Parameters
    ----------
    needed : str
        Our columns without which the kind of file makes no sense.

    Raises
    ------
    SourceError
        If the file cannot be read, lacks a column, or no row matches ``where``.
    """
    cells = read_cells(intake.path, intake.descriptor.file)
    require_described(intake, *needed)
    require_columns(intake.path, cells, intake.descriptor.columns)
    return Rows(cells[matching(intake, cells)], len(cells))


def require_described(intake: Intake, *needed: str) -> None:
    """Refuse a descriptor that does not say where one of our columns is.

    Raises
    ------
    SourceError
        Names the first one.
    """
    absent = [ours for ours in needed if not intake.descriptor.column(ours)]
    if absent:
        raise SourceError(
            "The descriptor of {source} does not say which column of {path} holds “{ours}”. "
            "Write it under [columns] in the descriptor, or under “columns” in lab.toml.",
            source=intake.source,
            path=intake.path.name,
            ours=absent[0],
        )


def matching(intake: Intake, table: pd.DataFrame) -> pd.Series:
    """Return which rows hold ``where``: all of them where it says nothing.

    Raises
    ------
    SourceError
        If no row does: a value that is never there is a slip, not an empty source.
    """
    require_columns(intake.path, table, {name: name for name in intake.where})
    keep = pd.Series(data=True, index=table.index)
    for column, value in intake.where.items():
        written = table[column].astype("str")
        begins = value.removesuffix("*")
        found = written.str.startswith(begins) if value.endswith("*") else written == value
        keep &= found.fillna(value=False).astype(bool)
    if intake.where and not keep.any():
        raise SourceError(
            "{path} has nothing that matches {where}. Correct “where” in lab.toml.",
            path=intake.path.name,
            where=", ".join(f"{column} = {value}" for column, value in intake.where.items()),
        )
    return keep


def accounted(
    intake: Intake, rows: Rows, reasons: pd.Series, changed: Mapping[str, int] | None = None
) -> Account:
    """Return the account of `rows`, whose `reasons` are missing for those kept."""
    others = {"of_another_area": rows.read - len(rows.cells)}
    rejected = {str(reason): int(n) for reason, n in reasons.value_counts().items()}
    return Account(
        "clean",
        intake.source,
        read=rows.read,
        kept=int(reasons.isna().sum()),
        rejected={name: n for name, n in {**others, **rejected}.items() if n},
        changed={name: n for name, n in (changed or {}).items() if n},
    )


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
            "tokens: {tokens}. Ask the supplier to correct it, or write under “tokens” in lab.toml "
            "why such a cell has no number.",
            path=intake.path.name,
            column=column,
            value=str(wrong.iloc[0]),
            row=int(wrong.index[0]) + 2 + intake.descriptor.file.header_row,
            n=len(wrong),
            tokens=tuple(intake.descriptor.tokens) or ("—",),
        )
    return pd.to_numeric(written.mask(missing)).astype(float)


def dates(cells: pd.Series, form: str) -> pd.Series:
    """Return text as dates (the day only); what is not a date in `form` is missing.

    A time of day after the date is left out; anything else after it makes it no date, and so
    does a year that no calendar of ours reaches (0202, for 2020).
    """
    unique = cells.dropna().unique()
    written = pd.Series(unique, dtype="str").str.strip().str.replace(_TIME, "", regex=True)
    found = pd.to_datetime(written, format=form, errors="coerce")
    found = found.where(found.dt.year.between(_FIRST_YEAR, _LAST_YEAR))
    return cells.map(dict(zip(unique, found, strict=True))).astype("datetime64[ns]")


def keys(cells: pd.Series) -> tuple[pd.Series, int]:
    """Return text as keys, missing where it is none, and how many were written but are none."""
    written = tidy(cells)
    valid = written.str.fullmatch(KEY_FORM).fillna(value=False).astype(bool)
    return written.where(valid), int((written.notna() & ~valid).sum())


def tidy(cells: pd.Series) -> pd.Series:
    """Return text with spaces folded, in NFC; blank becomes missing."""
    unique = cells.dropna().unique()
    folded = (
        pd.Series(unique, dtype="str").str.normalize("NFC").str.replace(r"\s+", " ", regex=True)
    )
    lookup = dict(zip(unique, folded.str.strip(), strict=True))
    return cells.map(lookup).replace("", None).astype("str")
