import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from labtools import messages
from labtools.cli.main import COMMANDS, build
from labtools.workflow.everything import VERBS

LABTOOLS = str(Path(sys.executable).with_name("labtools"))


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """Put back what the command line sets for click."""
    for name in ("LABTOOLS_LANG", "LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)


def help_of(language, *words):
    with messages.speaking(language):
        result = CliRunner().invoke(build(), [*words, "--help"], prog_name="labtools")
    assert result.exit_code == 0
    return " ".join(result.output.split())


def sentences_of(language, name):
    """Return every sentence of ours in a command's help."""
    with messages.speaking(language):
        group = build()
        command = group.get_command(click.Context(group), name)
        told = [command.help, *(getattr(p, "help", None) for p in command.params)]
        return [sentence for sentence in told if sentence]


def in_environment(*arguments, **environment):
    return subprocess.run(
        [LABTOOLS, *arguments],
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_commands_are_listed_in_the_order_of_work():
    with messages.speaking("en"):
        printed = CliRunner().invoke(build(), ["--help"]).output

    assert re.findall(r"^  ([a-z]+)  ", printed, re.MULTILINE) == list(COMMANDS)
    assert tuple(name for name in COMMANDS if name in VERBS) == VERBS


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_every_command_has_its_help_in_both_languages(language, name):
    told = help_of(language, name)

    for sentence in sentences_of(language, name):
        assert " ".join(sentence.split())[:60] in told


@pytest.mark.parametrize("name", COMMANDS)
def test_no_english_sentence_of_ours_is_left_in_the_spanish_help(name):
    english, spanish = (sentences_of(language, name) for language in ("en", "es_MX"))

    assert len(english) == len(spanish)
    assert not set(english) & set(spanish)


def test_the_spanish_list_of_commands_has_no_english_line():
    with messages.speaking("en"):
        lines = [messages.say(line) for _, line in COMMANDS.values()]

    spanish = help_of("es_MX")

    assert [line for line in lines if line in spanish] == []


def test_clicks_own_words_are_in_the_language_too():
    assert {"Usage:", "Options:", "Commands:"} <= set(help_of("en").split())
    assert not {"Usage:", "Options:", "Commands:"} & set(help_of("es_MX").split())


@pytest.mark.parametrize(
    ("environment", "spanish"),
    [
        ({}, True),
        ({"LC_ALL": "es_MX.UTF-8"}, True),
        ({"LC_ALL": "C"}, True),
        ({"LC_ALL": "en_US.UTF-8"}, False),
        ({"LANG": "en_GB.UTF-8"}, False),
        ({"LABTOOLS_LANG": "en", "LC_ALL": "es_MX.UTF-8"}, False),
        ({"LABTOOLS_LANG": "es", "LC_ALL": "en_US.UTF-8"}, True),
    ],
)
def test_the_environment_chooses_the_language(environment, spanish):
    told = in_environment("run", "--help", **environment)

    with messages.speaking("en"):
        english = "Run the eight verbs in order"
    assert told.returncode == 0
    assert (english not in told.stdout) == spanish
    assert told.stderr == ""


def test_the_version_is_told():
    assert re.fullmatch(r"labtools.* \d+\.\d+\.\d+\n", in_environment("--version").stdout)


@pytest.mark.parametrize(
    "code",
    [
        "import labtools",
        "import labtools.cli.main",
        "from labtools.cli.main import build; build()(['--help'], standalone_mode=False)",
        "from labtools.cli.main import build; build()(['run', '--help'], standalone_mode=False)",
    ],
)
def test_neither_the_package_nor_its_help_loads_anything_heavy(code):
    heavy = "{'pandas', 'numpy', 'scipy', 'geopandas', 'IPython', 'pydantic'}"
    checked = f"import sys\n{code}\nprint(sorted({heavy} & set(sys.modules)))"

    done = subprocess.run(
        [sys.executable, "-c", checked], capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines()[-1] == "[]"
