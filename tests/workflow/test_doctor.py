import importlib.util
import json
import shutil
import stat
from datetime import date

import pytest

from labtools.paths import Workbench
from labtools.privacy.cards import read_cards
from labtools.workflow.doctor import examine
from labtools.workflow.workbenches import init_workbench

pytestmark = [pytest.mark.slow]


#: A day on which the demo's figures, which end with 2025, still hold.
TODAY = date(2026, 1, 31)


def wrong(bench):
    return [str(check) for check in examine(bench, today=TODAY) if not check.ok]


def rewrite(bench, old, new):
    told = bench.settings_file.read_text(encoding="utf-8")
    assert old in told
    bench.settings_file.write_text(told.replace(old, new), encoding="utf-8")


def test_a_finished_workbench_is_well(finished):
    checks = examine(finished, today=TODAY)

    assert wrong(finished) == []
    seen = [str(check) for check in checks]
    assert f"last run: {(finished.reports / 'latest').readlink()}" in seen
    assert "lab.toml is valid" in seen
    assert "key rounding is there and private" in seen


def test_a_folder_that_is_no_workbench_is_told_how_to_become_one(tmp_path):
    (told,) = wrong(Workbench(tmp_path))

    assert "labtools init" in told


def test_settings_that_cannot_be_read_are_told_and_the_installation_still_is(copy_of, supplied):
    bench = copy_of(supplied)
    rewrite(bench, "seed = 2026", "seed = twenty")

    checks = examine(bench)

    assert [c.ok for c in checks].count(False) == 1
    assert "cannot be read as TOML" in wrong(bench)[0]
    assert any("Python" in str(check) for check in checks if check.ok)


def test_a_workbench_that_never_ran_is_told_to_run(supplied):
    assert wrong(supplied) == ["there is no finished run yet: labtools run"]


def test_each_missing_file_is_named_with_what_to_do(copy_of, finished):
    bench = copy_of(finished)
    for name in ("ensu_ciudad.csv", "ageb.geojson"):
        (bench.root / "suppliers" / name).unlink()

    told = wrong(bench)

    assert len(told) == 2
    for line, name in zip(told, ("ageb.geojson", "ensu_ciudad.csv"), strict=True):
        assert name in line
        assert "Put it there, or correct lab.toml" in line


def test_a_source_without_descriptor_is_named_and_the_other_faults_still_told(copy_of, finished):
    bench = copy_of(finished)
    rewrite(bench, 'descriptor = "calls_911_demo"', 'descriptor = "calls_912"')
    (bench.root / "suppliers" / "ensu_ciudad.csv").unlink()

    told = wrong(bench)

    assert len(told) == 2
    assert "calls_912" in told[0]
    assert "ensu_ciudad.csv" in told[1]


def test_a_lost_key_and_a_key_that_others_can_read_are_told_apart(copy_of, finished):
    bench = copy_of(finished)
    (bench.secrets / "rounding.key").unlink()
    (bench.secrets / "pseudonyms.key").chmod(0o644)

    told = wrong(bench)

    assert len(told) == 2
    assert "chmod 400" in told[0]
    assert "pseudonyms.key" in told[0]
    assert "Restore it from the backup" in told[1]


def test_an_extra_that_is_not_installed_is_named_with_its_command(finished, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "voila" else find(name)
    )

    assert wrong(finished) == ["voila is not installed: pip install 'labtools[dash]'"]


def test_a_workbench_without_incidents_is_well_and_told_so(copy_of, finished):
    bench = copy_of(finished)
    told = bench.settings_file.read_text(encoding="utf-8")
    blocks = told.split("[[source]]")
    records = ("carpetas", "llamadas_911", "faltas", "reportes_070")
    kept = [b for b in blocks if not any(f'name = "{name}"' in b for name in records)]
    bench.settings_file.write_text("[[source]]".join(kept), encoding="utf-8")

    checks = examine(bench, today=TODAY)

    assert all(check.ok for check in checks)
    assert "no file of incidents: fichas will say so, and show no zeros" in map(str, checks)


def test_files_kept_longer_than_the_register_says_are_named(finished):
    late = [str(c) for c in examine(finished, today=date(2033, 1, 1)) if not c.ok]

    assert any("suppliers' files were kept longer" in told for told in late)
    assert any("data/raw/carpetas/2025-12-31-" in told for told in late)


def test_who_opened_a_suppliers_file_is_on_record_for_the_lab_alone(finished):
    log = finished.root / "data" / "access.jsonl"
    told = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]

    opened = {it["file"].split("/")[2] for it in told if it["verb"] == "clean"}

    assert {"carpetas", "encuesta"} <= opened
    assert {it["sensitivity"] for it in told if "/encuesta/" in it["file"]} == {"N1"}
    assert all(it["who"] and it["when"] for it in told)
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_pages_that_name_nobody_for_corrections_are_a_fault(copy_of, supplied):
    bench = copy_of(supplied)
    rewrite(bench, 'contact = "', '# contact = "')

    (told, _) = wrong(bench)

    assert "write contact under [lab]" in told


def test_a_new_workbench_is_told_which_files_it_waits_for(tmp_path):
    bench = init_workbench(tmp_path / "new")

    told = wrong(bench)

    assert sum("is missing. Put it there" in line for line in told) == len(told) - 1
    assert told[-1] == "there is no finished run yet: labtools run"


def test_each_thing_that_can_be_wrong_with_the_folders_is_told_with_its_command(copy_of, finished):
    bench = copy_of(finished)
    (bench.root / "data").chmod(0o755)
    (bench.root / "data" / ".lock").write_text(
        '{"process": 4711, "user": "ana", "since": "2026-01-05T12:00:00+00:00"}', encoding="utf-8"
    )
    (bench.root / "data" / "format.json").write_text('{"format": 1}', encoding="utf-8")
    (bench.root / "data" / "demo.sha256").unlink()
    kept = bench.raw / "ensu" / (bench.raw / "ensu" / "current").read_text(encoding="utf-8")
    (kept / "ensu_ciudad.csv").unlink()
    (bench.reports / "ledger.jsonl").write_text("{}\n", encoding="utf-8")

    told = wrong(bench)

    for line, remedy in zip(
        told,
        (
            "labtools upgrade",
            "chmod 700",
            "of the source ensu is not whole",
            "ledger of releases",
            "the process 4711 of ana began on 2026-01-05T12:00:00+00:00 and died",
            "labtools backup FOLDER",
        ),
        strict=True,
    ):
        assert remedy in line


def test_a_disk_without_room_is_told_before_a_run_needs_it(finished, monkeypatch):
    usage = shutil.disk_usage(finished.root)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1))

    (told,) = wrong(finished)

    assert "0 MB free" in told


def test_a_run_with_a_notebook_that_failed_and_one_cut_off_are_told_with_their_commands(
    copy_of, finished
):
    bench = copy_of(finished)
    manifest = bench.latest / "manifest.json"
    told = json.loads(manifest.read_text(encoding="utf-8"))
    told["notebooks"][0]["ok"] = False
    manifest.write_text(json.dumps(told), encoding="utf-8")
    (bench.reports / ".2026-03-0123456789.partial").mkdir()

    cut_off, failed = wrong(bench)

    assert "a run to 2026-03 was interrupted: labtools resume" in cut_off
    assert "1 notebook failed" in failed
    assert "labtools retry" in failed


def test_figures_past_the_date_of_their_card_are_counted(finished):
    late = [str(c) for c in examine(finished, today=date(2033, 1, 1)) if not c.ok]

    assert any("past the date of their card and hidden from readers" in told for told in late)


def test_a_schedule_that_nobody_looks_at_and_one_that_never_comes_are_told(copy_of, finished):
    bench = copy_of(finished)
    rules = {"quarterly": "0 6 5 1,4,7,10 *", "never": "0 6 30 2 *"}
    written = "".join(
        f'\n[[schedule]]\nname = "{name}"\ncron = "{cron}"\n' for name, cron in rules.items()
    )
    with bench.settings_file.open("a", encoding="utf-8") as settings:
        settings.write(written)

    never, nobody = wrong(bench)

    assert "which never comes" in never
    assert nobody == "nobody looks at the schedules (last: —): labtools schedule install"


def test_the_demos_figures_outlast_the_year_in_which_somebody_learns_with_it(supplied, tmp_path):
    ours = {card.key: card for card in read_cards()}
    demos = {card.key: card for card in read_cards(supplied.reference("cards"))}

    assert all(demos[key].months_valid >= 60 for key in ours)
    assert demos["recorded_crime"].es == ours["recorded_crime"].es  # what else it says is the same
    assert not init_workbench(tmp_path / "lab").reference("cards").exists()
