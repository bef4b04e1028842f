"""When a schedule is due: cron's five fields, a time zone, and the days on which nobody works.

An occasion is an instant.  Its hour on the wall is read from cron's fields; weekends and
holidays may move it to the next working day; and only then it is given its place in universal
time, so that a change of clocks neither doubles nor loses it.  For reports once a day or
rarer: of an hourly schedule, the hour that the clock repeats comes once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from labtools.errors import DependencyError, SettingsError
from labtools.settings import Schedule

_SATURDAY = 5
_MINUTE = timedelta(minutes=1)
_LONGEST_BREAK = timedelta(days=45)  # no run of days off is longer
_HORIZON = timedelta(days=366 * 9)  # 29 February may be eight years away
_FIRST_SPAN = timedelta(days=40)


def occasions_between(schedule: Schedule, after: datetime, until: datetime) -> tuple[datetime, ...]:
    """Return the instants at which a schedule is due, ``(after, until]``, in universal time.

    Occasions that a holiday moves to the same instant are one.

    Parameters
    ----------
    after, until : datetime.datetime
        With their time zones.

    Raises
    ------
    SettingsError
        If the schedule's cron text has no meaning.
    DependencyError
        If the libraries of the extra "schedule" are not installed.
    """
    zone = ZoneInfo(schedule.time_zone)
    back = _LONGEST_BREAK if schedule.holidays == "next" else timedelta(days=1)
    first = after.astimezone(zone).replace(tzinfo=None) - back
    last = until.astimezone(zone).replace(tzinfo=None) + timedelta(days=1)
    moved = (_moved(schedule, wall) for wall in _walls(schedule, first, last))
    instants = {_instant(wall, zone) for wall in moved if wall is not None}
    return tuple(sorted(it for it in instants if after < it <= until))


def next_occasions(schedule: Schedule, after: datetime, n: int) -> tuple[datetime, ...]:
    """Return the next `n` occasions after an instant, fewer where there are not so many.

    Raises
    ------
    SettingsError
        If the cron text has no meaning, or its day never comes (30 February).
    """
    span = _FIRST_SPAN
    while len(found := occasions_between(schedule, after, after + span)) < n and span < _HORIZON:
        span *= 3
    if not found:
        raise _meaningless(schedule)
    return found[:n]


def last_month_expected(schedule: Schedule, due: datetime) -> str:
    """Return the last month of the last quarter that was complete on the day of an occasion.

    Empty where the schedule takes whatever data there are.
    """
    if schedule.data_until == "any":
        return ""
    day = due.astimezone(ZoneInfo(schedule.time_zone))
    months = day.year * 12 + (day.month - 1) // 3 * 3 - 1  # counted from January of year 0
    return f"{months // 12:04d}-{months % 12 + 1:02d}"


def local(schedule: Schedule, instant: datetime) -> str:
    """Return an instant as the clock on the schedule's wall shows it."""
    return f"{instant.astimezone(ZoneInfo(schedule.time_zone)):%Y-%m-%d %H:%M}"


def check_schedule(schedule: Schedule) -> None:
    """Check that a schedule's cron text and country can be understood.

    Raises
    ------
    SettingsError, DependencyError
    """
    next_occasions(schedule, datetime.now(UTC), 1)
    _holidays_of(schedule.country)


def _walls(schedule: Schedule, first: datetime, last: datetime) -> Iterator[datetime]:
    """Give the hours on the wall that cron's fields name, ``[first, last]``."""
    croniter = _croniter()
    fields = schedule.cron.split()
    if len(fields) != 5 or not croniter.croniter.is_valid(schedule.cron):  # noqa: PLR2004 - cron's fields
        raise _meaningless(schedule)
    times = croniter.croniter(schedule.cron, first - _MINUTE)
    while True:
        try:
            wall: datetime = times.get_next(datetime)
        except croniter.CroniterBadDateError as never:
            raise _meaningless(schedule) from never
        if wall > last:
            return
        yield wall


def _moved(schedule: Schedule, wall: datetime) -> datetime | None:
    """Return where weekends and holidays move an hour to; None where they drop it."""
    if schedule.holidays == "run" or _is_working(schedule, wall.date()):
        return wall
    if schedule.holidays == "skip":
        return None
    for days in range(1, _LONGEST_BREAK.days):
        later = wall + timedelta(days=days)
        if _is_working(schedule, later.date()):
            return later
    return None


def _is_working(schedule: Schedule, day: date) -> bool:
    if day.weekday() >= _SATURDAY or day.isoformat() in schedule.days_off:
        return False
    return not _holidays_of(schedule.country)(day)


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant at which a clock in `zone` shows `wall` (PEP 495, ``fold=0``).

    An hour that the clock leaves out is counted by the offset before the change: 02:30 then
    comes when the clock shows 03:30.
    """
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


@cache
def _holidays_of(country: str) -> Callable[[date], bool]:
    try:
        import holidays  # noqa: PLC0415 - only schedules need it
    except ImportError as absent:
        raise _not_installed() from absent
    try:
        found = holidays.country_holidays(country)
    except NotImplementedError as unknown:
        raise SettingsError(
            "No public holidays are known of the country {country}. Write its two letters, such "
            "as MX, under [[schedule]] country in lab.toml.",
            country=country,
        ) from unknown
    return found.__contains__


def _croniter() -> Any:
    try:
        import croniter  # noqa: PLC0415 - only schedules need it
    except ImportError as absent:
        raise _not_installed() from absent
    return croniter


def _not_installed() -> DependencyError:
    return DependencyError(
        "Schedules need two libraries that are not installed. Install them with: "
        "pip install 'labtools[schedule]'."
    )


def _meaningless(schedule: Schedule) -> SettingsError:
    return SettingsError(
        "The schedule {name} says “{cron}”, which never comes. Write minute, hour, day, month and "
        "day of the week, for example 0 6 5 1,4,7,10 * (at six on the 5th after each quarter).",
        name=schedule.name,
        cron=schedule.cron,
    )
