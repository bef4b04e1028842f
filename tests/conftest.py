"""What tests of every room may ask for."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from xdist.scheduler import LoadScopeScheduling

from labtools.paths import Workbench
from labtools.workflow.everything import run_everything
from labtools.workflow.steps import open_workbench
from labtools.workflow.workbenches import make_demo
from tests.inputs import reference_inputs

REPOSITORY = Path(__file__).resolve().parent.parent


#: What is costly to make is made in one process of the tests: files of one of these go together.
_TOGETHER = {
    "tests/browser/": ("tests/browser/", "tests/publish/test_search.py"),
    "the demo": ("tests/architecture/", "tests/workflow/test_truth.py"),
    "Mexico City": ("tests/real_data/test_figures.py", "tests/real_data/test_workbenches.py"),
}


class ByFile(LoadScopeScheduling):
    """Gives each process whole files, in the order in which they were collected."""

    def _split_scope(self, nodeid: str) -> str:
        for name, files in _TOGETHER.items():
            if nodeid.startswith(files):
                return name
        return nodeid.split("::", 1)[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByFile:
    """Share the tests out by file; xdist's own groups are not heard by pytest 9."""
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that no process waits for another at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder with publishers' real files, or skip where there is none."""
    named = os.environ.get("LABTOOLS_REAL_DATA")
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(
            "the publishers' real files are not here: name their folder in LABTOOLS_REAL_DATA"
        )
    return folder


@pytest.fixture(scope="session")
def reference() -> Callable[[str], dict]:
    """Read numbers that other programs or publications give, each file with its source."""

    def read(name: str) -> dict:
        return json.loads((REPOSITORY / "tests" / "reference" / name).read_text(encoding="utf-8"))

    return read


@pytest.fixture(scope="session")
def oracle() -> Callable[[str], pd.DataFrame]:
    """Read inputs of the reference numbers, or skip where they are not."""

    def read(name: str) -> pd.DataFrame:
        path = reference_inputs() / name
        if not path.is_file():
            pytest.skip(
                f"the reference input {name} is not here: name its folder in "
                "LABTOOLS_REFERENCE_INPUTS"
            )
        return pd.read_csv(path)

    return read


@pytest.fixture(scope="session")
def made_once(tmp_path_factory) -> Callable[[str, Callable[[Path], object]], Path]:
    """Make a folder once for all the processes of a test run, and return it."""
    own = tmp_path_factory.getbasetemp()
    home = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def make(name: str, fill: Callable[[Path], object]) -> Path:
        folder, done = home / name, home / f"{name}.made"
        with (home / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                fill(folder)
                done.touch()
        return folder

    return make


@pytest.fixture(scope="session")
def demo_workbench(made_once) -> Workbench:
    """Return the finished demo: every colonia of its programme has a ficha.  Only read it."""

    def fill(home: Path) -> None:
        bench = _unprinted(home)
        _give_kept(bench, home.parent)
        run_everything(open_workbench(bench))

    return Workbench(made_once("demo", fill))


def _give_kept(bench: Workbench, beside: Path) -> None:
    """Copy what a run of the same files kept, if tests made one: see `labtools.workflow.keeping`.

    What depends on the demo's own settings is made anew, and so is everything in the runs whose
    bytes are compared (`finished`, `finished_elsewhere`): they begin with nothing.
    """
    if (beside / "few_first.made").exists():
        kept = Workbench(beside / "few_first").interim("kept")
        shutil.copytree(kept, bench.interim("kept"), symlinks=True)


def _unprinted(home: Path) -> Workbench:
    """Make the demo without its two hundred PDFs, nor a browser: tests of their own see to both."""
    bench = make_demo(home)
    told = bench.settings_file.read_text(encoding="utf-8")
    bench.settings_file.write_text(
        told.replace('paper = ["es_MX"]', "paper = []").replace('"block"', '"ignore"'),
        encoding="utf-8",
    )
    return bench
