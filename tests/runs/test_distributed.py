import os
import shutil
import signal
import threading
import time

import psutil
import pytest

distributed = pytest.importorskip("distributed", reason="labtools[dist] is not installed")

from labtools.errors import SettingsError  # noqa: E402 - after the skip
from labtools.runs import distributed as module  # noqa: E402
from labtools.runs.distributed import Place, run_on_workers  # noqa: E402
from labtools.runs.jobs import Job, Limits  # noqa: E402
from labtools.runs.pool import run_notebooks  # noqa: E402

LIMITS = Limits(60, 300, 4 * 1024**3)


@pytest.fixture(scope="module")
def cluster():
    with distributed.LocalCluster(
        n_workers=3, threads_per_worker=1, dashboard_address=None, silence_logs=50
    ) as started:
        yield started


@pytest.fixture
def place(cluster, tmp_path):
    run = tmp_path / "run"
    (run / "internal" / "city").mkdir(parents=True)
    (tmp_path / "lab.toml").write_text("")
    return Place(cluster.scheduler_address, run, tmp_path / "lab.toml")


def jobs_of(run, template, count):
    outputs = run / "internal" / "notebooks"
    outputs.mkdir(exist_ok=True)
    return [
        Job(f"k/{n}", template, {"colonia_id": f"99001_{n:04d}"}, outputs / f"{n}.ipynb")
        for n in range(count)
    ]


def local_bytes(jobs):
    assert all(outcome.ok for outcome in run_notebooks(jobs, lanes=1))
    made = [job.output.read_bytes() for job in jobs]
    shutil.rmtree(jobs[0].output.parent)
    return made


def test_workers_give_the_bytes_that_lanes_give(place, notebooks, monkeypatch):
    monkeypatch.setattr(module, "_AHEAD", 2)  # the third is handed in when one is done
    jobs = jobs_of(place.run, notebooks / "shows_everything.ipynb", 3)
    expected = local_bytes(jobs)

    outcomes = run_on_workers(jobs, place, rehearsals=jobs[:1], limits=LIMITS)

    assert [outcome.key for outcome in outcomes if outcome.ok] == [job.key for job in jobs]
    assert [job.output.read_bytes() for job in jobs] == expected
    assert outcomes[0].files == (str(jobs[0].output),)


def test_of_three_workers_one_killed_and_one_slow_change_nothing(cluster, place, write_notebook):
    cells = "import time; time.sleep(0.5)", "import numpy; print(colonia_id, numpy.random.rand())"
    jobs = jobs_of(place.run, write_notebook("colonia_id: str = 'x'", *cells), 12)
    expected = local_bytes(jobs)
    with distributed.Client(cluster.scheduler_address, set_as_default=False) as client:
        killed, slow, _ = client.run(os.getpid).values()
    wakes = threading.Timer(3, os.kill, (slow, signal.SIGCONT))
    held_up = []

    def disturb(_outcome):
        if not held_up:
            os.kill(killed, signal.SIGKILL)
            os.kill(slow, signal.SIGSTOP)
            while psutil.Process(slow).status() != psutil.STATUS_STOPPED:
                time.sleep(0.01)
            held_up.append(slow)
            wakes.start()

    outcomes = run_on_workers(jobs, place, limits=LIMITS, on_done=disturb)

    wakes.join()
    assert [outcome.error for outcome in outcomes] == [None] * 12
    assert [job.output.read_bytes() for job in jobs] == expected
    assert held_up == [slow]
    deadline = time.monotonic() + 10
    while psutil.pid_exists(killed) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not psutil.pid_exists(killed)


def test_a_notebook_that_fails_is_told_with_its_cell(place, notebooks):
    [job] = jobs_of(place.run, notebooks / "raises.ipynb", 1)

    [outcome] = run_on_workers([job], place, limits=LIMITS)

    assert (outcome.ok, outcome.error) == (False, "ZeroDivisionError: division by zero")
    assert outcome.cell == 3
    assert not job.output.exists()


def test_a_scheduler_that_does_not_answer_is_named(place, notebooks):
    jobs = jobs_of(place.run, notebooks / "raises.ipynb", 1)
    nobody = Place("tcp://127.0.0.1:9", place.run, place.settings)

    with pytest.raises(SettingsError, match=r"No scheduler answers at tcp://127\.0\.0\.1:9"):
        run_on_workers(jobs, nobody, limits=LIMITS)
