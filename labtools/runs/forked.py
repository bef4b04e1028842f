"""The Papermill engine for people's own processes: one forked child runs the notebook."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from typing import Any

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.engines import Engine, NotebookExecutionManager
from papermill.exceptions import PapermillExecutionError
from papermill.log import logger

from labtools.runs.cells import run_cells
from labtools.runs.child import Announce, run_in_child
from labtools.runs.jobs import Limits

# Python's own filters, in its order.
_UNHEARD = (ResourceWarning, ImportWarning, PendingDeprecationWarning, DeprecationWarning)


class ForkedEngine(Engine):  # type: ignore[misc]  # papermill carries no types
    """Runs the cells in a forked child, so that the caller's process stays clean."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,  # noqa: ARG003 - Papermill passes it; there is no kernel
        execution_timeout: float | None = None,
        **options: Any,
    ) -> None:
        """Run all cells; the child saves as it goes, the caller gets the notebook back.

        Raises
        ------
        nbclient.exceptions.CellTimeoutError, nbclient.exceptions.DeadKernelError
            As the stock engine does, with the stock exit codes of the command line.
        papermill.exceptions.PapermillExecutionError
            If a cell leaves by ``sys.exit()``.
        """
        ending = run_in_child(
            lambda announce: _notebook_and_error(nb_man, announce, options),
            Limits(execution_timeout, None, None),
        )
        if ending.failure is not None:
            cell = ending.failure.cell
            if cell is not None:
                nb_man.cell_exception(nb_man.nb.cells[cell], cell_index=cell)
            kind = CellTimeoutError if ending.timed_out else DeadKernelError
            raise kind(ending.failure.error)
        nb_man.nb, error = ending.result
        if error is not None:
            raise error


def _notebook_and_error(
    nb_man: NotebookExecutionManager, announce: Announce, options: Mapping[str, Any]
) -> tuple[NotebookNode, PapermillExecutionError | None]:
    _forget_the_caller()
    try:
        run_cells(nb_man, announce, **options)
    except PapermillExecutionError as error:
        return nb_man.nb, error
    return nb_man.nb, None


def _forget_the_caller() -> None:
    """Undo what the caller set for itself and a new process would not have.

    Its warning filters, and its log handlers; Papermill's own log keeps those.
    """
    warnings.resetwarnings()
    for category in _UNHEARD:
        warnings.simplefilter("ignore", category)
    warnings.filterwarnings("default", category=DeprecationWarning, module="__main__")
    root = logging.getLogger()
    logger.setLevel(logger.getEffectiveLevel())
    logger.handlers, root.handlers = [*logger.handlers, *root.handlers], []
    logger.propagate = False
    root.setLevel(logging.WARNING)
