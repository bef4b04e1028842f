"""SESNSP's counts: municipal incidence (wide months) and victims by state (long)."""

from __future__ import annotations

import pandas as pd

from labtools.sources.files import read_cells, require_columns
from labtools.sources.protocol import Cleaned, Intake, numbers
from labtools.tables.account import Account

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


def clean_municipal_incidence(intake: Intake) -> Cleaned:
    """Return the canonical table ``official_counts`` of an IDM_NM file.

    A month without figure (the year is not over) stays missing: it is not zero.
    """
    cells = read_cells(intake.path, intake.descriptor.file)
    columns = {name: intake.descriptor.column(name) for name in ("year", "area", *_LEVELS)}
    require_columns(intake.path, cells, {**columns, **{m: m for m in MONTHS}})
    wanted = _of(intake, cells)
    kept = cells[wanted]
    year = numbers(intake, kept, columns["year"]).astype(int)
    parts = [
        pd.DataFrame(
            {
                "area": kept[columns["area"]],
                "month": pd.to_datetime({"year": year, "month": month, "day": 1}),
                "subject": _subject(intake, kept),
                "events": numbers(intake, kept, name),
            }
        )
        for month, name in enumerate(MONTHS, start=1)
    ]
    counts = _summed(intake, pd.concat(parts, ignore_index=True))
    return Cleaned({"official_counts": counts}, _account(intake, cells, kept))


def clean_state_victims(intake: Intake) -> Cleaned:
    """Return the canonical table ``official_counts`` of SESNSP's victims by state."""
    cells = read_cells(intake.path, intake.descriptor.file)
    names = ("month", "area", "events", *_LEVELS)
    columns = {name: intake.descriptor.column(name) for name in names}
    require_columns(intake.path, cells, columns)
    kept = cells[_of(intake, cells)]
    month = pd.to_datetime(kept[columns["month"]].str.slice(0, 7), format="%Y-%m")
    counts = pd.DataFrame(
        {
            "area": kept[columns["area"]],
            "month": month,
            "subject": _subject(intake, kept),
            "events": numbers(intake, kept, columns["events"]),
        }
    )
    table = _summed(intake, counts)
    return Cleaned({"official_counts": table}, _account(intake, cells, kept))


def _of(intake: Intake, cells: pd.DataFrame) -> pd.Series:
    keep = pd.Series(data=True, index=cells.index)
    require_columns(intake.path, cells, {name: name for name in intake.where})
    for column, value in intake.where.items():
        keep &= cells[column] == value
    return keep


def _subject(intake: Intake, cells: pd.DataFrame) -> pd.Series:
    parts = [cells[intake.descriptor.column(level)].str.strip() for level in _LEVELS]
    return parts[0].str.cat(parts[1:], sep=" | ")


def _summed(intake: Intake, counts: pd.DataFrame) -> pd.DataFrame:
    keys = ["area", "month", "subject"]
    total = counts.groupby(keys, as_index=False)["events"].sum(min_count=1)
    total["events"] = total["events"].astype("Int64")
    return total.assign(source=intake.source)[["source", *keys, "events"]]


def _account(intake: Intake, cells: pd.DataFrame, kept: pd.DataFrame) -> Account:
    others = len(cells) - len(kept)
    return Account(
        "clean",
        intake.source,
        read=len(cells),
        kept=len(kept),
        rejected={"of_another_area": others} if others else {},
    )
