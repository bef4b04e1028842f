"""One job, from template to finished file: executed, made reproducible, checked, put in place."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import pickle
import random
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
from nbformat import NotebookNode
from nbformat.v4.rwbase import split_lines, strip_transient
from papermill.engines import papermill_engines
from papermill.execute import (
    prepare_notebook_metadata,
    raise_for_execution_errors,
    remove_error_markers,
)
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from labtools import messages
from labtools.runs.jobs import Failure, Job

_encoded = json.JSONEncoder(ensure_ascii=False, sort_keys=True, default=bytes.decode).encode
_KERNEL_SECONDS = 60  # for a stock kernel to start
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
    logger = logging.getLogger("papermill")
    if logger.level != logging.ERROR:  # to set it makes every logger forget what it knows
        logger.setLevel(logging.ERROR)
    notebook = _executed(job, engine_name, options)
    aside.write_bytes(reproducible(notebook, job.notebook))


def read_template(path: Path) -> NotebookNode:
    """Return a template as Papermill reads it; it is read and checked once in a process."""
    notebook: NotebookNode = pickle.loads(_template(path))  # noqa: S301 - our own bytes
    return notebook


@lru_cache(maxsize=64)
def _template(path: Path) -> bytes:
    return pickle.dumps(load_notebook_node(str(path)))


def _executed(job: Job, engine_name: str, options: Mapping[str, object]) -> NotebookNode:
    """Do what ``papermill.execute_notebook`` does, with its own parts.

    But for three: the template is not read again for each job, the result is not written out
    to nowhere, and the parameters are not looked up in the template (Papermill's look-up does
    not know ``Literal``; the job was checked against the cell's signature already).
    """
    notebook = read_template(job.notebook)
    if job.parameters:
        notebook = parameterize_notebook(
            notebook,
            dict(job.parameters),
            kernel_name="python3",
            language="python",
            engine_name=engine_name,
        )
    notebook = prepare_notebook_metadata(notebook, str(job.notebook), None)
    notebook = remove_error_markers(notebook)
    notebook = papermill_engines.execute_notebook_with_engine(
        engine_name,
        notebook,
        kernel_name="python3",
        input_path=str(job.notebook),
        output_path=None,
        progress_bar=False,
        log_output=False,
        start_timeout=_KERNEL_SECONDS,
        **options,
    )
    raise_for_execution_errors(notebook, None)
    return notebook


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
    return _written(notebook)


def _written(notebook: NotebookNode) -> bytes:
    """Return a notebook as nbformat writes it, but with one cell in each line.

    nbformat's own layout keeps Python's encoder from its fast path: ten times as long.
    """
    plain = strip_transient(split_lines(notebook))
    rest = {name: value for name, value in plain.items() if name != "cells"}
    cells = ",\n".join(map(_encoded, plain.cells))
    others = ",\n".join(f"{_encoded(name)}: {_encoded(rest[name])}" for name in sorted(rest))
    return f'{{"cells": [\n{cells}\n],\n{others}}}\n'.encode()


def put_in_place(aside: Path, output: Path) -> Failure | None:
    """Check the notebook at `aside` and move it to `output`; else remove it and say why.

    At any moment `output` is what it was before, or the new notebook, whole.
    """
    failure = fault_of(aside)
    if failure is None:
        try:
            _sync(aside)
            aside.replace(output)
        except OSError as error:
            failure = Failure(f"{type(error).__name__}: {error}")
    if failure is not None:
        discard(aside)
    return failure


def discard(aside: Path) -> None:
    """Remove an unfinished notebook, if there is one."""
    with suppress(OSError):
        aside.unlink(missing_ok=True)


def _only(metadata: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: metadata[name] for name in names if name in metadata}


def fault_of(aside: Path) -> Failure | None:
    """Return why the executed notebook at `aside` may not be used, if it may not."""
    try:
        notebook = json.loads(aside.read_bytes())
        nbformat.validate(notebook, version=4)
    except (OSError, ValueError, nbformat.ValidationError) as error:
        return Failure(
            messages.text("The executed notebook is not valid: {reason}.", reason=str(error)),
            _cell_named_by(error),
        )
    for index, cell in enumerate(notebook["cells"]):
        fault = _fault_of_cell(cell)
        if fault:
            return Failure(fault, index)
    return None


def _cell_named_by(error: Exception) -> int | None:
    where, *place = [*getattr(error, "absolute_path", ()), None, None][:2]
    return place[0] if where == "cells" and isinstance(place[0], int) else None


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
