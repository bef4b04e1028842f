"""Workbooks of estimates from a household survey (ENVIPE): blocks of tables with their errors.

INEGI's processing of ENVIPE gives one sheet for each edition and several tables in it, side by
side and one below the other, with merged headers.  Each has the same five columns: estimate,
standard error, both limits of a 90 % interval, and the coefficient of variation.  A table is
found by them, and held against itself: limits must follow from errors, and parts add up to the
total that it states.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from labtools.errors import SourceError
from labtools.findings import Finding, Severity
from labtools.messages import plural
from labtools.sources.files import limited
from labtools.sources.opening import check_archive
from labtools.sources.protocol import Cleaned, Intake
from labtools.tables.account import Account

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

_WHERE = ("table", "place")
_WORDS = ("domain", "category", "unit")
_FIGURES = ("estimate", "standard_error", "lower", "upper", "cv")
_HEADERS = ("Estimación", "Error estándar", "90% de intervalo de confianza", "Inferior", "Superior")
_EDITION = re.compile(r"^(19|20)\d{2}$")
#: Standard errors on either side of an estimate that make 90 % (normal law).
_OF_90 = 1.6449
#: Rounded figures: coefficients of variation, and limits as parts of half their interval.
_NEAR, _NEAR_LIMIT = 0.01, 0.05
_TOTAL = "Total"


@dataclass(frozen=True, slots=True)
class _Block:
    """Where one table stands in its sheet: positions from 1."""

    first: int
    last: int
    labels: tuple[int, ...]
    figures: int


def clean_survey_tables(intake: Intake) -> Cleaned:
    """Return the canonical table ``survey_estimates`` of a workbook of ENVIPE's estimates.

    A row with a word in place of its estimate ("ND", "*") or with no figure at all is set apart
    as without estimate; a total of such rows is not compared with their sum.

    When not to use it: tables without errors beside their estimates (INEGI's rounded basic
    tables); nothing could be said of their changes.

    Raises
    ------
    SourceError
        If it is no workbook or no sheet bears the year of an edition; if no table is found in a
        sheet; if limits do not follow from errors, or parts do not add up to their total.
    """
    book = _sheets(intake)
    rows = [row for name, sheet in book.items() for row in _rows(intake, name, sheet)]
    table = pd.DataFrame(rows, columns=[*_WHERE, "edition", "question", *_WORDS, *_FIGURES])
    table = table.astype(dict.fromkeys(_FIGURES, float))
    _refuse_wrong_limits(intake, table)
    _refuse_wrong_totals(intake, table)
    known = table[table["estimate"].notna()]
    relative = (known["standard_error"] / known["estimate"]).where(known["estimate"] > 0)
    kept = known.drop(columns=[*_WHERE]).assign(cv=relative, source=intake.source)
    kept = kept.reset_index(drop=True)
    none = len(table) - len(kept)
    rejected = {"no_estimate": none} if none else {}
    account = Account("clean", intake.source, read=len(table), kept=len(kept), rejected=rejected)
    kept = kept[["source", *kept.columns[:-1]]]
    return Cleaned({"survey_estimates": kept}, account, _wrong_coefficients(intake, table))


def _sheets(intake: Intake) -> dict[str, Worksheet]:
    from openpyxl import load_workbook  # noqa: PLC0415 - it loads only where there is a workbook
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415 - as above

    try:
        check_archive(intake.path)
        with intake.path.open("rb") as stream:
            book = load_workbook(io.BytesIO(limited(intake.path, stream)), data_only=True)
    except (zipfile.BadZipFile, EOFError, KeyError, InvalidFileException) as wrong:
        raise SourceError(
            "{path} is not a workbook that can be read ({reason}). Ask for it as XLSX.",
            path=intake.path.name,
            reason=str(wrong),
        ) from wrong
    editions = {sheet.title: sheet for sheet in book.worksheets if _EDITION.match(sheet.title)}
    if not editions:
        raise SourceError(
            "{path}: none of its sheets bears the year of an edition ({sheets}). Is it the "
            "workbook of estimates with their errors?",
            path=intake.path.name,
            sheets=tuple(book.sheetnames[:10]),
        )
    return editions


def _rows(intake: Intake, name: str, sheet: Worksheet) -> Iterator[tuple[object, ...]]:
    blocks = list(_blocks(sheet))
    if not blocks:
        raise SourceError(
            "{path}, sheet “{sheet}”: there is no table with the columns {columns}. INEGI may have "
            "changed the layout: report it with the file.",
            path=intake.path.name,
            sheet=name,
            columns=_HEADERS,
        )
    domains: dict[int, str] = {}
    units: dict[int, str] = {}
    for block in blocks:
        question = str(sheet.cell(block.first - 3, block.labels[0]).value or "").strip()
        words = [""] * len(block.labels)
        for row in range(block.first, block.last + 1):
            # A merged cell holds its word in the first row only.
            read = [str(sheet.cell(row, at).value or "").strip() for at in block.labels]
            words = [new or old for new, old in zip(read, words, strict=True)]
            domain, category, unit = _named(words)
            # A table on the right says the domain of its rows on the left only, and one farther
            # down says its unit only in the first table above it.
            domain = domains[row] = domain or domains.get(row, "")
            unit = units[block.labels[0]] = unit or units.get(block.labels[0], "")
            said = (domain, category, unit)
            told = [sheet.cell(row, block.figures + at).value for at in range(len(_FIGURES))]
            if _without_estimate(told):
                told = [None] * len(_FIGURES)
            else:
                _refuse_words(intake, f"{name}!{sheet.cell(row, block.figures).coordinate}", told)
            yield (
                f"{name}!{block.first}:{block.figures}",
                f"{name}!{row}",
                int(name),
                question,
                *said,
                *told,
            )


def _blocks(sheet: Worksheet) -> Iterator[_Block]:
    for row in sheet.iter_rows():
        places = [cell.column for cell in row if str(cell.value or "").strip() == _HEADERS[0]]
        after = 1
        for at in places:
            first = row[0].row + 2
            labels = tuple(
                column
                for column in range(after, at)
                if any(sheet.cell(first + more, column).value for more in (0, 1))
            )
            last = _last_row(sheet, first, labels, at)
            if labels and last >= first:
                yield _Block(first, last, labels, at)
            after = at + len(_FIGURES)


def _last_row(sheet: Worksheet, first: int, labels: tuple[int, ...], at: int) -> int:
    """Return the last row with any figure or word among figures, before one without label."""
    row, last = first, first - 1
    while sheet.cell(row, at).value != _HEADERS[0]:
        figures = [sheet.cell(row, at + more).value for more in range(len(_FIGURES))]
        if not any(sheet.cell(row, label).value for label in labels) and not isinstance(
            figures[0], (int, float)
        ):
            break
        last = last if all(map(_is_blank, figures)) else row
        row += 1
    return last


def _without_estimate(told: list[object]) -> bool:
    """Tell whether a word stands in place of the estimate, or nothing in place of all figures."""
    word = isinstance(told[0], str) and not re.search(r"\d", told[0])
    return all(map(_is_blank, told)) or (word and not _is_blank(told[0]))


def _is_blank(value: object) -> bool:
    return not str("" if value is None else value).strip()


def _named(words: list[str]) -> tuple[str, str, str]:
    """Return domain, category and unit (“Total de hogares”), where a row says them."""
    units = [word for word in words if word.startswith("Total de ")]
    others = [word for word in words if word not in units]
    domain, category = ("", *others)[-2:] if others else ("", "")
    return domain, category, units[0] if units else ""


def _refuse_words(intake: Intake, place: str, told: list[object]) -> None:
    if not all(isinstance(value, (int, float)) for value in told):
        raise SourceError(
            "{path}, {place}: an estimate lacks its error, limits or coefficient of variation "
            "({told}). Without them it says nothing: ask for the table whole.",
            path=intake.path.name,
            place=place,
            told=tuple(str(value) for value in told),
        )


def _refuse_wrong_limits(intake: Intake, table: pd.DataFrame) -> None:
    half = _OF_90 * table["standard_error"]
    wide = _NEAR_LIMIT * half
    wrong = (table["lower"] - (table["estimate"] - half)).abs() > wide
    wrong |= (table["upper"] - (table["estimate"] + half)).abs() > wide
    if wrong.any():
        first = table[wrong].iloc[0]
        raise SourceError(
            "{path}, {place} ({category}): the limits {lower} and {upper} do not follow from "
            "{estimate} and its standard error {error} ({n} such rows). Columns may have been "
            "shifted: compare with INEGI's own file.",
            path=intake.path.name,
            n=int(wrong.sum()),
            error=first["standard_error"],
            **first[["place", "category", "lower", "upper", "estimate"]].to_dict(),
        )


def _wrong_coefficients(intake: Intake, table: pd.DataFrame) -> tuple[Finding, ...]:
    """Tell which coefficients of variation do not follow from their errors: ours do."""
    relative = 100 * table["standard_error"] / table["estimate"].where(table["estimate"] > 0)
    wrong = table[(table["cv"] - relative).abs() > _NEAR * relative + _NEAR]
    if wrong.empty:
        return ()
    sentence = plural(
        "{source}: the coefficient of variation {told} in {place} does not follow from its error; "
        "it was computed anew.",
        "{source}: {n} coefficients of variation do not follow from their errors, the first, "
        "{told}, in {place}; they were computed anew.",
    )
    first = wrong.iloc[0]
    facts = {"source": intake.source, "n": len(wrong), "told": f"{first['cv']:.4f}",
             "place": first["place"]}  # fmt: skip
    return (Finding(sentence, Severity.CAUTION, facts),)


def _refuse_wrong_totals(intake: Intake, table: pd.DataFrame) -> None:
    groups = ["table", "domain", "unit"]
    is_total = table["category"] == _TOTAL
    parts = table[~is_total].groupby(groups)["estimate"]
    summed = parts.sum().where(parts.count() == parts.size())
    for _, row in table[is_total].iterrows():
        found = summed.get(tuple(row[groups]))
        if found is not None and abs(found - row["estimate"]) > 1:
            raise SourceError(
                "{path}, {place}: the total is {told} and its rows add up to {found}. Rows are "
                "missing or stand twice: ask the supplier for the whole table.",
                path=intake.path.name,
                place=row["place"],
                told=f"{row['estimate']:,.0f}",
                found=f"{found:,.0f}",
            )
