"""Files of single events by point or by colonia name: case files, calls, offences, reports.

Names, folios and narratives stop here: what goes on is a pseudonym, a day, an hour, a
subject and a place.
"""

from __future__ import annotations

from datetime import date

import pandas as pd

from labtools.errors import SourceError
from labtools.findings import Finding, Severity
from labtools.messages import plural
from labtools.privacy.pseudonyms import pseudonyms
from labtools.sources.days import days, hours
from labtools.sources.figures import row_in_file
from labtools.sources.folios import repeated_folios
from labtools.sources.points import Points, read_points
from labtools.sources.protocol import (
    Cleaned,
    Intake,
    accounted,
    fold_text,
    read_rows,
    tidy,
)
from labtools.sources.repeats import refuse_pasted
from labtools.sources.spans import check_span

_EXAMPLE = date(2025, 12, 31)


def clean_events(intake: Intake) -> Cleaned:
    """Return the canonical table ``events`` of a file, and what became of each row.

    Where the descriptor names a column "origin", also ``origins``: who made each event known.

    Rejected: a row cut short, a date that is not one, a day outside the period that the
    source speaks of, and, of the rest, a second row with a folio already seen.

    Raises
    ------
    SourceError
        If no row has a date (zero events would read as "nothing happened"), the dates have
        month and day the other way round, months are missing, most points cannot be true, or a
        block of rows was pasted twice.
    """
    rows = read_rows(intake, "date")
    day = days(intake, rows.cells, intake.descriptor.column("date"))
    _require_dates(intake, rows.cells, day)
    if not intake.descriptor.column("folio"):
        refuse_pasted(intake, rows.cells)
    reasons = _reasons(intake, rows.cells, day)
    kept = rows.cells[reasons.isna()]
    span = check_span(intake, day[kept.index])
    points = read_points(intake, kept)
    events = _events(intake, kept, day, points)
    refuse_pasted(intake, _compared(events, kept.index), blocks_only=True)
    changed = {**_changes(intake, events, kept, points), **span.changed}
    tables, findings = {"events": events}, (*_findings(intake, kept), *span.findings)
    if intake.descriptor.column("origin"):
        origin, other = _origins(intake, kept)
        tables["origins"] = pd.DataFrame({"event_id": events["event_id"], "origin": origin})
        changed["origin_not_declared"] = len(other)
        findings += _undeclared(intake, other)
    return Cleaned(tables, accounted(intake, rows, reasons, changed), findings)


def _require_dates(intake: Intake, cells: pd.DataFrame, day: pd.Series) -> None:
    if cells.empty:
        raise SourceError(
            "{path} has a header and no rows. Ask the supplier for the file again.",
            path=intake.path.name,
        )
    if day.isna().all():
        column = intake.descriptor.column("date")
        raise SourceError(
            "{path}, column “{column}”: none of the {n} cells is a date written like {example}; "
            "the first is “{value}”. Correct “date_format” in the descriptor.",
            path=intake.path.name,
            column=column,
            n=len(day),
            example=_EXAMPLE.strftime(intake.descriptor.date_format),
            value=str(cells[column].fillna("").iloc[0]),
        )


def _reasons(intake: Intake, cells: pd.DataFrame, day: pd.Series) -> pd.Series:
    reasons = pd.Series(None, index=cells.index, dtype="object")
    if intake.first_day is not None:
        reasons[day < intake.first_day] = "before_first_day"
    reasons[day > intake.cutoff] = "after_cutoff"
    reasons[day.isna()] = "date_not_valid"
    reasons[cells.isna().any(axis=1)] = "row_cut_short"
    if intake.descriptor.column("folio"):
        good = cells[reasons.isna()]
        reasons[good.index[repeated_folios(intake, good)]] = "folio_repeated"
    return reasons


def _events(intake: Intake, cells: pd.DataFrame, day: pd.Series, points: Points) -> pd.DataFrame:
    column = intake.descriptor.column
    blank = pd.Series(None, index=cells.index, dtype="str")

    def text_of(ours: str) -> pd.Series:
        return tidy(cells[column(ours)]) if column(ours) else blank

    return pd.DataFrame(
        {
            "event_id": _identifiers(intake, cells),
            "source": intake.source,
            "record_type": intake.descriptor.record_type,
            "occurred_on": day[cells.index],
            "hour": hours(text_of("hour")),
            "subject": text_of("subject"),
            "lon": points.lon,
            "lat": points.lat,
            "place": text_of("place"),
            "borough": text_of("borough"),
        }
    ).reset_index(drop=True)


def _compared(events: pd.DataFrame, rows: pd.Index) -> pd.DataFrame:
    """Return what two rows of one event agree in, however their cells are written."""
    said = ["occurred_on", "hour", "subject", "lon", "lat", "place"]
    text = {name: fold_text(events[name]) for name in ("subject", "place")}
    return events[said].assign(**text).set_index(rows)


def _origins(intake: Intake, cells: pd.DataFrame) -> tuple[pd.Series, pd.Index]:
    """Return how each event came to be known, and which rows say it in a word nobody declared.

    Of those, as of a blank, it is not known.

    Raises
    ------
    SourceError
        If not one cell is a declared word: the column or the words are a slip.
    """
    column = intake.descriptor.column("origin")
    known = {
        fold_text(pd.Series([theirs], dtype="str"))[0]: ours
        for theirs, ours in intake.descriptor.origins.items()
    }
    written = fold_text(tidy(cells[column]))
    origin = written.map(known)
    if len(origin) and origin.isna().all():
        raise SourceError(
            "{path}, column “{column}”: none of its {n} cells is one of the words {words} that say "
            "how an event came to be known; the first is “{value}”. Correct “origins” in the "
            "descriptor.",
            path=intake.path.name,
            column=column,
            n=len(origin),
            words=tuple(intake.descriptor.origins) or ("—",),
            value=str(cells[column].fillna("").iloc[0]),
        )
    other = origin.index[written.notna() & origin.isna()]
    return origin.fillna("unknown").reset_index(drop=True), other


def _undeclared(intake: Intake, rows: pd.Index) -> tuple[Finding, ...]:
    if rows.empty:
        return ()
    sentence = plural(
        "{source}: row {row} says how its event came to be known in a word that “origins” of the "
        "descriptor does not declare; it is not known of it. Declare the word.",
        "{source}: {n} rows say how their event came to be known in words that “origins” of the "
        "descriptor does not declare, the first in row {row}; it is not known of them. Declare the "
        "words.",
    )
    facts = {"source": intake.source, "n": len(rows), "row": row_in_file(intake, rows[0])}
    return (Finding(sentence, Severity.CAUTION, facts),)


def _identifiers(intake: Intake, cells: pd.DataFrame) -> pd.Series:
    folio = intake.descriptor.column("folio")
    written = "row " + cells.index.to_series().astype(str)
    if folio:
        written = tidy(cells[folio]).fillna(written)
    return pseudonyms(written, key=intake.key, source=intake.source)


def _changes(
    intake: Intake, events: pd.DataFrame, kept: pd.DataFrame, points: Points
) -> dict[str, int]:
    column = intake.descriptor.column
    counted = dict(points.changed)
    if column("hour"):
        counted["hour_unknown"] = int(events["hour"].isna().sum())
        exact = kept[column("hour")].str.strip().str.startswith("12:00:00")
        counted["hour_exactly_noon"] = int(exact.sum())
    if not column("folio"):
        counted["exact_duplicates_kept"] = int(kept.duplicated().sum())
    return counted


def _findings(intake: Intake, kept: pd.DataFrame) -> tuple[Finding, ...]:
    if intake.descriptor.column("folio"):
        return ()
    same = int(kept.duplicated().sum())
    if not same:
        return ()
    sentence = plural(
        "{source}: one row is identical to another and has no folio; it was kept.",
        "{source}: {n} rows are identical to others and have no folio; they were kept.",
    )
    return (Finding(sentence, Severity.CAUTION, {"source": intake.source, "n": same}),)
