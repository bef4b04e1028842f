"""The forms that a lab takes to the field, from the command line and back."""

import shutil
import sys

import pytest

from labtools.cli.main import build
from labtools.errors import SourceError
from labtools.messages import speaking
from labtools.paths import Workbench, bundled
from labtools.sources.field_forms import read_form
from labtools.workflow.field_surveys import check_xlsform, read_answers
from labtools.workflow.steps import open_workbench


def run(command):
    build().main(command, standalone_mode=False)


@pytest.fixture
def bench(tmp_path):
    shutil.copyfile(bundled("lab.example.toml"), tmp_path / "lab.toml")
    return Workbench(tmp_path)


@pytest.fixture
def sent(bench):
    names = [asked.name for asked in read_form("cohesion").question]
    head = ",".join(["wave", "visit", *names])
    rows = ["2026-06,V1,4,4,4,4,4,0", "2026-06,V2,2,2,2,2,2,3", "2026-06,X,1,1,1,1,1,1"]
    answers = bench.root / "respuestas.csv"
    answers.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    sample = bench.root / "muestra.csv"
    sample.write_text(
        "visit,colonia_id,borough,stratum,cluster,weight\n"
        "V1,1,Centro,A,U1,10\nV2,2,Centro,A,U2,30\nV3,2,Centro,A,U2,40\n",
        encoding="utf-8",
    )
    return answers, sample


def test_the_command_writes_the_form_for_telephones_and_for_paper(bench, capsys):
    with speaking("en"):
        run(["survey", "--workbench", str(bench.root), "--form", "cohesion"])

    files = sorted(path.name for path in (bench.root / "forms").iterdir())
    assert files == ["cohesion.pdf", "cohesion.xlsx"]
    assert capsys.readouterr().out.count("Written: ") == 2


def test_the_command_reads_answers_back_and_says_what_became_of_each(bench, sent, capsys):
    answers, sample = sent
    command = ["survey", "--workbench", str(bench.root), "--form", "cohesion",
               "--answers", str(answers), "--sample", str(sample),
               "--into", "suppliers/cohesion.csv"]  # fmt: skip

    with speaking("en"):
        run(command)

    told = capsys.readouterr().out
    assert "2 of 3 answers stand for somebody." in told
    assert "1: visit not in the sample" in told
    assert "one visit of 3 has no answer" in told
    written = bench.root / "suppliers" / "cohesion.csv"
    assert written.stat().st_mode & 0o077 == 0
    assert (
        written.read_text(encoding="utf-8").splitlines()[1].startswith("2026-06,1,Centro,A,U1,20")
    )


def test_the_same_answers_are_the_same_file(bench, sent):
    answers, sample = sent
    opened = open_workbench(bench)

    made = []
    for name in ("uno.csv", "dos.csv"):
        read_answers(opened, "cohesion", answers, sample=sample, into=name)
        made.append((bench.root / name).read_bytes())

    assert made[0] == made[1]


def test_a_form_that_odk_would_not_read_is_refused():
    pytest.importorskip("pyxform", reason="the extra “forms” is not installed")

    with pytest.raises(SourceError):
        check_xlsform("mala", b"PK no es un libro")


def test_without_pyxform_forms_are_written_unchecked(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyxform.xls2xform", None)

    check_xlsform("mala", b"")
