"""A form asks for what a notebook's parameters ask for, and runs it as it is."""

import json
import shutil
from pathlib import Path

import nbformat
import pytest

from labtools.errors import SettingsError
from labtools.messages import speaking
from labtools.paths import Workbench, bundled
from labtools.runs import form as module
from labtools.runs.form import NotebookForm, execute_copy, notebook_form
from labtools.runs.parameters import read_signature
from tests.publish.released_example import write_released

widgets = pytest.importorskip("ipywidgets")

CELL = """\
from typing import Literal

colonia_id: str = "C001"  # clave de la colonia
period_end: str = ""  # último mes (AAAA-MM); vacío: el de la corrida
audience: Literal["internal", "public"] = "internal"  # para quién
top: int = 5  # cuántos
share: float = 0.5  # parte
loud: bool = False  # en voz alta
"""


@pytest.fixture(autouse=True)
def _in_english():
    with speaking("en"):
        yield


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """A workbench with one released edition."""
    home = tmp_path_factory.mktemp("bench")
    run = home / "reports" / "2025-12-a"
    write_released(run / "public")
    (run / "manifest.json").write_text("{}", encoding="utf-8")
    (home / "reports" / "latest").symlink_to(run.name)
    shutil.copy(bundled("lab.example.toml"), home / "lab.toml")
    return Workbench(home)


def written(folder: Path, *cells: str) -> Path:
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    book.cells[0].metadata["tags"] = ["parameters"]
    book.metadata["language_info"] = {"name": "python"}
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    path = folder / "asked.ipynb"
    nbformat.write(book, path)
    return path


@pytest.fixture
def form(bench):
    return NotebookForm(read_signature(written(bench.root, CELL)), bench)


def test_each_parameter_has_a_control_of_its_kind_with_what_its_author_wrote(form):
    kinds = {name: type(control).__name__ for name, control in form.controls.items()}

    assert kinds == {
        "colonia_id": "Dropdown",
        "period_end": "Dropdown",
        "audience": "Dropdown",
        "top": "IntText",
        "share": "FloatText",
        "loud": "Checkbox",
    }
    assert form.controls["top"].description == "cuántos"
    assert form.controls["audience"].options == (
        ("the lab: true counts, not for publication", "internal"),
        ("everyone: protected counts", "public"),
    )


def test_the_colonia_is_chosen_by_name_and_the_month_among_those_that_were_run(form):
    shown = [label for label, _ in form.controls["colonia_id"].options]
    months = [value for _, value in form.controls["period_end"].options]

    assert shown == sorted(shown, key=lambda label: label.split(" (")[0])
    assert form.controls["colonia_id"].value == "C001"
    assert months == ["", "2025-12"]


@pytest.mark.parametrize(
    ("name", "borough", "label"),
    [
        ("La Loma", "Norte", "La Loma (Norte) · C1"),
        ("La Loma", float("nan"), "La Loma · C1"),
        (None, "Norte", "C1 (Norte) · C1"),
        (None, None, "C1 · C1"),
    ],
)
def test_a_colonia_of_a_city_without_boroughs_is_chosen_by_its_name(name, borough, label):
    assert module._named(name, borough, "C1") == label


def test_what_is_chosen_is_what_the_notebook_is_given(form):
    form.controls["colonia_id"].value = "C000"
    form.controls["top"].value = 7

    assert form.values() == {
        "colonia_id": "C000",
        "period_end": "",
        "audience": "internal",
        "top": 7,
        "share": 0.5,
        "loud": False,
    }


def test_a_notebook_is_executed_with_what_was_asked_and_the_copy_is_kept(bench):
    shows = "from IPython.display import HTML\nHTML('<script>alert(1)</script><b>negritas</b>')"
    path = written(bench.root, 'quién: str = "nadie"  # quién', "print(quién)", shows)
    form = NotebookForm(read_signature(path), bench)
    form.controls["quién"].value = "todas"
    before = path.read_bytes()

    made = form.run()

    told = nbformat.read(made, as_version=4)
    assert made.is_relative_to(bench.reports / "scratch")
    assert "todas\n" in json.dumps([c.get("outputs", []) for c in told.cells]).replace("\\n", "\n")
    *_, said, result = form.page.children
    assert "Done:" in said.value
    assert '<iframe class="lab-result" sandbox title="Result: ' in result.value
    assert "todas" in result.value
    assert "negritas" in result.value
    assert "script&gt;alert" not in result.value
    assert path.read_bytes() == before


def test_a_notebook_that_fails_says_why_and_names_no_copy(form, monkeypatch):
    monkeypatch.setattr(module, "execute_copy", lambda *_: "ZeroDivisionError: <b>division</b>")

    assert form.run() is None
    *_, said, result = form.page.children
    assert "It failed: ZeroDivisionError: &lt;b&gt;" in said.value
    assert result.value == ""


def test_the_reason_of_a_failure_is_its_last_line(bench):
    path = written(bench.root, "n: int = 0  # entre cuánto", "1 / n")

    reason = execute_copy(path, bench.root / "out.ipynb", {"n": 0}, bench)

    assert reason == "ZeroDivisionError: division by zero"


def test_a_notebook_that_is_not_there_is_told_with_those_that_are(bench):
    with pytest.raises(SettingsError, match="colonia_risk_profile"):
        notebook_form("reports/colonia_risk_profil", workbench=str(bench.root))


def test_without_a_run_the_colonia_is_written_by_hand(tmp_path):
    form = NotebookForm(read_signature(written(tmp_path, CELL)), Workbench(tmp_path))

    assert isinstance(form.controls["colonia_id"], widgets.Text)
