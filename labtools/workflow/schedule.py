"""Look at the schedules and do what is due: each occasion once, or a word about why not.

A timer of the system looks every few minutes (`labtools.workflow.timers`); what is to be done is
decided here, from the diary.  Therefore it does not matter whether the machine slept, the power
went in the middle of a run, or somebody was working in the workbench: the next look goes on from
what is written down.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

from labtools.messages import text
from labtools.publish.delivery import Sent
from labtools.runs.diary import Diary, Event, Kind, Occasion
from labtools.runs.occasions import last_month_expected, local, occasions_between
from labtools.settings import Schedule
from labtools.tables.lineage import digest_of
from labtools.workflow.arrivals import late_sources
from labtools.workflow.errands import BUSY, Ended, Errand
from labtools.workflow.locking import looking
from labtools.workflow.schedule_page import write_schedule_page
from labtools.workflow.steps import Opened
from labtools.workflow.tidings import compose_tidings

#: Ways of ending that no new try mends: settings, privacy, a missing library.
_FOR_A_PERSON = frozenset({2, 6, 8})
_RULE = frozenset({"cron", "time_zone", "holidays", "country", "days_off"})


@dataclass(frozen=True, slots=True)
class Desk:
    """What a look has to do with the world outside; tests put their own in its place.

    Attributes
    ----------
    now : callable
        Gives the time, with its zone.
    work : callable
        Runs an errand and says how it ended.
    post : callable
        Hands in a letter.
    """

    now: Callable[[], datetime]
    work: Callable[[Errand], Ended]
    post: Callable[[EmailMessage], Sent]


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the schedules of a workbench.

    Attributes
    ----------
    opened : Opened
    desk : Desk
    diary : Diary
    """

    opened: Opened
    desk: Desk
    diary: Diary

    def note(self, schedule: Schedule, kind: Kind, due: datetime | None, **facts: object) -> None:
        """Write an event down, now."""
        self.diary.note(Event(self.now(), schedule.name, kind, due, facts))

    def now(self) -> datetime:
        """Return the time of day, universal."""
        return self.desk.now().astimezone(UTC)


def look_at_schedules(opened: Opened, desk: Desk) -> tuple[Occasion, ...]:
    """Do what is due, write it down, tell those who follow it; return what was attended to.

    Raises
    ------
    BusyError
        If another look is still at work.
    SettingsError, DependencyError
        If a schedule cannot be understood.
    """
    with looking(opened.workbench):
        look = Look(opened, desk, Diary(opened.workbench.schedule))
        schedules = opened.settings.schedule
        for schedule in schedules:
            _begin(look, schedule)
        attended: list[Occasion] = []
        for schedule in schedules:
            attended += _attend_to(look, schedule)
        for schedule in schedules:
            _tell(look, schedule)
        write_schedule_page(opened, look.diary, look.now())
        return tuple(attended)


def _begin(look: Look, schedule: Schedule) -> None:
    """Note a schedule that is new, or whose rule is: what was due before is not asked for."""
    rule = digest_of(schedule.model_dump(mode="json", include=set(_RULE)))[:16]
    before = look.diary.began(schedule.name)
    if before is None or before.facts.get("rule") != rule:
        look.note(schedule, "began", None, rule=rule)


def _attend_to(look: Look, schedule: Schedule) -> list[Occasion]:
    new = _newly_due(look, schedule)
    for due in new[:-1]:
        look.note(schedule, "missed", due, period=last_month_expected(schedule, due))
    for due in new[-1:]:
        _take_on(look, schedule, due)
    return [
        _attend(look, schedule, occasion)
        for occasion in look.diary.occasions(schedule.name)
        if occasion.is_open
    ]


def _newly_due(look: Look, schedule: Schedule) -> tuple[datetime, ...]:
    began = look.diary.began(schedule.name)
    known = [occasion.due for occasion in look.diary.occasions(schedule.name)]
    since = max([*known, *([began.at] if began else [])])
    return occasions_between(schedule, since, look.now())


def _take_on(look: Look, schedule: Schedule, due: datetime) -> None:
    """Put aside what this occasion stands for from now on; leave it, if it comes too late."""
    for before in look.diary.occasions(schedule.name):
        if before.is_open:
            look.note(schedule, "superseded", before.due, by=local(schedule, due))
    late = look.now() - due > timedelta(days=schedule.catch_up_days)
    kind: Kind = "missed" if late else "due"
    look.note(schedule, kind, due, period=last_month_expected(schedule, due))


def _attend(look: Look, schedule: Schedule, occasion: Occasion) -> Occasion:
    """Do what can be done about an occasion now; return what it has come to."""
    if occasion.state == "started":  # and no look is at work: it died
        occasion = _failed(look, schedule, occasion, Ended(None, text("It was interrupted.")))
    elif look.now() < _not_before(schedule, occasion):
        return occasion
    if not occasion.is_open:
        return occasion
    late = late_sources(look.opened, schedule, str(occasion.facts.get("period", "")))
    if late:
        return _wait(look, schedule, occasion, late)
    return _work(look, schedule, occasion)


def _not_before(schedule: Schedule, occasion: Occasion) -> datetime:
    if occasion.state != "failed":
        return occasion.due
    return occasion.since + timedelta(minutes=schedule.pause_minutes) * (1 << (occasion.tries - 1))


def _wait(look: Look, schedule: Schedule, occasion: Occasion, late: Sequence[str]) -> Occasion:
    if _has_waited_enough(look, schedule, occasion):
        return _note(look, schedule, occasion, "gave_up", why="data", late=list(late))
    if occasion.state == "waiting" and occasion.facts.get("late") == list(late):
        return occasion
    return _note(look, schedule, occasion, "waiting", late=list(late))


def _work(look: Look, schedule: Schedule, occasion: Occasion) -> Occasion:
    started = _note(look, schedule, occasion, "started", code=None, reason="")
    write_schedule_page(look.opened, look.diary, look.now())
    period = str(occasion.facts.get("period", ""))
    name = f"{schedule.name}-{occasion.due:%Y%m%dT%H%MZ}-{started.tries}.log"
    errand = Errand(
        look.opened.workbench,
        period,
        timedelta(minutes=schedule.limit_minutes),
        look.opened.workbench.schedule / "logs" / name,
        tuple(step for step in ("share", "deliver") if getattr(schedule, step)),
    )
    ended = look.desk.work(errand)
    if ended.code == BUSY:
        given_up = _has_waited_enough(look, schedule, occasion)
        busy = _note(look, schedule, started, "busy", reason=ended.reason)
        return _note(look, schedule, busy, "gave_up", why="busy") if given_up else busy
    if ended.code == 0:
        days = (look.now() - occasion.due).days if occasion.facts.get("late") else None
        return _note(look, schedule, started, "done", run=ended.run, late_days=days)
    return _failed(look, schedule, started, ended)


def _failed(look: Look, schedule: Schedule, occasion: Occasion, ended: Ended) -> Occasion:
    failed = _note(look, schedule, occasion, "failed", code=ended.code, reason=ended.reason)
    if ended.code in _FOR_A_PERSON or failed.tries >= schedule.tries:
        return _note(look, schedule, failed, "gave_up", why="failed", code=ended.code)
    return failed


def _has_waited_enough(look: Look, schedule: Schedule, occasion: Occasion) -> bool:
    return look.now() - occasion.due > timedelta(days=schedule.wait_days)


def _note(
    look: Look, schedule: Schedule, occasion: Occasion, kind: Kind, **facts: object
) -> Occasion:
    look.note(schedule, kind, occasion.due, **facts)
    return occasion.after(look.diary.events[-1])


def _tell(look: Look, schedule: Schedule) -> None:
    """Send those who follow a schedule what they do not know yet; else it is tried next time."""
    news = look.diary.untold(schedule.name)
    if not (schedule.tell and news):
        return
    letter = compose_tidings(look.opened, schedule, news)
    if look.desk.post(letter).ok:
        look.note(schedule, "told", None, to=len(schedule.tell), news=len(news))
