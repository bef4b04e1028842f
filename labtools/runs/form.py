"""A form for a notebook: one control for each of its typed parameters, and a button that runs it.

For people who want the notebook of a colonia without touching its cells.  The controls say what
the author wrote beside each parameter; the colonia is chosen by name, the month among those that
were run.  What is asked for is checked as a run checks it, and executed in a process of its own, so
that this page stays free.  The copy that was executed is kept in the lab (``reports/scratch/``),
and what it showed is read below the button.
"""

from __future__ import annotations

import base64
import html
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from labtools import paths
from labtools.errors import LabError, SettingsError
from labtools.messages import text
from labtools.paths import Workbench, find_workbench
from labtools.runs.parameters import Parameter, Signature, check_parameters, read_signature
from labtools.runs.reading import frame_of
from labtools.tables.released import slug
from labtools.tables.store import make_folder, read_table

_WIDE = widgets.Layout(width="40rem", max_width="100%")
_DESCRIBED = {"description_width": "16rem"}
_STYLES = "<style>.lab-result { width: 100%; height: 45rem; border: 1px solid #767676; }</style>"
_LAST_WORDS = 600  # characters


class NotebookForm:
    """The form of one notebook.

    Attributes
    ----------
    page : ipywidgets.Widget
        What a notebook shows.
    controls : mapping of str to ipywidgets.Widget
        Parameter → its control.
    """

    def __init__(self, signature: Signature, workbench: Workbench) -> None:
        self._signature, self._workbench = signature, workbench
        self.controls = {it.name: _control(it, workbench) for it in signature.parameters}
        self._button = widgets.Button(description=text("Run it"), button_style="primary")
        self._said = widgets.HTML()
        # A screen reader says what changes here, without the reader having to look for it.
        self._said.add_class("lab-said")
        self._result = widgets.HTML()
        self._button.on_click(self._clicked)
        self.page = widgets.VBox([*self.controls.values(), self._button, self._said, self._result])

    def values(self) -> dict[str, object]:
        """Return what is asked for, checked as a run checks it.

        Raises
        ------
        SettingsError
            If a value is of another kind, or none of the choices.
        """
        given = {name: control.value for name, control in self.controls.items()}
        return check_parameters(self._signature, given)

    def run(self) -> Path | None:
        """Execute the notebook and show what it tells; return the copy, or None if it failed."""
        self._button.disabled = True
        self._result.value = ""
        try:
            values = self.values()
            output = _output(self._workbench, self._signature, values)
            self._say(text("At work: the notebook takes some seconds…"))
            failure = execute_copy(self._signature.notebook, output, values, self._workbench)
        except LabError as wrong:
            self._say(str(wrong))
            return None
        finally:
            self._button.disabled = False
        if failure:
            self._say(text("It failed: {reason}", reason=failure))
            return None
        self._say(text("Done: {path}", path=os.path.relpath(output, self._workbench.root)))
        self._result.value = _STYLES + frame_of(output)
        return output

    def _clicked(self, _: object) -> None:
        threading.Thread(target=self.run, daemon=True).start()

    def _say(self, words: str) -> None:
        self._said.value = f'<p role="status">{html.escape(words)}</p>'


def notebook_form(notebook: str, *, workbench: str = "") -> NotebookForm:
    """Return the form of a notebook of the workbench, such as ``reports/colonia_risk_profile``.

    Raises
    ------
    SettingsError
        If there is no such notebook, or no workbench.
    RunError
        If its cell of parameters cannot be read.
    """
    bench = Workbench(Path(workbench).resolve()) if workbench else find_workbench()
    path = paths.bundled("notebooks", *f"{notebook.removesuffix('.ipynb')}.ipynb".split("/"))
    if bench is None or not path.is_file():
        known = sorted(path.parent.glob("*.ipynb")) if path.parent.is_dir() else []
        raise SettingsError(
            "There is no notebook {notebook} here, or no workbench around it. Notebooks there are: "
            "{known}.",
            notebook=notebook,
            known=tuple(it.stem for it in known) or ("—",),
        )
    return NotebookForm(read_signature(path), bench)


def execute_copy(
    notebook: Path, output: Path, values: Mapping[str, object], workbench: Workbench
) -> str:
    """Execute a copy of a notebook in a process of its own; return why it failed, or ""."""
    given = base64.b64encode(json.dumps(dict(values)).encode()).decode()  # JSON is YAML
    words = ["papermill", "--no-progress-bar", "-b", given, str(notebook), str(output)]
    done = subprocess.run(  # noqa: S603 - our own interpreter, no shell
        [sys.executable, "-m", *words],
        env={**os.environ, paths.ENVIRONMENT_VARIABLE: str(workbench.root)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return ""
    lines = [line for line in done.stderr.strip().splitlines() if line.strip()]
    return lines[-1][-_LAST_WORDS:] if lines else text("it came to no end")


def _output(workbench: Workbench, signature: Signature, values: Mapping[str, object]) -> Path:
    folder = make_folder(workbench.reports / "scratch" / signature.notebook.stem, private=True)
    asked = "-".join(slug(str(value)) for value in values.values() if value)
    return folder / f"{asked or 'notebook'}.ipynb"


def _control(parameter: Parameter, workbench: Workbench) -> widgets.Widget:
    """Return the control of a parameter, with what its author wrote beside it."""
    make = _SPECIAL.get(parameter.name, _plain)
    control = make(parameter, workbench)
    control.description = parameter.comment.split(";")[0][:60] or parameter.name
    control.tooltip = parameter.comment
    control.layout, control.style = _WIDE, _DESCRIBED
    return control


def _in_words(choice: str) -> str:
    """Return a choice as people say it, where it is one of the lab's own."""
    return {
        "internal": text("the lab: true counts, not for publication"),
        "public": text("everyone: protected counts"),
    }.get(choice, choice)


def _plain(parameter: Parameter, _: Workbench) -> widgets.Widget:
    if parameter.choices:
        options = [(_in_words(str(it)), it) for it in parameter.choices]
        return widgets.Dropdown(options=options, value=parameter.default)
    kinds: dict[str, Callable[..., widgets.Widget]] = {
        "bool": widgets.Checkbox,
        "int": widgets.IntText,
        "float": widgets.FloatText,
        "str": widgets.Text,
    }
    return kinds[parameter.kind](value=parameter.default)


def colonia_picker(parameter: Parameter, workbench: Workbench) -> widgets.Widget:
    """Return a choice among the colonias of the last run, by name and borough."""
    public = workbench.latest / "public" / "tables"
    if not public.is_dir():
        return _plain(parameter, workbench)
    shown = read_table("colonias_shown", public).sort_values("name")
    options: list[tuple[str, Any]] = [
        (_named(row["name"], row["borough"], row["colonia_id"]), row["colonia_id"])
        for _, row in shown.iterrows()
    ]
    return widgets.Dropdown(options=options, value=_chosen(parameter, options))


def _named(name: object, borough: object, key: str) -> str:
    """Return what a colonia is chosen by; not every city has boroughs, nor every colonia a name."""
    first = name if isinstance(name, str) and name else key
    where = f" ({borough})" if isinstance(borough, str) and borough else ""
    return f"{first}{where} · {key}"


def period_picker(parameter: Parameter, workbench: Workbench) -> widgets.Widget:
    """Return a choice among the last months of the runs that there are."""
    runs = workbench.reports.glob("[0-9]*/manifest.json")
    months = sorted({path.parent.name[:7] for path in runs}, reverse=True)
    options = [(text("that of the last run"), ""), *((month, month) for month in months)]
    return widgets.Dropdown(options=options, value=_chosen(parameter, options))


def _chosen(parameter: Parameter, options: list[tuple[str, Any]]) -> object:
    values = [value for _, value in options]
    return parameter.default if parameter.default in values else next(iter(values), None)


_SPECIAL: Mapping[str, Callable[[Parameter, Workbench], widgets.Widget]] = {
    "colonia_id": colonia_picker,
    "period_end": period_picker,
}
