"""What people feel: the lab's own survey, and INEGI's city estimates (ENSU)."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from types import MappingProxyType

import numpy as np
import pandas as pd
from openpyxl import load_workbook
from openpyxl.cell.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from labtools.errors import SourceError
from labtools.sources.files import read_cells, require_columns
from labtools.sources.protocol import Cleaned, Intake, numbers, tidy
from labtools.tables.account import Account

#: INEGI colours each estimate by its coefficient of variation; we keep the class's upper end.
_CV_OF_FILL = MappingProxyType({"FFFFEA00": 0.30, "FFFF5400": np.nan})
_CV_PLAIN = 0.15
_QUARTER_OF = MappingProxyType({"marzo": 1, "junio": 2, "septiembre": 3, "diciembre": 4})
_CITY_TABLE = re.compile(
    r"^poblacion de 18 anos y mas por .*ciudad.* caracteristicas de(?: la)? percepcion"
)


def clean_survey(intake: Intake) -> Cleaned:
    """Return the canonical table ``survey``: one row for each respondent and indicator.

    A code that is neither yes nor no (9 "no sabe", blank) is missing.  A respondent without
    weight, stratum or cluster cannot stand for anybody and is rejected.
    """
    cells = read_cells(intake.path, intake.descriptor.file)
    questions = intake.descriptor.question
    require_columns(
        intake.path,
        cells,
        {**intake.descriptor.columns, **{q.indicator: q.column for q in questions}},
    )
    weight = numbers(intake, cells, intake.descriptor.column("weight"))
    design = [cells[intake.descriptor.column(name)] for name in ("stratum", "cluster")]
    whole = (weight > 0) & design[0].ne("") & design[1].ne("")
    kept = cells[whole]
    head = _respondents(intake, kept, weight[whole])
    parts = []
    for question in questions:
        code = kept[question.column].str.strip()
        value = np.where(
            code.isin(question.yes), 1.0, np.where(code.isin(question.no), 0.0, np.nan)
        )
        parts.append(head.assign(indicator=question.indicator, value=value))
    lost = int((~whole).sum())
    account = Account(
        "clean",
        intake.source,
        read=len(cells),
        kept=len(kept),
        rejected={"no_weight_or_design": lost} if lost else {},
    )
    return Cleaned({"survey": pd.concat(parts, ignore_index=True)}, account)


def clean_city_perception(intake: Intake) -> Cleaned:
    """Return the canonical table ``city_perception`` of a file with percentages and their CV."""
    cells = read_cells(intake.path, intake.descriptor.file)
    require_columns(intake.path, cells, intake.descriptor.columns)
    column = intake.descriptor.column
    quarter = cells[column("quarter")].str.extract(r"^(\d{4})\D+([1-4])$")
    known = quarter.notna().all(axis=1)
    kept, when = cells[known], quarter[known].astype(int)
    table = pd.DataFrame(
        {
            "city": tidy(kept[column("city")]),
            "indicator": tidy(kept[column("indicator")]).replace({"inseguridad": "insecurity"}),
            "quarter": _quarter_start(when[0], when[1]),
            "share": numbers(intake, kept, column("percent")) / 100,
            "cv": numbers(intake, kept, column("cv")) / 100,
        }
    ).reset_index(drop=True)
    lost = len(cells) - len(kept)
    rejected = {"quarter_not_valid": lost} if lost else {}
    account = Account("clean", intake.source, len(cells), len(kept), rejected)
    return Cleaned({"city_perception": table}, account)


def clean_ensu_workbook(intake: Intake) -> Cleaned:
    """Return ``city_perception`` from INEGI's quarterly workbooks as INEGI ships them (ZIP).

    The layout differs by quarter: the index sheet says which sheet holds the table by city,
    and the colour of each estimate gives the class of its coefficient of variation.
    """
    content = _perception_workbook(intake)
    book = load_workbook(io.BytesIO(content), data_only=True)
    sheet, title = _city_sheet(intake, book["Índice"])
    rows = list(_city_shares(book[sheet]))
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
    return Cleaned(
        {"city_perception": table}, Account("clean", intake.source, len(table), len(table))
    )


def _respondents(intake: Intake, cells: pd.DataFrame, weight: pd.Series) -> pd.DataFrame:
    column = intake.descriptor.column
    wave = pd.to_datetime(cells[column("wave")].str.slice(0, 7), format="%Y-%m")
    return pd.DataFrame(
        {
            "respondent": intake.source + "-" + cells.index.to_series().astype(str),
            "wave": wave,
            "colonia_id": tidy(cells[column("colonia_id")]),
            "borough": tidy(cells[column("borough")]),
            "stratum": tidy(cells[column("stratum")]),
            "cluster": tidy(cells[column("cluster")]),
            "weight": weight,
        }
    ).reset_index(drop=True)


def _perception_workbook(intake: Intake) -> bytes:
    try:
        with zipfile.ZipFile(intake.path) as archive:
            for member in archive.namelist():
                name = member.rsplit("/", 1)[-1]
                if re.match(r"^(1\.|I_).*percepcion", name):
                    return archive.read(member)
    except zipfile.BadZipFile as wrong:
        raise SourceError(
            "{path} is not a ZIP file. Download it from INEGI again.", path=intake.path.name
        ) from wrong
    raise SourceError(
        "{path} holds no workbook of perception (1.…percepcion… or I_percepcion…). Is it the "
        "ZIP of ENSU estimates?",
        path=intake.path.name,
    )


def _city_sheet(intake: Intake, index: Worksheet) -> tuple[str, str]:
    for row in index.iter_rows(values_only=True):
        told = [str(value).strip() for value in row if value not in (None, "")]
        if len(told) > 1 and _CITY_TABLE.match(_plain(told[1])):
            return told[0], told[1]
    raise SourceError(
        "{path}: the index sheet names no table of perception by city. INEGI may have changed "
        "the layout: report it with the file.",
        path=intake.path.name,
    )


def _city_shares(sheet: Worksheet) -> list[tuple[str, float, float]]:
    found, city = [], ""
    for row in sheet.iter_rows():
        name = str(row[0].value or "").strip()
        figures = [cell for cell in row[1:] if isinstance(cell.value, (int, float))]
        if name == "Inseguro" and city and figures:
            share = figures[-1]
            found.append((city, float(share.value) / 100, _cv(share)))
        elif name and name != "Seguro":
            city = re.sub(r"\d+$", "", name)
    return found


def _cv(cell: Cell) -> float:
    fill = cell.fill.fgColor.rgb if cell.fill.fill_type else ""
    return float(_CV_OF_FILL.get(str(fill), _CV_PLAIN))


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


def _quarter_start(year: pd.Series, quarter: pd.Series) -> pd.Series:
    return pd.to_datetime({"year": year, "month": 3 * quarter - 2, "day": 1})


def _plain(text: str) -> str:
    split = unicodedata.normalize("NFKD", text)
    return "".join(c for c in split if not unicodedata.combining(c)).casefold().strip()
