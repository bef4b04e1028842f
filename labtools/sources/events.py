"""Files of single events by point or by colonia name: case files, calls, offences, reports.

Names and folios stop here: what goes on is a pseudonym, a day, an hour, a subject and a place.
A narrative goes on only where the descriptor names its column, without the people in it, and no
farther than where it is classified.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date

import numpy as np
import pandas as pd

from labtools.errors import SourceError
from labtools.findings import Finding, Severity
from labtools.messages import plural
from labtools.privacy.pseudonyms import pseudonyms
from labtools.sources.days import days, hours
from labtools.sources.folios import Folios, numbered
from labtools.sources.origins import Origins
from labtools.sources.points import Points, read_points
from labtools.sources.protocol import (
    Cleaned,
    Intake,
    account_of,
    fold_text,
    tidy,
)
from labtools.sources.repeats import refuse_pasted_rows
from labtools.sources.seen import Seen
from labtools.sources.slices import Slice, Slices
from labtools.sources.spans import check_span

_EXAMPLE = date(2025, 12, 31)
#: Of so many rows, this share at least has a date, or the column is written in two forms.
_MANY, _MOST_DATED = 40, 0.8
#: Of so many rows hour and point must be known, so that alike is no chance; so many of the twelve
#: hours must be told, so that none after noon is none.
_MOST_PRECISE, _HALF_TOLD = 0.9, 8
#: What makes of a row with a date an event; a note below the table has none of it.
_OF_AN_EVENT = ("hour", "subject", "lon", "lat", "place")


def clean_events(intake: Intake) -> Cleaned:
    """Return the canonical table ``events`` of a file, and what became of each row.

    Where the descriptor names a column "origin", also ``origins``: who made each event known; and
    ``narratives`` where it names a column "narrative".
    A file larger than the memory is for `clean_in_slices`.

    Rejected: a row cut short, a date that is not one, a day outside the period that the
    source speaks of, and, of the rest, a second row with a folio already seen.

    Raises
    ------
    SourceError
        If no row has a date (zero events would read as "nothing happened"), the dates have
        month and day the other way round, months are missing, most points cannot be true, or a
        block of rows was pasted twice.
    """
    parts: list[Mapping[str, pd.DataFrame]] = []
    told = clean_in_slices(intake, parts.append)
    tables = {name: pd.concat([it[name] for it in parts], ignore_index=True) for name in parts[0]}
    return Cleaned(tables, told.account, told.findings)


def clean_in_slices(intake: Intake, put: Callable[[Mapping[str, pd.DataFrame]], None]) -> Cleaned:
    """Hand over the tables of `clean_events` slice by slice, and return the rest without tables.

    Each slice of half a million rows is judged by the rules of a file; what repeats, and which
    months are there, is judged of all of them.  A file of several slices is read twice.

    Parameters
    ----------
    put : callable
        Given the canonical tables of each slice, in the order of the file.

    Raises
    ------
    SourceError
        As `clean_events`; what was handed over before is then void.
    """
    slices, judge = Slices(intake), _Judge(intake)
    repeated = _repeated(intake, slices, judge)
    whole = _Whole(intake)
    for one in slices:
        day, reasons = judge(one)
        reasons = reasons.mask(reasons.index.isin(repeated) & reasons.isna(), "folio_repeated")
        kept = one.cells[reasons.isna()]
        put(whole.add(kept, day[kept.index], one.said[kept.index]))
        whole.apart.update(str(reason) for reason in reasons.dropna())
    findings = whole.findings()
    account = account_of(intake, slices.tally, whole.apart, whole.changed)
    return Cleaned({}, account, findings)


class _Judge:
    """Says the days of a slice's rows and why rows are not kept; of the last slice, at once."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._last: tuple[Slice, pd.Series, pd.Series] | None = None

    def __call__(self, one: Slice) -> tuple[pd.Series, pd.Series]:
        if self._last is None or self._last[0] is not one:
            day = days(self._intake, one.cells, self._intake.descriptor.column("date"))
            self._last = one, day, _reasons(self._intake, one, day)
        return self._last[1:]


def _repeated(intake: Intake, slices: Slices, judge: _Judge) -> np.ndarray:
    """Return the rows whose folio a row before bears, having checked what all rows must be."""
    by_folio = bool(intake.descriptor.column("folio"))
    folios, seen, dated, first, strange = Folios(intake), Seen(), 0, "", ""
    for one in slices:
        day, reasons = judge(one)
        dated += int(day.notna().sum())
        written = one.cells[intake.descriptor.column("date")]
        first = first or _first(written)
        strange = strange or _first(written[day.isna() & written.fillna("").str.strip().ne("")])
        if by_folio:
            folios.add(one.cells[reasons.isna()])
        else:
            seen.add(one.said)
    _require_dates(intake, slices.tally.wanted, dated, first)
    _refuse_other_form(intake, slices.tally.wanted, dated, strange)
    if by_folio:
        return folios.repeated()
    refuse_pasted_rows(intake, seen)
    return np.empty(0, np.int64)


def _refuse_other_form(intake: Intake, rows: int, dated: int, first: str) -> None:
    """Refuse a file of which so many days are written in another form that a part would be lost."""
    if rows < _MANY or not first or dated >= _MOST_DATED * rows:
        return
    raise SourceError(
        "{path}, column “{column}”: {n} of {total} rows have no date like {example}; the first "
        "other is “{value}”. The file holds dates in two forms, and a part of its events would be "
        "lost: ask the supplier for one form.",
        path=intake.path.name,
        column=intake.descriptor.column("date"),
        n=rows - dated,
        total=rows,
        example=_EXAMPLE.strftime(intake.descriptor.date_format),
        value=first,
    )


def _first(cells: pd.Series) -> str:
    return str(cells.fillna("").iloc[0]) if len(cells) else ""


def _require_dates(intake: Intake, rows: int, dated: int, first: str) -> None:
    if not rows:
        raise SourceError(
            "{path} has a header and no rows. Ask the supplier for the file again.",
            path=intake.path.name,
        )
    if not dated:
        raise SourceError(
            "{path}, column “{column}”: none of the {n} cells is a date written like {example}; "
            "the first is “{value}”. Correct “date_format” in the descriptor.",
            path=intake.path.name,
            column=intake.descriptor.column("date"),
            n=rows,
            example=_EXAMPLE.strftime(intake.descriptor.date_format),
            value=first,
        )


def _reasons(intake: Intake, one: Slice, day: pd.Series) -> pd.Series:
    """Return why rows are not kept, their folios apart."""
    reasons = pd.Series(None, index=day.index, dtype="object")
    if intake.first_day is not None:
        reasons[day < intake.first_day] = "before_first_day"
    reasons[day > intake.cutoff] = "after_cutoff"
    reasons[_only_dated(intake, one.cells)] = "nothing_but_date"
    reasons[day.isna()] = "date_not_valid"
    reasons[one.cut] = "row_cut_short"
    return reasons


def _only_dated(intake: Intake, cells: pd.DataFrame) -> pd.Series:
    """Return which rows say no more than a day: “Fecha de corte, 2024-12-31”."""
    columns = {intake.descriptor.column(ours) for ours in _OF_AN_EVENT} - {""}
    told = cells[[name for name in cells.columns if name in columns]]
    if told.shape[1] < 2:  # noqa: PLR2004 - a file of days and one word tells no more
        return pd.Series(data=False, index=cells.index)
    return told.apply(lambda column: column.fillna("").str.strip().eq("")).all(axis=1)


class _Whole:
    """What is known of a file only when its last slice was seen."""

    def __init__(self, intake: Intake) -> None:
        self.apart: Counter[str] = Counter()
        self.changed: Counter[str] = Counter()
        self._intake = intake
        self._daily: Counter[pd.Timestamp] = Counter()
        self._compared, self._same = Seen(), Seen()
        self._origins = Origins(intake)
        self._precise = 0
        self._hours = Counter[int]()

    def add(self, kept: pd.DataFrame, day: pd.Series, said: pd.Series) -> dict[str, pd.DataFrame]:
        """Return the tables of a slice's good rows, and note what they say of the file."""
        intake = self._intake
        points = read_points(intake, kept)
        events = _events(intake, kept, day, points)
        compared = _compared(events, kept.index)
        self._compared.add(pd.util.hash_pandas_object(compared, index=False))
        self._same.add(said)
        self._daily.update(day.value_counts().to_dict())
        self._hours.update(events["hour"].value_counts().to_dict())
        self._precise += int(events[["hour", "lon", "lat"]].notna().all(axis=1).sum())
        self.changed.update(_changes(intake, events, kept, points))
        tables = {"events": events}
        if intake.descriptor.column("narrative"):
            tables["narratives"] = _narratives(intake, kept, events["event_id"])
        if intake.descriptor.column("origin"):
            tables["origins"] = self._origins.of(kept, events["event_id"])
        return tables

    def findings(self) -> tuple[Finding, ...]:
        """Return what is to be told of the file, and count it.

        Raises
        ------
        SourceError
            If months are missing, rows were pasted or exported twice, no hour is after noon, or
            no origin is known.
        """
        intake, folio = self._intake, self._intake.descriptor.column("folio")
        daily = pd.Series(self._daily, dtype="int64")
        span = check_span(intake, daily.set_axis(pd.DatetimeIndex(daily.index)).sort_index())
        precise = self._precise > _MOST_PRECISE * self._compared.rows
        refuse_pasted_rows(intake, self._compared, blocks_only=True, precise=precise)
        _refuse_half_days(intake, self._hours)
        self.changed.update(span.changed)
        same = 0 if folio else sum(len(part) for part in self._same.repeats())
        self.changed.update(exact_duplicates_kept=same)
        found = (*_told_same(intake, same), *span.findings)
        if not intake.descriptor.column("origin"):
            return found
        self.changed.update(origin_not_declared=self._origins.strange)
        return (*found, *self._origins.findings())


def _refuse_half_days(intake: Intake, hours: Counter[int]) -> None:
    """Refuse hours of half a day that do not say which half: 08:30 may be half past eight at night.

    Among so many events of all hours, not one after noon is no chance.
    """
    if hours.total() < _MANY or len(hours) < _HALF_TOLD or set(hours) - set(range(1, 13)):
        return
    raise SourceError(
        "{path}, column “{column}”: none of {n} hours is after 12, nor hour zero: they are "
        "probably of half a day without saying which. Ask the supplier for hours from 0 to 23, or "
        'leave the column out (hour = "" under “columns” in lab.toml).',
        path=intake.path.name,
        column=intake.descriptor.column("hour"),
        n=hours.total(),
    )


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


def _narratives(intake: Intake, cells: pd.DataFrame, event_id: pd.Series) -> pd.DataFrame:
    text = tidy(cells[intake.descriptor.column("narrative")])
    table = pd.DataFrame({"event_id": event_id.to_numpy(), "text": text.to_numpy()})
    return table.dropna(subset=["text"]).astype("str").reset_index(drop=True)


def _compared(events: pd.DataFrame, rows: pd.Index) -> pd.DataFrame:
    """Return what two rows of one event agree in, however their cells are written."""
    said = ["occurred_on", "hour", "subject", "lon", "lat", "place"]
    text = {name: fold_text(events[name]) for name in ("subject", "place")}
    return events[said].assign(**text).set_index(rows)


def _identifiers(intake: Intake, cells: pd.DataFrame) -> pd.Series:
    folio = intake.descriptor.column("folio")
    written = "row " + cells.index.to_series().astype(str)
    if folio:
        told = tidy(cells[folio])
        written = told.where(numbered(told)).fillna(written)
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
    return counted


def _told_same(intake: Intake, same: int) -> tuple[Finding, ...]:
    if not same:
        return ()
    sentence = plural(
        "{source}: one row is identical to another and has no folio; it was kept.",
        "{source}: {n} rows are identical to others and have no folio; they were kept.",
    )
    return (Finding(sentence, Severity.CAUTION, {"source": intake.source, "n": same}),)
