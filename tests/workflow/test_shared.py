"""Tables through PostGIS: the same to the bit, an edition at once, and nobody's writing lost."""

import json
import multiprocessing
import os
import signal
import time

import pandas as pd
import pytest

psycopg = pytest.importorskip("psycopg", reason="the extra “db” is not installed")

from labtools.errors import BusyError, PrivacyError, SettingsError, TableError  # noqa: E402
from labtools.messages import speaking  # noqa: E402
from labtools.paths import Workbench  # noqa: E402
from labtools.privacy.ledger import LEDGER, decide, withdraw  # noqa: E402
from labtools.runs.reads import digests_of  # noqa: E402
from labtools.tables.lineage import Lineage, code_digest, sha256_of  # noqa: E402
from labtools.tables.store import read_table, write_table  # noqa: E402
from labtools.workflow import shared, shared_form  # noqa: E402
from labtools.workflow.shared import get_own, listed, pull, push, put_own  # noqa: E402
from labtools.workflow.shared_form import FORM, set_up  # noqa: E402
from tests.publish.released_example import released_tables  # noqa: E402
from tests.sources.postgres import running_server  # noqa: E402

OLD, NEW, OTHER = "2025-09-aaaaaaaaaa", "2025-12-bbbbbbbbbb", "2025-12-cccccccccc"
PEOPLE = """
CREATE ROLE maquina LOGIN IN ROLE lab_operator;
CREATE ROLE otra LOGIN IN ROLE lab_operator;
CREATE ROLE ana LOGIN IN ROLE lab_researcher;
CREATE ROLE beto LOGIN IN ROLE lab_researcher;
CREATE ROLE rita LOGIN IN ROLE lab_reviewer;
CREATE ROLE nadie LOGIN;
"""
FORK = multiprocessing.get_context("fork")


@pytest.fixture(scope="module")
def server():
    with running_server() as found:
        with psycopg.connect(found.connection()) as owner:
            offers = "SELECT 1 FROM pg_available_extensions WHERE name = 'postgis'"
            if not owner.execute(offers).fetchone():
                pytest.skip("PostGIS is not installed (Debian's package “postgresql-postgis”)")
        set_up(found.connection())
        with psycopg.connect(found.connection()) as owner:
            owner.execute(PEOPLE)
        yield found


@pytest.fixture(autouse=True)
def _clean(server):
    with speaking("en"):
        yield
    with psycopg.connect(server.connection()) as owner:
        owner.execute("UPDATE lab.in_place SET run = NULL; DELETE FROM lab.editions")
        owner.execute("DELETE FROM lab.own")
        made = (
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables "
            "WHERE schemaname IN ('lab_public', 'lab_internal')"
        )
        for (name,) in owner.execute(made).fetchall():
            owner.execute(f"TRUNCATE {name}")


@pytest.fixture(scope="module")
def tables():
    return released_tables()


def published(root, run, tables, *, written, shift=0):
    """A workbench with a finished run whose counts are moved by `shift`."""
    bench = Workbench(root)
    public = bench.run(run) / "public"
    for name, table in tables.items():
        told = table.assign(events=table["events"] + shift) if name == "crime" else table
        for folder in (public / "tables", bench.run(run) / "internal" / "city" / "internal"):
            write_table(name, told, folder, lineage=Lineage("protect", {}, "", code_digest()))
    outputs = {
        path.relative_to(bench.run(run)).as_posix(): sha256_of(path)
        for path in public.rglob("*")
        if path.is_file()
    }
    manifest = {"outputs": outputs, "written": written}
    (bench.run(run) / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    decide(bench.reports / LEDGER, run, {"tables": {}}, by="ana")
    latest = bench.reports / "latest"
    latest.unlink(missing_ok=True)
    latest.symlink_to(run)
    return bench


@pytest.fixture
def bench(tmp_path, tables):
    few = {name: tables[name] for name in ("crime", "colonias_shown")}
    published(tmp_path / "lab", OLD, few, written="2025-10-05T12:00:00+00:00")
    return published(tmp_path / "lab", NEW, few, written="2026-01-05T12:00:00+00:00", shift=3)


def events(connection):
    with psycopg.connect(connection) as reader:
        return reader.execute("SELECT sum(events) FROM lab_public.crime").fetchone()[0]


def test_every_table_comes_back_with_its_rows_kinds_and_shapes_to_the_bit(server, tables, tmp_path):
    bench = published(tmp_path / "all", NEW, tables, written="2026-01-05T12:00:00+00:00")

    done = push(bench, server.connection("maquina"))
    taken = pull(server.connection("ana"), tmp_path / "there")

    assert (done.tables, taken.rows) == (len(tables), done.rows)
    for name in tables:
        here = read_table(name, bench.run(NEW) / "public" / "tables")
        there = read_table(name, tmp_path / "there")
        assert list(there.dtypes) == list(here.dtypes), name
        assert digests_of(there) == digests_of(here), name


def test_qgis_and_sql_see_the_edition_in_place_with_its_shapes(server, bench):
    push(bench, server.connection("maquina"), run_id=OLD)
    before = events(server.connection("rita"))
    push(bench, server.connection("maquina"))

    with psycopg.connect(server.connection("rita")) as reader:
        shapes = "SELECT count(*), bool_and(ST_IsValid(geometry)), max(ST_SRID(geometry))"
        found = reader.execute(f"{shapes} FROM lab_public.colonias_shown").fetchone()
    assert found[1:] == (True, 4326)
    assert events(server.connection("rita")) > before


def test_a_push_that_is_killed_in_its_transaction_leaves_the_old_edition(server, bench):
    push(bench, server.connection("maquina"), run_id=OLD)
    before = events(server.connection("ana"))
    halfway = FORK.Event()

    def die():
        put = shared._put

        def slow(*given):
            put(*given)
            halfway.set()
            time.sleep(60)

        shared._put = slow
        push(bench, server.connection("maquina"))

    process = FORK.Process(target=die)
    process.start()
    assert halfway.wait(30)
    during = events(server.connection("ana"))
    os.kill(process.pid, signal.SIGKILL)
    process.join()

    assert (during, events(server.connection("ana"))) == (before, before)
    push(bench, server.connection("maquina"))
    assert events(server.connection("ana")) > before


def test_readers_meet_the_old_edition_or_the_new_and_never_both(server, bench, tmp_path):
    push(bench, server.connection("maquina"), run_id=OLD)

    def change():
        for run in (NEW, OLD) * 3:
            push(bench, server.connection("maquina"), run_id=run, over=OLD if run == NEW else NEW)

    process = FORK.Process(target=change)
    process.start()
    seen = set()
    while process.is_alive() or len(seen) < 1:
        run = pull(server.connection("ana"), tmp_path / "r").run
        here = read_table("crime", bench.run(run) / "public" / "tables")
        assert digests_of(read_table("crime", tmp_path / "r"))[0] == digests_of(here)[0]
        seen.add(run)
    process.join()
    assert process.exitcode == 0
    assert seen <= {OLD, NEW}


def test_an_edition_that_this_workbench_has_not_seen_is_not_put_out_of_place(
    server, bench, tables, tmp_path
):
    few = {"crime": tables["crime"], "colonias_shown": tables["colonias_shown"]}
    other = published(tmp_path / "other", OTHER, few, written="2026-01-06T12:00:00+00:00")
    push(other, server.connection("otra"))

    with pytest.raises(BusyError, match=f"otra put the edition {OTHER} in place .* UTC") as lost:
        push(bench, server.connection("maquina"))

    assert lost.value.exit_code == 75
    assert pull(server.connection("ana"), tmp_path / "r").run == OTHER
    push(bench, server.connection("maquina"), over=OTHER)
    assert pull(server.connection("ana"), tmp_path / "r").run == NEW


def test_an_older_edition_does_not_take_the_place_of_a_later_one_unasked(server, bench):
    push(bench, server.connection("maquina"))

    with pytest.raises(BusyError, match="or made its own before"):
        push(bench, server.connection("maquina"), run_id=OLD)


def add_one(connection, name, mine, times):
    """Add one to a number again and again; begin anew when somebody was quicker."""
    done = 0
    while done < times:
        version = get_own(connection, name, mine)
        told = pd.read_parquet(mine)
        told.assign(n=told["n"] + 1).to_parquet(mine)
        try:
            put_own(connection, name, mine, version=version)
        except BusyError:
            continue
        done += 1


def test_two_researchers_and_a_scheduled_run_at_once_lose_nothing(server, bench, tmp_path):
    counted = tmp_path / "mine.parquet"
    pd.DataFrame({"reader": ["x"], "n": [0]}).to_parquet(counted)
    for person in ("ana", "beto"):
        put_own(server.connection(person), f"{person}-notes", counted, version=0)

    def scheduled():
        for run in (OLD, NEW):
            push(bench, server.connection("maquina"), run_id=run)

    processes = [FORK.Process(target=scheduled)]
    for machine, person in enumerate(("ana", "ana", "beto")):
        given = (f"{person}-notes", tmp_path / f"{machine}.parquet", 8)
        processes.append(FORK.Process(target=add_one, args=(server.connection(person), *given)))
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)

    assert [process.exitcode for process in processes] == [0] * 4
    assert get_own(server.connection("rita"), "ana-notes", counted) == 17
    assert pd.read_parquet(counted)["n"].tolist() == [16]
    assert get_own(server.connection("rita"), "beto-notes", counted) == 9
    assert pull(server.connection("ana"), tmp_path / "r").run == NEW


def test_whoever_writes_over_what_they_did_not_read_is_told_who_wrote_it_and_when(server, tmp_path):
    file = tmp_path / "x.parquet"
    pd.DataFrame({"a": [1]}).to_parquet(file)
    put_own(server.connection("ana"), "notes", file, version=0)
    put_own(server.connection("ana"), "notes", file, version=1)

    for version in (0, 1):
        with pytest.raises(BusyError, match=r"ana wrote “notes” at 20.* UTC: it is at version 2"):
            put_own(server.connection("ana"), "notes", file, version=version)
    with pytest.raises(PrivacyError, match="is ana's own"):
        put_own(server.connection("beto"), "notes", file, version=2)


def test_a_canonical_table_of_ones_own_is_held_to_its_contract(server, tables, tmp_path):
    file = tmp_path / "crime.parquet"
    tables["crime"].drop(columns="events").to_parquet(file)

    with pytest.raises(TableError, match="The table crime must have the columns"):
        put_own(server.connection("ana"), "crime", file, version=0)


def test_a_table_of_persons_is_not_put_there(server, tmp_path):
    file = tmp_path / "x.parquet"
    pd.DataFrame({"nombre_victima": ["x"]}).to_parquet(file)

    with pytest.raises(PrivacyError, match="the column nombre_victima, which by its name"):
        put_own(server.connection("ana"), "notes", file, version=0)


@pytest.mark.parametrize("person", ["ana", "rita", "nadie"])
def test_only_the_operator_puts_an_edition_in_place(server, bench, person):
    with pytest.raises(SettingsError, match="refused or did not answer"):
        push(bench, server.connection(person))

    assert listed(server.connection("maquina")) == []


def test_a_reader_has_no_way_in_and_a_reviewer_writes_nothing(server, bench, tmp_path):
    push(bench, server.connection("maquina"), audience="internal")
    file = tmp_path / "x.parquet"
    pd.DataFrame({"a": [1]}).to_parquet(file)

    with pytest.raises(SettingsError, match="permission denied"):
        pull(server.connection("nadie"), tmp_path / "r", audience="internal")
    with pytest.raises(SettingsError, match="permission denied"):
        put_own(server.connection("rita"), "x", file, version=0)
    assert pull(server.connection("rita"), tmp_path / "r", audience="internal").run == NEW


def test_a_row_changed_on_the_server_is_found_out(server, bench, tmp_path):
    push(bench, server.connection("maquina"))
    with psycopg.connect(server.connection()) as owner:
        owner.execute("UPDATE lab_public.crime_editions SET events = events + 3 WHERE place = 4")

    with pytest.raises(TableError, match="crime in the shared database is not the one"):
        pull(server.connection("ana"), tmp_path / "r")

    assert not (tmp_path / "r" / "crime.parquet").exists()
    push(bench, server.connection("maquina"))
    assert pull(server.connection("ana"), tmp_path / "r").run == NEW


def test_a_withdrawn_edition_is_neither_shared_nor_left_there(server, bench, tmp_path):
    push(bench, server.connection("maquina"))
    withdraw(bench.reports / LEDGER, NEW, reason="un error", by="ana")

    with pytest.raises(PrivacyError, match=r"withdrawn \(un error\)"):
        push(bench, server.connection("maquina"))
    push(bench, server.connection("maquina"), run_id=OLD, over=NEW)

    assert [it["name"] for it in listed(server.connection("ana"))] == [OLD]
    with pytest.raises(SettingsError, match=f"no edition {NEW}"):
        pull(server.connection("ana"), tmp_path / "r", run_id=NEW)


def test_the_public_edition_is_not_shared_with_a_file_that_was_altered(server, bench):
    (bench.run(NEW) / "public" / "tables" / "note.txt").write_text("x")

    with pytest.raises(PrivacyError, match="not those that were published"):
        push(bench, server.connection("maquina"))


def test_a_database_of_the_form_before_is_brought_up_with_what_it_holds(server, bench, tmp_path):
    with psycopg.connect(server.connection(), autocommit=True) as owner:
        owner.execute("DROP DATABASE IF EXISTS antes")
        owner.execute("CREATE DATABASE antes")
    before = server.connection("dueno").replace("dbname=postgres", "dbname=antes")
    machine = before.replace("user=dueno", "user=maquina")
    assert set_up(before, form=1) == (0, 1)
    with pytest.raises(SettingsError, match="has the form 1 and this version writes 2"):
        push(bench, machine)
    with pytest.MonkeyPatch.context() as earlier:
        earlier.setattr(shared_form, "FORM", 1)
        push(bench, machine)

    assert set_up(before) == (1, FORM)
    assert set_up(before) == (FORM, FORM)

    assert pull(machine.replace("maquina", "rita"), tmp_path / "r").run == NEW
    with psycopg.connect(before) as owner:
        owner.execute("INSERT INTO lab.form (number) VALUES (99)")
    with pytest.raises(SettingsError, match="of a later version of the workbench"):
        pull(machine, tmp_path / "r")


def test_a_server_that_is_not_there_is_told_without_the_password():
    with pytest.raises(SettingsError, match="database refused or did not answer") as told:
        listed("host=127.0.0.1 port=9 user=x password=sesamo dbname=x")

    assert "sesamo" not in str(told.value)
