"""What is built works where there is no repository: an empty environment, another folder.

The environment sees the libraries of this one and nothing else of it; labtools itself comes
from the wheel.
"""

import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.architecture.documents import ROOT

pytestmark = pytest.mark.slow

BUILD = [sys.executable, "-m", "hatchling", "build", "-d"]


def run(words, **where):
    return subprocess.run(words, check=True, capture_output=True, encoding="utf-8", **where)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    run([*BUILD, folder], cwd=ROOT)
    return folder


@pytest.fixture(scope="module")
def elsewhere(built, tmp_path_factory):
    """An empty environment with the wheel in it, and a folder outside the repository."""
    home = tmp_path_factory.mktemp("elsewhere")
    run([sys.executable, "-m", "venv", "--without-pip", home / "env"])
    python = home / "env" / "bin" / "python"
    (wheel,) = built.glob("*.whl")
    uv = Path(sys.executable).with_name("uv")
    run([uv, "pip", "install", "--offline", "--no-deps", "--python", python, wheel])
    libraries = [it for it in sys.path if Path(it).name == "site-packages"]
    (site,) = (home / "env").glob("lib/python*/site-packages")
    (site / "libraries.pth").write_text("\n".join(libraries), encoding="utf-8")
    return home


def typed(elsewhere, *words, language="en"):
    """Type a command there; nothing of this environment but its libraries is within reach."""
    plain = {"PATH": "/usr/bin:/bin", "HOME": str(elsewhere), "LABTOOLS_LANG": language}
    return run([elsewhere / "env" / "bin" / words[0], *words[1:]], cwd=elsewhere, env=plain).stdout


def test_the_package_is_that_of_the_wheel_and_brings_what_it_needs(elsewhere):
    code = (
        "import labtools; from labtools import paths, messages;"
        "print(labtools.__file__); print(paths.bundled('notebooks', 'runs.toml'));"
        "print(messages.text('Run the eight verbs in order: from raw files to the site.'))"
    )

    package, runs, sentence = typed(elsewhere, "python", "-c", code).splitlines()

    assert Path(package).is_relative_to(elsewhere)
    assert Path(runs).is_relative_to(elsewhere)
    assert sentence.startswith("Run the eight verbs")


@pytest.mark.parametrize(("language", "word"), [("en", "Usage:"), ("es_MX", "Uso:")])
def test_the_command_answers_in_both_languages(elsewhere, language, word):
    assert word in typed(elsewhere, "labtools", "schedule", "--help", language=language)


def test_the_invented_municipality_is_made_and_the_ficha_is_found_with_its_parameters(elsewhere):
    code = (
        "from pathlib import Path;"
        "from labtools.runs.parameters import read_signature;"
        "from labtools.runs.plan import read_entries;"
        "from labtools.workflow.doctor import examine;"
        "from labtools.workflow.workbenches import make_demo;"
        "bench = make_demo(Path('demo'));"
        "print([str(c) for c in examine(bench) if not c.ok]);"
        "fichas = read_signature(read_entries()['fichas'].path);"
        "print([it.name for it in fichas.parameters])"
    )

    wrong, parameters = typed(elsewhere, "python", "-c", code).splitlines()

    assert wrong == "['there is no finished run yet: labtools run']"
    assert parameters == "['colonia_id', 'period_end', 'audience']"


def test_the_sdist_gives_the_same_wheel_and_holds_the_tests_and_the_locks(built, tmp_path):
    (sdist,), (wheel,) = built.glob("*.tar.gz"), built.glob("*.whl")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()

    run([*BUILD, tmp_path / "again", "-t", "wheel"], cwd=unpacked)

    (again,) = (tmp_path / "again").glob("*.whl")
    assert contents(again) == contents(wheel)
    for name in ("tests/conftest.py", "requirements.lock", "LICENSE", "README.es.md"):
        assert (unpacked / name).is_file()


def contents(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return {it.filename: it.CRC for it in archive.infolist()}


def test_every_file_of_the_package_and_of_its_data_is_in_the_wheel(built):
    (wheel,) = built.glob("*.whl")
    tracked = run(["git", "ls-files"], cwd=ROOT).stdout.splitlines()
    wanted = [it for it in tracked if it.startswith("labtools/")]
    wanted += [
        f"labtools/_bundle/{it}"
        for it in tracked
        if re.match(r"(notebooks|data/sources|data/reference|reports/studies)/", it)
    ]

    assert sorted(set(wanted) - set(contents(wheel))) == []
