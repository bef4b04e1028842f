"""Rows that stand twice: pasted blocks, repeated keys, and the totals at the end of a table."""

from __future__ import annotations

import numpy as np
import pandas as pd

from labtools.errors import SourceError
from labtools.sources.figures import row_in_file
from labtools.sources.protocol import Intake, fold_text
from labtools.sources.seen import Seen, longest_block

#: So many rows repeated one after the other, in the same order, are a block pasted twice.
PASTED_ROWS = 20
#: Of so many events with hour and point, this share may be alike; of a million case files of
#: Mexico City six in ten thousand are.
_MANY, _ALIKE = 40, 0.1

#: Words of a row that adds up others: “Subtotal”, “Total Robo”, “Suma de delitos”, “Ambos sexos”.
_TOTAL = (
    r"(?:gran |sub)?total(?:es)?(?: .*)?|sumas?(?: (?:de|del|total|general)\b.*)?"
    r"|amb[oa]s(?: (?:sexos|generos))?|tod[oa]s"
    r"|tod[oa]s l[oa]s (?:sexos|generos|edades|rangos|tipos|subtipos|modalidades|delitos)"
    r"|todos los municipios"
)


def refuse_pasted(intake: Intake, cells: pd.DataFrame, *, blocks_only: bool = False) -> None:
    """Refuse a table in which a block of rows was pasted twice.

    Single rows may be alike by chance; a block of them in the same order is not.

    Parameters
    ----------
    blocks_only : bool
        Whether two halves of a short table may be alike: what is compared is not all that the
        rows say.

    Raises
    ------
    SourceError
        Names the rows where the block stands, and where it stands again.
    """
    seen = Seen()
    seen.add(pd.util.hash_pandas_object(cells, index=False))
    refuse_pasted_rows(intake, seen, blocks_only=blocks_only)


def refuse_pasted_rows(
    intake: Intake, seen: Seen, *, blocks_only: bool = False, precise: bool = False
) -> None:
    """Refuse, as `refuse_pasted` does, a table whose rows were told one slice after the other.

    Parameters
    ----------
    precise : bool
        Whether what is compared tells one event from another (its hour and its point), so that
        two rows are hardly alike by chance: many of them are a copy in another order.

    Raises
    ------
    SourceError
        Names the rows where the block stands, and where it stands again.
    """
    block = longest_block(seen)
    half = block.length * 2 == seen.rows and block.length > 1
    if block.length >= PASTED_ROWS or (half and not blocks_only):
        raise SourceError(
            "{path}: {n} rows from row {again} on repeat, in the same order, those from row {row} "
            "on: the block was probably pasted twice. Ask the supplier for the file without the "
            "repetition, or for one with a folio in each row.",
            path=intake.path.name,
            n=block.length,
            row=row_in_file(intake, block.first),
            again=row_in_file(intake, block.again),
        )
    if precise and seen.rows >= _MANY and block.repeats > _ALIKE * seen.rows:
        raise SourceError(
            "{path}: {n} of {rows} rows are of the same day, hour, subject and point as another, "
            "as rows {row} and {again}: the file was probably put together of two exports of the "
            "same events. Ask the supplier for one of them.",
            path=intake.path.name,
            n=block.repeats,
            rows=seen.rows,
            row=row_in_file(intake, block.first),
            again=row_in_file(intake, block.again),
        )


def repeated_rows(intake: Intake, cells: pd.DataFrame, figures: list[str]) -> pd.Series:
    """Return which rows say again, figure by figure, what a row before said.

    Parameters
    ----------
    figures : list of str
        Columns with figures; all the others together are the key of a row.

    Raises
    ------
    SourceError
        If two rows with the same key give different figures: nobody knows which is the
        correction.
    """
    names = [name for name in cells.columns if name not in figures]
    key = pd.util.hash_pandas_object(cells[names].apply(fold_text), index=False)
    told = pd.util.hash_pandas_object(cells[figures].apply(_plain_figures), index=False)
    repeated = key.duplicated() & pd.DataFrame({"key": key, "told": told}).duplicated()
    other = key.duplicated() & ~repeated
    if other.any():
        second = other.idxmax()
        first = key.index[key == key[second]][0]
        raise SourceError(
            "{path}: rows {row} and {again} are of the same {key} and give different figures ({n} "
            "such rows). Ask the supplier which one is the correction, and leave the other out.",
            path=intake.path.name,
            row=row_in_file(intake, first),
            again=row_in_file(intake, second),
            key=" | ".join(str(cells.loc[second, name]) for name in names),
            n=int(other.sum()),
        )
    return repeated


def total_rows(intake: Intake, cells: pd.DataFrame, figures: pd.DataFrame) -> pd.Series:
    """Return which rows are totals of others, after comparing them with the sums they state.

    Parameters
    ----------
    cells : pandas.DataFrame
        Text of the rows' keys (areas, subjects, years).
    figures : pandas.DataFrame
        Their figures as numbers, aligned with `cells`.

    Raises
    ------
    SourceError
        If a total is not the sum of the rows that it speaks of: rows are missing, or too many.
    """
    folded = cells.apply(fold_text)
    named_total = folded.apply(are_totals)
    is_total = named_total.any(axis=1)
    for at in cells.index[is_total]:
        named = folded.loc[at]
        spoken = ~is_total
        for column in named.index[~named_total.loc[at] & named.notna() & named.ne("")]:
            spoken &= folded[column] == named[column]
        parts = figures[spoken]
        known = figures.loc[at].notna() & parts.notna().all()
        summed = parts.sum()
        wrong = known & ~np.isclose(figures.loc[at], summed, atol=0.5)
        if wrong.any():
            column = str(wrong.idxmax())
            raise SourceError(
                "{path}, column “{column}”: the total in row {row} is {told} and its rows add up "
                "to {found}. Rows are missing or stand twice: ask the supplier for the whole file.",
                path=intake.path.name,
                column=column,
                row=row_in_file(intake, at),
                told=f"{figures.loc[at, column]:,.0f}",
                found=f"{summed[column]:,.0f}",
            )
    return is_total


def names_totals(cells: pd.Series) -> bool:
    """Tell whether a column (of sexes, of ages) has a word for all of them beside their own."""
    totals = are_totals(_words(cells))
    return bool(totals.any() and not totals.all())


def only_totals(cells: pd.Series) -> bool:
    """Tell whether a column says “Total” wherever it says anything: it tells no rows apart."""
    totals = are_totals(_words(cells))
    return bool(totals.any() and totals.all())


def are_totals(folded: pd.Series) -> pd.Series:
    """Return which words, as `fold_text` leaves them, name the sum of other rows."""
    known = pd.Series(folded.dropna().unique(), dtype="str")
    totals = known[known.str.fullmatch(_TOTAL).fillna(value=False).astype(bool)]
    return folded.isin(totals)


def _words(cells: pd.Series) -> pd.Series:
    words = fold_text(pd.Series(cells.dropna().unique(), dtype="str"))
    return words[words.ne("")]


def one_spelling(names: pd.Series) -> tuple[pd.Series, int]:
    """Return names with one spelling for each, the commonest, and how many were changed.

    Case, accents and spaces do not make another area: QUERETARO is Querétaro.
    """
    folded = fold_text(names)
    pairs = pd.DataFrame({"folded": folded, "written": names}).dropna()
    counted = pairs.value_counts(sort=True).reset_index().drop_duplicates("folded")
    unified = folded.map(dict(zip(counted["folded"], counted["written"], strict=True)))
    return unified.astype("str"), int((unified != names)[names.notna()].sum())


def _plain_figures(cells: pd.Series) -> pd.Series:
    return cells.fillna("").str.strip().str.replace(r"\.0$", "", regex=True)
