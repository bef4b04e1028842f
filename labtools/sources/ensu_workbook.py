"""INEGI's quarterly workbooks of what each city feels (ENSU), as INEGI ships them."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from labtools.errors import SourceError
from labtools.sources.files import limited
from labtools.sources.opening import check_archive
from labtools.sources.protocol import Cleaned, Intake
from labtools.tables.account import Account

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

#: INEGI colours each estimate by its coefficient of variation; we keep the class's upper end.
_CV_OF_FILL = MappingProxyType({"FFFFEA00": 0.30, "FFFF5400": np.nan})
_CV_PLAIN = 0.15
_SAFE, _UNSAFE = "Seguro", "Inseguro"
_WHOLE = 100
_QUARTER_OF = MappingProxyType({"marzo": 1, "junio": 2, "septiembre": 3, "diciembre": 4})
_CITY_TABLE = re.compile(
    r"^poblacion de 18 anos y mas por .*ciudad.* caracteristicas de(?: la)? percepcion"
)


def clean_ensu_workbook(intake: Intake) -> Cleaned:
    """Return ``city_perception`` from INEGI's quarterly workbooks as INEGI ships them (ZIP).

    The layout differs by quarter: the index sheet says which sheet holds the table by city,
    and the colour of each estimate gives the class of its coefficient of variation (a colour
    that INEGI has not used before says nothing of it: the estimate is not shown).  A city that
    lies in two states (La Laguna) stands twice, and is kept once.  A city with a word in place of
    its estimate ("ND") is set apart.

    Raises
    ------
    SourceError
        If it is no such workbook, or a city's estimate is no percentage.
    """
    book = _perception_workbook(intake)
    sheet, title = _city_sheet(intake, book)
    rows = list(_city_shares(intake, book[sheet]))
    if not rows:
        raise SourceError(
            "{path}, sheet {sheet}: no city with a row “Inseguro” was found. INEGI may have "
            "changed the layout: report it with the file.",
            path=intake.path.name,
            sheet=sheet,
        )
    table = pd.DataFrame(rows, columns=["city", "share", "cv"])
    table = table.assign(indicator="insecurity", quarter=_quarter_in(intake, title))
    table = table[["city", "indicator", "quarter", "share", "cv"]]
    told = table[table["share"].notna()]
    once = told.drop_duplicates(ignore_index=True)
    apart = {"no_estimate": len(table) - len(told), "row_repeated": len(told) - len(once)}
    rejected = {reason: n for reason, n in apart.items() if n}
    account = Account("clean", intake.source, len(table), len(once), rejected)
    return Cleaned({"city_perception": once}, account)


def _perception_workbook(intake: Intake) -> Workbook:
    from openpyxl import load_workbook  # noqa: PLC0415 - it loads only where there is a workbook
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415 - as above

    try:
        check_archive(intake.path)
        with zipfile.ZipFile(intake.path) as archive:
            for member in archive.namelist():
                if re.match(r"^(1\.|I_).*percepcion", member.rsplit("/", 1)[-1]):
                    with archive.open(member) as stream:
                        content = limited(intake.path, stream)
                    check_archive(intake.path, content)
                    return load_workbook(io.BytesIO(content), data_only=True)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, InvalidFileException) as wrong:
        raise SourceError(
            "{path} is not a ZIP file with a workbook in it ({reason}). Download it from INEGI "
            "again.",
            path=intake.path.name,
            reason=str(wrong),
        ) from wrong
    raise SourceError(
        "{path} holds no workbook of perception (1.…percepcion… or I_percepcion…). Is it the "
        "ZIP of ENSU estimates?",
        path=intake.path.name,
    )


def _city_sheet(intake: Intake, book: Workbook) -> tuple[str, str]:
    index = book["Índice"] if "Índice" in book.sheetnames else None
    for row in index.iter_rows(values_only=True) if index else ():
        told = [str(value).strip() for value in row if value not in (None, "")]
        known = len(told) > 1 and told[0] in book.sheetnames
        if known and _CITY_TABLE.match(_plain(told[1])):
            return told[0], told[1]
    raise SourceError(
        "{path}: the index sheet names no table of perception by city. INEGI may have changed "
        "the layout: report it with the file.",
        path=intake.path.name,
    )


def _city_shares(
    intake: Intake, sheet: Worksheet
) -> Iterator[tuple[str, float | None, float | None]]:
    city = ""
    for row in sheet.iter_rows():
        name = str(row[0].value or "").strip()
        if name == _UNSAFE and city:
            told = [cell for cell in row[1:] if str(cell.value or "").strip() or cell.value == 0]
            yield city, *(_estimate(intake, sheet, told[-1]) if told else (None, None))
        elif name and name not in {_UNSAFE, _SAFE}:
            city = re.sub(r"\d+$", "", name)


def _estimate(intake: Intake, sheet: Worksheet, cell: Cell) -> tuple[float | None, float | None]:
    """Return a share and its coefficient of variation, or nothing where a word says so."""
    value = cell.value
    if isinstance(value, str) and not re.search(r"\d", value):
        return None, None
    if not isinstance(value, (int, float)) or not 0 <= value <= _WHOLE:
        raise SourceError(
            "{path}, sheet {sheet}, cell {cell}: “{value}” is not a percentage written as a "
            "number. Ask for the workbook as INEGI ships it.",
            path=intake.path.name,
            sheet=sheet.title,
            cell=cell.coordinate,
            value=str(value),
        )
    return value / _WHOLE, _cv(cell)


def _cv(cell: Cell) -> float:
    if not cell.fill.fill_type:
        return _CV_PLAIN
    return float(_CV_OF_FILL.get(str(cell.fill.fgColor.rgb), np.nan))


def _quarter_in(intake: Intake, title: str) -> pd.Timestamp:
    found = re.search(r"(marzo|junio|septiembre|diciembre)\s+(\d{4})\.?$", _plain(title))
    if not found:
        raise SourceError(
            "{path}: the title “{title}” does not end with a quarter.",
            path=intake.path.name,
            title=title,
        )
    quarter = _QUARTER_OF[found.group(1)]
    return pd.Timestamp(int(found.group(2)), 3 * quarter - 2, 1)


def _plain(text: str) -> str:
    split = unicodedata.normalize("NFKD", text)
    return "".join(c for c in split if not unicodedata.combining(c)).casefold().strip()
