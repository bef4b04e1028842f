"""One job, from template to finished file: executed, made reproducible, checked, put in place."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import random
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import papermill
from nbformat import NotebookNode

from labtools import messages
from labtools.runs.jobs import Failure, Job

SKIP_TAG = "skip-execution"
_KEPT_OF_RUN = ("version", "parameters", "exception")
_KEPT_OF_CELL = ("status", "exception")

Cell = Mapping[str, Any]


def execute_job(job: Job, aside: Path, *, engine_name: str, **options: object) -> None:
    """Execute `job` in this process's surroundings and write the result to `aside`.

    The old-style global random numbers start from the job's key: a child inherits its
    parent's, and every colonia would otherwise draw the same ones.
    """
    seed = int.from_bytes(hashlib.sha256(job.key.encode()).digest()[:4])
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - notebooks may still use it
    aside.parent.mkdir(parents=True, exist_ok=True)
    # Papermill's own reading of the parameters cell does not know Literal and warns of each;
    # the job was checked against the cell's signature already, more strictly.
    logging.getLogger("papermill").setLevel(logging.ERROR)
    notebook = papermill.execute_notebook(
        _plain(job.notebook),
        None,
        parameters=dict(job.parameters),
        engine_name=engine_name,
        kernel_name="python3",
        language="python",
        progress_bar=False,
        request_save_on_cell_execute=False,
        log_output=False,
        **options,
    )
    aside.write_bytes(reproducible(notebook, job.notebook))


def reproducible(notebook: NotebookNode, template: Path) -> bytes:
    """Return the notebook's text without what differs between two equal runs.

    Times, durations and paths of this machine go; the parameters stay; the cells are
    numbered, because Papermill gives the injected one a random id.
    """
    metadata = notebook.metadata
    metadata["papermill"] = _only(metadata.get("papermill", {}), _KEPT_OF_RUN)
    metadata["papermill"]["input_path"] = template.name
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
        cell.metadata.pop("execution", None)
        cell.metadata["papermill"] = _only(cell.metadata.get("papermill", {}), _KEPT_OF_CELL)
    text: str = nbformat.v4.writes(notebook)
    return (text + "\n").encode()


def put_in_place(aside: Path, output: Path) -> Failure | None:
    """Check the notebook at `aside` and move it to `output`; else remove it and say why.

    At any moment `output` is what it was before, or the new notebook, whole.
    """
    failure = _fault(aside)
    if failure is None:
        try:
            _sync(aside)
            aside.replace(output)
            _sync(output.parent)
        except OSError as error:
            failure = Failure(f"{type(error).__name__}: {error}")
    if failure is not None:
        discard(aside)
    return failure


def discard(aside: Path) -> None:
    """Remove an unfinished notebook, if there is one."""
    with suppress(OSError):
        aside.unlink(missing_ok=True)


def _plain(path: Path) -> str:
    # Papermill fills in {name} in paths.
    return str(path).replace("{", "{{").replace("}", "}}")


def _only(metadata: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: metadata[name] for name in names if name in metadata}


def _fault(aside: Path) -> Failure | None:
    try:
        notebook = json.loads(aside.read_bytes())
        nbformat.validate(notebook, version=4)
    except (OSError, ValueError, nbformat.ValidationError) as error:
        return Failure(
            messages.text("The executed notebook is not valid: {reason}.", reason=str(error))
        )
    for index, cell in enumerate(notebook["cells"]):
        fault = _fault_of_cell(cell)
        if fault:
            return Failure(fault, index)
    return None


def _fault_of_cell(cell: Cell) -> str | None:
    if cell["cell_type"] != "code" or not "".join(cell["source"]).strip():
        return None
    for output in cell["outputs"]:
        if output["output_type"] == "error":
            return ": ".join(part for part in (output["ename"], output["evalue"]) if part)
    skipped = SKIP_TAG in cell["metadata"].get("tags", [])
    if cell["execution_count"] is None and not skipped:
        return messages.text("The cell was not run.")
    return None


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with suppress(OSError):  # some file systems cannot sync a folder
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
