import re
import subprocess
import sys

import nbformat
import papermill
import pytest
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillExecutionError

from labtools import messages
from labtools.runs import engine
from labtools.runs.pool import Job, run_notebooks

PARAMETERS = {"colonia_id": "99001_0002"}


def execute(path, output, engine_name, **options):
    try:
        papermill.execute_notebook(
            path, output, PARAMETERS, engine_name=engine_name, progress_bar=False, **options
        )
    except PapermillExecutionError as error:
        return nbformat.read(output, as_version=4), error
    return nbformat.read(output, as_version=4), None


def comparable(notebook):
    """Return what a reader sees, without the two things the clock and the process id decide."""
    return [
        (cell.source, cell.get("execution_count"), [tidy(o) for o in merged(cell)])
        for cell in notebook.cells
    ]


def merged(cell):
    outputs = []
    for output in cell.get("outputs", []):
        same = outputs and output.output_type == "stream" == outputs[-1].output_type
        if same and output.name == outputs[-1].name:
            outputs[-1].text += output.text
        else:
            outputs.append(output)
    return outputs


def tidy(output):
    if output.output_type == "stream":
        output.text = re.sub(r"(/tmp/ipykernel_\d+|<notebook>)/[\w-]+\.py", "cell", output.text)
    return dict(output)


def execute_by_command(path, output, engine_name):
    command = ["papermill", "--engine", engine_name, "-r", "colonia_id", "99001_0002", path, output]
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, check=False)
    return nbformat.read(output, as_version=4), done.returncode


def test_what_a_reader_sees_is_what_stock_papermill_gives(notebooks, tmp_path, monkeypatch):
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # ipykernel hears no subprocesses where it is set
    path = notebooks / "shows_everything.ipynb"

    stock, stock_code = execute_by_command(path, tmp_path / "stock.ipynb", "nbclient")
    ours, our_code = execute_by_command(path, tmp_path / "ours.ipynb", "labtools")

    assert comparable(ours) == comparable(stock)
    assert ours.metadata.language_info == stock.metadata.language_info
    assert statuses(ours) == statuses(stock)
    assert (our_code, stock_code) == (0, 0)


def test_an_error_is_told_as_stock_papermill_tells_it(notebooks, tmp_path):
    path = notebooks / "shows_an_error.ipynb"

    stock, stock_error = execute(path, tmp_path / "stock.ipynb", "nbclient")
    ours, our_error = execute(path, tmp_path / "ours.ipynb", "labtools")

    assert comparable(ours) == comparable(stock)
    assert str(our_error) == str(stock_error)
    assert statuses(ours) == statuses(stock)


def statuses(notebook):
    return [cell.metadata.get("papermill", {}).get("status") for cell in notebook.cells]


@pytest.fixture(scope="module")
def everything(notebooks, tmp_path_factory):
    output = tmp_path_factory.mktemp("everything") / "o.ipynb"
    return execute(notebooks / "shows_everything.ipynb", output, "labtools")[0]


def test_the_fixture_shows_every_kind_of_output(everything):
    outputs = [output for cell in everything.cells for output in cell.get("outputs", [])]
    kinds = {output.output_type for output in outputs}
    streams = {output.name for output in outputs if output.output_type == "stream"}
    formats = {key for output in outputs for key in output.get("data", {})}
    assert kinds == {"stream", "display_data", "execute_result"}
    assert streams == {"stdout", "stderr"}
    assert formats == {"text/plain", "text/html", "text/markdown", "image/png"}


def test_an_update_changes_the_display_it_belongs_to(everything):
    [shown] = [c for c in everything.cells if "first version" in c.source]
    assert shown.outputs[0].data["text/html"] == "second version"


def test_leaving_by_sys_exit_is_a_failure(notebooks, tmp_path):
    executed, error = execute(notebooks / "exits.ipynb", tmp_path / "o.ipynb", "labtools")

    assert (error.ename, error.evalue, error.cell_index) == ("SystemExit", "0", 3)
    assert executed.cells[3].metadata.papermill.status == "failed"


def test_leaving_by_exit_is_a_failure(write_notebook, tmp_path):
    path = write_notebook("colonia_id: str = 'x'", "exit", "print('never reached')")

    _, error = execute(path, tmp_path / "o.ipynb", "labtools")

    assert error.ename == "SystemExit"


def test_a_cell_that_never_ends_is_stopped(notebooks, tmp_path):
    with pytest.raises(CellTimeoutError, match=r"more than 0\.5 s"):
        execute(notebooks / "hangs.ipynb", tmp_path / "o.ipynb", "labtools", execution_timeout=0.5)


def test_a_process_that_dies_is_a_dead_kernel(notebooks, tmp_path):
    with pytest.raises(DeadKernelError, match="SIGKILL"):
        execute(notebooks / "kills_itself.ipynb", tmp_path / "o.ipynb", "labtools")


def test_a_cell_may_be_expected_to_raise(write_notebook, tmp_path):
    path = write_notebook("colonia_id: str = 'x'", "1 / 0", "print('reached')")
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].metadata["tags"] = ["raises-exception"]
    nbformat.write(notebook, path)

    executed, error = execute(path, tmp_path / "o.ipynb", "labtools")

    assert error.ename == "ZeroDivisionError"
    assert executed.cells[-1].outputs[0].text == "reached\n"


def test_the_callers_process_stays_clean(notebooks, tmp_path):
    before = sys.stdout, sys.modules["__main__"], "matplotlib.pyplot" in sys.modules

    execute(notebooks / "leaks_state.ipynb", tmp_path / "o.ipynb", "labtools")

    import statistics  # noqa: PLC0415 - the notebook wrote to it

    assert (sys.stdout, sys.modules["__main__"], "matplotlib.pyplot" in sys.modules) == before
    assert not hasattr(statistics, "residue")


def test_the_command_line_takes_the_engine_by_name(notebooks, tmp_path):
    output = tmp_path / "o.ipynb"
    command = ["papermill", "--engine", "labtools", "-r", "colonia_id", "99001_0007"]

    done = subprocess.run(
        [sys.executable, "-m", *command, notebooks / "leaks_state.ipynb", output],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    executed = nbformat.read(output, as_version=4)
    assert executed.cells[3].outputs[0].text == "99001_0007 False False\nNone False False\n"


def test_the_command_line_fails_where_the_notebook_leaves_by_sys_exit(notebooks, tmp_path):
    command = ["papermill", "--engine", "labtools", notebooks / "exits.ipynb", tmp_path / "o.ipynb"]

    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, check=False)

    assert done.returncode != 0


def test_the_log_keeps_out_of_the_notebook(write_notebook, tmp_path):
    cell = "import logging; print('once'); logging.warning('mine')"
    path, output = write_notebook("colonia_id: str = 'x'", cell), tmp_path / "o.ipynb"
    command = ["papermill", "--engine", "labtools", "--log-output", path, output]

    done = subprocess.run(
        [sys.executable, "-m", *command], capture_output=True, text=True, check=True
    )

    assert "once" in done.stderr
    outputs = nbformat.read(output, as_version=4).cells[-1].outputs
    assert {output.text for output in outputs} == {"once\n", "WARNING:root:mine\n"}


def test_where_nothing_can_be_forked_the_stock_engine_runs_and_says_so(
    notebooks, tmp_path, monkeypatch, caplog
):
    monkeypatch.delattr("os.fork")
    asked = []
    monkeypatch.setattr(
        "papermill.engines.NBClientEngine.execute_notebook",
        lambda nb, _kernel, **_options: asked.append(nb) or nb,
    )

    execute(notebooks / "leaks_state.ipynb", tmp_path / "o.ipynb", "labtools")

    assert len(asked) == 1
    assert "stock kernel" in caplog.text


def test_the_engine_can_be_imported_before_papermill():
    program = "from labtools.runs.engine import WarmEngine; import papermill.engines as e; "
    program += "assert e.papermill_engines.get_engine('labtools') is WarmEngine"

    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_engine_offers_what_papermill_asks_of_one():
    asked = {"execute_notebook", "nb_kernel_name", "nb_language"}

    assert asked <= set(dir(engine.WarmEngine))


def test_figures_are_those_that_stock_papermill_gives(notebooks, tmp_path):
    path = notebooks / "shows_figures.ipynb"

    stock, stock_error = execute(path, tmp_path / "stock.ipynb", "nbclient")
    ours, our_error = execute(path, tmp_path / "ours.ipynb", "labtools")

    assert (our_error, stock_error) == (None, None)
    assert pictures(ours) == 14
    assert comparable(ours) == comparable(stock)


def pictures(notebook):
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return sum("image/png" in output.get("data", {}) for output in shown)


#: What is known of a cell beforehand must not change: its warnings, awaiting, rules of its own.
CURIOUS = (
    "1 is 1",
    "import asyncio\n\nawait asyncio.sleep(0)",
    """rules = get_ipython().input_transformers_cleanup
rules.append(lambda lines: [line.replace('dos', '2') for line in lines])""",
    "dos + 1",
    "from IPython.display import HTML\n\nHTML('<b>á</b>')",
)


def test_a_rehearsed_lane_gives_what_stock_papermill_gives(write_notebook, tmp_path):
    path = write_notebook("colonia_id: str = 'x'", *CURIOUS)
    job = Job("one", path, PARAMETERS, tmp_path / "ours.ipynb")

    stock, _ = execute(path, tmp_path / "stock.ipynb", "nbclient")
    [outcome] = run_notebooks([job], rehearsals=[job])

    ours = nbformat.read(job.output, as_version=4)
    assert outcome.ok
    assert comparable(ours) == comparable(stock)
    assert "SyntaxWarning" in ours.cells[2].outputs[0].text


def test_an_output_that_no_notebook_may_hold_fails_at_its_cell(write_notebook, tmp_path):
    path = write_notebook(
        "colonia_id: str = 'x'",
        "from IPython.display import display",
        "display({'text/html': 5}, raw=True)",
    )
    job = Job("one", path, PARAMETERS, tmp_path / "o.ipynb")

    with messages.speaking("en"):
        [outcome] = run_notebooks([job])

    assert not outcome.ok
    assert outcome.cell == 2
    assert "not valid" in outcome.error
    assert not job.output.exists()
