"""A run killed at any moment loses nothing that was published, and can be gone on with."""

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

from tests.workflow.few import EARLIER, FICHAS, bytes_in

pytestmark = [pytest.mark.slow]

MOMENTS = 20
SOURCES = ('name = "carpetas"', 'name = "ensu"')
DISTRICT = "Centro Fundador"


def started(bench, *arguments):
    command = [sys.executable, "-m", "labtools", *arguments, "--workbench", str(bench.root)]
    # In a session of its own, so that what it leaves behind can be found.
    return subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def ended(process, limit=240):
    _, said = process.communicate(timeout=limit)
    return process.returncode, said


def is_whole(run):
    told = json.loads((run / "manifest.json").read_text(encoding="utf-8"))["outputs"]
    found = {
        name: hashlib.sha256((run / name).read_bytes()).hexdigest()
        for name in told
        if (run / name).is_file()
    }
    return bool(told) and found == told


def leaves_nothing_running(process):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def smaller(bench):
    """Leave one district, its case files and the city's survey, and no budget to spend.

    Every verb has its work, and less of it: twenty runs wait for it.
    """
    head, *blocks = bench.settings_file.read_text(encoding="utf-8").split("[[source]]\n")
    wanted = [block for block in blocks if block.startswith(SOURCES)]
    assert len(wanted) == len(SOURCES)
    register = 'descriptor = "colonias_demo"\n'
    assert register in head
    head = head.replace(register, f'{register}where = {{ DELEGACION = "{DISTRICT}" }}\n')
    head = head.partition("[targeting]")[0]
    for colonia in FICHAS[3:]:  # of other districts
        head = head.replace(f', "{colonia}"', "")
    bench.settings_file.write_text("[[source]]\n".join([head, *wanted]), encoding="utf-8")
    shutil.rmtree(bench.root / "protocols")
    return bench


def test_a_run_killed_at_twenty_moments_never_shows_a_half_and_is_gone_on_with(copy_of, supplied):
    bench = smaller(copy_of(supplied))
    # An edition that must stand; the lab's tables are kept from it, so all later runs last alike.
    code, said = ended(started(bench, "run", "--period-end", EARLIER))
    assert code == 0, said
    begun = time.monotonic()
    code, said = ended(started(bench, "run", "--force", "--period-end", EARLIER))
    lasted = time.monotonic() - begun
    assert code == 0, said
    expected = bytes_in(bench.latest / "public" / "site")
    chance = random.Random(20261124)  # noqa: S311 - moments, not secrets
    killed = 0

    for n in range(MOMENTS):
        begun, moment = time.monotonic(), lasted * (n + chance.random()) / MOMENTS
        process = started(bench, "run", "--force", "--period-end", EARLIER)
        try:
            process.wait(moment)
            lasted = time.monotonic() - begun  # others used the machine when it was measured
        except subprocess.TimeoutExpired:
            pass
        process.send_signal(signal.SIGTERM if n % 2 else signal.SIGKILL)
        code, said = ended(process)

        killed += code != 0
        assert is_whole(bench.latest), f"moment {n}: {said}"
        assert all(is_whole(run) for run in bench.reports.glob("2*")), f"moment {n}"
        assert leaves_nothing_running(process), f"moment {n}"

    assert killed >= MOMENTS * 3 // 4
    code, said = ended(started(bench, "resume"))
    assert code == 0, said
    assert not list(bench.reports.glob(".*.partial"))
    assert bytes_in(bench.latest / "public" / "site") == expected
