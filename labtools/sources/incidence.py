"""SESNSP's counts: municipal incidence (wide months) and victims by state (long)."""

from __future__ import annotations

import pandas as pd

from labtools.errors import SourceError
from labtools.sources.figures import counts, missing_by_reason, row_in_file
from labtools.sources.files import require_columns
from labtools.sources.protocol import (
    Cleaned,
    Intake,
    accounted,
    cut_short,
    dates,
    numbers,
    read_rows,
    tidy,
)
from labtools.sources.repeats import (
    names_totals,
    one_spelling,
    only_totals,
    repeated_rows,
    total_rows,
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

#: Months that rise by chance, one after the other, in one file of seven hundred.
_MONTHS_TOLD = 6


def clean_municipal_incidence(intake: Intake) -> Cleaned:
    """Return the canonical table ``official_counts`` of an IDM_NM file.

    A month without figure (the year is not over) stays missing: it is not zero, and neither
    is a zero typed for a month after the cut.  Rejected: a row without area, subject or year,
    one cut short, one that says again what another said, and totals, once they add up.

    Raises
    ------
    SourceError
        If a figure is no count, speaks of a month after the cut, contradicts another row of
        the same key, or a total is not the sum of its rows.
    """
    rows = read_rows(intake, "year", "area", *_LEVELS)
    require_columns(intake.path, rows.cells, {month: month for month in MONTHS})
    figures = pd.DataFrame({name: counts(intake, rows.cells, name, "events") for name in MONTHS})
    reasons = _reasons(intake, rows.cells, figures, list(MONTHS))
    year = numbers(intake, rows.cells.where(reasons.ne("total_row"), ""), _year(intake))
    reasons[~year.between(*_YEARS) & reasons.ne("total_row")] = "year_not_valid"
    once = _keyed(intake, rows.cells[reasons.isna()], year)
    reasons[once.index[repeated_rows(intake, once, list(MONTHS))]] = "row_repeated"
    kept = rows.cells[reasons.isna()]
    _refuse_running_sums(intake, figures.loc[kept.index])
    why = missing_by_reason(intake, kept, MONTHS)
    parts = [
        pd.DataFrame(
            {
                "area": _area(intake, kept),
                "month": _month(year[kept.index].astype(int), month),
                "subject": _subject(intake, kept),
                "events": figures.loc[kept.index, name],
            }
        )
        for month, name in enumerate(MONTHS, start=1)
    ]
    table, after = _until_cutoff(intake, pd.concat(parts))
    table, unified = _summed(intake, table)
    changed = {"month_after_cutoff": after, "spelling_unified": unified, **why}
    return Cleaned({"official_counts": table}, accounted(intake, rows, reasons, changed))


def clean_state_victims(intake: Intake) -> Cleaned:
    """Return the canonical table ``official_counts`` of SESNSP's victims by state.

    Rejected: a row without area, subject or month, and the others that an IDM_NM file loses.

    Raises
    ------
    SourceError
        As for an IDM_NM file.
    """
    rows = read_rows(intake, "month", "area", "events", *_LEVELS)
    column = intake.descriptor.column
    written = rows.cells[column("month")].str.strip().str.slice(0, 7)
    month = dates(written + "-01", "%Y-%m-%d")
    figure = counts(intake, rows.cells, column("events"), "events")
    named = figure.to_frame(column("events"))
    reasons = _reasons(intake, rows.cells, named, [column("events")])
    reasons[month.isna() & reasons.ne("total_row")] = "month_not_valid"
    kept = rows.cells[reasons.isna()]
    table = pd.DataFrame(
        {
            "area": _area(intake, kept),
            "month": month[kept.index],
            "subject": _subject(intake, kept),
            "events": figure[kept.index],
        }
    )
    table, after = _until_cutoff(intake, table)
    table, unified = _summed(intake, table)
    why = missing_by_reason(intake, kept, [column("events")])
    changed = {"month_after_cutoff": after, "spelling_unified": unified, **why}
    return Cleaned({"official_counts": table}, accounted(intake, rows, reasons, changed))


def _reasons(
    intake: Intake, cells: pd.DataFrame, figures: pd.DataFrame, names: list[str]
) -> pd.Series:
    """Return why rows are set apart; the year or month is left to the caller."""
    reasons = cut_short(cells)
    whole = cells[reasons.isna()]
    reasons[whole.index[repeated_rows(intake, whole, names)]] = "row_repeated"
    once = whole[reasons[whole.index].isna()]
    keys = once[_described(intake, once.drop(columns=names))]
    totals = total_rows(intake, keys, figures.loc[once.index])
    for level in _LEVELS:
        reasons[tidy(cells[intake.descriptor.column(level)]).isna()] = "no_subject"
    reasons[tidy(cells[intake.descriptor.column("area")]).isna()] = "no_area"
    reasons[totals.index[totals]] = "total_row"
    return reasons


def _refuse_running_sums(intake: Intake, figures: pd.DataFrame) -> None:
    """Refuse months that are sums since January: no row falls, and all together always rise."""
    known = figures.dropna(axis=1, how="all")
    total = known.sum()
    rises = total.diff().iloc[1:].gt(0).all()
    never_falls = (known.diff(axis=1).iloc[:, 1:].fillna(0) >= 0).all(axis=None)
    if (
        known.shape[1] >= _MONTHS_TOLD
        and rises
        and never_falls
        and total.iloc[-1] > 2 * total.iloc[0]
    ):
        raise SourceError(
            "{path}: from {first} to {last} no row ever falls, and all together rise from {low} to "
            "{high}: its months are probably sums since the beginning of the year. Ask the "
            "supplier for the events of each month.",
            path=intake.path.name,
            first=str(total.index[0]),
            last=str(total.index[-1]),
            low=f"{total.iloc[0]:,.0f}",
            high=f"{total.iloc[-1]:,.0f}",
        )


def _keyed(intake: Intake, cells: pd.DataFrame, year: pd.Series) -> pd.DataFrame:
    """Return the months under the key of a row alone: the name of an area is no part of it.

    Only victims are told apart by sex and age, and added up; two rows of one municipality, year
    and crime are one and its correction.
    """
    key = {"year": year[cells.index].astype(int).astype("str"), "area": _area(intake, cells)}
    return cells[list(MONTHS)].assign(**key, subject=_subject(intake, cells))


def _described(intake: Intake, cells: pd.DataFrame) -> list[str]:
    """Return the columns that say what a row is of: ours, or all where another names totals.

    The total of both sexes at an age is that of rows of its age.  A column that says “Total” in
    every row tells none apart.
    """
    ours = [intake.descriptor.column(name) for name in ("year", "month", "area", *_LEVELS)]
    known = [name for name in ours if name in cells.columns]
    others = [name for name in cells.columns if name not in known]
    if not any(names_totals(cells[name]) for name in others):
        return known
    return [*known, *(name for name in others if not only_totals(cells[name]))]


def _until_cutoff(intake: Intake, table: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Set to missing the zeros of months that had not begun at the cut; count them."""
    after = (table["month"] > intake.cutoff) & table["events"].notna()
    wrong = table[after & (table["events"] > 0)]
    if len(wrong):
        first = wrong.iloc[0]
        raise SourceError(
            "{path}, row {row}: {events} events in {month:%Y-%m}, a month after the cut of the "
            "data, {cutoff:%Y-%m-%d} ({n} such figures). Correct “cutoff” in lab.toml, or ask the "
            "supplier whether columns were shifted.",
            path=intake.path.name,
            row=row_in_file(intake, wrong.index[0]),
            events=int(first["events"]),
            month=first["month"],
            cutoff=intake.cutoff,
            n=len(wrong),
        )
    return table.assign(events=table["events"].mask(after)), int(after.sum())


def _year(intake: Intake) -> str:
    return intake.descriptor.column("year")


def _area(intake: Intake, cells: pd.DataFrame) -> pd.Series:
    """Return the areas' keys; a program that took them for numbers left “.0” behind."""
    written = tidy(cells[intake.descriptor.column("area")])
    return written.str.replace(r"^(\d+)\.0$", r"\1", regex=True)


def _month(year: pd.Series, month: int) -> pd.Series:
    return pd.to_datetime({"year": year, "month": month, "day": 1})


def _subject(intake: Intake, cells: pd.DataFrame) -> pd.Series:
    first, *others = (tidy(cells[intake.descriptor.column(level)]) for level in _LEVELS)
    # Sums of text are made by Arrow: many times as quick as `str.cat`, which makes objects of it.
    for part in others:
        first = first + " | " + part
    return first


def _summed(intake: Intake, table: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Add up the rows of each area, month and subject; what a part does not know, nobody knows."""
    keys = ["area", "month", "subject"]
    spelt = {name: one_spelling(table[name]) for name in ("area", "subject")}
    table = table.assign(**{name: names for name, (names, _) in spelt.items()})
    groups = table.groupby(keys)["events"]
    total = groups.sum().mask(groups.count() < groups.size()).reset_index()
    total["events"] = total["events"].astype("Int64")
    unified = sum(n for _, n in spelt.values())
    return total.assign(source=intake.source)[["source", *keys, "events"]], unified
