"""The system's timers, whatever the name of the folder."""

import shlex
import shutil
import subprocess
import sys

import pytest

from labtools.paths import Workbench
from labtools.workflow.timers import cron_text, unit_texts, write_timers


@pytest.fixture
def bench(tmp_path):
    return Workbench(tmp_path / 'lab 100% de "prevención"')


def test_crons_line_gives_the_shell_the_folder_as_it_is_called(bench):
    line = cron_text(bench).splitlines()[-1]

    command = line.split(" * * * * ", 1)[1].replace(r"\%", "%")

    assert "%" not in line.replace(r"\%", "")
    assert shlex.split(command)[0] == sys.executable
    assert shlex.split(command)[-1] == str(bench.root)


def test_systemd_takes_both_files_and_reads_the_folder_as_it_is_called(bench, tmp_path):
    verify = shutil.which("systemd-analyze")
    if verify is None:
        pytest.skip("systemd-analyze is not here to read the files")
    written = write_timers(bench, "systemd", tmp_path / "units")

    told = subprocess.run(
        [verify, "verify", "--user", *written], capture_output=True, text=True, check=False
    )

    ours = [line for line in told.stderr.splitlines() if "labtools-" in line]
    assert ours == []
    assert 'lab 100%% de \\"prevención\\"' in unit_texts(bench)[0]


def test_the_timer_makes_up_for_a_look_that_was_slept_through(bench):
    service, timer = unit_texts(bench)

    assert "Persistent=true" in timer
    assert "OnCalendar=*:0/10" in timer
    assert "SuccessExitStatus=75" in service
