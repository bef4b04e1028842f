"""What leaves JupyterLab as a page: a notebook is exported without anything that could run.

Notebooks show names and texts of suppliers, and nbconvert writes what a cell showed into the page
as it is.  ``labtools lab`` has it cleaned: words, tables and this house's charts stay, scripts do
not.  It holds for “File, Save and Export Notebook As” and for ``jupyter nbconvert`` in a terminal
of that JupyterLab; a notebook exported elsewhere is as safe as whoever exports it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from labtools.tables.store import make_folder, writing

ENVIRONMENT_VARIABLE = "JUPYTER_CONFIG_PATH"

#: Read by the server of JupyterLab, and by ``jupyter nbconvert``.
FILES = ("jupyter_server_config.json", "jupyter_nbconvert_config.json")

_WORDS = (
    "a abbr b blockquote br code dd div dl dt em h1 h2 h3 h4 h5 h6 hr i li ol p pre span strong"
)
_MORE = "sub sup ul table caption thead tbody tfoot tr th td figure figcaption"
_DRAWN = "svg g defs pattern path rect circle line polygon polyline text tspan title desc"

_NAMED = "class id role title alt href lang dir scope colspan rowspan border"
_TOLD = "aria-describedby aria-hidden aria-label aria-labelledby"
_PLACED = "viewBox width height x y x1 y1 x2 y2 cx cy r rx ry d points dx dy transform"
_PAINTED = (
    "fill fill-opacity fill-rule opacity paint-order stroke stroke-dasharray stroke-linecap "
    "stroke-linejoin stroke-opacity stroke-width patternTransform patternUnits"
)
_LETTERED = "dominant-baseline font-family font-size font-style font-weight text-anchor"

#: What a page of a notebook may hold.
TAGS = tuple(f"{_WORDS} {_MORE} {_DRAWN}".split())
ATTRIBUTES = tuple(f"{_NAMED} {_TOLD} {_PLACED} {_PAINTED} {_LETTERED}".split())

_CLEANING = "nbconvert.preprocessors.sanitize.SanitizeHTML"
_TEMPLATES = Path(__file__).parent / "templates"

#: Settings of nbconvert: a page without scripts, in which whatever is not of these tags and
#: attributes becomes words.  Its own ``sanitize_html`` would take the charts away too.
SETTINGS: Mapping[str, Any] = MappingProxyType(
    {
        "TemplateExporter": {"extra_template_basedirs": [str(_TEMPLATES)]},
        "HTMLExporter": {"template_name": "exported", "preprocessors": [_CLEANING]},
        "SlidesExporter": {"template_name": "reveal"},
        "SanitizeHTML": {
            "enabled": True,
            "tags": list(TAGS),
            "attributes": list(ATTRIBUTES),
        },
    }
)


def write_settings(folder: Path) -> Path:
    """Write the settings into a folder, for Jupyter to read, and return it."""
    make_folder(folder)
    for name in FILES:
        with writing(folder / name) as aside:
            aside.write_text(json.dumps(dict(SETTINGS), indent=1) + "\n", encoding="utf-8")
    return folder


def searched_first(folder: Path, around: Mapping[str, str]) -> str:
    """Return the folders where Jupyter looks for settings: this one before those it had."""
    return os.pathsep.join(filter(None, [str(folder), around.get(ENVIRONMENT_VARIABLE)]))
