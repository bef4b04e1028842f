"""Run the cells of a notebook in this process, as Papermill and nbclient would record them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from types import MappingProxyType
from typing import Any

from ipykernel.ipkernel import IPythonKernel
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, NotebookExecutionManager
from papermill.exceptions import PapermillExecutionError
from papermill.log import logger

from labtools.runs.shell import Message, NotebookShell, fresh_shell
from labtools.runs.streams import CellStreams

IN_PROCESS = "labtools-in-process"

Announce = Callable[[int], None]


class InProcessEngine(Engine):  # type: ignore[misc]  # papermill carries no types
    """Papermill engine for a process that exists for one notebook: a lane's child.

    What it returns tells no times, and its outputs were not checked: a batch wants the same
    bytes at every hour, and checks the whole notebook once, when it is written.
    """

    @classmethod
    def execute_notebook(
        cls,
        nb: NotebookNode,
        kernel_name: str,  # noqa: ARG003 - Papermill passes it; there is no kernel
        *,
        announce: Announce = lambda _index: None,
        **_others: Any,
    ) -> NotebookNode:
        """Run all cells; `announce` hears the index of each before it starts."""
        manager = _WithoutClock(nb, progress_bar=False, autosave_cell_every=0)
        manager.notebook_start()
        try:
            run_cells(manager, announce, client_class=_UncheckedClient)
        finally:
            manager.notebook_complete()
        return manager.nb


class _WithoutClock(NotebookExecutionManager):  # type: ignore[misc]  # as above
    """Notes how each cell ended, but not when: Papermill parses dates for as long as cells take."""

    def cell_start(self, cell: NotebookNode, *_index: object, **_more: object) -> None:
        """Note that a cell begins."""
        cell.metadata.papermill.update(status=self.RUNNING, exception=False)

    def cell_complete(self, cell: NotebookNode, *_index: object, **_more: object) -> None:
        """Note that a cell ended, unless it failed."""
        if cell.metadata.papermill.status != self.FAILED:
            cell.metadata.papermill.status = self.COMPLETED


#: What nbformat makes an output of, in its order.
_FIELDS = MappingProxyType(
    {
        "stream": ("name", "text"),
        "display_data": ("metadata", "data"),
        "execute_result": ("metadata", "data", "execution_count"),
    }
)


class _UncheckedClient(PapermillNotebookClient):  # type: ignore[misc]  # as above
    """Leaves out that nbformat checks each output by itself, which takes as long as making it."""

    def output(
        self, outs: list[NotebookNode], msg: Message, display_id: str | None, cell_index: int
    ) -> NotebookNode | None:
        """Add the output that a message tells of; what is out of the ordinary goes to nbclient."""
        fields = _FIELDS.get(msg["msg_type"])
        hooked = self.output_hook_stack[msg["parent_header"].get("msg_id")]
        if fields is None or display_id or hooked or self.clear_before_next_output:
            return super().output(outs, msg, display_id, cell_index)
        content = msg["content"]
        out = NotebookNode(output_type=msg["msg_type"])
        out.update({field: content[field] for field in fields})
        outs.append(out)
        return out


def run_cells(
    nb_man: NotebookExecutionManager,
    announce: Announce,
    *,
    client_class: type[PapermillNotebookClient] = PapermillNotebookClient,
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
    client = client_class(
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
            self._ask_as_a_kernel_does(cell.source)
            run_cell: Callable[..., ExecutionResult] = self._shell.run_cell
            result = run_cell(cell.source, store_history=True)
        # Only now, with the process's own streams back: Papermill may log what it hears.
        for message in self._session.heard():
            self._client.process_message(message, cell, index)
        _merge_streams(cell)
        error = result.error_before_exec or result.error_in_exec
        if "raises-exception" not in cell.metadata.get("tags", []):
            self._raise_if_failed(cell, error)

    def _ask_as_a_kernel_does(self, source: str) -> None:
        """Ask whether a cell awaits before the shell asks itself: warnings are told twice."""
        with suppress(Exception):  # the shell will meet and tell it
            python = self._shell.transform_cell(source)
            self._shell.should_run_async(source, transformed_cell=python)

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
