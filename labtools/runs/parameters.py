"""The typed signature of a notebook: what it may be given, and nothing else.

Papermill only warns about a parameter it does not know, and runs the notebook with
the default colonia.  Here an unknown name or a wrong type stops before anything runs.
"""

from __future__ import annotations

import ast
import difflib
import io
import json
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from labtools import messages
from labtools.errors import RunError, SettingsError

TAG = "parameters"
_KINDS: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: ``name: kind = default  # comment``.

    Attributes
    ----------
    name : str
    kind : str
        ``"str"``, ``"int"``, ``"float"`` or ``"bool"``.
    default : str, int, float or bool
        What the notebook uses when nothing is given.
    choices : tuple of str
        The strings of a ``Literal[...]``; empty where any value of the kind will do.
    comment : str
        What the author wrote beside it.
    """

    name: str
    kind: str
    default: str | float | bool
    choices: tuple[str, ...] = ()
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Signature:
    """The parameters of one notebook, in the order of its ``parameters`` cell.

    Attributes
    ----------
    notebook : pathlib.Path
    parameters : tuple of Parameter
    cell : int
        Place of that cell in the notebook, from 0; what Papermill injects comes after it.
    """

    notebook: Path
    parameters: tuple[Parameter, ...]
    cell: int

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the parameters, in order."""
        return tuple(parameter.name for parameter in self.parameters)


def read_signature(notebook: Path) -> Signature:
    """Read the signature of `notebook` from its one cell tagged ``parameters``.

    Use it before running a notebook, and to tell people what it takes.  Nothing of
    the notebook is executed.

    Raises
    ------
    RunError
        If the file is no notebook, has not exactly one such cell, or the cell holds
        anything but lines such as ``colonia_id: str = "99001_0001"  # key``.
    """
    cell, source = _parameters_cell(notebook)
    try:
        statements = ast.parse(source).body
    except SyntaxError as error:
        raise _bad_line(notebook, error.lineno or 1, source) from error
    comments = _comments(source)
    parameters = tuple(
        _parameter(statement, notebook, source, comments)
        for statement in statements
        if not _imports_literal(statement)
    )
    _refuse_repeated(parameters, notebook)
    return Signature(notebook, parameters, cell)


def check_parameters(signature: Signature, given: Mapping[str, object]) -> dict[str, object]:
    """Return `given` in the order of `signature`, each value of its declared kind.

    A whole number is accepted where a ``float`` is declared; nothing else is
    converted, so that the string "00123" never becomes the number 123.

    Raises
    ------
    SettingsError
        If a name is unknown, a value is of another kind or is not among the choices.
    """
    for name in given:
        if name not in signature.names:
            raise _unknown(signature, name)
    return {
        parameter.name: _checked(parameter, given[parameter.name], signature.notebook)
        for parameter in signature.parameters
        if parameter.name in given
    }


def _parameters_cell(notebook: Path) -> tuple[int, str]:
    cells = [
        (place, cell)
        for place, cell in enumerate(_cells(notebook))
        if cell.get("cell_type") == "code" and TAG in _tags(cell)
    ]
    if not cells:
        raise RunError(
            'Notebook {path} has no cell tagged "parameters". Tag the cell that '
            "declares its parameters; without it the notebook would run for its "
            "default colonia under another's name.",
            path=notebook,
        )
    if len(cells) > 1:
        raise RunError(
            'Notebook {path} has {n} cells tagged "parameters"; exactly one was '
            "expected. Remove the tag from the others.",
            path=notebook,
            n=len(cells),
        )
    place, cell = cells[0]
    return place, "".join(cell.get("source", ""))


def _cells(notebook: Path) -> list[dict[str, list[str] | str]]:
    try:
        cells: list[dict[str, list[str] | str]] = json.loads(notebook.read_text("utf-8"))["cells"]
    except FileNotFoundError:
        raise RunError(
            "Notebook {path} does not exist. Check its name in runs.toml.", path=notebook
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise RunError(
            "File {path} is not a notebook (format 4). Open it in JupyterLab and save it again.",
            path=notebook,
        ) from error
    return cells


def _tags(cell: Mapping[str, object]) -> list[str]:
    metadata = cell.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    return tags if isinstance(tags, list) else []


def _imports_literal(statement: ast.stmt) -> bool:
    # The annotation Literal[...] is evaluated when the cell runs, so it must be imported there.
    return (
        isinstance(statement, ast.ImportFrom)
        and statement.module == "typing"
        and [(name.name, name.asname) for name in statement.names] == [("Literal", None)]
    )


def _parameter(
    statement: ast.stmt, notebook: Path, source: str, comments: Mapping[int, str]
) -> Parameter:
    bad_line = _bad_line(notebook, statement.lineno, source)
    if not isinstance(statement, ast.AnnAssign) or statement.value is None:
        raise bad_line
    if not isinstance(statement.target, ast.Name):
        raise bad_line
    try:
        kind, choices = _annotation(statement.annotation)
        default = ast.literal_eval(statement.value)
    except ValueError:
        raise bad_line from None
    comment = comments.get(statement.end_lineno or statement.lineno, "")
    parameter = Parameter(statement.target.id, kind, default, choices, comment)
    if not _fits(parameter, default):
        raise bad_line
    return parameter


def _annotation(node: ast.expr) -> tuple[str, tuple[str, ...]]:
    if isinstance(node, ast.Name) and node.id in _KINDS:
        return node.id, ()
    is_literal = isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Literal"
    if not is_literal or not isinstance(node, ast.Subscript):
        raise ValueError
    options = ast.literal_eval(node.slice)
    choices = options if isinstance(options, tuple) else (options,)
    if not all(isinstance(choice, str) for choice in choices):
        raise ValueError
    return "str", choices


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {
        token.start[0]: token.string.lstrip("#").strip()
        for token in tokens
        if token.type == tokenize.COMMENT
    }


def _fits(parameter: Parameter, value: object) -> bool:
    if parameter.kind == "float":
        right_kind = type(value) in {int, float}
    else:
        right_kind = type(value) is _KINDS[parameter.kind]
    return right_kind and (not parameter.choices or value in parameter.choices)


def _bad_line(notebook: Path, line: int, source: str) -> RunError:
    lines = source.splitlines()
    return RunError(
        'Notebook {path}: line {line} of its parameters cell, "{code}", does not declare a '
        'parameter. Write one per line with its kind and a plain value, such as: name: str = "x" '
        "(kinds: str, int, float, bool, Literal of strings).",
        path=notebook,
        line=line,
        code=lines[line - 1].strip() if line <= len(lines) else "",
    )


def _refuse_repeated(parameters: tuple[Parameter, ...], notebook: Path) -> None:
    names = [parameter.name for parameter in parameters]
    for name in names:
        if names.count(name) > 1:
            raise RunError(
                "Notebook {path} declares the parameter {name} twice. Keep one.",
                path=notebook,
                name=name,
            )


def _unknown(signature: Signature, name: str) -> SettingsError:
    near = difflib.get_close_matches(name, signature.names, n=1)
    known = signature.names or ("—",)
    if near:
        return SettingsError(
            "Notebook {path} has no parameter {name}. Did you mean {near}? It takes: {known}.",
            path=signature.notebook,
            name=name,
            near=near[0],
            known=known,
        )
    return SettingsError(
        "Notebook {path} has no parameter {name}. It takes: {known}.",
        path=signature.notebook,
        name=name,
        known=known,
    )


def _checked(parameter: Parameter, value: object, notebook: Path) -> object:
    if _fits(parameter, value):
        return float(str(value)) if parameter.kind == "float" else value
    if parameter.choices and isinstance(value, str):
        raise SettingsError(
            'Notebook {path}: the parameter {name} may be {choices}, not "{value}".',
            path=notebook,
            name=parameter.name,
            choices=parameter.choices,
            value=value,
        )
    raise SettingsError(
        "Notebook {path}: the parameter {name} must be {kind}, but {value} is {given}. "
        "Correct the value given to the run.",
        path=notebook,
        name=parameter.name,
        kind=_kind_in_words(parameter.kind),
        value=repr(value),
        given=_kind_in_words(type(value).__name__),
    )


def _kind_in_words(kind: str) -> str:
    words = {
        "str": messages.text("text"),
        "int": messages.text("a whole number"),
        "float": messages.text("a number"),
        "bool": messages.text("true or false"),
    }
    return words.get(kind, kind)
