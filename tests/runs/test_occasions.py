"""Occasions against calendars written by hand: clocks that change, holidays, odd rules."""

from datetime import UTC, datetime

import pytest

from labtools.errors import SettingsError
from labtools.messages import speaking
from labtools.runs.occasions import last_month_expected, local, next_occasions, occasions_between
from labtools.settings import Schedule


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


def schedule(cron, **told):
    return Schedule(name="quarterly", cron=cron, **told)


def tijuana(cron):
    """Tijuana's clock jumps from 2 to 3 on 8 March 2026 (10:00 UTC), back on 1 November."""
    return schedule(cron, time_zone="America/Tijuana", holidays="run")


def test_an_hour_that_the_clock_leaves_out_comes_once_when_it_has_gone_forward():
    due = occasions_between(tijuana("30 2 * * *"), utc(2026, 3, 7), utc(2026, 3, 10))

    assert due == (
        utc(2026, 3, 7, 10, 30),  # 02:30, eight hours behind
        utc(2026, 3, 8, 10, 30),  # the clock shows 03:30
        utc(2026, 3, 9, 9, 30),  # 02:30, seven hours behind
    )
    assert local(tijuana("30 2 * * *"), due[1]) == "2026-03-08 03:30"


def test_an_hour_that_comes_twice_counts_the_first_time():
    due = occasions_between(tijuana("30 1 * * *"), utc(2026, 10, 31), utc(2026, 11, 3))

    assert due == (
        utc(2026, 10, 31, 8, 30),
        utc(2026, 11, 1, 8, 30),  # and not again at 9:30
        utc(2026, 11, 2, 9, 30),
    )


def test_hours_that_a_change_of_clocks_makes_the_same_instant_are_one_occasion():
    due = occasions_between(tijuana("0 2,3 * * *"), utc(2026, 3, 8), utc(2026, 3, 9))

    assert due == (utc(2026, 3, 8, 10),)


def test_mexico_city_keeps_its_clock_all_year():
    due = next_occasions(schedule("0 6 * * *", holidays="run"), utc(2026, 1, 1), 365)

    assert {it.hour for it in due} == {12}


@pytest.mark.parametrize(
    ("holidays", "expected"),
    [
        # 16 March 2026 is a Monday: the birthday of Benito Juárez, by law the third Monday.
        ("run", [13, 14, 15, 16, 17]),
        ("skip", [13, 17]),
        ("next", [13, 17]),
    ],
)
def test_weekends_and_holidays_by_the_law_of_mexico(holidays, expected):
    rule = schedule("0 6 * * *", holidays=holidays)

    due = occasions_between(rule, utc(2026, 3, 12, 18), utc(2026, 3, 17, 18))

    assert [local(rule, it) for it in due] == [f"2026-03-{day} 06:00" for day in expected]


def test_a_look_after_the_holiday_still_finds_what_the_holiday_moved():
    rule = schedule("0 6 1 1 *", days_off=("2026-01-02",))

    assert occasions_between(rule, utc(2026, 1, 4), utc(2026, 1, 6)) == (utc(2026, 1, 5, 12),)


def test_occasions_are_half_open_so_that_none_is_given_twice():
    rule = schedule("0 6 * * *", holidays="run")
    noon = utc(2026, 5, 4, 12)

    assert occasions_between(rule, utc(2026, 5, 4), noon) == (noon,)
    assert occasions_between(rule, noon, utc(2026, 5, 5)) == ()


@pytest.mark.parametrize(
    ("day", "month"),
    [
        (utc(2026, 1, 5), "2025-12"),
        (utc(2026, 3, 31, 12), "2025-12"),
        (utc(2026, 4, 1, 5), "2025-12"),  # in Mexico City it is still March
        (utc(2026, 4, 1, 6), "2026-03"),
        (utc(2026, 12, 31, 12), "2026-09"),
    ],
)
def test_the_last_complete_quarter_is_that_of_the_day_on_the_wall(day, month):
    assert last_month_expected(schedule("0 6 5 * *"), day) == month


@pytest.mark.parametrize(
    "cron", ["0 6 * *", "61 * * * *", "0 0 30 2 *", "every day", "0 0 6 * * *"]
)
def test_a_rule_that_never_comes_is_refused_with_an_example(cron):
    with speaking("en"), pytest.raises(SettingsError, match=r"never comes.*0 6 5 1,4,7,10"):
        next_occasions(schedule(cron), utc(2026, 1, 1), 1)


def test_a_day_that_comes_every_four_years_is_found():
    rule = schedule("0 6 29 2 *", holidays="run")

    assert local(rule, next_occasions(rule, utc(2026, 1, 1), 1)[0]) == "2028-02-29 06:00"
