"""Every attack that SECURITY.md speaks of is tried by a test that exists."""

import re

import pytest

from tests.conftest import REPOSITORY

TOLD = re.findall(
    r"^\|[^|]+\| `(test_\w+)` \|$",
    (REPOSITORY / "SECURITY.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)


@pytest.fixture(scope="module")
def tests():
    files = (REPOSITORY / "tests").rglob("test_*.py")
    return {
        name
        for file in files
        for name in re.findall(r"^def (test_\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)
    }


def test_every_attack_has_its_test(tests):
    assert len(TOLD) > 20
    assert [name for name in TOLD if name not in tests] == []
