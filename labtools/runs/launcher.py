"""What JupyterLab begins with: its language, and cards of what a researcher comes for.

The extension is a few lines of JavaScript that need no build; it is written beside the warm kernel,
so that only the JupyterLab of ``labtools lab`` has it, in the language in force.
"""

from __future__ import annotations

import json
import string
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from labtools import __version__
from labtools.messages import text
from labtools.tables.store import make_folder, writing

NAME = "labtools-launcher"
#: Where notebooks go that are begun from a card; git does not see them.
SCRATCH = "scratch"
_HERE = Path(__file__).parent / "launcher_cards"
#: Of each language of ours, the one of JupyterLab's language packages.
_LOCALES: Mapping[str, str] = MappingProxyType({"es_MX": "es_ES"})
_SLOT = "/*what is shown*/ null"


@dataclass(frozen=True, slots=True)
class Card:
    """A card of the launcher.

    Attributes
    ----------
    id, label, caption : str
        Its name among commands, what it shows, and what it says to whoever rests on it.
    icon : str
        One of JupyterLab's.
    path : str
        The notebook or folder it opens; empty where it begins a notebook of its own.
    run : bool
        Whether all cells are executed as it opens.
    folder, name, content
        Of a notebook that it begins.
    """

    id: str
    label: str
    caption: str
    icon: str
    path: str = ""
    run: bool = False
    folder: str = ""
    name: str = ""
    content: Mapping[str, Any] | None = None


def cards(template: Path) -> list[Card]:
    """Return the cards, in the language in force.

    Parameters
    ----------
    template : pathlib.Path
        Notebook that a new analysis begins with, ``$title`` and ``$name`` to be filled in.
    """
    return [
        Card(
            id="ficha",
            label=text("Ficha of a colonia"),
            caption=text("Choose a colonia, run its notebook and open the result, without code."),
            icon="searchIcon",
            path="guides/inicio.ipynb",
            run=True,
        ),
        Card(
            id="analysis",
            label=text("New analysis"),
            caption=text("Begin a notebook that already has its parameters and its tables."),
            icon="addIcon",
            folder=SCRATCH,
            name=text("analysis"),
            content=_begun(template),
        ),
        Card(
            id="names",
            label=text("Names to decide"),
            caption=text("Names of colonias that wait for a person."),
            icon="listIcon",
            path="guides/nombres_por_decidir.ipynb",
            run=True,
        ),
        Card(
            id="subjects",
            label=text("Subjects to code"),
            caption=text("Subjects of case files that no rule knows."),
            icon="editIcon",
            path="guides/asuntos_por_codificar.ipynb",
            run=True,
        ),
        Card(
            id="incidents",
            label=text("Your own incidents"),
            caption=text("From another city's files to a table that accounts for each row."),
            icon="fileUploadIcon",
            path="guides/sus_incidentes.ipynb",
        ),
        Card(
            id="guides",
            label=text("Guides"),
            caption=text("How to read uncertainty, and what else there is to learn."),
            icon="infoIcon",
            path="guides",
        ),
        Card(
            id="methods",
            label=text("Method cards"),
            caption=text("What each method is for, what not, and a published number made again."),
            icon="notebookIcon",
            path="methods",
        ),
    ]


def write_extension(folder: Path, template: Path) -> Path:
    """Write the extension below `folder`, to be named in ``JUPYTER_PATH``."""
    home = make_folder(folder / "labextensions" / NAME)
    make_folder(home / "static")
    shown = {"category": text("Laboratory"), "cards": [asdict(it) for it in cards(template)]}
    code = (_HERE / "remoteEntry.js").read_text(encoding="utf-8")
    package = {
        "name": NAME,
        "version": __version__,
        "jupyterlab": {
            "extension": True,
            "_build": {"load": "static/remoteEntry.js", "extension": "./extension"},
        },
    }
    for path, told in (
        (home / "static" / "remoteEntry.js", code.replace(_SLOT, json.dumps(shown))),
        (home / "package.json", json.dumps(package, indent=1) + "\n"),
    ):
        with writing(path) as aside:
            aside.write_text(told, encoding="utf-8")
    return home


def write_interface(folder: Path, language: str) -> Path:
    """Write what JupyterLab's own settings begin with, below a folder of its configuration.

    Its words are in the language in force, where its package is installed, and it asks nobody
    elsewhere for news or for other versions.
    """
    asked = {
        "@jupyterlab/translation-extension:plugin": {"locale": _LOCALES.get(language, "default")},
        "@jupyterlab/apputils-extension:notification": {
            "fetchNews": "false",
            "checkForUpdates": False,
        },
    }
    path = make_folder(folder / "labconfig") / "default_setting_overrides.json"
    with writing(path) as aside:
        aside.write_text(json.dumps(asked, indent=1) + "\n", encoding="utf-8")
    return path


def _begun(template: Path) -> dict[str, Any]:
    """Return a new analysis as it begins: no kernel of another machine, no output."""
    facts = {"title": text("A new analysis"), "name": text("analysis")}
    told = string.Template(template.read_text(encoding="utf-8")).safe_substitute(facts)
    begun: dict[str, Any] = json.loads(told)
    return begun
