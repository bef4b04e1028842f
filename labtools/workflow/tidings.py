"""Letters to those who follow a schedule: done, failed, its data late.

A letter leaves the building, so it holds no figure, no name of a colonia and none of what a run
said: only what was due, what became of it, and where in the lab to look.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from types import MappingProxyType

from labtools.messages import Sentence, mark, plural, say, text
from labtools.publish.delivery import compose_letter
from labtools.runs.diary import Event
from labtools.runs.occasions import local
from labtools.settings import Schedule
from labtools.workflow.deliver import post_of
from labtools.workflow.steps import Opened

_SAID = MappingProxyType(
    {
        "waiting": mark("its data are late: {sources}. It is made when they come."),
        "failed": mark("it failed ({how}). It is tried again."),
        "done": mark("the edition {run} is published."),
        "missed": mark("it was not made: nobody looked at the time it was due."),
        "superseded": mark("it was not made before the next one was due, which takes its place."),
    }
)
_GAVE_UP = MappingProxyType(
    {
        "data": mark("it was not made: its data did not come ({sources})."),
        "busy": mark("it was not made: the workbench was in use all the time."),
        "failed": mark("it failed ({how}) and is not tried again. The last edition stands."),
    }
)
#: Exit code → what kind of failure it is.
_HOW = MappingProxyType(
    {
        2: mark("the settings"),
        3: mark("a supplier's file"),
        4: mark("a table"),
        5: mark("an analysis"),
        6: mark("privacy: it may not be released"),
        7: mark("a notebook, or a delivery"),
        8: mark("a library is missing"),
        74: mark("the disk is full"),
    }
)
_LATE: Sentence = plural(
    "the edition {run} is published, {n} day late: its data came late.",
    "the edition {run} is published, {n} days late: its data came late.",
)


def compose_tidings(opened: Opened, schedule: Schedule, news: Sequence[Event]) -> EmailMessage:
    """Return the letter that tells of news.

    Raises
    ------
    SettingsError
        If an address holds a line break.
    """
    lab = opened.settings.lab.name
    lines = [f"- {spoken(schedule, event)}" for event in news]
    words = [
        *lines,
        "",
        text("The whole story, for lab staff: labtools schedule list"),
    ]
    subject = text("{lab}: schedule {name}", lab=lab, name=schedule.name)
    return compose_letter(
        post_of(opened.settings.delivery),
        schedule.tell,
        subject=subject,
        words="\n".join(words),
        files=(),
    )


def spoken(schedule: Schedule, event: Event) -> str:
    """Return what an event says to people: when it was due, and what became of it."""
    due = event.due or event.at
    return text("{due}: {what}", due=_when(schedule, due), what=_what(event))


def _when(schedule: Schedule, instant: datetime) -> str:
    return f"{local(schedule, instant)} {schedule.time_zone}"


def _what(event: Event) -> str:
    facts = event.facts
    sources = tuple(facts.get("late") or ("—",))
    how = say(_HOW.get(facts.get("code") or 0, mark("it came to no end")))
    if event.kind == "gave_up":
        return say(_GAVE_UP[str(facts["why"])], sources=sources, how=how)
    run = facts.get("run") or "—"
    if event.kind == "done" and facts.get("late_days") is not None:
        return say(_LATE, run=run, n=facts["late_days"])
    return say(_SAID[event.kind], sources=sources, how=how, run=run)
