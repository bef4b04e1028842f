import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from labtools.runs.clock import Clock

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/schedstat").is_file(), reason="the system keeps no account of queues"
)
BUSY = "while True: pass"


@pytest.fixture
def two_on_one_processor():
    """Two processes that never rest, on one processor; the first is the last in the queue."""
    one = min(os.sched_getaffinity(0))
    both = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(2)]
    for process in both:
        os.sched_setaffinity(process.pid, {one})
    os.setpriority(os.PRIO_PROCESS, both[0].pid, 19)
    yield both
    for process in both:
        process.kill()
        process.wait()


def test_time_in_the_queue_is_not_counted(two_on_one_processor):
    starved, _ = two_on_one_processor
    time.sleep(0.3)  # both have begun
    clock, begun = Clock(starved.pid), time.monotonic()
    first = clock.now()
    clock.since(begun)

    time.sleep(1.5)

    passed = time.monotonic() - begun
    assert clock.now() - first < passed / 2
    assert clock.since(begun) < passed / 2


def test_time_asleep_is_counted():
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as asleep:
        time.sleep(1)  # it has begun
        clock, begun = Clock(asleep.pid), time.monotonic()
        clock.since(begun)

        time.sleep(1)

        assert clock.since(begun) > 0.9
        asleep.kill()


def test_where_the_system_does_not_say_the_machines_clock_counts():
    clock = Clock(2**22 + 1)  # no process has this number

    assert clock.queued() == 0
    assert abs(clock.now() - time.monotonic()) < 0.1
