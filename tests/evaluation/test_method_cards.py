"""The method cards of evaluation run, and their published numbers are met by their asserts."""

from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).parents[2] / "notebooks" / "methods"
CARDS = ("staggered_entry", "synthetic_control", "displacement", "regression_to_the_mean")


def cells(name):
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4).cells


@pytest.mark.parametrize("name", CARDS)
def test_a_card_runs_and_reproduces_its_numbers(name, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    told: dict[str, object] = {}

    for cell in cells(name):
        if cell.cell_type == "code":
            exec(compile(cell.source, f"{name}/{cell.id}", "exec"), told)  # noqa: S102 - our own

    assert list(tmp_path.iterdir()) == []
    assert any("assert" in cell.source for cell in cells(name))


@pytest.mark.parametrize("name", CARDS)
def test_a_card_says_what_its_method_is_not_for(name):
    assert "Para qué NO sirve" in cells(name)[0].source
