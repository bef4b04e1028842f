"""A workbench of version 0.1.0 is brought up to this one, and none of its editions changes."""

import json

import pytest

from labtools.errors import PrivacyError, SettingsError
from labtools.privacy.ledger import LEDGER, decide, read_ledger
from labtools.tables.lineage import sha256_of
from labtools.workflow.format import CURRENT, check_format, format_of, upgrade
from labtools.workflow.workbenches import init_workbench

#: Lines as version 0.1.0 wrote them: no number, no kind, no links.
OLD = [
    {
        "decided": f"2025-{month}-05T12:00:00+00:00",
        "by": "ana",
        "run": f"2025-{month}-abc",
        "tables": {"crime": {"rule": "rounded", "sha256": month * 32}},
    }
    for month in ("03", "06", "09")
]


@pytest.fixture
def old(tmp_path):
    """A workbench as 0.1.0 left it: no word of its form, an unlinked ledger, open folders."""
    bench = init_workbench(tmp_path / "lab")
    (bench.root / "data" / "format.json").unlink()
    (bench.raw / "carpetas").mkdir()
    (bench.root / "data").chmod(0o755)
    (bench.root / "data" / "interim" / "clean").mkdir(parents=True)
    edition = bench.run("2025-09-abc") / "public" / "tables"
    edition.mkdir(parents=True)
    (edition / "crime.parquet").write_bytes(b"PAR1")
    (bench.reports / LEDGER).write_text("".join(json.dumps(it) + "\n" for it in OLD))
    return bench


def test_a_workbench_that_says_nothing_of_its_form_is_of_the_first_and_is_not_changed(old):
    assert format_of(old) == 1
    with pytest.raises(SettingsError, match="labtools upgrade"):
        check_format(old)


def test_the_old_ledger_cannot_be_read_before_and_is_a_whole_chain_after(old):
    with pytest.raises(PrivacyError, match="was changed after"):
        read_ledger(old.reports / LEDGER)

    done = upgrade(old)

    entries = read_ledger(old.reports / LEDGER)
    assert [(e.decided, e.by, e.run, e.facts["tables"]) for e in entries] == [
        (it["decided"], it["by"], it["run"], it["tables"]) for it in OLD
    ]
    assert [entry.number for entry in entries] == [1, 2, 3]
    assert "3 decisions" in done[0]
    assert (format_of(old), check_format(old)) == (CURRENT, None)


def test_the_chain_is_the_one_that_this_version_goes_on_with(old):
    upgrade(old)

    entry = decide(old.reports / LEDGER, "2025-12-abc", {"tables": {}}, by="eva")

    assert (entry.number, len(read_ledger(old.reports / LEDGER))) == (4, 4)


def test_the_old_lines_are_kept_and_no_published_byte_changes(old):
    lines = (old.reports / LEDGER).read_bytes()
    table = old.run("2025-09-abc") / "public" / "tables" / "crime.parquet"
    before = sha256_of(table)

    upgrade(old)

    kept = old.reports / "ledger.jsonl.format-1"
    assert (kept.read_bytes(), oct(kept.stat().st_mode & 0o777)) == (lines, "0o400")
    assert sha256_of(table) == before


def test_folders_of_records_are_closed_to_other_accounts(old):
    upgrade(old)

    data = old.root / "data"
    assert {oct(it.stat().st_mode & 0o777) for it in (data, data / "interim")} == {"0o700"}


def test_tables_kept_where_they_are_not_read_any_more_are_removed(old):
    unread = old.interim("forecast") / "scoreboard.parquet"
    unread.parent.mkdir()
    unread.write_bytes(b"PAR1")

    done = upgrade(old)

    assert not unread.parent.exists()
    assert old.interim("clean").is_dir()
    assert any("not read any more" in line for line in done)


def test_an_upgrade_that_was_cut_off_is_done_again_and_a_second_one_does_nothing(old):
    upgrade(old)
    first = (old.reports / LEDGER).read_bytes()
    (old.root / "data" / "format.json").unlink()  # the power went before it was stamped

    assert upgrade(old) == ()
    assert upgrade(old) == ()
    assert (old.reports / LEDGER).read_bytes() == first


def test_a_ledger_half_linked_is_not_mended_in_silence(old):
    ledger = old.reports / LEDGER
    ledger.write_text(ledger.read_text() + '{"number": 4, "sha256": "x"}\n')

    with pytest.raises(PrivacyError, match="line 4"):
        upgrade(old)

    assert format_of(old) == 1


def test_a_workbench_of_a_newer_version_is_neither_changed_nor_taken_down(old):
    (old.root / "data" / "format.json").write_text('{"format": 99}')

    for change in (check_format, upgrade):
        with pytest.raises(SettingsError, match="newer version"):
            change(old)


def test_a_new_workbench_has_the_form_of_this_version(tmp_path):
    bench = init_workbench(tmp_path / "new")

    assert (format_of(bench), check_format(bench)) == (CURRENT, None)
