"""What each agency is asked to do, as rows and as a spreadsheet that runs nothing.

Text that a spreadsheet would take for a formula is disarmed: it is written as text, with an
apostrophe before it, so that a copy saved as CSV stays harmless too.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pandas as pd

from labtools.tables.store import writing

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MADE = datetime(2020, 1, 1)  # noqa: DTZ001 - a fixed day: the same rows give the same bytes
_WIDEST = 60


def work_of(agency: str, portfolio: pd.DataFrame, proposals: pd.DataFrame) -> pd.DataFrame:
    """Return what is asked of an agency: the portfolio's choice, and what reasons propose.

    Every row has its chain: the need that it answers, and the evidence that may be cited.

    Parameters
    ----------
    portfolio, proposals : pandas.DataFrame
        Canonical tables.

    Columns: ``colonia_id``, ``intervention``, ``need``, ``evidence``, ``standing``, ``cost``,
    ``averted``, ``lower`` and ``upper``; costs are missing where only reasons propose.
    """
    chosen = portfolio[(portfolio["agency"] == agency) & (portfolio["standing"] != "alternative")]
    asked = proposals[proposals["agency"] == agency]
    pairs = set(zip(chosen["colonia_id"], chosen["intervention"], strict=True))
    other = [
        pair not in pairs for pair in zip(asked["colonia_id"], asked["intervention"], strict=True)
    ]
    columns = [
        "colonia_id",
        "intervention",
        "need",
        "evidence",
        "standing",
        "cost",
        "averted",
        "lower",
        "upper",
    ]
    parts = [chosen.reindex(columns=columns), asked[other].reindex(columns=columns)]
    filled = [part for part in parts if len(part)]
    together = pd.concat(filled, ignore_index=True) if filled else parts[0]
    return together.sort_values(["colonia_id", "intervention"], ignore_index=True)


def write_spreadsheet(table: pd.DataFrame, path: Path, *, sheet: str) -> None:
    """Write `table` as XLSX; no text in it runs, and the same rows give the same bytes."""
    import xlsxwriter  # noqa: PLC0415 - heavy

    with writing(path) as aside:
        book = xlsxwriter.Workbook(
            str(aside), {"strings_to_formulas": False, "strings_to_urls": False}
        )
        book.set_properties({"created": _MADE})
        page = book.add_worksheet(sheet[:31])
        bold = book.add_format({"bold": True, "bottom": 1})
        for column, name in enumerate(table.columns):
            page.write_string(0, column, disarmed(str(name)), bold)
            width = max(len(str(told)) for told in (name, *table[name]))
            page.set_column(column, column, min(width, _WIDEST) + 2)
            for row, value in enumerate(table[name], start=1):
                _write(page, row, column, value)
        page.freeze_panes(1, 0)
        book.close()


def disarmed(text: str) -> str:
    """Return text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _write(page: object, row: int, column: int, value: object) -> None:
    if value is None or value is pd.NaT or (isinstance(value, float) and pd.isna(value)):
        return
    if isinstance(value, (int, float)):
        page.write_number(row, column, value)  # type: ignore[attr-defined]
    else:
        page.write_string(row, column, disarmed(str(value)))  # type: ignore[attr-defined]
