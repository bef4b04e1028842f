"""New parts of the project that pass its checks as they are made, to be filled in by a person.

A notebook, a dashboard and a model belong to the project's source; an intervention belongs to a
workbench.  Nothing that exists is written over.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from pathlib import Path

from labtools import __version__, paths
from labtools.errors import SettingsError
from labtools.paths import Workbench
from labtools.tables.store import make_folder, writing
from labtools.targeting.catalogue import read_agencies, read_interventions

#: PostgreSQL and PostGIS that the shared database is tested with.
POSTGIS = "15-3.3"
#: What new parts are made of.
TEMPLATES = Path(__file__).parent / "scaffolds"
_NAME = re.compile(r"[a-z][a-z0-9_]{2,40}")
_TITLE = re.compile(r"[^\"\\$<>&\n\r]{3,80}")
_BOARDS = ("labtools", "dashboards", "boards.py")
_RUNS = ("notebooks", "runs.toml")


def project_root() -> Path:
    """Return the top folder of the project's source.

    Raises
    ------
    SettingsError
        If labtools was installed from a wheel: there is no source to add to.
    """
    root = paths.bundled("notebooks").parent
    if not (root / "pyproject.toml").is_file():
        raise SettingsError(
            "Notebooks, dashboards and models are added to the project's source, and labtools was "
            "installed without it. Get the source, install it with “make test”, and try there."
        )
    return root


def new_notebook(root: Path, name: str, title: str) -> tuple[Path, ...]:
    """Add a report that a run executes once, for analysts; return the files it touched.

    Raises
    ------
    SettingsError
        If the name or the title cannot be one, or the name is taken.
    """
    facts = _facts(name, title)
    runs = root.joinpath(*_RUNS)
    book = root / "notebooks" / "reports" / f"{name}.ipynb"
    _refuse_taken(book)
    entry = (
        f'\n[run.{name}]\nnotebook = "reports/{name}.ipynb"\nfor_each = "municipality"\n'
        'audiences = ["internal"]\n'
    )
    _fill("notebook.json", book, facts)
    _rewrite(runs, runs.read_text(encoding="utf-8").rstrip() + "\n" + entry)
    return book, runs


def new_model(root: Path, name: str, title: str) -> tuple[Path, ...]:
    """Add a model, its test and its method card; return the files.

    Raises
    ------
    SettingsError
        As for a notebook.
    """
    facts = _facts(name, title)
    facts["form"] = "".join(part.capitalize() for part in name.split("_")) + "Fit"
    places = {
        "model.txt": root / "labtools" / "analysis" / f"{name}.py",
        "test_model.txt": root / "tests" / "analysis" / f"test_{name}.py",
        "method.json": root / "notebooks" / "methods" / f"{name}.ipynb",
    }
    _refuse_taken(*places.values())
    for template, path in places.items():
        _fill(template, path, facts)
    return tuple(places.values())


def new_dashboard(root: Path, name: str, title: str) -> tuple[Path, ...]:
    """Add a dashboard of released tables, and enter it among those served; return the files.

    Raises
    ------
    SettingsError
        As for a notebook.
    """
    facts = _facts(name, title)
    book = root / "notebooks" / "dashboards" / f"{name}.ipynb"
    module = root / "labtools" / "dashboards" / f"{name}.py"
    boards = root.joinpath(*_BOARDS)
    _refuse_taken(book, module)
    told = boards.read_text(encoding="utf-8")
    head, opening, rest = told.partition("BOARDS: tuple[Board, ...] = (\n")
    listed, closing, tail = rest.partition("\n)\n")
    line = f'\n    Board("{name}", "{title}", _of_page("mapa.html", "map.html")),'
    _fill("dashboard.json", book, facts)
    _fill("dashboard.txt", module, facts)
    _rewrite(boards, head + opening + listed + line + closing + tail)
    return book, module, boards


def new_intervention(workbench: Workbench, name: str, title: str) -> Path:
    """Add an intervention to the workbench's own catalogue, without evidence that may be cited.

    Raises
    ------
    SettingsError
        As for a notebook.
    """
    facts = _facts(name, title)
    reference = workbench.references
    known = read_interventions(reference)
    if name in known.by_id():
        raise _taken(name)
    facts["row"] = str(max(one.row for one in known.intervention) + 1)
    facts["agency"] = read_agencies(reference).agency[0].id
    own = reference / "interventions.toml"
    shipped = paths.bundled("data", "reference", "interventions.toml")
    told = (own if own.is_file() else shipped).read_text(encoding="utf-8")
    make_folder(reference)
    _rewrite(own, told.rstrip() + _filled("intervention.txt", facts))
    read_interventions.cache_clear()
    read_interventions(reference)
    return own


def new_cluster(workbench: Workbench, name: str) -> tuple[Path, ...]:
    """Write recipes for several machines into a folder of the workbench; return the files.

    Compose and Kubernetes files for Dask's scheduler and warm workers and for PostGIS, the image
    that they share, and JupyterHub's configuration; all of this version of the workbench.

    Raises
    ------
    SettingsError
        If the name cannot be one, or the folder is there.
    """
    facts = {
        "name": _facts(name, name)["name"].replace("_", "-"),
        "version": __version__,
        "python": "3.13",
        "postgis": POSTGIS,
    }
    folder = workbench.root / name
    _refuse_taken(folder)
    templates = sorted((TEMPLATES / "cluster").glob("*.txt"))
    for template in templates:
        _fill(f"cluster/{template.name}", folder / template.stem, facts)
    return tuple(folder / template.stem for template in templates)


def _facts(name: str, title: str) -> dict[str, str]:
    if not _NAME.fullmatch(name):
        raise SettingsError(
            "{name} cannot be a name: at least three small letters, digits or _, a letter first.",
            name=name,
        )
    if not _TITLE.fullmatch(title):
        raise SettingsError(
            "“{title}” cannot be a title: 3 to 80 letters in one line, without quotation marks "
            "and signs of code.",
            title=title,
        )
    return {"name": name, "title": title}


def _refuse_taken(*places: Path) -> None:
    for path in places:
        if path.exists():
            raise _taken(path.stem)


def _taken(name: str) -> SettingsError:
    return SettingsError(
        "There is a {name} already, and nothing was written over. Choose another name.", name=name
    )


def _filled(template: str, facts: Mapping[str, str]) -> str:
    told = (TEMPLATES / template).read_text(encoding="utf-8")
    return string.Template(told).substitute(facts)


def _fill(template: str, path: Path, facts: Mapping[str, str]) -> None:
    make_folder(path.parent)
    _rewrite(path, _filled(template, facts))


def _rewrite(path: Path, told: str) -> None:
    with writing(path) as aside:
        aside.write_text(told, encoding="utf-8")
