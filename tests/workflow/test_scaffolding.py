"""Each new part passes the checks of the project as it is made."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from labtools import paths
from labtools.dashboards.boards import Board
from labtools.errors import SettingsError
from labtools.privacy.registry import read_registry
from labtools.runs.plan import read_entries
from labtools.targeting.catalogue import read_interventions
from labtools.workflow.scaffolding import (
    new_dashboard,
    new_intervention,
    new_model,
    new_notebook,
    project_root,
)
from labtools.workflow.workbenches import init_workbench
from tests.architecture import test_notebooks as checks
from tests.architecture.documents import ROOT

NAME, TITLE = "prueba_nueva", "Una prueba: qué hay y qué no"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """What of the project's source the new parts are added to, and the parts."""
    root = tmp_path_factory.mktemp("project")
    for file in ("pyproject.toml", "notebooks/runs.toml", "labtools/dashboards/boards.py"):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / file, root / file)
    for room in ("labtools", "labtools/analysis", "labtools/dashboards"):
        (root / room).mkdir(exist_ok=True)
        (root / room / "__init__.py").touch()
    made = [
        *new_notebook(root, NAME, TITLE),
        *new_model(root, NAME, TITLE),
        *new_dashboard(root, NAME, TITLE),
    ]
    return root, made


def ran(*words, **where):
    return subprocess.run(
        [sys.executable, "-m", *words], capture_output=True, text=True, check=False, **where
    )


def test_they_pass_lint_and_are_in_form(project):
    root, made = project
    files = [str(path) for path in made if path.suffix in {".py", ".ipynb"}]

    for words in (("check",), ("format", "--check")):
        told = ran("ruff", *words, *files, cwd=root)
        assert told.returncode == 0, told.stdout


def test_their_types_are_whole(project):
    root, made = project
    modules = [str(it) for it in made if it.name == f"{NAME}.py"]

    told = ran("mypy", "--strict", "--follow-imports=skip", *modules, cwd=root)

    assert told.returncode == 0, told.stdout


def test_their_notebooks_are_as_every_notebook(project):
    books = [path for path in project[1] if path.suffix == ".ipynb"]

    assert len(books) == 3
    for path in books:
        checks.test_a_notebook_is_valid_and_says_first_what_it_is(path)
        checks.test_a_notebook_is_kept_without_what_it_showed(path)
        checks.test_a_notebook_has_one_cell_of_parameters_and_it_comes_first(path)
        checks.test_every_parameter_of_a_notebook_has_a_type_and_a_comment(path)
        checks.test_a_notebook_tells_and_does_not_compute(path)
        checks.test_a_notebook_is_short(path)
        checks.test_the_names_of_cells_are_chosen_and_not_drawn_by_chance(path)


def test_the_models_own_tests_and_its_card_pass(project):
    root, _ = project
    code = (
        "import sys, json, pytest, labtools.analysis as room;"
        f"room.__path__.append({str(root / 'labtools' / 'analysis')!r});"
        f"book = json.load(open({str(root / 'notebooks' / 'methods' / NAME)!r} + '.ipynb'));"
        "cells = [''.join(c['source']) for c in book['cells'] if c['cell_type'] == 'code'];"
        "exec('\\n'.join(cells), {});"
        f"sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', '-c', '/dev/null', "
        f"{str(root / 'tests' / 'analysis')!r}]))"
    )

    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=root
    )

    assert told.returncode == 0, told.stdout + told.stderr
    assert "3 passed" in told.stdout


def test_the_notebook_is_executed_by_a_run(project, monkeypatch):
    root, _ = project
    monkeypatch.setattr(paths, "bundled", lambda *parts: _somewhere(root, *parts))

    entry = read_entries()[NAME]

    assert (entry.for_each, entry.audiences) == ("municipality", ("internal",))
    assert entry.path.is_relative_to(root)


def test_the_notebook_reads_tables_that_every_run_has(project):
    book = (project[0] / "notebooks" / "reports" / f"{NAME}.ipynb").read_text(encoding="utf-8")

    read = re.findall(r'lab\.(?:whole|table)\(\\"(\w+)\\"\)', book)

    assert read
    assert set(read) <= set(read_registry().tables)


def _somewhere(root, *parts):
    own = root.joinpath(*parts)
    return own if own.exists() else ROOT.joinpath(*parts)


def test_the_dashboard_is_served_after_the_others(project):
    root, _ = project
    told = (root / "labtools" / "dashboards" / "boards.py").read_text(encoding="utf-8")
    scope = {"__name__": "labtools.dashboards.boards"}

    exec(compile(told, "boards.py", "exec"), scope)  # noqa: S102 - our own file

    last = scope["BOARDS"][-1]
    assert (last.name, last.title, len(scope["BOARDS"])) == (NAME, TITLE, 7)
    assert type(last).__slots__ == Board.__slots__


def test_the_dashboard_opens_on_released_tables(project, tmp_path, monkeypatch):
    pytest.importorskip("ipywidgets")
    from tests.publish.released_example import write_released  # noqa: PLC0415

    root, _ = project
    public = write_released(tmp_path / "public")
    monkeypatch.setenv("LABTOOLS_PUBLIC", str(public))
    scope = {"__name__": "new_dashboard"}
    told = (root / "labtools" / "dashboards" / f"{NAME}.py").read_text(encoding="utf-8")
    exec(compile(told, "new.py", "exec"), scope)  # noqa: S102 - our own file

    page = scope[f"open_{NAME}"]()

    assert page.children[-1].value.startswith("<p>")


def test_an_intervention_is_added_to_the_workbench_and_cites_nothing(tmp_path):
    bench = init_workbench(tmp_path / "lab", bare=True)
    shipped = len(read_interventions().intervention)

    new_intervention(bench, NAME, TITLE)

    found = read_interventions(bench.root / "data" / "reference").intervention
    assert (len(found), found[-1].id, found[-1].name) == (shipped + 1, NAME, TITLE)
    assert not any(effect.is_quotable or effect.used for effect in found[-1].effect)
    with pytest.raises(SettingsError):
        new_intervention(bench, NAME, TITLE)


@pytest.mark.parametrize("make", [new_notebook, new_model, new_dashboard])
def test_nothing_is_written_over_and_no_name_leads_elsewhere(project, make):
    root, _ = project

    with pytest.raises(SettingsError, match=NAME):
        make(root, NAME, TITLE)
    for name, title in (("../fuera", TITLE), ("Con espacio", TITLE), ("otra", 'con "comillas"')):
        with pytest.raises(SettingsError):
            make(root, name, title)


def test_the_project_is_found_from_its_source():
    assert project_root() == Path(ROOT)
