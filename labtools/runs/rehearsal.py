"""A notebook run once for nothing, in the process that will fork the others.

What libraries do on first use (load a locale, build a validator, compile a pattern, look up a
formatter) costs more than a ficha itself; done here, every child inherits it.  Only a notebook
that says so in ``runs.toml`` is rehearsed: its cells must start no thread and change nothing
but their own names, or the children would not be what a new process is.
"""

from __future__ import annotations

import os
import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from labtools.runs.cells import IN_PROCESS
from labtools.runs.context import REHEARSAL_VARIABLE
from labtools.runs.execution import execute_job, fault_of, read_template
from labtools.runs.jobs import Job
from labtools.runs.shell import emptied_shell


def rehearse(job: Job, scratch: Path) -> None:
    """Run `job` in this process, write what it saves below `scratch`, and leave an empty shell.

    A failure is not told: the job itself will tell it.
    """
    output = scratch / "rehearsal" / "rehearsed.ipynb"
    with _nothing_changed(scratch / "rehearsal"):
        try:
            execute_job(replace(job, output=output), output, engine_name=IN_PROCESS)
            fault_of(output)
        except BaseException:  # noqa: BLE001, S110 - sys.exit() included; see above
            pass
    emptied_shell().learn(_cells_of(job))


def _cells_of(job: Job) -> list[str]:
    cells = read_template(job.notebook).cells
    return [cell.source for cell in cells if cell.cell_type == "code"]


@contextmanager
def _nothing_changed(scratch: Path) -> Iterator[None]:
    """Put back what a notebook may have touched: randomness, warnings heard, the environment."""
    before, environment = (random.getstate(), np.random.get_state()), dict(os.environ)  # noqa: NPY002
    os.environ[REHEARSAL_VARIABLE] = str(scratch)
    try:
        with warnings.catch_warnings():  # at its end, "shown once" begins anew everywhere
            yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])  # noqa: NPY002 - as above
        os.environ.clear()
        os.environ.update(environment)
