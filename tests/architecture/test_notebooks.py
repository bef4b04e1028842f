import ast
import re

import nbformat
import pytest

from labtools.dashboards.service import PAGES
from labtools.runs.parameters import read_signature
from labtools.runs.plan import read_entries
from tests.architecture.documents import ROOT

FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(
    path for path in FOLDER.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts
)
NOTEBOOKS = [path for path in NOTEBOOKS if path.relative_to(FOLDER).parts[0] != "scratch"]
MOST_CELLS = 30
each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path, kind="code"):
    return [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == kind]


@each
def test_a_notebook_is_valid_and_says_first_what_it_is(path):
    notebook = nbformat.read(path, as_version=4)

    nbformat.validate(notebook)
    assert notebook.cells[0].cell_type == "markdown"
    assert notebook.cells[0].source.startswith("# ")


@each
def test_a_notebook_is_kept_without_what_it_showed(path):
    assert [cell.id for cell in cells(path) if cell.outputs or cell.execution_count] == []


@each
def test_a_notebook_has_one_cell_of_parameters_and_it_comes_first(path):
    tagged = ["parameters" in cell.metadata.get("tags", []) for cell in cells(path)]

    assert tagged == [True] + [False] * (len(tagged) - 1)


@each
def test_every_parameter_of_a_notebook_has_a_type_and_a_comment(path):
    signature = read_signature(path)

    assert signature.parameters
    assert [it.name for it in signature.parameters if not it.comment] == []


@each
def test_a_notebook_tells_and_does_not_compute(path):
    forbidden = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)

    nodes = [node for cell in cells(path) for node in ast.walk(ast.parse(cell.source))]

    assert [ast.unparse(node) for node in nodes if isinstance(node, forbidden)] == []


#: What writes data into a page as it is: a notebook shows through `lab.say`, tables and charts.
SINKS = re.compile(
    r"\b(HTML|Markdown|Javascript|IFrame)\(|\.style\b|folium|escape=False|%%(html|javascript|js)"
)


@each
def test_a_notebook_shows_data_by_no_way_that_lets_them_run(path):
    assert [cell.source for cell in cells(path) if SINKS.search(cell.source)] == []


@each
def test_a_notebook_is_short(path):
    assert len(nbformat.read(path, as_version=4).cells) <= MOST_CELLS


@each
def test_the_names_of_cells_are_chosen_and_not_drawn_by_chance(path):
    names = [cell.id for cell in nbformat.read(path, as_version=4).cells]

    assert len(set(names)) == len(names)
    assert [
        name for name in names if not re.fullmatch(r"cell-\d\d|[a-z]{3,}(-[a-z]+)*", name)
    ] == []


def test_every_report_is_executed_by_a_run_and_every_dashboard_is_served():
    executed = {entry.path for entry in read_entries().values()}
    served = {FOLDER / "dashboards" / f"{page}.ipynb" for page in PAGES}

    told = {path for path in NOTEBOOKS if path.parent.name in {"reports", "dashboards"}}
    assert executed | served == told
