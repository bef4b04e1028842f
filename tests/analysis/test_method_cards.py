"""Each method card runs, and finds again the published number that it shows."""

from pathlib import Path

import nbformat
import pytest

from labtools import messages

FOLDER = Path(__file__).parents[2] / "notebooks" / "methods"
INPUTS = FOLDER.parents[2] / "shared" / "oracle" / "data"
CARDS = (
    "concentration",
    "endemic_epidemic",
    "farrington",
    "harm_and_hours",
    "marginality_index",
    "scoreboard",
)


@pytest.mark.parametrize("card", CARDS)
def test_a_card_runs_and_finds_the_published_number(card):
    cells = nbformat.read(FOLDER / f"{card}.ipynb", as_version=4).cells
    names: dict[str, object] = {}

    with messages.speaking("es_MX"):
        for cell in cells:
            if cell.cell_type == "code":
                exec(compile(cell.source, f"{card}:{cell.id}", "exec"), names)  # noqa: S102 - ours
            if "parameters" in cell.metadata.get("tags", []) and "inputs" in names:
                names["inputs"] = str(INPUTS) if INPUTS.is_dir() else ""


@pytest.mark.parametrize("card", CARDS)
def test_a_card_says_what_its_method_is_not_for(card):
    first = nbformat.read(FOLDER / f"{card}.ipynb", as_version=4).cells[0].source

    assert "Para qué NO sirve" in first
