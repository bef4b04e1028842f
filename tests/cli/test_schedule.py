"""``labtools schedule`` says what is there, when it is due, and how to put a timer in place."""

import pytest
from click.testing import CliRunner

from labtools import messages
from labtools.cli.main import build
from labtools.errors import SettingsError
from labtools.paths import bundled

SCHEDULE = """
[[schedule]]
name = "quarterly"
cron = "0 6 5 1,4,7,10 *"
"""


@pytest.fixture
def bench(tmp_path):
    told = bundled("lab.example.toml").read_text(encoding="utf-8")
    (tmp_path / "lab.toml").write_text(told + SCHEDULE, encoding="utf-8")
    return tmp_path


def answer(bench, *words):
    with messages.speaking("en"):
        result = CliRunner().invoke(build(), ["schedule", *words, "-w", str(bench)])
    if result.exception:
        raise result.exception
    return result.output


def test_next_gives_so_many_hours_of_the_wall_with_the_period_of_each(bench):
    lines = answer(bench, "next", "--count", "3").splitlines()

    assert len(lines) == 3
    assert all(" 06:00 America/Mexico_City  quarterly  20" in line for line in lines)


def test_list_tells_the_rule_what_came_last_and_where_the_page_is(bench):
    told = answer(bench, "list")

    assert "0 6 5 1,4,7,10 *, America/Mexico_City; weekends and holidays wait" in told
    assert "Nothing was due yet." in told
    assert (bench / "data" / "schedule" / "status.html").is_file()


def test_a_look_at_a_schedule_where_nothing_is_due_does_nothing(bench):
    assert answer(bench, "run") == ""


@pytest.mark.parametrize(("kind", "n"), [("systemd", 2), ("cron", 1)])
def test_install_writes_the_timer_and_says_the_commands_that_put_it_in_place(bench, kind, n):
    told = answer(bench, "install", "--kind", kind)

    written = list((bench / "data" / "schedule" / "timer").iterdir())
    assert len(written) == n
    assert all(str(path) in told for path in written)
    assert {"systemd": "enable --now", "cron": "crontab -"}[kind] in told


def test_a_workbench_without_schedules_is_told_how_to_write_one(bench):
    path = bench / "lab.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(SCHEDULE, ""), encoding="utf-8")

    with pytest.raises(SettingsError):
        answer(bench, "list")
