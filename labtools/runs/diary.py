"""The diary of the schedules: what was due, what was done about it, who was told.

Lines are only added, each on the disk before the next thing is done; what an occasion has come
to is read from them.  So a machine that loses its power in the middle of anything knows, when it
is back, what it had begun.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from labtools.tables.store import make_folder

Kind = Literal[
    "began",  # a schedule is known from this moment; what was due before is not asked for
    "due",
    "waiting",  # its data are late
    "started",
    "busy",  # somebody else held the workbench
    "failed",
    "done",
    "missed",  # the machine slept through it
    "superseded",  # the next one was due before this one could be done
    "gave_up",
    "told",
]
#: Nothing more is done about such an occasion.
CLOSED: frozenset[Kind] = frozenset({"done", "missed", "superseded", "gave_up"})
#: What those who follow a schedule are told of.
NEWS: frozenset[Kind] = frozenset({"waiting", "failed", *CLOSED})
NAME = "diary.jsonl"


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the diary.

    Attributes
    ----------
    at : datetime.datetime
        When it was written, in universal time.
    schedule : str
    kind : str
    due : datetime.datetime, optional
        Which occasion it is about, in universal time; none where it is about the schedule.
    facts : mapping
        What else is known of it: period, reason, run.
    """

    at: datetime
    schedule: str
    kind: Kind
    due: datetime | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Occasion:
    """What an occasion has come to.

    Attributes
    ----------
    schedule : str
    due : datetime.datetime
    state : str
        Kind of its last event.
    since : datetime.datetime
        When that was.
    tries : int
        Times that it was started and not merely found the workbench busy.
    facts : mapping
        Everything that was noted of it, the last word counting.
    """

    schedule: str
    due: datetime
    state: Kind
    since: datetime
    tries: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done about it."""
        return self.state not in CLOSED

    def after(self, event: Event) -> Occasion:
        """Return what it has come to after one more event."""
        started = {"started": 1, "busy": -1}.get(event.kind, 0)
        return replace(
            self,
            state=event.kind,
            since=event.at,
            tries=self.tries + started,
            facts={**self.facts, **event.facts},
        )


class Diary:
    """The diary of a workbench, on disk.

    Parameters
    ----------
    folder : pathlib.Path
        Where it lies (`labtools.paths.Workbench.schedule`).
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self.events: list[Event] = list(_read(self.path))

    def note(self, event: Event) -> None:
        """Add an event; it is on the disk when this returns."""
        make_folder(self.path.parent, private=True)
        told = {
            "at": event.at.isoformat(timespec="seconds"),
            "schedule": event.schedule,
            "kind": event.kind,
            "due": event.due.isoformat() if event.due else None,
            **({"facts": dict(event.facts)} if event.facts else {}),
        }
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            line = json.dumps(told, ensure_ascii=False) + "\n"
            os.write(descriptor, (_ended(descriptor) + line).encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self.events.append(event)

    def occasions(self, schedule: str) -> tuple[Occasion, ...]:
        """Return the occasions of a schedule that the diary knows, in the order they were due."""
        found: dict[datetime, Occasion] = {}
        for event in self.events:
            if event.schedule != schedule or event.due is None:
                continue
            before = found.get(event.due)
            empty = Occasion(schedule, event.due, event.kind, event.at)
            found[event.due] = (before or empty).after(event)
        return tuple(found[due] for due in sorted(found))

    def began(self, schedule: str) -> Event | None:
        """Return the last time that a schedule began: with its rule as it is, if that is known."""
        return next(
            (e for e in reversed(self.events) if (e.schedule, e.kind) == (schedule, "began")), None
        )

    def untold(self, schedule: str) -> tuple[Event, ...]:
        """Return the news of a schedule that nobody was told of yet."""
        mine = [event for event in self.events if event.schedule == schedule]
        told = [n for n, event in enumerate(mine, start=1) if event.kind == "told"]
        return tuple(event for event in mine[told[-1] if told else 0 :] if event.kind in NEWS)


def _read(path: Path) -> list[Event]:
    """Read a diary; a line that the power went out over is left aside: it was not finished."""
    if not path.is_file():
        return []
    return [
        event
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
        if (event := _event(line)) is not None
    ]


def _event(line: str) -> Event | None:
    try:
        told = json.loads(line)
        due = told["due"]
        return Event(
            datetime.fromisoformat(told["at"]),
            told["schedule"],
            told["kind"],
            datetime.fromisoformat(due) if due else None,
            told.get("facts", {}),
        )
    except (ValueError, KeyError, TypeError):
        return None


def _ended(descriptor: int) -> str:
    """Return what ends the line before: nothing, unless it was torn."""
    size = os.fstat(descriptor).st_size
    return "\n" if size and os.pread(descriptor, 1, size - 1) != b"\n" else ""
