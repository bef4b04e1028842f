import shutil

import pytest
from click.testing import CliRunner

from labtools import messages
from labtools.cli.main import build
from labtools.errors import LabError
from labtools.paths import bundled
from tests.evaluation.protocols import PROTOCOL


@pytest.fixture
def bench(tmp_path):
    shutil.copyfile(bundled("lab.example.toml"), tmp_path / "lab.toml")
    folder = tmp_path / "protocols"
    folder.mkdir()
    (folder / "barrios-2024.toml").write_text(PROTOCOL, encoding="utf-8")
    return tmp_path


def called(bench, *words):
    with messages.speaking("en"):
        return CliRunner().invoke(
            build(), ["protocol", *words, "-w", str(bench)], catch_exceptions=True
        )


def test_a_protocol_is_shown_as_unsealed_until_it_is_sealed(bench):
    before = called(bench, "show").output
    called(bench, "seal", "barrios-2024")
    after = called(bench, "show", "barrios-2024").output

    assert "is not sealed" in before
    assert "sealed on 20" in after
    assert "is not sealed" not in after


def test_a_protocol_that_is_not_there_is_told_with_those_that_are(bench):
    done = called(bench, "seal", "barrios-2025")

    assert isinstance(done.exception, LabError)
    assert "barrios-2024" in str(done.exception)
