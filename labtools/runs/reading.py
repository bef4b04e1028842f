"""An executed notebook as a page to read: no script, nothing from elsewhere, in milliseconds.

nbconvert makes a page of any notebook and takes a third of a second for it: it parses its own
page again, and cleans and colours the code of each cell.  Here one template, one cleaner and one
reader of Markdown serve all notebooks, pages share their sheet of styles, and the code is left
out unless it is asked for.  What is not of the tags and attributes of
:mod:`labtools.runs.exporting` does not reach the page, wherever a cell got it from.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

import mistune
import nh3
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from labtools.errors import RunError
from labtools.messages import DEFAULT_LANGUAGE, text
from labtools.runs.exporting import ATTRIBUTES, TAGS
from labtools.tables.released import slug
from labtools.tables.store import make_folder, writing

_TEMPLATES = Path(__file__).parent / "templates" / "reading"
_STYLES = "reading.css"
_POLICY = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'"
_HTML_LANGUAGE = DEFAULT_LANGUAGE.replace("_", "-")
_COLOURS = re.compile("\x1b\\[[0-9;]*m")  # of a terminal, in tracebacks
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")
_HEADING = re.compile(r"^#\s+(.+)$", re.MULTILINE)

Kind = Literal["words", "code", "shown", "error"]
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of a page: words between cells, code, or what a cell showed."""

    kind: Kind
    markup: Markup


def export_notebooks(
    notebooks: Sequence[tuple[Path, str]], folder: Path, *, with_code: bool = False
) -> list[Path]:
    """Write a page of each executed notebook, and the sheet of styles that they share.

    Parameters
    ----------
    notebooks : sequence of (path, name)
        An executed notebook, and the page's way below `folder`, without its ending.
    folder : pathlib.Path
        Made if it is not there, for its owner alone: pages may be of the internal edition.
    with_code : bool, default False
        Whether the code of each cell is there to unfold.

    Raises
    ------
    RunError
        If a file is not a notebook.
    """
    make_folder(folder, private=True)
    with writing(folder / _STYLES) as aside:
        aside.write_bytes((_TEMPLATES / _STYLES).read_bytes())
    made = []
    for path, name in notebooks:
        page = folder / f"{name}.html"
        make_folder(page.parent, private=True)
        root = os.path.relpath(folder, page.parent)
        told = page_of(_read(path), root=root, with_code=with_code)
        with writing(page) as aside:
            aside.write_text(told, encoding="utf-8")
        made.append(page)
    return made


def executed_notebooks(
    run: Path, *, names: Sequence[str] = (), colonias: Sequence[str] = ()
) -> list[tuple[Path, str]]:
    """Return the executed notebooks of a run, each with its way below their folder.

    Parameters
    ----------
    names : sequence of str, optional
        Entries of ``runs.toml`` wanted; all of them if none is given.
    colonias : sequence of str, optional
        Keys of the colonias wanted; notebooks of the municipality are left out then.

    Raises
    ------
    RunError
        If there is no such notebook.
    """
    folder = run / "internal" / "notebooks"
    paths = sorted(folder.rglob("*.ipynb"))
    told = [(path, path.relative_to(folder).with_suffix("").as_posix()) for path in paths]
    wanted = set(map(slug, colonias))
    found = [
        (path, name)
        for path, name in told
        if (not names or name.split("/")[0] in names) and (not wanted or path.stem in wanted)
    ]
    if not found:
        raise RunError(
            "The run has no executed notebook of {names} {colonias}. Those there are: {there}.",
            names=tuple(names) or ("—",),
            colonias=tuple(colonias) or ("—",),
            there=tuple(sorted({name.split("/")[0] for _, name in told})) or ("—",),
        )
    return found


def page_of(notebook: Json, *, root: str = ".", with_code: bool = False) -> str:
    """Return the page of an executed notebook: the same notebook gives the same bytes.

    Parameters
    ----------
    notebook : mapping
        The notebook as its file holds it (nbformat 4).
    root : str, default "."
        Way from the page to the folder of the sheet of styles.
    with_code : bool, default False
        Whether the code of each cell is there to unfold.
    """
    return _rendered(notebook, policy=_POLICY, root=root, styles="", with_code=with_code)


def frame_of(path: Path) -> str:
    """Return an executed notebook as a frame that stands in another page and can run nothing.

    Raises
    ------
    RunError
        If the file is not a notebook.
    """
    notebook = _read(path)
    styles = Markup((_TEMPLATES / _STYLES).read_text(encoding="utf-8"))  # noqa: S704 - ours
    policy = _POLICY.replace("style-src 'self'", "style-src 'unsafe-inline'")
    page = _rendered(notebook, policy=policy, root=".", styles=styles, with_code=False)
    return str(
        Markup('<iframe class="lab-result" sandbox title="{}" srcdoc="{}"></iframe>').format(
            text("Result: {title}", title=_title(notebook["cells"])), page
        )
    )


def _rendered(notebook: Json, *, policy: str, root: str, styles: str, with_code: bool) -> str:
    cells = notebook["cells"]
    return _page().render(
        language=_HTML_LANGUAGE,
        policy=policy,
        root=root,
        styles=styles,
        title=_title(cells),
        warning=_warning(notebook),
        code_words=text("Code"),
        blocks=list(_blocks(cells, with_code=with_code)),
    )


def _read(path: Path) -> Json:
    try:
        notebook: Json = json.loads(path.read_bytes())
        is_notebook = notebook["nbformat"] == 4 and isinstance(notebook["cells"], list)  # noqa: PLR2004 - the format's own number
    except (OSError, ValueError, KeyError, TypeError):
        is_notebook = False
    if not is_notebook:
        raise RunError(
            "{path} is not a notebook that can be read (nbformat 4). Export one that a run has "
            "made: reports/latest/internal/notebooks.",
            path=str(path),
        )
    return notebook


def _title(cells: Iterable[Json]) -> str:
    for cell in cells:
        told = _joined(cell["source"]) if cell["cell_type"] == "markdown" else ""
        if found := _HEADING.search(told):
            return found[1].strip()
    return text("Notebook")


def _warning(notebook: Json) -> str:
    """Return that a page is not for the public, unless its notebook was made for it."""
    told = notebook.get("metadata", {}).get("papermill", {}).get("parameters", {})
    if told.get("audience") == "public":
        return ""
    return text("Internal edition: it may hold true counts. It is not for publication.")


def _blocks(cells: Iterable[Json], *, with_code: bool) -> Iterator[Block]:
    for cell in cells:
        source = _joined(cell["source"])
        if cell["cell_type"] == "markdown":
            yield Block("words", _words(source))
        elif cell["cell_type"] == "code":
            if with_code and source.strip():
                yield Block("code", escape(source))
            yield from (block for output in cell["outputs"] if (block := _shown(output)))


def _shown(output: Json) -> Block | None:
    kind = output["output_type"]
    if kind == "stream":
        return Block("shown", _plain(output["text"]))
    if kind == "error":
        return Block("error", _plain("\n".join(output["traceback"])))
    data = output["data"]
    best = next((name for name in _WAYS if name in data), None)
    return Block("shown", _WAYS[best](data[best])) if best else None


def _plain(told: str | Sequence[str]) -> Markup:
    return Markup("<pre>{}</pre>").format(_COLOURS.sub("", _joined(told)))


def _markup(told: str | Sequence[str]) -> Markup:
    return Markup(_cleaner().clean(_joined(told)))  # noqa: S704 - cleaned here


def _image(kind: str) -> Callable[[str | Sequence[str]], Markup]:
    def shown(told: str | Sequence[str]) -> Markup:
        data = _joined(told)
        if not _BASE64.fullmatch(data):
            return Markup()
        source = f"data:{kind};base64,{''.join(data.split())}"
        return Markup('<img alt="{}" src="{}">').format(text("Picture drawn by a cell"), source)

    return shown


@lru_cache(maxsize=512)
def _words(source: str) -> Markup:
    """Return Markdown as markup; the same words stand in every notebook of a template."""
    return _markup(str(_markdown()(source)))


def _joined(told: str | Sequence[str]) -> str:
    return told if isinstance(told, str) else "".join(told)


#: How each kind of output is shown, the best first; a kind that is not here is not shown.
_WAYS: Mapping[str, Callable[[str | Sequence[str]], Markup]] = {
    "text/html": _markup,
    "image/svg+xml": _markup,
    "image/png": _image("image/png"),
    "image/jpeg": _image("image/jpeg"),
    "text/markdown": lambda told: _words(_joined(told)),
    "text/plain": _plain,
}


@cache
def _markdown() -> mistune.Markdown:
    return mistune.create_markdown(escape=True, plugins=["table", "strikethrough"])


@cache
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(TAGS),
        attributes={"*": set(ATTRIBUTES)},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
    )


@cache
def _page() -> Template:
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        auto_reload=False,
        keep_trailing_newline=True,
    )
    return made.get_template("page.html")
