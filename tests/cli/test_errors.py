import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from labtools import errors, paths
from labtools.cli.main import main
from labtools.errors import LabError
from labtools.workflow.workbenches import init_workbench

LABTOOLS = str(Path(sys.executable).with_name("labtools"))


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setenv("LABTOOLS_LANG", "en")
    monkeypatch.setenv("LANGUAGE", "en")
    monkeypatch.delenv(paths.ENVIRONMENT_VARIABLE, raising=False)


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments, folder):
    return subprocess.run(
        [LABTOOLS, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def told(capsys, *arguments):
    """Run a command in this process; return its exit code, what it said, and its error."""
    with pytest.raises(SystemExit) as left:
        main(list(arguments))
    said = capsys.readouterr()
    return left.value.code, said.out, said.err


def test_an_error_is_one_message_on_stderr_and_its_exit_code_without_traceback(tmp_path):
    done = run("run", folder=tmp_path)

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("Error: There is no workbench here")
    assert "labtools init" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_same_error_is_said_in_spanish(tmp_path, monkeypatch):
    monkeypatch.setenv("LABTOOLS_LANG", "es_MX")

    done = run("run", folder=tmp_path)

    assert done.returncode == 2
    assert "There is no workbench" not in done.stderr
    assert "labtools init" in done.stderr


def test_each_kind_of_remedy_has_an_exit_code_of_its_own():
    kinds = [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, LabError)
    ]

    codes = [kind.exit_code for kind in kinds]

    assert len(set(codes)) == len(kinds) > 5
    assert 0 not in codes


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["clean"], 2, "There is no workbench here"),
        (["run", "-w", "nowhere"], 2, "There is no lab.toml in"),
        (["doctor", "-w", "nowhere"], 1, "1 thing to mend."),
        (["explain", "none.json", "-w", "nowhere"], 4, "The file none.json does not exist"),
        (["serve", "-w", "nowhere"], None, "labtools run"),
        (["jump"], 2, "jump"),
        (["run", "--speed"], 2, "--speed"),
        (["explain"], 2, "FILE"),
    ],
)
def test_a_command_that_cannot_be_done_says_why_and_leaves_with_its_code(
    capsys, arguments, code, expected
):
    left, _, err = told(capsys, *arguments)

    assert left == code or (code is None and left > 1)
    assert expected in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("broken", "code", "expected"),
    [
        ("no = [", 2, "cannot be read as TOML"),
        ("[lab]\nname = 3", 2, "entries are not valid"),
    ],
)
def test_settings_that_cannot_be_read_leave_with_the_code_of_settings(
    capsys, tmp_path, broken, code, expected
):
    bench = init_workbench(tmp_path / "bench")
    bench.settings_file.write_text(broken, encoding="utf-8")

    left, _, err = told(capsys, "collect", "-w", str(bench.root))

    assert (left, expected in err) == (code, True)


def test_a_missing_supplier_file_leaves_with_the_code_of_sources(capsys, tmp_path):
    bench = init_workbench(tmp_path / "bench")

    left, out, err = told(capsys, "collect", "-w", str(bench.root))

    assert left == 3
    assert out == ""
    assert "suppliers/colonias.geojson of the source colonias does not exist" in err


def test_a_workbench_that_is_there_is_neither_made_again_nor_turned_into_a_demo(capsys, tmp_path):
    bench = init_workbench(tmp_path / "bench")
    bench.settings_file.write_text("# mine\n", encoding="utf-8")

    codes = [told(capsys, command, str(bench.root))[0] for command in ("init", "demo")]

    assert codes == [2, 2]
    assert bench.settings_file.read_text(encoding="utf-8") == "# mine\n"


def test_a_new_workbench_has_its_settings_its_folders_and_its_keys(capsys, tmp_path):
    left, out, _ = told(capsys, "init", str(tmp_path / "new"))

    assert left == 0
    assert f"labtools run --workbench {tmp_path / 'new'}" in out
    names = sorted(p.relative_to(tmp_path / "new").as_posix() for p in tmp_path.rglob("new/**/*"))
    assert names == [
        "data",
        "data/format.json",
        "data/processed",
        "data/raw",
        "data/secrets",
        "data/secrets/pseudonyms.key",
        "data/secrets/rounding.key",
        "data/sources",
        "lab.toml",
        "protocols",
        "suppliers",
    ]


def test_jupyterlab_that_is_not_installed_is_named_with_its_command(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)

    left, _, err = told(capsys, "lab", "-w", str(tmp_path))

    assert left == 8
    assert "pip install 'labtools[lab]'" in err
