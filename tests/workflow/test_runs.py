"""A run is the same wherever it is made, is not made twice, and never leaves half an edition."""

import json
import os
import re
import stat

import pandas as pd
import pytest

from labtools.errors import BusyError, RunError, SettingsError, SourceError
from labtools.runs.jobs import Outcome
from labtools.runs.pool import run_notebooks
from labtools.tables.lineage import sha256_of
from labtools.tables.released import read_ficha
from labtools.workflow import analyse as analysing
from labtools.workflow import notebooks
from labtools.workflow.everything import VERBS, run_everything
from labtools.workflow.intake import clean, collect
from labtools.workflow.locking import held
from labtools.workflow.placing import classify, locate
from labtools.workflow.prepared import prepare
from labtools.workflow.steps import open_workbench
from labtools.workflow.tabulate import tabulate
from labtools.workflow.unfinished import with_failures
from tests.workflow.few import EARLIER, FICHAS, bytes_in, times_in

pytestmark = [pytest.mark.slow]


def latest(bench):
    return (bench.reports / "latest").readlink().name


def editions(bench):
    return sorted(p.name for p in bench.reports.iterdir() if p.is_dir() and not p.is_symlink())


def test_the_same_files_in_two_folders_give_the_same_public_bytes(finished, finished_elsewhere):
    first, second = (
        bytes_in(b.reports / "latest" / "public") for b in (finished, finished_elsewhere)
    )

    assert latest(finished) == latest(finished_elsewhere)
    assert first == second
    assert len([name for name in first if name.startswith("fichas/")]) == len(FICHAS)


def test_the_same_notebooks_come_out_of_both(finished, finished_elsewhere):
    first, second = (
        bytes_in(b.reports / "latest" / "internal" / "notebooks")
        for b in (finished, finished_elsewhere)
    )

    assert first == second
    assert len(first) == 2 * len(FICHAS) + 9  # and those of the municipality


def test_nothing_public_tells_where_or_by_whom_it_was_made(finished):
    told = [str(finished.root).encode(), os.environ.get("USER", "no user named").encode() + b"@"]

    public = finished.reports / "latest" / "public"
    telling = [
        path.name
        for path in public.rglob("*")
        if path.is_file() and any(word in path.read_bytes() for word in told)
    ]

    assert telling == []


def test_a_second_run_makes_nothing_and_says_so(copy_of, finished):
    bench, said = copy_of(finished), []
    data, reports = times_in(bench.root / "data" / "processed"), bytes_in(bench.reports)

    run = run_everything(open_workbench(bench, said.append))

    assert said[-1] == f"Nothing changed since the run {latest(finished)}: it stands."
    assert run == bench.reports / latest(finished)
    assert times_in(bench.root / "data" / "processed") == data
    assert bytes_in(bench.reports) == reports


def test_every_row_is_followed_from_the_supplier_to_the_panel(finished):
    told = json.loads((finished.reports / "latest" / "manifest.json").read_text(encoding="utf-8"))

    accounts = {(a["step"], a["source"]): a for a in told["accounts"]}

    for account in accounts.values():
        assert account["read"] == account["kept"] + sum(account["rejected"].values())
    cleaned, located = accounts["clean", "carpetas"], accounts["locate", "carpetas"]
    assert located["read"] == cleaned["kept"]
    # What has no colonia is kept apart, not lost: classify reads it all, tabulate tells it.
    assert accounts["classify", "carpetas"]["read"] == cleaned["kept"]
    counted = accounts["tabulate", "carpetas"]
    assert counted["rejected"] == {"not_located": sum(located["rejected"].values())}
    panel = pd.read_parquet(finished.processed / "panel.parquet")
    assert panel.loc[panel["record_type"] == "case_file", "events"].sum() == counted["kept"]


def test_events_without_their_first_day_are_not_padded_with_zeros(copy_of, finished):
    bench = copy_of(finished)
    told = bench.settings_file.read_text(encoding="utf-8")
    bench.settings_file.write_text(
        re.sub(r"^first_day = .*\n", "", told, flags=re.MULTILINE), encoding="utf-8"
    )

    with pytest.raises(SettingsError, match="from which day on it speaks"):
        run_everything(open_workbench(bench))


def test_an_action_in_a_colonia_that_is_not_in_the_register_is_accounted_for(copy_of, finished):
    bench = copy_of(finished)
    path = bench.root / "suppliers" / "acciones_programa.csv"
    before = json.loads((bench.accounts / "tabulate.acciones.json").read_text())
    table = pd.read_csv(path, dtype=str)
    table.loc[0, "cve_col"] = "99999_0001"
    table.to_csv(path, index=False, lineterminator="\n")

    for step in (collect, clean, locate, classify, tabulate):
        step(open_workbench(bench))

    account = json.loads((bench.accounts / "tabulate.acciones.json").read_text())
    assert account["rejected"] == {"key_not_in_register": 1}
    assert account["kept"] == before["kept"] - 1


def test_an_action_less_is_no_reason_to_count_events_again(copy_of, finished):
    bench = copy_of(finished)
    path = bench.root / "suppliers" / "acciones_programa.csv"
    told = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(told[:-1]), encoding="utf-8")
    written = {it.name: it.stat().st_mtime_ns for it in bench.processed.glob("*.parquet")}
    before = len(pd.read_parquet(bench.processed / "actions.parquet"))
    opened = open_workbench(bench)
    for step in (collect, clean, locate, classify):
        step(opened)

    accounts = tabulate(opened)

    stood = {n for n, at in written.items() if (bench.processed / n).stat().st_mtime_ns == at}
    assert len(pd.read_parquet(bench.processed / "actions.parquet")) == before - 1
    assert {"panel.parquet", "quarters.parquet", "origin_counts.parquet"} <= stood
    assert {"carpetas", "acciones"} <= {account.source for account in accounts}


def test_events_are_counted_again_where_the_days_they_speak_of_changed(copy_of, finished):
    bench = copy_of(finished)
    told = bench.settings_file.read_text(encoding="utf-8")
    months = pd.read_parquet(bench.processed / "panel.parquet")["month"]
    later = re.sub(r'^first_day = "(\d{4})', _a_year_later, told, flags=re.MULTILINE)
    bench.settings_file.write_text(later, encoding="utf-8")
    opened = open_workbench(bench)
    for step in (collect, clean, locate, classify):
        step(opened)

    tabulate(opened)

    again = pd.read_parquet(bench.processed / "panel.parquet")["month"]
    assert again.min() > months.min()


def _a_year_later(found):
    return f'first_day = "{int(found[1]) + 1}'


def test_working_folders_are_their_owners_alone(finished):
    folders = [finished.root / "suppliers", finished.processed, finished.raw]

    modes = {stat.S_IMODE(folder.stat().st_mode) for folder in folders}

    assert modes == {0o700}


def test_the_manifest_holds_the_checksum_of_every_public_file(finished):
    run = finished.reports / "latest"
    told = json.loads((run / "manifest.json").read_text(encoding="utf-8"))

    assert told["outputs"] == {
        f"public/{name}": digest for name, digest in bytes_in(run / "public").items()
    }
    supplied = sha256_of(finished.root / "suppliers" / "carpetas_investigacion.csv")
    assert supplied in told["inputs"].values()


def failing(monkeypatch, key):
    """Let one notebook fail, and execute the others."""

    def run(jobs, **options):
        kept = run_notebooks([job for job in jobs if job.key != key], **options)
        fails = [job.key for job in jobs if job.key == key]
        return [
            *kept,
            *(Outcome(k, ok=False, seconds=1, cpu_seconds=1, error="Boom", cell=5) for k in fails),
        ]

    monkeypatch.setattr(notebooks, "run_notebooks", run)


def test_where_a_notebook_of_the_city_fails_the_last_edition_stands_and_the_run_is_gone_on_with(
    copy_of, finished, monkeypatch
):
    bench = copy_of(finished)
    before, stood = bytes_in(bench.reports), latest(bench)
    with monkeypatch.context() as patch:
        failing(patch, "overview/public")
        with pytest.raises(RunError, match=r"of 19 failed: overview/public, cell 5: Boom. Nothing"):
            run_everything(open_workbench(bench), period_end=EARLIER)
    left = latest(bench), bytes_in(bench.reports), editions(bench)

    lines = []
    run_everything(open_workbench(bench, lines.append), period_end=EARLIER)

    assert left[0] == stood
    assert {n: d for n, d in left[1].items() if n in before} == before
    assert [name for name in left[2] if not name.startswith(".")] == [stood]
    assert "Notebooks: 1 of 19 must be executed" in lines
    told = json.loads((bench.latest / "manifest.json").read_text(encoding="utf-8"))["notebooks"]
    assert [it["key"] for it in told if not it["reused"]] == ["overview/public"]
    assert all(it["ok"] for it in told)
    assert len(told) == 19


def test_a_ficha_that_fails_stops_no_other_and_is_made_by_the_next_run(
    copy_of, finished, monkeypatch
):
    bench = copy_of(finished)
    colonia = FICHAS[0].replace("_", "-")
    old = read_ficha(bench.latest / "public" / "fichas" / f"{colonia}.json")
    whole = with_failures(bench)
    with monkeypatch.context() as patch:
        failing(patch, f"fichas/public/{FICHAS[0]}")
        with pytest.raises(RunError, match="others are published; its colonia keeps the ficha"):
            run_everything(open_workbench(bench), period_end=EARLIER)
    first = latest(bench)
    assert (whole, with_failures(bench)) == (None, EARLIER)  # what `labtools retry` makes again
    kept = read_ficha(bench.latest / "public" / "fichas" / f"{colonia}.json")
    page = bench.latest / "public" / "site" / "colonias" / f"{colonia}.html"

    assert (kept.seal, kept.outdated) == (old.seal, True)
    assert "no se pudo actualizar" in page.read_text(encoding="utf-8")
    lines = []
    run_everything(open_workbench(bench, lines.append), period_end=EARLIER)
    assert latest(bench) == f"{first}-2"
    assert "Notebooks: 1 of 19 must be executed" in lines
    made = read_ficha(bench.latest / "public" / "fichas" / f"{colonia}.json")
    assert not made.outdated
    assert "no se pudo actualizar" not in page.read_text(encoding="utf-8")


def test_a_second_run_is_told_who_holds_the_workbench(copy_of, finished):
    bench = copy_of(finished)

    with held(bench), pytest.raises(BusyError, match=f"by the process {os.getpid()}") as busy:
        run_everything(open_workbench(bench))

    assert busy.value.exit_code == 75


def set_fichas(bench, told):
    text = bench.settings_file.read_text(encoding="utf-8")
    start, end = text.index("[fichas]"), text.index("# Below these floors")
    bench.settings_file.write_text(text[:start] + told + "\n" + text[end:], encoding="utf-8")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ('[fichas]\nselect = "listed"\ncolonias = ["99001_0001", "99001_9999"]', "99001_9999"),
        ('[fichas]\nselect = "borough"\nborough = "Nowhere"', "Cerro Colorado"),
    ],
)
def test_colonias_that_the_register_does_not_have_are_named_before_anything_is_made(
    copy_of, finished, told, expected
):
    bench = copy_of(finished)
    set_fichas(bench, told)
    before = bytes_in(bench.reports)

    with pytest.raises(SettingsError, match=expected) as caught:
        run_everything(open_workbench(bench))

    assert "99001_0001" in str(caught.value)
    assert bytes_in(bench.reports) == before


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("2031-12", "from 2020-01 to 2025-12"),
        ("2020-09", "from 2020-01 to 2025-12"),
        ("2025-11", "must end with a quarter"),
        ("last year", "is not a month"),
    ],
)
def test_a_period_without_data_is_refused_with_the_months_there_are(finished, period, expected):
    before = bytes_in(finished.reports)

    with pytest.raises(SettingsError, match=expected):
        prepare(open_workbench(finished), period_end=period)

    assert bytes_in(finished.reports) == before


def test_a_missing_supplier_file_is_named_and_leaves_nothing_half_collected(copy_of, supplied):
    bench = copy_of(supplied)
    before = bytes_in(bench.reports)  # the ledger, with the plan that the demo sealed
    (bench.root / "suppliers" / "ensu_ciudad.csv").unlink()

    with pytest.raises(SourceError, match=r"suppliers/ensu_ciudad\.csv of the source ensu"):
        run_everything(open_workbench(bench))

    assert not list(bench.raw.rglob("*"))
    assert bytes_in(bench.reports) == before


def test_a_folder_that_cannot_be_written_is_named_with_what_to_do(copy_of, finished):
    bench = copy_of(finished)
    # Even root cannot make a folder where there is a file.
    bench.reports.rename(bench.root / "elsewhere")
    bench.reports.write_text("a file in the way", encoding="utf-8")

    with pytest.raises(SettingsError, match=r"reports.* cannot be written.*--workbench"):
        analysing.analyse(open_workbench(bench))


def test_the_verbs_are_told_in_the_order_in_which_they_run(both_periods):
    said = json.loads((both_periods.root / "said.json").read_text(encoding="utf-8"))

    told = [line.split()[0].strip(":") for line in said]
    verbs = list(dict.fromkeys(word for word in told if word in VERBS))
    assert verbs == list(VERBS)
