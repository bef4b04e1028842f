"""What counts as done is what the manifest says; what never ends is ended."""

import json
from datetime import timedelta

import pytest

from labtools.paths import Workbench
from labtools.workflow import errands
from labtools.workflow.errands import Ended, Errand, run_errand


def errand(root, *, period="2025-12", seconds=60.0, after=()):
    log = root / "data" / "schedule" / "logs" / "quarterly-1.log"
    return Errand(Workbench(root), period, timedelta(seconds=seconds), log, after)


def publish(root, *, period="2025-12", failed=()):
    run = root / "reports" / "2025-12-a"
    run.mkdir(parents=True)
    notebooks = [{"key": "overview/public", "ok": True}, *({"key": k, "ok": False} for k in failed)]
    told = {"period_end": period, "notebooks": notebooks}
    (run / "manifest.json").write_text(json.dumps(told), encoding="utf-8")
    (root / "reports" / "latest").symlink_to("2025-12-a")


@pytest.fixture
def commands(monkeypatch):
    """Take the place of commands: each ends well, unless told otherwise."""
    given, ends = [], {}

    def run(_, words, __):
        given.append(words)
        return ends.get(words[0], Ended(0))

    monkeypatch.setattr(errands, "_run", run)
    return given, ends


@pytest.mark.usefixtures("commands")
def test_an_edition_with_a_notebook_that_failed_is_not_done_though_the_command_ended_well(tmp_path):
    publish(tmp_path, failed=("fichas/public/C000",))

    ended = run_errand(errand(tmp_path))

    assert (ended.code, ended.reason) == (7, "1 notebooks failed; the first is fichas/public/C000.")


@pytest.mark.usefixtures("commands")
def test_an_edition_of_another_period_is_not_the_one_that_was_due(tmp_path):
    publish(tmp_path, period="2025-09")

    assert run_errand(errand(tmp_path)) == Ended(None, "It published 2025-09, not 2025-12.")


@pytest.mark.usefixtures("commands")
def test_a_command_that_published_nothing_is_not_done(tmp_path):
    assert run_errand(errand(tmp_path)).code is None


def test_a_whole_edition_of_the_period_is_done_and_not_delivered_unless_asked(tmp_path, commands):
    publish(tmp_path)

    ended = run_errand(errand(tmp_path))

    assert ended == Ended(0, run="2025-12-a")
    assert commands[0] == [["run", "--period-end", "2025-12"]]


def test_an_edition_that_could_not_be_delivered_is_not_done(tmp_path, commands):
    publish(tmp_path)
    given, ends = commands
    ends["deliver"] = Ended(7, "away")

    assert run_errand(errand(tmp_path, period="", after=("deliver",))) == Ended(7, "away")
    assert given == [["run"], ["deliver"]]


def test_an_edition_that_somebody_elses_kept_out_of_the_database_failed_and_is_not_sent(
    tmp_path, commands
):
    publish(tmp_path)
    given, ends = commands
    ends["share"] = Ended(75, "ana put another edition in place")

    ended = run_errand(errand(tmp_path, period="", after=("share", "deliver")))

    assert ended == Ended(7, "ana put another edition in place")
    assert given == [["run"], ["share", "push"]]


def test_a_command_that_fails_says_so_by_its_code_and_its_last_words(tmp_path, monkeypatch):
    monkeypatch.setenv("LABTOOLS_LANG", "en")
    asked = errand(tmp_path)
    asked.log.parent.mkdir(parents=True)

    with asked.log.open("ab") as log:
        ended = errands._run(asked, ["no-such-command"], log)

    assert ended == Ended(2, "Error: No such command 'no-such-command'.")


def test_a_run_that_lasts_longer_than_its_limit_is_ended(tmp_path):
    ended = run_errand(errand(tmp_path, seconds=0.01))

    assert (ended.code, "was ended" in ended.reason) == (None, True)


def test_old_logs_are_removed(tmp_path, commands):
    logs = tmp_path / "data" / "schedule" / "logs"
    logs.mkdir(parents=True)
    for n in range(60):
        (logs / f"{n}.log").touch()

    run_errand(errand(tmp_path))

    assert len(list(logs.glob("*.log"))) == 41
    assert commands[0]
