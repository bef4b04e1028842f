"""Run the cells of a notebook in this process, as Papermill and nbclient would record them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ipykernel.ipkernel import IPythonKernel
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, NotebookExecutionManager
from papermill.exceptions import PapermillExecutionError
from papermill.log import logger

from labtools.runs.shell import NotebookShell, fresh_shell
from labtools.runs.streams import CellStreams

IN_PROCESS = "labtools-in-process"

Announce = Callable[[int], None]


class InProcessEngine(Engine):  # type: ignore[misc]  # papermill carries no types
    """Papermill engine for a process that exists for one notebook: a lane's child."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,  # noqa: ARG003 - Papermill passes it; there is no kernel
        *,
        announce: Announce = lambda _index: None,
        **options: Any,
    ) -> None:
        """Run all cells; `announce` hears the index of each before it starts."""
        run_cells(nb_man, announce, **options)


def run_cells(
    nb_man: NotebookExecutionManager,
    announce: Announce,
    *,
    log_output: bool = False,
    stdout_file: object = None,
    stderr_file: object = None,
    **_others: object,
) -> None:
    """Run the cells of the notebook that `nb_man` holds, until the first that fails.

    Raises
    ------
    PapermillExecutionError
        If a cell leaves by ``sys.exit(0)``; Papermill itself takes that for success.
    """
    client = PapermillNotebookClient(
        nb_man, log=logger, log_output=log_output, stdout_file=stdout_file, stderr_file=stderr_file
    )
    client.reset_execution_trackers()
    notebook = nb_man.nb
    runner = CellRunner(client, _shell())
    for index, cell in enumerate(notebook.cells):
        announce(index)
        nb_man.cell_start(cell, index)
        try:
            runner.run(cell, index)
        except CellExecutionError as error:
            nb_man.cell_exception(cell, cell_index=index, exception=error)
            break
        finally:
            nb_man.cell_complete(cell, cell_index=index)
    notebook.metadata["language_info"] = dict(IPythonKernel.language_info)
    client.set_widgets_metadata()
    _refuse_exit(notebook)


class CellRunner:
    """Runs cells one after the other in one shell and writes their outputs into them."""

    def __init__(self, client: PapermillNotebookClient, shell: NotebookShell) -> None:
        self._client = client
        self._shell = shell
        self._session = shell.display_pub.session
        self._streams = CellStreams(self._session.send_print)

    def run(self, cell: NotebookNode, index: int) -> None:
        """Run one cell; markdown, blank and skipped cells are left as they are.

        Raises
        ------
        CellExecutionError
            If the cell fails and is not tagged ``raises-exception``.
        """
        if not _is_executed(cell, self._client.skip_cells_with_tag):
            return
        cell.execution_count = self._shell.execution_count
        self._client.clear_before_next_output = False
        with self._streams.installed():
            run_cell: Callable[..., ExecutionResult] = self._shell.run_cell
            result = run_cell(cell.source, store_history=True)
        # Only now, with the process's own streams back: Papermill may log what it hears.
        for message in self._session.heard():
            self._client.process_message(message, cell, index)
        _merge_streams(cell)
        error = result.error_before_exec or result.error_in_exec
        if "raises-exception" not in cell.metadata.get("tags", []):
            self._raise_if_failed(cell, error)

    def _raise_if_failed(self, cell: NotebookNode, error: BaseException | None) -> None:
        # An object whose display fails leaves a traceback and no error.
        traceback = self._shell._last_traceback  # noqa: SLF001 - as ipykernel does
        if error is None and traceback is None:
            return
        content = {"ename": type(error).__name__, "evalue": str(error), "traceback": traceback}
        raise CellExecutionError.from_cell_and_msg(cell, content)


def _is_executed(cell: NotebookNode, skip_tag: str) -> bool:
    """Return whether running the notebook runs this cell."""
    skipped = skip_tag in cell.metadata.get("tags", [])
    return cell.cell_type == "code" and bool("".join(cell.source).strip()) and not skipped


def _shell() -> NotebookShell:
    # A lane makes the shell before it forks; elsewhere there may be somebody else's, or none.
    if InteractiveShell.initialized():
        existing = InteractiveShell.instance()
        if isinstance(existing, NotebookShell) and existing.execution_count == 1:
            return existing
    return fresh_shell()


def _merge_streams(cell: NotebookNode) -> None:
    """Join neighbouring outputs of one stream; a stock kernel splits them by the clock."""
    merged: list[NotebookNode] = []
    for output in cell.outputs:
        follows = (
            merged
            and output.output_type == merged[-1].output_type == "stream"
            and output.name == merged[-1].name
        )
        if follows:
            merged[-1].text += output.text
        else:
            merged.append(output)
    cell.outputs = merged


def _refuse_exit(notebook: NotebookNode) -> None:
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output.output_type == "error" and output.ename == "SystemExit":
                raise PapermillExecutionError(
                    index,
                    cell.execution_count,
                    cell.source,
                    output.ename,
                    output.evalue,
                    output.traceback,
                )
