"""The documentation site: ``python tests/documentation/build.py [FOLDER]``, or ``make docs``.

It is put together from what there is: the documents at the top of the project, the guides and
the method cards, and the docstrings of every room.  Method cards are executed, so that what they
show is what the code gives.  Any warning stops the build.  The pages need no other server: their
search is a file beside them.
"""

import argparse
import importlib
import inspect
import os
import pkgutil
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import labtools

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = (
    "README.es",
    "README",
    "ESCALA",
    "ARCHITECTURE",
    "CONTRIBUTING",
    "SECURITY",
    "CHANGELOG",
)
_CONFIGURATION = """\
project = "Laboratorio"
author = "The Laboratorio workbench contributors"
release = {release!r}
language = "es"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "alabaster"
html_theme_options = {{"fixed_sidebar": True, "page_width": "66rem"}}
html_show_sphinx = False
html_copy_source = False
templates_path = []
autodoc_typehints = "none"
autodoc_member_order = "bysource"
# A class that is built from its fields says what they are itself.
autodoc_class_signature = "mixed"
napoleon_google_docstring = False
napoleon_use_ivar = True  # fields stand in their class, and not once more by themselves
# Notes of the docstrings name modules in short; they are not addresses.
default_role = "code"
myst_heading_anchors = 3
# Addresses that lead out of the documents lead to files of the repository.
# Two rooms may use one word for a type each (ref.python): the page says which module it is in.
suppress_warnings = ["myst.xref_missing", "myst.header", "ref.python"]
nb_execution_mode = {execution!r}
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_execution_excludepatterns = ["guides/*"]
"""
_OPTIONS = ("   :members:", "   :ignore-module-all:")
_INDEX = """\
# Laboratorio

Banco de trabajo de un Laboratorio de Prevención Social: de los archivos originales a una ficha
honesta por colonia.

```{{toctree}}
:maxdepth: 1
:caption: Para empezar

{documents}
```

```{{toctree}}
:maxdepth: 1
:caption: Guías

{guides}
```

```{{toctree}}
:maxdepth: 1
:caption: Métodos, cada uno con un número publicado que reproduce

{methods}
```

```{{toctree}}
:maxdepth: 1
:caption: El código, cuarto por cuarto

{rooms}
```
"""


def build(folder: Path, *, rooms: Sequence[str] = (), methods: Sequence[str] = ()) -> int:
    """Make the site in `folder`; return Sphinx's exit code, 0 if nothing was to be warned of.

    Parameters
    ----------
    rooms, methods : sequence of str
        Only these rooms and method cards; all of them, executed, where none is named.
    """
    source = folder / "source"
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir(parents=True)
    for name in DOCUMENTS:
        shutil.copyfile(ROOT / f"{name}.md", source / f"{name}.md")
    shutil.copytree(ROOT / "reports" / "pictures", source / "reports" / "pictures")
    listed = {
        "documents": list(DOCUMENTS),
        "guides": _bring(source, "guides", ()),
        "methods": _bring(source, "methods", methods),
        "rooms": [_write_room(source, room) for room in rooms or every_room()],
    }
    execution = "off" if methods else "force"
    told = _CONFIGURATION.format(release=labtools.__version__, execution=execution)
    (source / "conf.py").write_text(told, encoding="utf-8")
    index = _INDEX.format(**{name: "\n".join(pages) for name, pages in listed.items()})
    (source / "index.md").write_text(index, encoding="utf-8")
    from sphinx.cmd.build import build_main  # noqa: PLC0415 - what is above needs no Sphinx

    return build_main(["-q", "-W", "--keep-going", "-b", "html", str(source), str(folder / "html")])


def every_room() -> tuple[str, ...]:
    """Return the rooms of the package and its single modules."""
    found = [it.name for it in pkgutil.iter_modules(labtools.__path__) if it.name[0] != "_"]
    return tuple(sorted(found))


def _bring(source: Path, kind: str, only: Sequence[str]) -> list[str]:
    (source / kind).mkdir()
    names = []
    for path in sorted((ROOT / "notebooks" / kind).glob("*.ipynb")):
        if not only or path.stem in only:
            shutil.copyfile(path, source / kind / path.name)
            names.append(f"{kind}/{path.stem}")
    return names


def _write_room(source: Path, room: str) -> str:
    """Write the page of a room: each of its modules, with what its docstrings say."""
    (source / "rooms").mkdir(exist_ok=True)
    package = importlib.import_module(f"labtools.{room}")
    inside = pkgutil.walk_packages(getattr(package, "__path__", []), f"labtools.{room}.")
    modules = [f"labtools.{room}", *(it.name for it in inside)]
    lines = [f"# {room}", "", "```{eval-rst}"]
    for name in modules:
        if inspect.getdoc(importlib.import_module(name)):
            lines += ["", name, "-" * len(name), "", f".. automodule:: {name}", *_OPTIONS]
    (source / "rooms" / f"{room}.md").write_text("\n".join([*lines, "```", ""]), encoding="utf-8")
    return f"rooms/{room}"


def main() -> None:
    """Build the whole site where the command line says."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("folder", nargs="?", type=Path, default=ROOT / "build" / "docs")
    os.environ.setdefault("LABTOOLS_LANG", "es_MX")
    sys.exit(build(reader.parse_args().folder))


if __name__ == "__main__":
    main()
