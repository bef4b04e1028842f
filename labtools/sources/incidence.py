"""SESNSP's counts: municipal incidence (wide months) and victims by state (long)."""

from __future__ import annotations

import pandas as pd

from labtools.sources.files import require_columns
from labtools.sources.protocol import (
    Cleaned,
    Intake,
    accounted,
    dates,
    numbers,
    read_rows,
    tidy,
)

MONTHS = (
    "Enero",
    "Febrero",
    "Marzo",
    "Abril",
    "Mayo",
    "Junio",
    "Julio",
    "Agosto",
    "Septiembre",
    "Octubre",
    "Noviembre",
    "Diciembre",
)
_LEVELS = ("type", "subtype", "mode")
_YEARS = (1990, 2100)


def clean_municipal_incidence(intake: Intake) -> Cleaned:
    """Return the canonical table ``official_counts`` of an IDM_NM file.

    A month without figure (the year is not over) stays missing: it is not zero.
    Rejected: a row without area, subject or year.
    """
    rows = read_rows(intake, "year", "area", *_LEVELS)
    require_columns(intake.path, rows.cells, {month: month for month in MONTHS})
    column = intake.descriptor.column
    year = numbers(intake, rows.cells, column("year"))
    reasons = _reasons(intake, rows.cells)
    reasons[~year.between(*_YEARS)] = "year_not_valid"
    kept = rows.cells[reasons.isna()]
    parts = [
        pd.DataFrame(
            {
                "area": tidy(kept[column("area")]),
                "month": _month(year[kept.index].astype(int), month),
                "subject": _subject(intake, kept),
                "events": numbers(intake, kept, name),
            }
        )
        for month, name in enumerate(MONTHS, start=1)
    ]
    counts = _summed(intake, pd.concat(parts, ignore_index=True))
    return Cleaned({"official_counts": counts}, accounted(intake, rows, reasons))


def clean_state_victims(intake: Intake) -> Cleaned:
    """Return the canonical table ``official_counts`` of SESNSP's victims by state.

    Rejected: a row without area, subject or month.
    """
    rows = read_rows(intake, "month", "area", "events", *_LEVELS)
    column = intake.descriptor.column
    written = rows.cells[column("month")].str.strip().str.slice(0, 7)
    month = dates(written + "-01", "%Y-%m-%d")
    reasons = _reasons(intake, rows.cells)
    reasons[month.isna()] = "month_not_valid"
    kept = rows.cells[reasons.isna()]
    counts = pd.DataFrame(
        {
            "area": tidy(kept[column("area")]),
            "month": month[kept.index],
            "subject": _subject(intake, kept),
            "events": numbers(intake, kept, column("events")),
        }
    )
    return Cleaned({"official_counts": _summed(intake, counts)}, accounted(intake, rows, reasons))


def _reasons(intake: Intake, cells: pd.DataFrame) -> pd.Series:
    reasons = pd.Series(None, index=cells.index, dtype="object")
    reasons[_subject(intake, cells).isna()] = "no_subject"
    reasons[tidy(cells[intake.descriptor.column("area")]).isna()] = "no_area"
    return reasons


def _month(year: pd.Series, month: int) -> pd.Series:
    return pd.to_datetime({"year": year, "month": month, "day": 1})


def _subject(intake: Intake, cells: pd.DataFrame) -> pd.Series:
    parts = [tidy(cells[intake.descriptor.column(level)]) for level in _LEVELS]
    return parts[0].str.cat(parts[1:], sep=" | ")


def _summed(intake: Intake, counts: pd.DataFrame) -> pd.DataFrame:
    keys = ["area", "month", "subject"]
    total = counts.groupby(keys, as_index=False)["events"].sum(min_count=1)
    total["events"] = total["events"].astype("Int64")
    return total.assign(source=intake.source)[["source", *keys, "events"]]
