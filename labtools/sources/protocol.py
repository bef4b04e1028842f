"""What every source module gives: typed tables, and an account of each row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from labtools.errors import SourceError
from labtools.findings import Finding
from labtools.sources.beside import Besides
from labtools.sources.descriptor import Descriptor
from labtools.sources.files import batches, require_columns
from labtools.tables.account import Account
from labtools.tables.canonical import KEY_FORM
from labtools.tables.reasons import reason_words

#: Text of the rows wanted of a table that is read whole; a country's municipal counts of ten years
#: are half of it.
MAXIMUM_HELD_BYTES = 768 * 1024**2

#: Of so many rows one at least can be used, or the file is not what its descriptor says.
_SOME_ROWS = 5

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
    rejected : mapping of str to int
        Reason → rows of the file that are none: a header pasted again, a row cut before it
        says of which area it is, a record that its owner deleted.
    """

    cells: pd.DataFrame
    read: int
    rejected: Mapping[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Tally:
    """How many rows a file has, counted while it is read.

    Attributes
    ----------
    read, wanted : int
        Rows of the file, and those that ``where`` wants.
    rejected : collections.Counter
        As of `Rows`.
    """

    read: int = 0
    wanted: int = 0
    rejected: Counter[str] = field(default_factory=Counter)


def read_rows(intake: Intake, *needed: str) -> Rows:
    """Return the rows that ``where`` wants, with every column of the file.

    Parameters
    ----------
    needed : str
        Our columns without which the kind of file makes no sense.

    Raises
    ------
    SourceError
        If the file cannot be read, lacks a column, no row matches ``where``, or those that do
        are more than such tables have (`MAXIMUM_HELD_BYTES`).
    """
    require_described(intake, *needed)
    tally, parts, held = Tally(), [], 0
    for part in wanted_rows(intake, tally):
        held += int(part.memory_usage(index=False).sum())
        _refuse_much(intake, held, tally.wanted)
        parts.append(part)
    return Rows(pd.concat(parts), tally.read, tally.rejected)


def wanted_rows(intake: Intake, tally: Tally) -> Iterator[pd.DataFrame]:
    """Yield the rows that ``where`` wants batch by batch, and count in `tally` what was read.

    Raises
    ------
    SourceError
        As `read_rows`.
    """
    besides = Besides(intake.path, intake.descriptor)
    with closing(batches(intake.path, intake.descriptor.file)) as given:
        for plain in given:
            batch = besides.add(plain)
            if not tally.read:
                require_columns(intake.path, batch, intake.descriptor.columns)
                require_columns(intake.path, batch, {name: name for name in intake.where})
            again = _is_header(batch)
            _refuse_other_header(intake, batch, again)
            cut = batch[list(intake.where)].isna().any(axis=1) & ~again
            none = Counter({str(reason): int(n) for reason, n in batch.attrs.items()})
            none.update(header_repeated=int(again.sum()), row_cut_short=int(cut.sum()))
            batch.attrs = {}
            wanted = batch[_matches(intake, batch) & ~again & ~cut]
            tally.read += len(batch) + none.total() - int(again.sum()) - int(cut.sum())
            tally.wanted += len(wanted)
            tally.rejected.update({reason: n for reason, n in none.items() if n})
            yield wanted
    _require_some(intake, tally.wanted)


def cell_of(intake: Intake, row: int, column: str) -> str:
    """Return what a cell of the file says, for a message about a row that is held no longer."""
    with closing(batches(intake.path, intake.descriptor.file)) as given:
        found = (batch.loc[row, column] for batch in given if row in batch.index)
        return str(next(found, "")).strip()


def cut_short(cells: pd.DataFrame) -> pd.Series:
    """Return the reasons to begin with: a row with fewer cells than the header is cut short."""
    reasons = pd.Series(None, index=cells.index, dtype="object")
    reasons[cells.isna().any(axis=1)] = "row_cut_short"
    return reasons


def require_some_valid(
    intake: Intake, ours: str, cells: pd.Series, valid: pd.Series, sentence: str
) -> None:
    """Refuse a file of which no cell of a column is what it must be: another column was named.

    Parameters
    ----------
    ours : str
        What the column holds, as the descriptor calls it.
    cells : pandas.Series
        As written.
    valid : pandas.Series of bool
        Which of them are what they must be.
    sentence : str
        Names ``path``, ``column``, ``n`` and the first ``value``.

    Raises
    ------
    SourceError
    """
    if len(cells) and not valid.any():
        raise SourceError(
            sentence,
            path=intake.path.name,
            column=intake.descriptor.column(ours),
            n=len(cells),
            value=str(cells.fillna("").iloc[0]),
        )


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
    keep = _matches(intake, table)
    _require_some(intake, int(keep.sum()))
    return keep


def accounted(
    intake: Intake, rows: Rows, reasons: pd.Series, changed: Mapping[str, int] | None = None
) -> Account:
    """Return the account of `rows`, whose `reasons` are missing for those kept."""
    tally = Tally(rows.read, len(rows.cells), Counter(rows.rejected))
    apart = Counter({str(reason): int(n) for reason, n in reasons.value_counts().items()})
    return account_of(intake, tally, apart, changed or {})


def account_of(
    intake: Intake, tally: Tally, apart: Counter[str], changed: Mapping[str, int]
) -> Account:
    """Return the account of a file of whose rows wanted those `apart` (by reason) are not kept.

    Raises
    ------
    SourceError
        If none of several rows is kept: an empty table would read as “nothing happened”.
    """
    kept = tally.wanted - apart.total()
    if not kept and tally.wanted >= _SOME_ROWS:
        reason, n = apart.most_common(1)[0]
        raise SourceError(
            "{path}: none of its {rows} rows can be used, {n} of them for this reason: {reason}. "
            "Correct the columns or the form of dates in the descriptor or in lab.toml, or ask the "
            "supplier for the file again.",
            path=intake.path.name,
            rows=tally.wanted,
            n=n,
            reason=reason_words(reason),
        )
    others = tally.read - tally.wanted - tally.rejected.total()
    rejected = Counter({"of_another_area": others, **tally.rejected}) + apart
    return Account(
        "clean",
        intake.source,
        read=tally.read,
        kept=kept,
        rejected=dict(rejected),
        changed={name: n for name, n in changed.items() if n},
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
    plain = written.str.fullmatch(r"-?[0-9]+(\.[0-9]+)?")
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
    does a year that no calendar of ours reaches (0202, for 2020).  Days of events need more
    care: see ``days``.
    """

    def read(unique: pd.Series) -> pd.Series:
        written = unique.str.strip().str.replace(_TIME, "", regex=True)
        found = pd.to_datetime(written, format=form, errors="coerce")
        within = found.dt.year.between(_FIRST_YEAR, _LAST_YEAR)
        return found.where(within).astype("datetime64[ns]")

    return once_each(cells, read)


def keys(cells: pd.Series) -> tuple[pd.Series, int]:
    """Return text as keys, missing where it is none, and how many were written but are none."""
    written = tidy(cells)
    valid = written.str.fullmatch(KEY_FORM).fillna(value=False).astype(bool)
    return written.where(valid), int((written.notna() & ~valid).sum())


def fold_text(cells: pd.Series) -> pd.Series:
    """Return text as compared: no case, no accents, single spaces; blank stays blank."""

    def fold(unique: pd.Series) -> pd.Series:
        split = unique.str.normalize("NFKD").str.replace(r"[\u0300-\u036f]", "", regex=True)
        return split.str.casefold().str.replace(r"\s+", " ", regex=True).str.strip()

    return once_each(cells, fold)


def _matches(intake: Intake, table: pd.DataFrame) -> pd.Series:
    keep = pd.Series(data=True, index=table.index)
    for column, value in intake.where.items():
        written = _whole(fold_text(table[column].astype("str")))
        wanted = _whole(fold_text(pd.Series([value.removesuffix("*")], dtype="str")))[0]
        found = written.str.startswith(wanted) if value.endswith("*") else written == wanted
        keep &= found.fillna(value=False).astype(bool)
    return keep


def _whole(written: pd.Series) -> pd.Series:
    """Return keys without the “.0” that a program left that took them for numbers."""
    return written.str.replace(r"^(\d+)\.0+$", r"\1", regex=True)


def _require_some(intake: Intake, found: int) -> None:
    if intake.where and not found:
        raise SourceError(
            "{path} has nothing that matches {where}. Correct “where” in lab.toml.",
            path=intake.path.name,
            where=", ".join(f"{column} = {value}" for column, value in intake.where.items()),
        )


def _refuse_much(intake: Intake, held: int, rows: int) -> None:
    if held > MAXIMUM_HELD_BYTES:
        raise SourceError(
            "{path}: its first {rows} rows wanted are more than a table of this kind has ({limit} "
            "bytes), and it is read whole. Write under “where” in lab.toml which rows are of your "
            "municipality, or ask the supplier for it in parts.",
            path=intake.path.name,
            rows=rows,
            limit=MAXIMUM_HELD_BYTES,
        )


def _is_header(batch: pd.DataFrame) -> pd.Series:
    """Return which rows are the header again, as in two files put one after the other."""
    names = pd.Series(batch.columns, dtype="str").str.strip()
    first = batch.iloc[:, 0].str.strip() == names[0]
    again = pd.Series(data=False, index=batch.index)
    candidates = batch[first.fillna(value=False).astype(bool)]
    if len(candidates):
        same = candidates.apply(lambda cells: cells.str.strip() == cells.name.strip())
        again[same.index[same.all(axis=1)]] = True
    return again


def _refuse_other_header(intake: Intake, batch: pd.DataFrame, again: pd.Series) -> None:
    """Refuse a second header whose columns stand in another order: rows below would be mixed up."""
    names = {str(name).strip() for name in batch.columns}
    first = batch.iloc[:, 0].str.strip().isin(names) & ~again
    for at, cells in batch[first].iterrows():
        found = {str(cell).strip() for cell in cells.dropna()}
        if len(names) > 2 and names <= found:  # noqa: PLR2004 - two words are met by chance
            raise SourceError(
                "{path}, row {row}: the header stands there again with its columns in another "
                "order ({columns}), so that two exports were put one after the other. Ask the "
                "supplier for each as a file of its own.",
                path=intake.path.name,
                row=int(str(at)) + 2 + intake.descriptor.file.header_row,
                columns=tuple(str(cell).strip() for cell in cells),
            )


def tidy(cells: pd.Series) -> pd.Series:
    """Return text with spaces folded, in NFC; blank becomes missing."""

    def fold(unique: pd.Series) -> pd.Series:
        folded = unique.str.normalize("NFC").str.replace(r"\s+", " ", regex=True).str.strip()
        return folded.replace("", None).astype("str")

    return once_each(cells, fold)


def once_each(cells: pd.Series, read: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """Return what `read` makes of text, asked once for each different one; missing stays so."""
    place, unique = pd.factorize(cells)
    made = read(pd.Series(unique, dtype="str"))
    return pd.Series(made.array.take(place, allow_fill=True), index=cells.index, name=cells.name)
