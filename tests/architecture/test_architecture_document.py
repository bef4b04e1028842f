import re
import tomllib
from pathlib import Path

from labtools.privacy.registry import read_registry
from labtools.workflow.everything import VERBS
from tests.architecture.documents import ROOT, blocks, table

DOCUMENT = ROOT / "ARCHITECTURE.md"
PACKAGE = ROOT / "labtools"
#: Folders of the package that hold data, not modules.
NOT_ROOMS = {"locale"}


def rooms_there_are() -> set[str]:
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    modules = {path.name for path in PACKAGE.glob("*.py")} - {"__init__.py"}
    return {f"labtools/{name}/" for name in folders} | {f"labtools/{name}" for name in modules}


def quoted(document: Path) -> list[str]:
    return re.findall(r"`([^`\n]+)`", document.read_text(encoding="utf-8"))


def test_every_room_is_named_and_every_room_that_is_named_exists():
    told = [row[0].strip("`") for row in table(DOCUMENT, "Rooms")]

    assert sorted(told) == sorted(rooms_there_are())


def test_every_folder_of_the_package_is_a_room_or_known_not_to_be():
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir()} - {
        "__pycache__",
        "_bundle",
    }

    assert folders == {p.parent.name for p in PACKAGE.glob("*/__init__.py")} | NOT_ROOMS


def test_the_floors_are_those_that_make_check_holds():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = contracts["tool"]["importlinter"]["contracts"][0]["layers"]

    (drawn,) = blocks(DOCUMENT, "text")

    assert drawn.splitlines() == [layer.replace("labtools.", "") for layer in layers]


def test_what_dashboards_may_not_import_is_what_the_contract_says():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    forbidden = contracts["tool"]["importlinter"]["contracts"][1]["forbidden_modules"]
    said = " ".join(DOCUMENT.read_text(encoding="utf-8").split())

    *most, last = [module.removeprefix("labtools.") for module in forbidden]

    assert f"dashboards never import {', '.join(most)} or {last}." in said


def test_the_verbs_are_those_of_a_run_in_their_order():
    drawn = quoted(DOCUMENT)[0].split(" → ")
    told = [row[0].strip("`") for row in table(DOCUMENT, "Data flow")]

    assert tuple(drawn) == tuple(told) == VERBS


def test_every_released_table_is_told_and_no_other():
    rows = table(DOCUMENT, "Privacy")

    told = [name for row in rows for name in re.findall(r"`(\w+)`", row[0])]

    assert sorted(told) == sorted(read_registry().tables)


def test_every_path_of_the_project_that_is_named_exists():
    roots = ("labtools/", "notebooks/", "tests/", "data/sources/", "data/reference/")

    named = {word for word in quoted(DOCUMENT) if word.startswith(roots)}

    assert named
    assert sorted(path for path in named if not (ROOT / path).exists()) == []
