"""Counts and percentages: whole, in range, and never a code in disguise."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Container, Iterable

import pandas as pd

from labtools.errors import SourceError
from labtools.sources.protocol import Intake, fold_text, numbers

#: No month, AGEB or colonia of a municipality counts more of anything.
LARGEST_COUNT = 1_000_000
#: How many times smaller than others of its series a figure up to 1 is a share in disguise.
_OF_ONE = 20
#: No household survey of the country asks so many people for one figure.
_MOST_ASKED = 100_000
#: Of so many areas one at least has more than 1 % of anything that is worth an indicator.
_SEVERAL = 8
#: A reason in an account is one short word.
_NO_WORD, _LONGEST_WORD = re.compile(r"[^0-9a-z]+"), 30


def counts(intake: Intake, cells: pd.DataFrame, column: str, ours: str) -> pd.Series:
    """Return a column of counts; a token, or a blank, is missing.

    Parameters
    ----------
    column, ours : str
        The supplier's name and ours; the descriptor's ``largest`` may bound ours.

    Raises
    ------
    SourceError
        If a cell is no number, negative, not whole ("1.234" may be a thousand or one and a
        bit), or larger than can be true (99999999 is a code).
    """
    if pd.api.types.is_numeric_dtype(cells[column]):
        value = cells[column].astype(float)
        written = value.astype("str")
        whole = value.mod(1).eq(0)
    else:
        value = numbers(intake, cells, column)
        written = cells[column].fillna("").str.strip()
        # "15.0" is what programs write of a column with blanks; "1.000" may be a thousand.
        whole = written.str.fullmatch(r"-?\d+(\.0)?").fillna(value=False).astype(bool)
    largest = intake.descriptor.largest.get(ours, LARGEST_COUNT)
    code = written.str.fullmatch(r"9{5,}(\.0)?").fillna(value=False).astype(bool)
    possible = value.between(0, largest) & whole & (~code | (ours in intake.descriptor.largest))
    _refuse(intake, written[value.notna() & ~possible], column, _no_count, largest)
    return value


def percentages(
    intake: Intake, cells: pd.DataFrame, column: str, series: pd.Series | None = None
) -> pd.Series:
    """Return a column of percentages as shares from 0 to 1.

    Parameters
    ----------
    series : pandas.Series, optional
        What each row speaks of (a city and a question): figures of one series are of one size.

    Raises
    ------
    SourceError
        If a cell is no number or outside 0 to 100, or all of them, or some of a series, look
        like shares already.
    """
    value = numbers(intake, cells, column)
    written = cells[column].fillna("").str.strip()
    _refuse(intake, written[value.notna() & ~value.between(0, 100)], column, _no_percentage, 100)
    known = value[value > 0]
    if len(known) and known.max() <= 1:
        _refuse(intake, written[known.index], column, _no_percentage, 100)
    if series is not None:
        largest = value.groupby(series).transform("max")
        alone = value.between(0, 1, inclusive="right") & (_OF_ONE * value < largest)
        _refuse(intake, written[alone], column, _no_percentage, 100)
    return value / 100


def coefficients(intake: Intake, cells: pd.DataFrame, column: str, shares: pd.Series) -> pd.Series:
    """Return a column of coefficients of variation in per cent as shares of their figure.

    They may be below 1 % (a country's figure) or above 100 % (that of a few people).

    Parameters
    ----------
    shares : pandas.Series
        The figure of each row, from 0 to 1, aligned with `cells`.

    Raises
    ------
    SourceError
        If a cell is no number, negative, or contradicts its own figure: up to 1, and so small
        that more than 100,000 people would have been asked, as 0.05 in place of 5 %.
    """
    value = numbers(intake, cells, column)
    written = cells[column].fillna("").str.strip()
    _refuse(intake, written[value < 0], column, _no_coefficient, _MOST_ASKED)
    # Of a simple sample of n people, the square of the coefficient is (1 - p) / (p n).
    asked = (1 - shares) / shares.where(shares > 0) / (value.where(value > 0) / 100) ** 2
    wrong = (value <= 1) & (asked > _MOST_ASKED)
    _refuse(intake, written[wrong], column, _no_coefficient, _MOST_ASKED)
    return value / 100


def measures(intake: Intake, cells: pd.DataFrame, column: str) -> pd.Series:
    """Return a column of quantities that may have decimals (weights, doses).

    Raises
    ------
    SourceError
        If a cell is no number, or the points seem to mark thousands: "1.500" beside "987".
    """
    value = numbers(intake, cells, column)
    written = cells[column].fillna("").str.strip()
    thousands = written.str.fullmatch(r"-?[1-9]\d{0,2}\.\d{3}").fillna(value=False).astype(bool)
    decimals = written.str.contains(".", regex=False).fillna(value=False).astype(bool)
    whole = value.notna() & ~decimals
    if whole.any() and thousands.any() and (thousands == decimals).all():
        _refuse(intake, written[thousands], column, _no_measure, 0)
    return value


def refuse_no_percentage(intake: Intake, figure: pd.Series, name: str) -> None:
    """Refuse a column of percentages of areas with a code (-9999) or a figure above 100 among them.

    So are shares of one in their place: not one of several areas above 1 %.

    Raises
    ------
    SourceError
        Names the first one.
    """
    wrong = figure[figure.notna() & ~figure.between(0, 100)]
    known = figure[figure > 0]
    if len(known) >= _SEVERAL and known.max() <= 1:
        wrong = known
    if len(wrong):
        raise SourceError(
            "{path}, column “{column}”: {value} in row {row} is no percentage ({n} such cells). "
            "Correct the column in the descriptor, or ask for the file again.",
            path=intake.path.name,
            column=name,
            value=f"{wrong.iloc[0]:g}",
            row=row_in_file(intake, wrong.index[0]),
            n=len(wrong),
        )


def missing_by_reason(
    intake: Intake, cells: pd.DataFrame, columns: Iterable[str], but: Container[str] = ()
) -> dict[str, int]:
    """Return in how many cells a declared token stands in place of a figure, by its reason.

    Parameters
    ----------
    cells : pandas.DataFrame
        Rows that are kept, as written.
    columns : iterable of str
        Those of figures, or of codes of a survey.
    but : container of str
        Tokens that are figures or codes here all the same.

    Returns
    -------
    dict
        For the account's ``changed``: ``missing_confidential`` → 12.
    """
    reasons = {it: why for it, why in intake.descriptor.tokens.items() if it not in but}
    found = Counter[str]()
    for column in dict.fromkeys(columns) if reasons else ():
        written = cells[column].dropna().astype("str").str.strip()
        for token, n in written[written.isin(list(reasons))].value_counts().items():
            word = _NO_WORD.sub("_", str(fold_text(pd.Series([reasons[str(token)]]))[0]))
            found[f"missing_{word[:_LONGEST_WORD]}"] += int(n)
    return dict(found)


def row_in_file(intake: Intake, at: object) -> int:
    """Return the row that a person sees, for a place in the index of a table."""
    return int(str(at)) + 2 + intake.descriptor.file.header_row


def _refuse(
    intake: Intake,
    wrong: pd.Series,
    column: str,
    said: Callable[..., SourceError],
    largest: float,
) -> None:
    if len(wrong):
        raise said(
            path=intake.path.name,
            column=column,
            value=str(wrong.iloc[0]),
            row=row_in_file(intake, wrong.index[0]),
            n=len(wrong),
            largest=f"{largest:,.0f}",
        )


def _no_count(**facts: object) -> SourceError:
    return SourceError(
        "{path}, column “{column}”: “{value}” in row {row} is no count ({n} such cells). Expected "
        "a whole number from 0 to {largest}, without decimals or thousands mark. Ask the supplier "
        "to correct it; if it stands for “not known”, write it under “tokens” in lab.toml.",
        **facts,
    )


def _no_percentage(**facts: object) -> SourceError:
    return SourceError(
        "{path}, column “{column}”: “{value}” in row {row} is no percentage ({n} such cells). "
        "Expected from 0 to {largest}, not a share of one. Ask the supplier to correct it, or "
        "correct the column in the descriptor.",
        **facts,
    )


def _no_coefficient(**facts: object) -> SourceError:
    return SourceError(
        "{path}, column “{column}”: “{value}” in row {row} is no coefficient of variation in per "
        "cent of the figure beside it ({n} such cells): it is negative, or more than {largest} "
        "people would have been asked. If 0.05 stands for 5 %, ask the supplier for per cent.",
        **facts,
    )


def _no_measure(**facts: object) -> SourceError:
    return SourceError(
        "{path}, column “{column}”: “{value}” in row {row} may be a thousand or a fraction ({n} "
        "such cells), as other cells have no point. Ask the supplier for numbers without thousands "
        "mark.",
        **facts,
    )
