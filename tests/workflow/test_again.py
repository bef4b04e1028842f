"""A run can be planned, gone on with, retried, proven from the suppliers' bytes, and compared."""

import errno
import hashlib
import json
import os

import pandas as pd
import pytest

from labtools import messages
from labtools.cli import main as command_line
from labtools.errors import SettingsError, TableError
from labtools.tables.released import slug
from labtools.tables.store import read_table
from labtools.workflow import verify as verifying
from labtools.workflow.differences import compare_runs, differing_cells
from labtools.workflow.everything import plan_everything, run_everything
from labtools.workflow.notebooks import Choice
from labtools.workflow.steps import open_workbench
from labtools.workflow.unfinished import interrupted
from labtools.workflow.verify import verify
from tests.workflow.few import EARLIER, FICHAS, bytes_in

pytestmark = [pytest.mark.slow]

COLONIA = FICHAS[0]
FILE = slug(COLONIA)


def told_by(bench):
    lines = []
    return open_workbench(bench, lines.append), lines


def kept_models(bench):
    return {it.name for it in bench.interim("kept").iterdir() if not it.name.startswith("edition.")}


def public_file(bench):
    return bench.latest / "public" / "fichas" / f"{FILE}.json"


def test_every_file_of_a_run_is_proven_a_forged_one_would_be_named_and_none_is_left_behind(
    copy_of, finished, monkeypatch
):
    bench = copy_of(finished)
    manifest = json.loads((bench.latest / "manifest.json").read_text(encoding="utf-8"))
    log = bench.root / "data" / "access.jsonl"  # who opened what is told, and only added
    noted, before = log.read_text(encoding="utf-8"), bytes_in(bench.root)
    name, compare, forged = f"public/fichas/{FILE}.json", verifying._compare, []

    def compare_twice(expected, folder, sentence):
        """Compare what was made again, first with a manifest that tells of a forged file."""
        if folder.parent.parent.name.startswith(".verify."):
            with pytest.raises(TableError) as caught:
                compare({**expected, name: hashlib.sha256(b"forged").hexdigest()}, folder, sentence)
            forged.append(str(caught.value))
        return compare(expected, folder, sentence)

    monkeypatch.setattr(verifying, "_compare", compare_twice)
    proven = verify(open_workbench(bench))

    assert proven == sum(not name.endswith(".lineage.json") for name in manifest["outputs"])
    (said,) = forged
    assert said.startswith(f"One file of {proven} is not what the run's inputs give: {name}.")
    assert log.read_text(encoding="utf-8").startswith(noted)
    log.write_text(noted, encoding="utf-8")
    assert bytes_in(bench.root) == before


def test_a_published_byte_that_changed_is_named(copy_of, finished):
    bench = copy_of(finished)
    public_file(bench).write_bytes(public_file(bench).read_bytes() + b" ")

    with pytest.raises(TableError, match=rf"not as it was published: .*{FILE}\.json"):
        verify(open_workbench(bench))


def test_a_suppliers_byte_that_changed_is_named(copy_of, finished):
    bench = copy_of(finished)
    raw = next(bench.raw.glob("carpetas/*/*.csv"))
    raw.chmod(0o600)
    raw.write_bytes(raw.read_bytes() + b"\n")

    with pytest.raises(TableError, match=r"changed since the run read it: .*carpetas.*\.csv"):
        verify(open_workbench(bench))


@pytest.mark.parametrize(
    ("asked", "said"),
    [({"run_id": "2001-01-nothing"}, "no finished run"), ({"colonia": "99"}, "no ficha of 99")],
)
def test_what_is_not_there_cannot_be_proven(copy_of, finished, asked, said):
    with pytest.raises(SettingsError, match=said):
        verify(open_workbench(copy_of(finished)), **asked)


def test_the_plan_says_which_notebooks_and_why_and_publishes_nothing(copy_of, finished):
    bench = copy_of(finished)
    opened, lines = told_by(bench)
    runs = {path.name for path in bench.reports.iterdir()}

    nothing = plan_everything(opened)
    chosen = plan_everything(opened, choice=Choice(only=(COLONIA,), force=True))

    assert (nothing, chosen) == (0, 2)
    assert any("it was asked for" in line for line in lines)
    assert {path.name for path in bench.reports.glob("2*")} <= runs


def test_chosen_notebooks_are_executed_and_nothing_is_published(copy_of, finished):
    bench = copy_of(finished)
    before = bytes_in(bench.latest.resolve())

    folder = run_everything(open_workbench(bench), choice=Choice(only=(COLONIA,), force=True))

    made = sorted(path.stem for path in (folder / "internal" / "notebooks").rglob("*.ipynb"))
    assert made == [FILE, FILE]
    assert bytes_in(bench.latest.resolve()) == before


def test_a_run_that_is_forced_is_made_again_beside_itself_to_the_same_bytes(copy_of, finished):
    bench = copy_of(finished)
    old = bench.latest.resolve()

    new = run_everything(open_workbench(bench), choice=Choice(force=True))

    assert new.name == f"{old.name}-2"
    pages = [bytes_in(run / "public" / "fichas") for run in (old, new)]
    assert pages[0] == pages[1]
    assert all(not it["reused"] for it in json.loads((new / "outcomes.json").read_text()))


def test_an_interrupted_run_is_known_by_its_month_and_a_whole_one_is_not(copy_of, finished):
    bench = copy_of(finished)
    before = interrupted(bench)
    (bench.reports / f".{EARLIER}-0123456789.partial").mkdir()

    assert (before, interrupted(bench)) == (None, EARLIER)


def test_two_periods_differ_in_figures_and_say_which_was_asked(finished, both_periods):
    found = compare_runs(both_periods, finished.latest.resolve().name)

    assert set(found.causes) == {"period_end"}
    assert {"crime", "period"} <= {it.table for it in found.tables}
    assert any("figures differ" in line for line in found.lines())


def test_a_run_does_not_differ_from_itself(finished):
    found = compare_runs(finished, finished.latest.resolve().name, audience="internal")

    assert (dict(found.causes), found.tables) == ({}, ())


def test_differing_cells_are_named_by_the_columns_that_tell_rows_apart():
    old = pd.DataFrame({"colonia_id": ["a", "a", "b"], "group": ["x", "y", "x"], "now": [1, 2, 3]})
    new = pd.DataFrame({"colonia_id": ["a", "a", "c"], "group": ["x", "y", "x"], "now": [1, 5, 3]})

    found = differing_cells(old, new)

    assert found.to_numpy().tolist() == [
        ["b", "x", "—", "a row", "no row"],
        ["c", "x", "—", "no row", "a row"],
        ["a", "y", "now", "2", "5"],
    ]


def test_a_value_that_came_or_went_differs_and_two_missing_ones_do_not():
    old = pd.DataFrame({"k": ["a", "b", "c"], "v": [1.0, None, None]})
    new = pd.DataFrame({"k": ["a", "b", "c"], "v": [None, 2.0, None]})

    found = differing_cells(old, new)

    assert found[["k", "before", "after"]].to_numpy().tolist() == [
        ["a", "1.0", "—"],
        ["b", "—", "2.0"],
    ]


def test_a_disk_that_fills_up_ends_with_its_own_code_and_what_to_do(monkeypatch, capsys):
    def full(**_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "reports/page.html")

    monkeypatch.setattr(command_line, "build", lambda: full)

    with pytest.raises(SystemExit) as ended:
        command_line.main([])

    assert ended.value.code == 74
    assert "labtools resume" in capsys.readouterr().err


def test_a_suppliers_new_file_makes_a_run_beside_the_old_and_only_its_colonia_again(
    copy_of, finished
):
    bench = copy_of(finished)
    old, stood = bench.latest.resolve(), bytes_in(bench.latest.resolve())
    before = bytes_in(old / "public" / "site" / "colonias")
    fitted = kept_models(bench)
    log = bench.root / "suppliers" / "acciones_programa.csv"
    lines = log.read_text(encoding="utf-8").splitlines(keepends=True)
    last = max(n for n, line in enumerate(lines) if COLONIA in line and "2025-" in line)
    log.write_text("".join(lines[:last] + lines[last + 1 :]), encoding="utf-8")
    opened, told = told_by(bench)

    with messages.speaking("es_MX"):  # as those that stand were made
        run = run_everything(opened)

    made = json.loads((run / "outcomes.json").read_text(encoding="utf-8"))
    fichas = [it["key"] for it in made if it["key"].startswith("fichas/") and not it["reused"]]
    assert fichas == [f"fichas/{audience}/{COLONIA}" for audience in ("internal", "public")]
    assert any("cambiaron las tablas que lee" in line for line in told)
    assert kept_models(bench) == fitted
    after = bytes_in(run / "public" / "site" / "colonias")
    assert {name.split(".")[0] for name in after if after[name] != before[name]} == {FILE}
    assert bench.latest.resolve() == run != old
    assert bytes_in(old) == stood
    assert sorted(path for path in bench.reports.glob("2*")) == sorted([old, run])
    read = [
        json.loads((it.accounts / "clean.acciones.json").read_text(encoding="utf-8"))["read"]
        for it in (finished, bench)
    ]
    assert read[0] - read[1] == 1
    assert len([path for path in (bench.raw / "acciones").iterdir() if path.is_dir()]) == 2


def test_an_edition_tells_the_fingerprint_of_each_source_s_file_and_fichas_hold_none(finished):
    tables = json.loads(public_file(finished).read_text(encoding="utf-8"))["tables"]
    raw = json.loads((finished.latest / "manifest.json").read_text(encoding="utf-8"))["inputs"]

    told = read_table("source_files", finished.latest / "public" / "tables")

    assert set(told["digest"]) <= {digest[:16] for digest in raw.values()}
    assert list(told["source"]) == [row["source"] for row in tables["sources"]]
    assert not any("digest" in row for row in tables["sources"])
