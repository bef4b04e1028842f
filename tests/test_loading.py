import subprocess
import sys

import pytest

from labtools.loading import without


def test_what_is_left_out_cannot_be_had_inside_the_block_and_can_be_afterwards():
    sys.modules.pop("this", None)

    with without("this"), pytest.raises(ImportError):
        import this  # noqa: F401, PLC0415

    assert "this" not in sys.modules


def test_what_is_loaded_already_stays():
    with without("json"):
        import json  # noqa: PLC0415

    assert sys.modules["json"] is json


def test_what_failed_inside_the_block_leaves_nothing_behind():
    with pytest.raises(RuntimeError), without("this"):
        raise RuntimeError

    assert "this" not in sys.modules


@pytest.fixture(scope="module")
def loaded_for_a_run():
    program = (
        "import sys, labtools.cli.verbs, labtools.workflow.everything\n"
        "from labtools.tables.contracts import empty_table\n"
        "empty_table('crime')\n"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    loaded = set(done.stdout.decode().split())
    assert "labtools.analysis.risk.bym2" in loaded
    return loaded


@pytest.mark.parametrize(
    "name",
    [
        "hypothesis",
        "openpyxl",
        "rfc3987_syntax",
        "scipy.optimize",
        "scipy.sparse",
        "scipy.special",
        "scipy.stats",
        "sklearn",
        "statsmodels",
    ],
)
def test_a_run_does_not_load_what_it_need_not(name, loaded_for_a_run):
    assert name not in loaded_for_a_run
