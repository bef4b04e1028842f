"""A backup is proven before anybody relies on it, and nothing but a whole one is put back."""

import io
import os
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from labtools.errors import BusyError, SettingsError
from labtools.paths import Workbench
from labtools.privacy.ledger import LEDGER, decide, read_ledger
from labtools.tables.lineage import sha256_of
from labtools.workflow.backup import LIST, back_up, last_backup, restore
from labtools.workflow.locking import held
from labtools.workflow.workbenches import init_workbench

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture
def bench(tmp_path):
    """A workbench with one published edition, one left half made, and something of each kind."""
    made = init_workbench(tmp_path / "lab")
    kept = {
        "suppliers/carpetas.csv": b"folio;hora\n1;10:00\n",
        "data/raw/carpetas/current": b"2025-12-31-abcdef01",
        "data/raw/carpetas/2025-12-31-abcdef01/carpetas.csv": os.urandom(3_000_000),
        "data/access.jsonl": b"{}\n",
        "data/schedule/diary.jsonl": b"{}\n",
        "data/reference/cards.toml": b"",
        "protocols/luces.toml": "título".encode(),
        "reports/2025-12-a/public/site/índice.html": b"<p>",
        "reports/2025-12-a/internal/city/risk.parquet": b"PAR1",
    }
    remade = {
        "data/interim/clean/carpetas.parquet": b"PAR1",
        "data/processed/panel.parquet": b"PAR1",
        "reports/.2026-03-b.partial/x": b"x",
        "data/schedule/logs/a.log": b"x",
    }
    for name, told in {**kept, **remade}.items():
        path = made.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(told)
    (made.root / "data/raw/carpetas/2025-12-31-abcdef01/carpetas.csv").chmod(0o400)
    (made.root / "reports/2025-12-a/internal").chmod(0o700)
    (made.reports / "latest").symlink_to("2025-12-a")
    decide(made.reports / LEDGER, "2025-12-a", {"tables": {}}, by="ana")
    return made


@pytest.fixture
def copies(bench, tmp_path):
    data, keys = back_up(bench, tmp_path / "disk", now=NOON)
    return data.path, keys.path


def names_in(path):
    with tarfile.open(path) as archive:
        return archive.getnames()


def state(root):
    """Return every file and folder that a backup must bring back: its mode and its bytes."""
    left = ("data/interim", "data/processed", "data/schedule/logs", "data/backups.jsonl")
    return {
        name: (oct(path.stat().st_mode), path.is_dir() or sha256_of(path))
        for path in root.rglob("*")
        if not (name := path.relative_to(root).as_posix()).startswith(left)
        and not any(part.startswith(".") for part in path.relative_to(root).parts)
        and not path.is_symlink()
    }


def test_what_is_put_back_is_what_there_was_to_the_byte_and_the_mode(bench, copies, tmp_path):
    n = restore(copies, tmp_path / "again")

    again = Workbench(tmp_path / "again")
    assert state(again.root) == state(bench.root)
    assert n == sum(kind is not True for _, kind in state(again.root).values())
    assert again.latest.readlink() == Path("2025-12-a")
    assert [entry.by for entry in read_ledger(again.reports / LEDGER)] == ["ana"]


def test_the_keys_are_in_a_file_of_their_own_and_no_other(copies):
    data, keys = copies
    names = {path: names_in(path) for path in copies}

    assert [name for name in names[data] if name.endswith(".key")] == []
    assert {"data/secrets/rounding.key", "data/secrets/pseudonyms.key"} <= set(names[keys])
    assert [oct(path.stat().st_mode & 0o777) for path in copies] == ["0o600", "0o600"]


def test_without_the_keys_the_rest_is_put_back_all_the_same(copies, tmp_path):
    restore(copies[:1], tmp_path / "again")

    assert not (tmp_path / "again" / "data" / "secrets" / "rounding.key").exists()
    assert (tmp_path / "again" / "lab.toml").is_file()


def test_what_the_next_run_makes_again_is_not_in_it(copies):
    names = names_in(copies[0])

    assert not [n for n in names if "interim/" in n or "partial" in n or n.endswith(".log")]


def test_the_sum_beside_a_copy_is_the_one_that_sha256sum_reads(copies):
    told = copies[0].with_name(f"{copies[0].name}.sha256").read_text(encoding="utf-8")

    assert told == f"{sha256_of(copies[0])}  lab-20260105T120000Z.tar.gz\n"


@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_a_copy_with_one_bit_changed_is_refused_and_nothing_is_put_in_place(
    copies, tmp_path, place
):
    told = bytearray(copies[0].read_bytes())
    told[int(len(told) * place)] ^= 1
    copies[0].write_bytes(bytes(told))

    with pytest.raises(SettingsError, match="not a whole backup"):
        restore(copies, tmp_path / "again")

    assert sorted(p.name for p in tmp_path.iterdir()) == ["disk", "lab"]


def test_a_copy_that_was_cut_off_is_refused(copies, tmp_path):
    told = copies[0].read_bytes()
    copies[0].write_bytes(told[: len(told) // 2])

    with pytest.raises(SettingsError, match="not a whole backup"):
        restore(copies, tmp_path / "again")


def rewritten(path, change):
    """Write an archive anew, entry by entry, as somebody would who wants to fool us."""
    with tarfile.open(path) as archive:
        entries = [(it, archive.extractfile(it).read() if it.isreg() else b"") for it in archive]
    with tarfile.open(path, "w:gz") as archive:
        for entry, told in change(entries):
            archive.addfile(entry, io.BytesIO(told))


def added(name, **told):
    entry = tarfile.TarInfo(name)
    entry.size = 1
    for field, value in told.items():
        setattr(entry, field, value)
    return (entry, b"x" if entry.size else b"")


@pytest.mark.parametrize(
    "foreign",
    [
        added("../outside"),
        added("/srv/outside"),
        added("data/link", type=tarfile.SYMTYPE, linkname="/etc/passwd", size=0),
        added("reports/latest", type=tarfile.SYMTYPE, linkname="../../..", size=0),
        added("reports/latest", type=tarfile.SYMTYPE, linkname="..", size=0),
        added("data/extra"),
        added("data/device", type=tarfile.CHRTYPE, size=0),
    ],
    ids=lambda it: it[0].name,
)
def test_an_entry_that_is_not_ours_is_refused(copies, tmp_path, foreign):
    rewritten(copies[0], lambda entries: [foreign, *entries])

    with pytest.raises(SettingsError, match="not a whole backup"):
        restore(copies, tmp_path / "again")

    assert sorted(p.name for p in tmp_path.iterdir()) == ["disk", "lab"]


def test_a_copy_without_its_list_or_without_a_file_of_it_is_refused(copies, tmp_path):
    data, keys = copies
    rewritten(data, lambda entries: [it for it in entries if it[0].name != LIST])
    rewritten(keys, lambda entries: [it for it in entries if not it[0].name.endswith(".key")])

    for one in copies:
        with pytest.raises(SettingsError, match="not a whole backup"):
            restore((one,), tmp_path / "again")


def test_nothing_is_written_over(bench, copies):
    before = state(bench.root)

    with pytest.raises(SettingsError, match="nothing is written over"):
        restore(copies, bench.root)

    assert state(bench.root) == before


def test_no_copy_is_made_inside_the_workbench_nor_while_somebody_works_in_it(bench, tmp_path):
    with pytest.raises(SettingsError, match="inside the workbench"):
        back_up(bench, bench.root / "copies")
    with held(bench), pytest.raises(BusyError):
        back_up(bench, tmp_path / "disk")

    assert last_backup(bench) is None


@pytest.mark.usefixtures("copies")
def test_the_workbench_knows_when_it_was_last_backed_up(bench):
    assert last_backup(bench) == NOON
