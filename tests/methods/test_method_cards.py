"""Method cards run whole: what they assert of published numbers holds."""

import os
import runpy

import nbformat
import pytest

from tests.architecture.documents import ROOT

CARDS = sorted((ROOT / "notebooks" / "methods").glob("*.ipynb"))


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.stem)
def test_a_method_card_runs_and_says_what_it_is_not_for(path, tmp_path):
    cells = nbformat.read(path, as_version=4).cells
    code = "\n\n".join(cell.source for cell in cells if cell.cell_type == "code")
    script = tmp_path / "card.py"
    script.write_text(code, encoding="utf-8")

    runpy.run_path(os.fspath(script))

    assert "**Para qué NO sirve**" in cells[0].source
