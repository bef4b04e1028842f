import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.architecture.documents import ROOT

LOCKS = (ROOT / "requirements.lock", ROOT / "requirements-dev.lock")
#: Packages that conda-forge has under another name than PyPI.
CONDA_NAMES = {"jupyterlab-language-pack-es-es": "jupyterlab-language-pack-es-ES"}
#: Packages whose Python binding is PyPI's only: conda hands them to pip.
FROM_PYPI = {"typst"}
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PYPROJECT["project"]["optional-dependencies"]
RUNNING = [*PYPROJECT["project"]["dependencies"], *EXTRAS["dash"], *EXTRAS["lab"]]
BUILDING = PYPROJECT["dependency-groups"]["build"]
EVERYTHING = [
    *PYPROJECT["project"]["dependencies"],
    *(it for extra in EXTRAS.values() for it in extra),
]
ASKED = {LOCKS[0]: [*RUNNING, *BUILDING], LOCKS[1]: [*EVERYTHING, *BUILDING]}


def entries(lock: Path) -> list[str]:
    """Return each requirement of a lock file with its hashes, in one line."""
    lines = lock.read_text(encoding="utf-8").splitlines()
    plain = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    return plain.replace("\\\n", " ").splitlines()


def pins(lock: Path) -> dict[str, set[Version]]:
    """Return every version that a lock file names of each package (markers may give several)."""
    found: dict[str, set[Version]] = {}
    for entry in entries(lock):
        pinned = Requirement(entry.split(" --hash", 1)[0])
        (specifier,) = pinned.specifier
        assert specifier.operator == "==", entry
        found.setdefault(canonicalize_name(pinned.name), set()).add(Version(specifier.version))
    return found


def conda() -> dict[str, object]:
    return yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))


def test_conda_installs_what_pyproject_asks_for_with_the_same_bounds():
    wanted = {Requirement(line) for line in RUNNING}
    named = {CONDA_NAMES.get(it.name, it.name) + str(it.specifier) for it in wanted}
    by_pip = {str(it) for it in wanted if it.name in FROM_PYPI}

    told = {line for line in conda()["dependencies"] if isinstance(line, str)}

    assert {line for line in told if not re.match(r"(python=|pip$)", line)} | by_pip == named
    assert set(conda()["dependencies"][-1]["pip"]) == {*by_pip, "--editable ."}


def test_conda_takes_only_conda_forge_and_installs_the_package_itself():
    told = conda()

    assert told["channels"] == ["conda-forge"]
    assert told["dependencies"][-1]["pip"][-1] == "--editable ."


def test_conda_has_a_python_that_the_package_supports():
    (line,) = [it for it in conda()["dependencies"] if str(it).startswith("python=")]

    assert line.removeprefix("python=") in SpecifierSet(PYPROJECT["project"]["requires-python"])


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_file_satisfies_every_bound_of_pyproject(lock):
    locked = pins(lock)

    for line in ASKED[lock]:
        wanted = Requirement(line)
        versions = locked[canonicalize_name(wanted.name)]
        assert all(wanted.specifier.contains(version) for version in versions), line


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_pinned_package_of_a_lock_file_has_its_hashes(lock):
    bare = [entry for entry in entries(lock) if not re.search(r"--hash=sha256:[0-9a-f]{64}", entry)]

    assert entries(lock)
    assert bare == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_file_names_no_host_and_no_index(lock):
    written = lock.read_text(encoding="utf-8")

    assert (
        re.findall(r"\w+://\S+|--(?:extra-)?index-url|--find-links|--trusted-host", written) == []
    )


def test_users_and_developers_get_the_same_versions():
    used, developed = (pins(lock) for lock in LOCKS)

    assert {name: developed.get(name) for name in used} == used


def test_no_dependency_comes_from_outside_the_registry():
    asked = [Requirement(line) for line in ASKED[LOCKS[1]]]

    assert [it.name for it in asked if it.url] == []
