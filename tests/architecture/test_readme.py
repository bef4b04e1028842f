import os
import re
import shlex
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from labtools import messages
from labtools.messages import speaking, text
from labtools.runs.traces import read_traces
from labtools.tables.account import read_accounts
from labtools.workflow.everything import VERBS, tell_accounts
from labtools.workflow.steps import Opened
from tests.architecture.documents import (
    DOCUMENTS,
    LABTOOLS,
    READMES,
    ROOT,
    blocks,
    commands,
    help_block,
    spoken_help,
    table,
)

DOCUMENTED = sorted({command for document in DOCUMENTS for command in commands(document)})
MAKE = [command for command in DOCUMENTED if command.startswith("make ")]
OURS = [command for command in DOCUMENTED if command.startswith("labtools ")]
#: A file that every dashboard page asks the server for.
STYLE = "voila/templates/laboratorio/static/page.css"
#: Commands that no test here can run, and the test that stands for each.
ELSEWHERE = {
    "python3 -m venv .venv": "test_the_installation_without_make_is_the_one_that_make_does",
    ". .venv/bin/activate": "changes the shell it is typed in, and nothing else",
    "conda env create -f environment.yml": "test_environment.py",
    "conda activate laboratorio": "test_the_conda_environment_has_the_name_that_is_activated",
    "python -m pytest": "this is it",
    "python -m pytest tests/analysis": "test_the_tests_that_are_named_are_there",
}


@pytest.fixture(scope="module")
def desk(demo_workbench, tmp_path_factory) -> Path:
    """A folder like the one in which a reader of the README types: `demo` is in it."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "demo").symlink_to(demo_workbench.root)
    return folder


def typed(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LABTOOLS, *shlex.split(command)[1:]],
        cwd=folder,
        env={**os.environ, "LABTOOLS_LANG": "en"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def dry(target: str, tmp_path: Path) -> list[str]:
    """Return what make would do in a checkout where nothing is installed."""
    told = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", target, f"VENV={tmp_path}/.venv"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return told.stdout.splitlines()


def test_every_documented_command_is_tried_by_a_test():
    pip = [command for command in DOCUMENTED if command.startswith("python -m pip ")]

    assert set(DOCUMENTED) == {*MAKE, *OURS, *pip, *ELSEWHERE}


@pytest.mark.parametrize("command", MAKE)
def test_every_documented_make_target_exists(command, tmp_path):
    assert dry(command.split()[1], tmp_path)


def test_every_make_target_is_documented_and_no_other():
    written = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    told = [row[0].strip("`").split()[1] for row in table(ROOT / "CONTRIBUTING.md", "Set up")]

    assert sorted(told) == sorted(set(written) - {"help"})


def test_the_installation_without_make_is_the_one_that_make_does(tmp_path):
    quiet = f"{tmp_path}/.venv/bin/python -m pip --disable-pip-version-check --quiet"
    made = [line.strip() for line in dry("test", tmp_path)]
    installed = [line.replace(quiet, "python -m pip") for line in made if " pip " in line]

    for readme in READMES.values():
        told = commands(readme)
        assert [line for line in told if line.startswith("python -m pip")] == installed
        assert "python3 -m venv .venv" in told
    assert f"python3 -m venv {tmp_path}/.venv" in made


def test_the_conda_environment_has_the_name_that_is_activated():
    assert "\nname: laboratorio\n" in (ROOT / "environment.yml").read_text(encoding="utf-8")


def test_the_tests_that_are_named_are_there():
    named = re.findall(r"pytest (tests/\w+)", " ".join(DOCUMENTED))

    assert named
    assert all((ROOT / folder).is_dir() for folder in named)


@pytest.mark.parametrize("command", OURS)
def test_every_documented_option_is_known_to_its_command(command, desk):
    answer = typed(f"{command} --help", desk)

    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("command", [c for c in OURS if " demo" in c and c.split()[1] == "explain"])
def test_the_documented_explanation_reaches_the_suppliers_files(command, desk):
    answer = typed(command, desk)

    assert answer.returncode == 0, answer.stderr
    assert "made by protect" in answer.stdout.splitlines()[0]
    assert "as the supplier gave it" in answer.stdout


@pytest.mark.parametrize("readme", READMES.values(), ids=READMES)
def test_the_five_steps_to_a_municipality_say_what_is_missing(readme, tmp_path):
    init, doctor, run, _ = [c for c in commands(readme) if re.search("(my|mi)-municip", c)]

    made, examined, tried = (typed(command, tmp_path) for command in (init, doctor, run))

    assert made.returncode == 0, made.stderr
    assert examined.returncode == 1
    assert "colonias.geojson is missing" in examined.stdout
    assert tried.returncode == 3
    assert "colonias.geojson" in tried.stderr


def test_the_documented_jupyterlab_is_started(desk):
    answer = typed("labtools lab --workbench demo -- --version", desk)

    assert answer.returncode == 0, answer.stderr
    assert re.match(r"4\.\d+", answer.stdout)


def test_the_documented_dashboards_answer_and_stop(desk):
    with subprocess.Popen(
        [LABTOOLS, "serve", "--workbench", "demo", "--port", "0"],
        cwd=desk,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as server:
        try:
            (address,) = re.findall(r"http\S+", server.stdout.readline())
            with urllib.request.urlopen(f"{address}{STYLE}", timeout=60) as answer:  # noqa: S310 - our own
                seen = answer.status
        finally:
            server.send_signal(signal.SIGINT)

    assert seen == 200
    assert server.returncode == 0


@pytest.mark.parametrize("readme", READMES.values(), ids=READMES)
def test_the_notebook_lines_give_the_crime_of_one_colonia(readme, desk):
    (code,) = blocks(readme, "python")

    answer = subprocess.run(
        [sys.executable, "-c", code.replace('lab.table("crime")', 'print(lab.table("crime"))')],
        cwd=desk / "demo",
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert answer.returncode == 0, answer.stderr
    assert "99001_0001" in answer.stdout


@pytest.mark.parametrize("language", READMES)
def test_the_help_in_the_readme_is_the_one_that_is_given(language):
    assert help_block(READMES[language]) == spoken_help(language)


@pytest.mark.parametrize("language", READMES)
def test_what_the_readme_says_the_demo_prints_is_what_it_prints(language, demo_workbench):
    said: list[str] = []
    executed = len(read_traces(demo_workbench.latest.resolve()))
    with speaking(language):
        tell_accounts(
            Opened(demo_workbench, None, said.append), read_accounts(demo_workbench.accounts)
        )
        site = "demo/reports/latest/public/site/index.html"
        said += [
            text("analyse: {n} notebooks executed", n=executed),
            text("protect: {n} fichas released", n=208),
            text("{n} fichas. Site: {path}", n=208, path=site),
            text("Dashboards: labtools serve --workbench {folder}", folder="demo"),
            "…",
        ]

    printed = next(code for code in blocks(READMES[language], "text") if site in code)

    known = {_words(line) for line in said}
    assert [line for line in printed.splitlines() if line and _words(line) not in known] == []


def test_both_readmes_are_of_the_same_shape():
    english, spanish = READMES.values()

    assert commands(spanish) == [
        c.replace("my-municipality", "mi-municipio") for c in commands(english)
    ]
    assert _shape(english) == _shape(spanish)


@pytest.mark.parametrize(
    ("readme", "heading"),
    [(READMES["en"], "Eight verbs"), (READMES["es_MX"], "Ocho verbos")],
    ids=READMES,
)
def test_the_eight_verbs_are_told_in_their_order(readme, heading):
    told = [re.findall(r"`(\w+)`", row[0])[0] for row in table(readme, heading)]

    assert tuple(told) == VERBS


@pytest.mark.parametrize(
    ("readme", "said"),
    [(READMES["en"], r"(\d+) ([a-z' ]+)[,.]"), (READMES["es_MX"], r"(\d+) ([a-záéíóú ]+)[,.]")],
    ids=READMES,
)
def test_every_exit_code_is_told(readme, said):
    from labtools import errors  # noqa: PLC0415 - only its classes are wanted

    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    codes = {kind.exit_code for kind in kinds if issubclass(kind, errors.LabError)}
    told = next(
        p for p in readme.read_text(encoding="utf-8").split("\n\n") if "`reports/latest`" in p
    )

    found = {int(code) for code, _ in re.findall(said, " ".join(told.split()))}

    assert found == {0, *codes - {errors.LabError.exit_code}}


def test_both_languages_of_the_readme_are_all_the_languages():
    assert set(READMES) == set(messages.LANGUAGES)


def _shape(readme: Path) -> list[str]:
    marks = re.findall(
        r"^(#+ |```\w*|\||- |\d\. |!\[)", readme.read_text(encoding="utf-8"), re.MULTILINE
    )
    return [mark.strip() for mark in marks]


def _words(line: str) -> tuple[str, ...]:
    # A run tells the reasons by their weight, an account that is read again by their names.
    return tuple(sorted(re.findall(r"[^\s(),]+", line.replace(", ", " "))))
