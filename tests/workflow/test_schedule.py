"""Two weeks of a schedule under a clock of our own: each occasion is done once, or told of."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from labtools.errors import BusyError, SettingsError
from labtools.messages import speaking
from labtools.paths import Workbench
from labtools.publish.delivery import Sent
from labtools.runs.diary import CLOSED, NAME, Diary
from labtools.settings import Schedule, load_settings
from labtools.workflow.errands import Ended
from labtools.workflow.schedule import Desk, look_at_schedules
from labtools.workflow.schedule_page import NAME as PAGE
from labtools.workflow.schedule_page import STATES
from labtools.workflow.steps import Opened

SETTINGS = """
[lab]
name = "Laboratorio"
municipality = "Santa Lucía"
municipality_id = "99001"

[colonias]
path = "colonias.geojson"
descriptor = "colonias_demo"
cutoff = "2026-01-01"

[delivery]
sender = "lab@municipio.example"

[[source]]
name = "carpetas"
path = "carpetas.csv"
descriptor = "case_files_demo"
cutoff = "{cutoff}"
"""
QUARTERLY = """
[[schedule]]
name = "quarterly"
cron = "0 6 5 1,4,7,10 *"
needs = ["carpetas"]
tell = ["operador@municipio.example"]
"""
NIGHTLY = """
[[schedule]]
name = "nightly"
cron = "30 2 * * *"
time_zone = "America/Tijuana"
holidays = "run"
data_until = "any"
needs = ["carpetas"]
catch_up_days = 1
wait_days = 2
tries = 3
pause_minutes = 30
tell = ["operador@municipio.example"]
"""
PLANNED = Ended(0, run="2025-12-abc")
FAILED = Ended(7, "cell 4: KeyError: 'Colonia Secreta'")


class PowerCut(BaseException):
    """The machine stops: nothing runs after it, not even what tidies up."""


class World:
    """A workbench, a clock, a mail server, and runs that end as they are told."""

    def __init__(self, root, schedules, *, now, cutoff="2025-12-31"):
        self.root, self.schedules, self.now, self.cutoff = root, schedules, now, cutoff
        self.worked, self.letters, self.mail_is_up = [], [], True
        self.opened = {}
        self.work = lambda _: PLANNED
        (root / "carpetas.csv").write_text("folio\n", encoding="utf-8")

    def look(self):
        told = SETTINGS.format(cutoff=self.cutoff) + self.schedules
        if told not in self.opened:
            (self.root / "lab.toml").write_text(told, encoding="utf-8")
            bench = Workbench(self.root)
            self.opened[told] = Opened(bench, load_settings(bench), print)
        desk = Desk(lambda: self.now, self._work, self._post)
        return look_at_schedules(self.opened[told], desk)

    def look_at(self, *when):
        self.now = datetime(*when, tzinfo=UTC)
        return [occasion.state for occasion in self.look()]

    def after(self, **span):
        self.now += timedelta(**span)
        return [occasion.state for occasion in self.look()]

    def _work(self, errand):
        ended = self.work(errand)
        self.worked.append((self.now, errand.log.name, ended))
        return ended

    def _post(self, letter):
        if self.mail_is_up:
            self.letters.append(letter)
        return Sent(ok=self.mail_is_up, tries=1)

    @property
    def said(self):
        return "\n".join(letter.get_content() for letter in self.letters)

    def occasions(self, name="quarterly"):
        return Diary(Workbench(self.root).schedule).occasions(name)


@pytest.fixture
def world(tmp_path):
    """The quarterly schedule, first looked at on New Year's day; due on Monday 5 January."""
    it = World(tmp_path, QUARTERLY, now=datetime(2026, 1, 1, tzinfo=UTC))
    assert it.look() == ()
    return it


def test_what_is_due_is_done_once_however_often_somebody_looks(world):
    early = world.look_at(2026, 1, 5, 11, 50)
    first = world.look_at(2026, 1, 5, 12, 0)
    later = [world.after(minutes=10) for _ in range(5)]

    assert (early, first, later) == ([], ["done"], [[]] * 5)
    assert len(world.worked) == 1
    assert (
        "2026-01-05 06:00 America/Mexico_City: the edition 2025-12-abc is published." in world.said
    )
    assert len(world.letters) == 1


def test_data_that_are_late_are_waited_for_told_of_once_and_used_when_they_come(world):
    world.cutoff = "2025-11-30"
    waits = [world.look_at(2026, 1, 5, 12, 0), world.after(minutes=10), world.after(hours=1)]
    world.cutoff = "2025-12-31"

    done = world.after(days=3)

    assert (waits, done) == ([["waiting"]] * 3, ["done"])
    assert len(world.worked) == 1
    assert len(world.letters) == 2
    assert "its data are late: carpetas" in world.letters[0].get_content()
    assert "is published, 3 days late: its data came late" in world.letters[1].get_content()


def test_data_that_never_come_are_given_up_and_the_edition_in_place_stands(world):
    world.cutoff = "2025-11-30"
    world.look_at(2026, 1, 5, 12, 0)

    end = world.after(days=16)

    assert end == ["gave_up"]
    assert world.worked == []
    assert "it was not made: its data did not come (carpetas)" in world.said


def test_a_file_that_is_not_there_is_late_too(world):
    (world.root / "carpetas.csv").unlink()

    assert world.look_at(2026, 1, 5, 12, 0) == ["waiting"]


def test_a_run_that_fails_is_tried_again_after_pauses_that_double_and_then_given_up(world):
    world.work = lambda _: FAILED
    world.look_at(2026, 1, 5, 12, 0)

    for _ in range(60):
        world.after(minutes=5)

    minutes = [(at - world.worked[0][0]) // timedelta(minutes=1) for at, _, _ in world.worked]
    assert minutes == [0, 15, 45, 105]
    assert world.occasions()[0].state == "gave_up"
    assert "it failed (a notebook, or a delivery) and is not tried again" in world.said


def test_letters_hold_nothing_of_what_a_run_said(world):
    world.work = lambda _: FAILED
    world.look_at(2026, 1, 5, 12, 0)

    assert "Secreta" not in world.said
    assert "Secreta" in (Workbench(world.root).schedule / PAGE).read_text(encoding="utf-8")


@pytest.mark.parametrize("code", [2, 6, 8])
def test_what_only_a_person_can_mend_is_not_tried_again(world, code):
    world.work = lambda _: Ended(code, "settings")

    assert world.look_at(2026, 1, 5, 12, 0) == ["gave_up"]
    assert [world.after(hours=1) for _ in range(5)] == [[]] * 5
    assert len(world.worked) == 1


def test_a_workbench_in_use_is_waited_for_without_using_up_the_tries(world):
    world.work = lambda _: Ended(75, "busy")
    busy = [world.look_at(2026, 1, 5, 12, 0), *(world.after(minutes=10) for _ in range(9))]
    world.work = lambda _: PLANNED

    done = world.after(minutes=10)

    assert (busy, done) == ([["busy"]] * 10, ["done"])
    assert world.occasions()[0].tries == 1


def test_a_run_that_the_power_went_out_over_is_tried_again_at_once_and_counted(world):
    def cut(_):
        raise PowerCut

    world.work = cut
    with suppress(PowerCut):
        world.look_at(2026, 1, 5, 12, 0)
    world.work = lambda _: PLANNED

    done = world.after(minutes=10)

    assert done == ["done"]
    assert world.occasions()[0].tries == 2
    assert "it failed (it came to no end). It is tried again." in world.said


def test_a_second_look_while_the_first_is_at_work_does_nothing(world):
    seen = []

    def work(_):
        with pytest.raises(BusyError, match="being worked on"):
            world.look()
        seen.append(world.occasions()[0].state)
        return PLANNED

    world.work = work

    assert world.look_at(2026, 1, 5, 12, 0) == ["done"]
    assert seen == ["started"]
    assert len(world.worked) == 1


def test_only_the_last_of_several_that_the_machine_slept_through_is_made_and_all_are_told(world):
    world.cutoff = "2026-06-30"

    states = world.look_at(2026, 7, 6, 12, 0)

    assert states == ["done"]
    assert [it.state for it in world.occasions()] == ["missed", "missed", "done"]
    assert world.said.count("it was not made: nobody looked at the time it was due") == 2


def test_one_that_is_found_too_late_is_missed(world):
    assert world.look_at(2026, 1, 16, 12, 1) == []
    assert world.occasions()[0].state == "missed"
    assert "nobody looked" in world.said


def test_the_next_one_takes_the_place_of_one_that_could_not_be_made(world):
    world.schedules = world.schedules.replace("tell =", "wait_days = 100\ntell =")
    world.cutoff = "2025-11-30"
    world.look_at(2026, 1, 5, 12, 0)
    world.cutoff = "2026-03-31"

    states = world.look_at(2026, 4, 6, 12, 0)

    assert states == ["done"]
    assert [it.state for it in world.occasions()] == ["superseded", "done"]
    assert [name[:21] for _, name, _ in world.worked] == ["quarterly-20260406T12"]


def test_a_mail_server_that_is_away_gets_the_news_later_and_once(world):
    world.mail_is_up = False
    world.look_at(2026, 1, 5, 12, 0)
    world.after(minutes=10)
    world.mail_is_up = True

    world.after(minutes=10)
    world.after(minutes=10)

    assert len(world.letters) == 1


def test_a_schedule_whose_rule_changes_begins_anew_and_asks_nothing_of_the_past(world):
    world.schedules = world.schedules.replace("0 6 5 1,4,7,10 *", "0 6 * * *")

    assert world.look_at(2026, 1, 30, 13, 0) == []
    assert world.occasions() == ()
    assert world.look_at(2026, 2, 3, 12, 0) == ["done"]  # Monday 2 February is a holiday


def test_a_line_that_the_power_went_out_over_is_left_aside_and_the_next_stands(world):
    path = Workbench(world.root).schedule / NAME
    with path.open("a", encoding="utf-8") as diary:
        diary.write('{"at": "2026-01-0')

    world.look_at(2026, 1, 5, 12, 0)

    assert world.occasions()[0].state == "done"
    assert oct(path.stat().st_mode & 0o777) == "0o600"


def test_the_page_of_the_operator_tells_each_occasion_in_spanish(world):
    with speaking("es_MX"):
        world.look_at(2026, 1, 5, 12, 0)

    page = (Workbench(world.root).schedule / PAGE).read_text(encoding="utf-8")

    assert '<html lang="es-MX">' in page
    assert "2026-01-05 06:00</th><td>2025-12</td><td>terminada</td>" in page
    assert not [english for english in STATES.values() if f"<td>{english}</td>" in page]


@pytest.mark.parametrize(
    ("told", "fault"),
    [
        ('time_zone = "America/Queretaro"', "name of a time zone"),
        ('needs = ["llamadas"]', "needs the source llamadas"),
        ("tries = 0", "at least 1"),
        ('name = "quarterly"', "two schedules are called quarterly"),
    ],
)
def test_a_schedule_that_cannot_be_is_refused_by_name(world, told, fault):
    extra = told if told.startswith("name") else f'name = "other"\n{told}'
    world.schedules += f'\n[[schedule]]\ncron = "0 6 * * *"\n{extra}\n'

    with pytest.raises(SettingsError, match=fault):
        world.look()


def night_occasions(first, days):
    """Half past two in Tijuana, by its offsets; half past three where there is no such hour."""
    forward, back = datetime(2026, 3, 8, 10, tzinfo=UTC), datetime(2026, 11, 1, 9, tzinfo=UTC)
    winter = [first + timedelta(days=n, hours=10, minutes=30) for n in range(days)]
    summer = [it - timedelta(hours=1) for it in winter]
    return [s if forward <= s < back else w for s, w in zip(summer, winter, strict=True)]


class BadLuck:
    """Two weeks in which runs last, fail and are cut off, and machine, data and post go away."""

    def __init__(self, world, rng):
        self.world, self.rng, self.refused = world, rng, 0
        world.work = self.work

    def chance(self, p):
        return self.rng.random() < p

    def work(self, _):
        for _ in range(self.rng.integers(0, 8)):  # up to four hours, and the timer goes on
            self.world.now += timedelta(minutes=30)
            with suppress(BusyError):
                self.world.look()
                pytest.fail("two looks at once")
            self.refused += 1
        fate = self.rng.choice(["done", "failed", "busy", "cut"], p=[0.35, 0.4, 0.1, 0.15])
        if fate == "cut":
            self.world.now += timedelta(hours=float(self.rng.exponential(20)))  # it is off
            raise PowerCut
        return {"done": PLANNED, "busy": Ended(75)}.get(fate, FAILED)

    def live_until(self, end):
        file = self.world.root / "carpetas.csv"
        while self.world.now < end:
            self.world.mail_is_up = self.chance(0.7)
            file.touch() if self.chance(0.9) else file.unlink(missing_ok=True)
            with suppress(PowerCut):
                self.world.look()
            asleep = float(self.rng.exponential(14)) if self.chance(0.05) else 0.75
            self.world.now += timedelta(hours=asleep)

    def end_well(self):
        self.world.mail_is_up, self.world.work = True, lambda _: PLANNED
        (self.world.root / "carpetas.csv").touch()
        for _ in range(20):
            self.world.after(hours=1)


@pytest.fixture(
    scope="module",
    params=[((2026, 3, 1), 0), ((2026, 10, 25), 3)],
    ids=["the clock goes forward", "the clock goes back"],
)
def two_weeks(request, tmp_path_factory):
    """The nightly schedule of Tijuana over a change of its clock, in a world of bad luck."""
    first, seed = request.param
    start = datetime(*first, tzinfo=UTC)
    world = World(tmp_path_factory.mktemp("weeks"), NIGHTLY, now=start)
    luck = BadLuck(world, np.random.default_rng(seed))
    with speaking("en"):
        world.look()
        luck.live_until(start + timedelta(days=14))
        luck.end_well()
    assert luck.refused
    return world, [it for it in night_occasions(start, 20) if start < it <= world.now]


def test_after_two_weeks_of_bad_luck_every_occasion_is_accounted_for_once(two_weeks):
    world, expected = two_weeks

    closings = [e.due for e in Diary(Workbench(world.root).schedule).events if e.kind in CLOSED]

    assert sorted(closings) == expected
    assert {it.state for it in world.occasions("nightly")} <= CLOSED


def test_after_two_weeks_of_bad_luck_none_was_made_twice_and_none_is_done_that_was_not(two_weeks):
    world, _ = two_weeks

    made = [name.rsplit("-", 1)[0] for _, name, ended in world.worked if ended.code == 0]

    known = world.occasions("nightly")
    done = [f"nightly-{it.due:%Y%m%dT%H%MZ}" for it in known if it.state == "done"]
    assert sorted(made) == done
    assert 0 < len(done) < len(known)
    assert max(it.tries for it in known) <= 3


def test_after_two_weeks_of_bad_luck_somebody_was_told_of_every_occasion(two_weeks):
    world, expected = two_weeks
    zone = ZoneInfo("America/Tijuana")

    untold = [it for it in expected if f"{it.astimezone(zone):%Y-%m-%d %H:%M}" not in world.said]

    assert untold == []


def test_the_defaults_of_a_schedule_are_those_of_a_lab_in_mexico():
    told = Schedule(name="quarterly", cron="0 6 5 1,4,7,10 *")

    assert (told.time_zone, told.holidays, told.country) == ("America/Mexico_City", "next", "MX")
