"""The page that tells an operator how the schedules stand; for lab staff only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from markupsafe import Markup

from labtools.messages import language, mark, say, text
from labtools.publish.pages import ASSETS, render_alone
from labtools.runs.diary import Diary, Occasion
from labtools.runs.occasions import local, next_occasions
from labtools.settings import Schedule
from labtools.tables.store import make_folder, writing
from labtools.workflow.steps import Opened

NAME = "status.html"
_SHOWN = 20

STATES: Mapping[str, str] = MappingProxyType(
    {
        "due": mark("due"),
        "waiting": mark("waits for data"),
        "started": mark("at work"),
        "busy": mark("waits for the workbench"),
        "failed": mark("failed, to be tried again"),
        "done": mark("done"),
        "missed": mark("missed"),
        "superseded": mark("the next one took its place"),
        "gave_up": mark("given up"),
    }
)


def write_schedule_page(opened: Opened, diary: Diary, now: datetime) -> Path:
    """Write how the schedules of a workbench stand, whole or not at all, for lab staff only."""
    path = make_folder(opened.workbench.schedule, private=True) / NAME
    style = (ASSETS / "style.css").read_text(encoding="utf-8")
    told = [_told(schedule, diary, now) for schedule in opened.settings.schedule]
    page = render_alone(
        "schedule",
        language(),
        {
            "title": text("Schedules"),
            "lab": opened.settings.lab.name,
            "internal": text("For lab staff only"),
            "style": Markup(style),  # noqa: S704 - our own style sheet
            "looked": text(
                "Looked at on {when} (UTC).", when=f"{now.astimezone(UTC):%Y-%m-%d %H:%M}"
            ),
            "heads": _heads(),
            "schedules": told,
            "nothing": text("Nothing was due yet."),
            "unscheduled": text("lab.toml has no schedule. Write one under [[schedule]]."),
        },
    )
    with writing(path, private=True) as aside:
        aside.write_text(page, encoding="utf-8")
    return path


def rule_words(schedule: Schedule) -> str:
    """Return a schedule's rule in words: cron's fields, the clock, and what holidays do."""
    holidays = {
        "next": text("weekends and holidays wait for the next working day"),
        "skip": text("not on weekends or holidays"),
        "run": text("on any day"),
    }
    return text(
        "{cron}, {zone}; {holidays}",
        cron=schedule.cron,
        zone=schedule.time_zone,
        holidays=holidays[schedule.holidays],
    )


def next_words(schedule: Schedule, now: datetime) -> str:
    """Return when a schedule is due next."""
    due = next_occasions(schedule, now, 1)[0]
    return text("Next: {when}", when=local(schedule, due))


def last_words(schedule: Schedule, diary: Diary) -> str:
    """Return what the last occasion of a schedule has come to."""
    known = diary.occasions(schedule.name)
    if not known:
        return text("Nothing was due yet.")
    return text(
        "Last: {when}, {state}",
        when=local(schedule, known[-1].due),
        state=say(STATES[known[-1].state]),
    )


def _heads() -> list[str]:
    return [
        text("Due"),
        text("Last month"),
        text("State"),
        text("Since"),
        text("Tries"),
        text("Details"),
    ]


def _told(schedule: Schedule, diary: Diary, now: datetime) -> dict[str, object]:
    known = diary.occasions(schedule.name)[-_SHOWN:]
    return {
        "name": schedule.name,
        "rule": rule_words(schedule),
        "next": next_words(schedule, now),
        "caption": text("What was due, the latest first; hours of {zone}", zone=schedule.time_zone),
        "rows": [_row(schedule, occasion) for occasion in reversed(known)],
    }


def _row(schedule: Schedule, occasion: Occasion) -> dict[str, object]:
    facts = occasion.facts
    details = [str(facts[name]) for name in ("run", "reason", "by") if facts.get(name)]
    if facts.get("late"):
        details.append(text("data late: {sources}", sources=tuple(facts["late"])))
    return {
        "due": local(schedule, occasion.due),
        "period": facts.get("period") or "—",
        "state": say(STATES[occasion.state]),
        "since": local(schedule, occasion.since),
        "tries": occasion.tries,
        "detail": "; ".join(details) or "—",
    }
