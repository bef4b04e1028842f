import json
import shutil

import pytest

from labtools import messages
from labtools.paths import Workbench
from labtools.workflow.everything import run_everything
from labtools.workflow.making import make_edition
from labtools.workflow.prepared import prepare
from labtools.workflow.steps import open_workbench
from labtools.workflow.workbenches import make_demo
from tests.workflow.few import EARLIER, FICHAS


@pytest.fixture(autouse=True)
def english():
    with messages.speaking("en"):
        yield


def _few(folder):
    bench = make_demo(folder)
    wanted = ", ".join(f'"{colonia}"' for colonia in FICHAS)
    told = bench.settings_file.read_text(encoding="utf-8")
    listed = f'select = "listed"\ncolonias = [{wanted}]'
    told = told.replace('select = "programme"', listed)
    # The model of all quarters takes seconds: the whole demo has it (see test_truth).
    told = told.replace('surface = "space_time"', 'surface = "global"')
    told = told.replace('barriers = "block"', 'barriers = "ignore"')  # a test of its own looks
    bench.settings_file.write_text(told, encoding="utf-8")
    return bench


@pytest.fixture(scope="session")
def supplied(made_once):
    """A workbench of the demo's files where nothing was run yet.  Only read it."""
    return Workbench(made_once("few_supplied", _few))


@pytest.fixture(scope="session")
def finished(made_once):
    """The same, run: five fichas.  Only read it.

    The lab's tables of the earlier period are kept in it, as where that period was run before.
    """

    def fill(folder):
        opened = open_workbench(_few(folder))
        run_everything(opened)
        make_edition(opened, prepare(opened, period_end=EARLIER), "internal")
        _listed(folder).write_text(json.dumps(_kept_by(folder)), encoding="utf-8")

    return Workbench(made_once("few_first", fill))


@pytest.fixture(autouse=True)
def only_read(request):
    """Refuse a test that makes anything in the workbench that others only read."""
    yield
    if "finished" in request.fixturenames:
        root = request.getfixturevalue("finished").root
        stood = json.loads(_listed(root).read_text(encoding="utf-8"))
        assert _kept_by(root) == stood, "copy the finished workbench to make something in it"


def _listed(root):
    return Workbench(root).interim("kept.json")


def _kept_by(root):
    return sorted(path.name for path in Workbench(root).interim("kept").iterdir())


@pytest.fixture(scope="session")
def both_periods(made_once, finished):
    """The same, where the earlier period was run too; what it told is in said.json.  Only read."""

    def fill(folder):
        said = []
        bench = Workbench(shutil.copytree(finished.root, folder, symlinks=True))
        run_everything(open_workbench(bench, said.append), period_end=EARLIER)
        (folder / "said.json").write_text(json.dumps(said), encoding="utf-8")

    return Workbench(made_once("few_both", fill))


@pytest.fixture(scope="session")
def finished_elsewhere(made_once):
    """The same once more, in a folder of its own.  Only read it."""
    return Workbench(
        made_once("few_second", lambda folder: run_everything(open_workbench(_few(folder))))
    )


@pytest.fixture
def copy_of(tmp_path):
    """Copy a workbench, to be changed."""

    def copy(bench: Workbench) -> Workbench:
        return Workbench(shutil.copytree(bench.root, tmp_path / "copy", symlinks=True))

    return copy
