"""Whether what is published is whole and still holds, and whether schedules are looked after."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pandas as pd

from labtools.errors import LabError
from labtools.messages import plural, say, text
from labtools.paths import Workbench
from labtools.runs.diary import Diary
from labtools.runs.occasions import check_schedule, local
from labtools.settings import Settings
from labtools.tables.store import read_table
from labtools.workflow.condition import Check
from labtools.workflow.prepared import failed_in
from labtools.workflow.schedule_page import NAME as PAGE
from labtools.workflow.timers import MINUTES
from labtools.workflow.unfinished import interrupted

_LOOKS_MISSED = 6


def examine_last_run(workbench: Workbench, today: date) -> Iterator[Check]:
    """Return what was seen of the last run: whole, cut off, failed, past its date."""
    cut_off = interrupted(workbench)
    if cut_off:
        told = text("a run to {month} was interrupted: labtools resume", month=cut_off)
        yield Check(ok=False, seen=told)
    failed = failed_in(workbench.latest)
    if failed is None:
        yield Check(ok=False, seen=text("there is no finished run yet: labtools run"))
        return
    run = workbench.latest.resolve().name
    if failed:
        sentence = plural(
            "of the last run {run}, {n} notebook failed ({first}): labtools retry",
            "of the last run {run}, {n} notebooks failed (the first is {first}): labtools retry",
        )
        yield Check(ok=False, seen=say(sentence, run=run, n=len(failed), first=failed[0]))
    else:
        yield Check(ok=True, seen=text("last run: {run}", run=run))
    yield _cards(workbench, today)


def examine_schedules(workbench: Workbench, settings: Settings) -> Iterator[Check]:
    """Return what was seen of the schedules: their rules, their timer, what was not made."""
    if not settings.schedule:
        return
    diary = Diary(workbench.schedule)
    for schedule in settings.schedule:
        try:
            check_schedule(schedule)
        except LabError as wrong:
            yield Check(ok=False, seen=str(wrong))
            continue
        known = diary.occasions(schedule.name)
        bad = bool(known) and known[-1].state in {"failed", "gave_up", "missed"}
        when = local(schedule, known[-1].due) if known else "—"
        told = (
            text(
                "what the schedule {name} was due on {when} is not made: labtools schedule list",
                name=schedule.name,
                when=when,
            )
            if bad
            else text("schedule {name} is in order", name=schedule.name)
        )
        yield Check(not bad, told)
    yield _timer(workbench)


def _timer(workbench: Workbench) -> Check:
    page = workbench.schedule / PAGE
    allowed = timedelta(minutes=MINUTES * _LOOKS_MISSED)
    looked = datetime.fromtimestamp(page.stat().st_mtime, UTC) if page.is_file() else None
    if looked is not None and datetime.now(UTC) - looked < allowed:
        return Check(ok=True, seen=text("the schedules are looked at"))
    told = text(
        "nobody looks at the schedules (last: {when}): labtools schedule install",
        when=f"{looked:%Y-%m-%d %H:%M}" if looked else "—",
    )
    return Check(ok=False, seen=told)


def _cards(workbench: Workbench, today: date) -> Check:
    """Look for figures that pages hide because they are past the date of their card."""
    try:
        cards = read_table("cards", workbench.latest / "public" / "tables")
    except LabError as wrong:
        return Check(ok=False, seen=str(wrong))
    past = cards[cards["expires_on"] <= pd.Timestamp(today)]
    if past.empty:
        return Check(ok=True, seen=text("every published figure is within the date of its card"))
    return Check(
        ok=False,
        seen=text(
            "{n} kinds of figure are past the date of their card and hidden from readers; the "
            "first is {first}, since {day}. Bring newer data and run “labtools run”.",
            n=len(past),
            first=str(past["card"].iloc[0]),
            day=f"{past['expires_on'].iloc[0]:%Y-%m-%d}",
        ),
    )
