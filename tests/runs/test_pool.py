import os
import signal
import subprocess
import sys
import time
from functools import partial
from importlib import import_module

import nbformat
import psutil
import pytest

from labtools import messages
from labtools.errors import RunError, SettingsError
from labtools.runs import pool
from labtools.runs.pool import Job, run_notebooks

FAILING = {  # notebook -> what the outcome says, and the place of the cell in the template
    "raises": ("ZeroDivisionError: division by zero", 3),
    "exits": ("SystemExit: 0", 2),
    "hangs": ("The cell took more than 1.5 s and was stopped.", 2),
    "eats_memory": ("MemoryError", 2),
    "kills_itself": ("The process was killed by the signal SIGKILL before it finished.", 2),
    "ends_early": ("The process ended with code 0 before it finished.", 2),
    "kills_its_lane": ("The process that ran this notebook's lane died.", None),
}


def colonia_job(notebook, output, colonia_id="99001_0002", key=None):
    return Job(key or colonia_id, notebook, {"colonia_id": colonia_id}, output)


def children():
    return psutil.Process().children(recursive=True)


@pytest.fixture(scope="module", autouse=True)
def older():
    """Processes that other tests of this session keep open (a server, a browser)."""
    return set(children())


@pytest.fixture(scope="module")
def mixed_run(notebooks, tmp_path_factory):
    """One run of every failing notebook, each between two good ones, over yesterday's outputs."""
    folder = tmp_path_factory.mktemp("mixed")
    names = [name for failing in FAILING for name in (failing, "leaks_state")]
    jobs = [
        colonia_job(notebooks / f"{name}.ipynb", folder / f"{place}.ipynb", key=name)
        for place, name in enumerate(names)
    ]
    for job in jobs:
        job.output.write_text("yesterday")
    with messages.speaking("en"):
        outcomes = run_notebooks(jobs, lanes=2, cell_seconds=1.5, memory_bytes=2 * 1024**3)
    return jobs, outcomes


def test_outcomes_come_in_the_order_of_the_jobs(mixed_run):
    jobs, outcomes = mixed_run

    assert [outcome.key for outcome in outcomes] == [job.key for job in jobs]


@pytest.mark.parametrize("name", FAILING)
def test_a_failing_notebook_is_reported_with_its_cell_and_keeps_yesterdays_output(mixed_run, name):
    jobs, outcomes = mixed_run
    place = [job.key for job in jobs].index(name)

    assert not outcomes[place].ok
    assert (outcomes[place].error, outcomes[place].cell) == FAILING[name]
    assert jobs[place].output.read_text() == "yesterday"


def test_failures_do_not_stop_the_others(mixed_run):
    good = [(j, o) for j, o in zip(*mixed_run, strict=True) if j.key == "leaks_state"]

    assert all(outcome.ok for _, outcome in good)
    assert len({job.output.read_bytes() for job, _ in good}) == 1


def test_nothing_is_left_beside_the_outputs(mixed_run):
    jobs, _ = mixed_run

    assert sorted(jobs[0].output.parent.iterdir()) == sorted(job.output for job in jobs)


def test_no_process_is_left_after_a_run(older, mixed_run):
    assert mixed_run
    assert set(children()) <= older


def test_what_a_cell_started_ends_with_its_notebook(write_notebook, tmp_path):
    cell = "import subprocess\nprint(subprocess.Popen(['sleep', '60']).pid)"
    job = colonia_job(write_notebook("colonia_id: str = 'x'", cell), tmp_path / "o.ipynb")

    run_notebooks([job], lanes=1)

    pid = int(nbformat.read(job.output, as_version=4).cells[-1].outputs[0].text)
    assert wait_for(lambda: not is_alive(pid))


def is_alive(pid):
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_time_is_measured(mixed_run):
    _, outcomes = mixed_run
    hung = next(outcome for outcome in outcomes if outcome.key == "hangs")

    assert hung.seconds >= 1.5
    assert all(outcome.cpu_seconds > 0 for outcome in outcomes if outcome.ok)


def test_a_notebook_sees_nothing_of_the_one_before_it_in_the_lane(notebooks, tmp_path):
    path = notebooks / "leaks_state.ipynb"
    jobs = [colonia_job(path, tmp_path / f"{n}.ipynb", f"99001_000{n}") for n in (1, 2)]

    run_notebooks(jobs, lanes=1)

    second = nbformat.read(jobs[1].output, as_version=4)
    assert second.cells[3].outputs[0].text == "99001_0002 False False\nNone False False\n"


def test_a_b_a_gives_the_same_bytes_and_other_keys_other_random_numbers(notebooks, tmp_path):
    path = notebooks / "leaks_state.ipynb"
    jobs = [
        colonia_job(path, tmp_path / name, colonia)
        for name, colonia in (("1", "99001_0001"), ("2", "99001_0002"), ("3", "99001_0001"))
    ]

    run_notebooks(jobs, lanes=1)

    first, other, again = (job.output.read_bytes() for job in jobs)
    assert first == again
    draws = {nbformat.reads(b.decode(), 4).cells[4].outputs[0].text for b in (first, other)}
    assert len(draws) == 2


def test_two_lanes_give_what_one_lane_gives(notebooks, tmp_path):
    def bytes_of(lanes):
        folder = tmp_path / str(lanes)
        names = ["shows_everything", "leaks_state", "shows_everything", "leaks_state"]
        jobs = [
            colonia_job(notebooks / f"{name}.ipynb", folder / f"{n}.ipynb", f"99001_000{n}")
            for n, name in enumerate(names)
        ]
        outcomes = run_notebooks(jobs, lanes=lanes, preload=["matplotlib.pyplot", "pandas"])
        assert all(outcome.ok for outcome in outcomes)
        return [job.output.read_bytes() for job in jobs]

    assert bytes_of(1) == bytes_of(2)


def test_an_executed_notebook_is_valid_and_keeps_its_parameters_but_no_times(notebooks, tmp_path):
    job = colonia_job(notebooks / "leaks_state.ipynb", tmp_path / "o.ipynb")

    run_notebooks([job], lanes=1)

    executed = nbformat.read(job.output, as_version=4)
    nbformat.validate(executed)
    assert executed.metadata.papermill.parameters == {"colonia_id": "99001_0002"}
    assert "duration" not in job.output.read_text()
    assert str(tmp_path) not in job.output.read_text()


def test_parameters_are_checked_before_anything_starts(notebooks, tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr(pool, "LaneHandle", started.append)
    path = notebooks / "raises.ipynb"
    bad = [{"colonia": "x"}, {"colonia_id": 1}]

    for parameters in bad:
        jobs = [
            colonia_job(path, tmp_path / "good.ipynb"),
            Job("bad", path, parameters, tmp_path / "bad.ipynb"),
        ]
        with pytest.raises(SettingsError):
            run_notebooks(jobs)

    assert started == []


def test_a_notebook_that_lost_its_tag_is_refused(notebooks, tmp_path):
    with pytest.raises(RunError, match="has no cell tagged"):
        run_notebooks([colonia_job(notebooks / "untagged.ipynb", tmp_path / "o.ipynb")])


def test_two_jobs_for_one_output_are_refused(notebooks, tmp_path):
    jobs = [colonia_job(notebooks / "raises.ipynb", tmp_path / "o.ipynb", c) for c in ("a", "b")]

    with pytest.raises(SettingsError, match="for a and b would both be written to"):
        run_notebooks(jobs)


def test_no_jobs_give_no_outcomes():
    assert run_notebooks([]) == []


def test_what_is_loaded_once_is_there_for_every_notebook(write_notebook, tmp_path, monkeypatch):
    (tmp_path / "city.py").write_text("TABLE = []\ndef load():\n    TABLE.append(1)\n")
    monkeypatch.syspath_prepend(tmp_path)
    cell = "import sys\nready = 'city' in sys.modules\nimport city\nprint(ready, city.TABLE)"
    path = write_notebook("colonia_id: str = 'x'", f"{cell}\ncity.load()")
    jobs = [colonia_job(path, tmp_path / f"{n}.ipynb", str(n)) for n in range(3)]

    run_notebooks(jobs, lanes=1, preload=["city"], warm=import_module("city").load)

    texts = [nbformat.read(j.output, as_version=4).cells[-1].outputs[0].text for j in jobs]
    assert texts == ["True [1]\n"] * 3


def test_a_notebook_collects_what_it_leaves_as_any_new_process(write_notebook, tmp_path):
    asked = "import gc\nprint(gc.isenabled(), gc.get_threshold())"
    job = colonia_job(write_notebook("colonia_id: str = 'x'", asked), tmp_path / "out.ipynb")

    run_notebooks([job], lanes=1)

    done = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True)
    [output] = nbformat.read(job.output, as_version=4).cells[-1].outputs
    assert output.text == done.stdout.decode()


def test_a_rehearsal_changes_nothing_but_the_time_it_takes(notebooks, tmp_path):
    path = notebooks / "shows_everything.ipynb"
    plain, rehearsed = (colonia_job(path, tmp_path / name) for name in ("plain", "rehearsed"))
    first = colonia_job(path, tmp_path / "first", "99001_0009")

    run_notebooks([plain], lanes=1)
    run_notebooks([rehearsed], lanes=1, rehearsals=[first])

    assert rehearsed.output.read_bytes() == plain.output.read_bytes()
    assert not first.output.exists()


def test_a_rehearsal_that_fails_or_leaves_the_process_stops_nothing(notebooks, tmp_path):
    job = colonia_job(notebooks / "leaks_state.ipynb", tmp_path / "o.ipynb")
    bad = [
        colonia_job(notebooks / f"{name}.ipynb", tmp_path / name) for name in ("raises", "exits")
    ]

    [outcome] = run_notebooks([job], lanes=1, rehearsals=bad)

    assert outcome.ok


def test_a_rehearsal_that_leaves_a_thread_of_a_library_stops_the_run(
    write_notebook, notebooks, tmp_path
):
    wait = "import _thread, time\n_thread.start_new_thread(time.sleep, (60,))"
    job = colonia_job(notebooks / "leaks_state.ipynb", tmp_path / "o.ipynb")
    busy = colonia_job(write_notebook("colonia_id: str = 'x'", wait), tmp_path / "busy")

    with pytest.raises(RunError, match="was left running"):
        run_notebooks([job], lanes=1, rehearsals=[busy])


POOLS = {  # what starts threads that Python does not see, in the warm process and in a notebook
    "openmp": "import numpy as np\nfrom sklearn.cluster import KMeans\n\n"
    "KMeans(2, n_init=1).fit(np.arange(40_000.0).reshape(-1, 2))",
    "arrow": "import pyarrow as pa\n\n"
    "table = pa.table({'a': list(range(200_000))})\n"
    "table.group_by('a', use_threads=True).aggregate([([], 'count_all')])",
}


@pytest.mark.parametrize("name", POOLS)
def test_a_notebook_may_use_what_the_warm_process_used_and_does_not_hang(
    name, write_notebook, tmp_path, monkeypatch
):
    (tmp_path / "busy.py").write_text(POOLS[name])
    monkeypatch.syspath_prepend(str(tmp_path))
    path = write_notebook("colonia_id: str = 'x'", POOLS[name] + "\nNone")
    jobs = [colonia_job(path, tmp_path / f"{n}.ipynb", key=str(n)) for n in range(3)]

    outcomes = run_notebooks(jobs, lanes=2, preload=["busy"], cell_seconds=60)

    assert [(outcome.ok, outcome.error) for outcome in outcomes] == [(True, None)] * 3


@pytest.mark.parametrize(
    "loading",
    [{"preload": ["no_such_module"]}, {"warm": partial(import_module, "no_such_module")}],
)
def test_what_cannot_be_loaded_stops_the_run(notebooks, tmp_path, loading):
    job = colonia_job(notebooks / "raises.ipynb", tmp_path / "o.ipynb")

    with pytest.raises(RunError, match=r"No module named 'no_such_module'\. No notebook was run"):
        run_notebooks([job], lanes=1, **loading)


def test_a_lane_that_dies_while_loading_stops_the_run(notebooks, tmp_path):
    job = colonia_job(notebooks / "raises.ipynb", tmp_path / "o.ipynb")

    with pytest.raises(RunError, match="died while it loaded"):
        run_notebooks([job], lanes=1, warm=partial(os._exit, 1))


def test_a_thread_left_running_stops_the_run_instead_of_hanging_it(
    notebooks, tmp_path, monkeypatch
):
    (tmp_path / "busy.py").write_text(
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(60,), name='reader', daemon=True).start()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    job = colonia_job(notebooks / "raises.ipynb", tmp_path / "o.ipynb")

    with pytest.raises(RunError, match="the thread reader was left running"):
        run_notebooks([job], lanes=1, preload=["busy"])


def test_a_notebook_as_a_whole_has_its_time(notebooks, tmp_path):
    job = colonia_job(notebooks / "hangs.ipynb", tmp_path / "o.ipynb")

    [outcome] = run_notebooks([job], lanes=1, job_seconds=0.5)

    assert outcome.error == "The notebook took more than 0.5 s and was stopped."


def test_an_output_that_cannot_be_written_fails_alone(notebooks, tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "folder.ipynb").mkdir()
    path = notebooks / "leaks_state.ipynb"
    outputs = [tmp_path / "file" / "o.ipynb", tmp_path / "folder.ipynb", tmp_path / "good.ipynb"]

    outcomes = run_notebooks([colonia_job(path, output) for output in outputs], lanes=1)

    assert [outcome.ok for outcome in outcomes] == [False, False, True]
    assert outcomes[1].error.startswith("IsADirectoryError")


def test_braces_in_names_are_only_characters(notebooks, tmp_path):
    template = tmp_path / "{x}.ipynb"
    template.write_bytes((notebooks / "leaks_state.ipynb").read_bytes())
    job = colonia_job(template, tmp_path / "{colonia_id}.ipynb")

    [outcome] = run_notebooks([job], lanes=1)

    assert outcome.ok
    assert job.output.exists()


def test_each_outcome_is_heard_as_it_comes(notebooks, tmp_path):
    heard = []
    path = notebooks / "leaks_state.ipynb"
    jobs = [colonia_job(path, tmp_path / f"{n}.ipynb", str(n)) for n in range(3)]

    outcomes = run_notebooks(jobs, lanes=2, on_done=heard.append)

    assert sorted(heard, key=lambda outcome: outcome.key) == outcomes


def test_an_interrupted_run_leaves_no_process_and_no_file(older, notebooks, tmp_path):
    def interrupt(_outcome):
        raise KeyboardInterrupt

    jobs = [
        colonia_job(notebooks / "leaks_state.ipynb", tmp_path / "1.ipynb"),
        colonia_job(notebooks / "hangs.ipynb", tmp_path / "2.ipynb"),
    ]

    with pytest.raises(KeyboardInterrupt):
        run_notebooks(jobs, lanes=2, on_done=interrupt)

    assert set(children()) <= older
    assert [path.name for path in tmp_path.iterdir()] == ["1.ipynb"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_run_leaves_no_process(notebooks, tmp_path, number):
    program = (
        "from pathlib import Path; from labtools.runs.pool import Job, run_notebooks; "
        f"job = Job('k', Path({str(notebooks / 'hangs.ipynb')!r}), {{}}, Path('o.ipynb')); "
        "run_notebooks([job], lanes=1)"
    )
    with subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path) as caller:
        family = wait_for(lambda: family_of(caller.pid, 3))

        caller.send_signal(number)

    assert wait_for(lambda: not any(process.is_running() for process in family))
    assert list(tmp_path.iterdir()) == []


def family_of(pid, size):
    family = psutil.Process(pid).children(recursive=True)
    return family if len(family) == size else None


def wait_for(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def test_where_nothing_can_be_forked_stock_papermill_runs_and_the_log_says_so(
    notebooks, tmp_path, monkeypatch, caplog
):
    monkeypatch.delattr("os.fork")
    names = ["leaks_state", "exits"]
    jobs = [colonia_job(notebooks / f"{n}.ipynb", tmp_path / f"{n}.ipynb", key=n) for n in names]
    heard = []

    outcomes = run_notebooks(jobs, lanes=2, on_done=heard.append)

    assert [outcome.ok for outcome in outcomes] == [True, False]
    assert (outcomes[1].error, outcomes[1].cell) == FAILING["exits"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["leaks_state.ipynb"]
    assert "cannot fork processes" in caplog.text
    assert len(heard) == 2
