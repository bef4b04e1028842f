"""Each method card runs whole, and what it claims holds: its own assertions are the test."""

import contextlib
import io

import nbformat
import pytest

from labtools.paths import bundled
from tests.inputs import reference_inputs

#: Inputs of published numbers, of packages that are not copied here; a card does without.
INPUTS = reference_inputs()
CARDS = sorted(bundled("notebooks", "methods").glob("*.ipynb"))


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.stem)
def test_a_method_card_runs_from_top_to_bottom_and_leaves_no_file(path, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    cells = nbformat.read(path, as_version=4).cells
    space: dict[str, object] = {}

    with contextlib.redirect_stdout(io.StringIO()):
        for cell in cells:
            if cell.cell_type == "code":
                exec(compile(cell.source, f"{path.name}:{cell.id}", "exec"), space)  # noqa: S102 - ours
            if "parameters" in cell.metadata.get("tags", []) and "inputs" in space:
                space["inputs"] = str(INPUTS) if INPUTS.is_dir() else ""

    assert list(tmp_path.iterdir()) == []
    assert any("assert" in cell.source for cell in cells)


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.stem)
def test_a_method_card_says_what_it_is_for_and_what_not(path):
    first = nbformat.read(path, as_version=4).cells[0].source.casefold()

    assert "para qué sirve" in first
    assert "para qué no sirve" in first
