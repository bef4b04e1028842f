"""The Papermill engine for people's own processes: one forked child runs the notebook."""

from __future__ import annotations

from typing import Any

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.engines import Engine, NotebookExecutionManager
from papermill.exceptions import PapermillExecutionError

from labtools.runs.cells import run_cells
from labtools.runs.child import Announce, run_in_child
from labtools.runs.jobs import Limits


class ForkedEngine(Engine):  # type: ignore[misc] - papermill carries no types
    """Runs the cells in a forked child, so that the caller's process stays clean."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,  # noqa: ARG003 - Papermill passes it; there is no kernel
        execution_timeout: float | None = None,
        **options: Any,  # noqa: ANN401 - Papermill's, for its own client
    ) -> None:
        """Run all cells; the child saves as it goes, the caller gets the notebook back.

        Raises
        ------
        nbclient.exceptions.CellTimeoutError, nbclient.exceptions.DeadKernelError
            As the stock engine does, with the stock exit codes of the command line.
        papermill.exceptions.PapermillExecutionError
            If a cell leaves by ``sys.exit()``.
        """

        def work(announce: Announce) -> object:
            try:
                run_cells(nb_man, announce, **options)
            except PapermillExecutionError as error:
                return nb_man.nb, error.args
            return nb_man.nb, None

        ending = run_in_child(work, Limits(execution_timeout, None, None))
        if ending.failure is not None:
            cell = ending.failure.cell
            if cell is not None:
                nb_man.cell_exception(nb_man.nb.cells[cell], cell_index=cell)
            kind = CellTimeoutError if ending.timed_out else DeadKernelError
            raise kind(ending.failure.error)
        nb_man.nb, exit_args = ending.result
        if exit_args is not None:
            raise PapermillExecutionError(*exit_args)
