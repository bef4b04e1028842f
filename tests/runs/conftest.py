from pathlib import Path

import nbformat
import pytest

from labtools import messages


@pytest.fixture(autouse=True)
def english():
    with messages.speaking("en"):
        yield


@pytest.fixture(scope="session")
def notebooks() -> Path:
    return Path(__file__).parents[1] / "notebooks"


@pytest.fixture
def write_notebook(tmp_path):
    def write(parameters: str, *sources: str, name: str = "written.ipynb") -> Path:
        tagged = nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})
        others = [nbformat.v4.new_code_cell(source) for source in sources]
        path = tmp_path / name
        kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
        notebook = nbformat.v4.new_notebook(
            cells=[tagged, *others], metadata={"kernelspec": kernel}
        )
        nbformat.write(notebook, path)
        return path

    return write
