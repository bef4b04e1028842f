"""The tables of an edition, and people's own, in a PostGIS database that several machines share.

An edition is written in one transaction: readers see the one before or the new one.  Each table
is read back before the transaction ends, and must be the file's to the bit.  Nobody's writing is
lost: who would write over what they have not seen is told who wrote it and when.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from labtools.errors import BusyError, PrivacyError, SettingsError, TableError
from labtools.paths import Workbench
from labtools.privacy.ledger import LEDGER, read_ledger, withdrawn
from labtools.runs.context import Audience
from labtools.runs.manifest import finished_run, read_manifest
from labtools.runs.reads import digests_of
from labtools.tables.contracts import CONTRACTS, check_table
from labtools.tables.lineage import Lineage, code_digest, sha256_of
from labtools.tables.people import is_of_people
from labtools.tables.store import make_folder, read_table, write_table, writing
from labtools.workflow.deposit import files_of_edition
from labtools.workflow.shared_form import check_form, connected
from labtools.workflow.shared_rows import drop_rows, kinds_of, make_room, read_rows, write_rows

#: Posterior draws, two thousand rows of each colonia: they stay in the run's own files.
_LEFT_OUT = frozenset({"risk_draws"})


@dataclass(frozen=True, slots=True)
class Shared:
    """An edition in the database.

    Attributes
    ----------
    run : str
    tables, rows : int
        How many of them.
    """

    run: str
    tables: int
    rows: int


def push(
    workbench: Workbench,
    connection: str,
    *,
    run_id: str = "latest",
    audience: Audience = "public",
    over: str = "",
) -> Shared:
    """Put the result tables of a finished run in place in the database, all of them at once.

    Parameters
    ----------
    audience : {"public", "internal"}
        Whose edition: that which was released, or the lab's own.
    over : str
        An edition of somebody else's in whose place it may be put, seen and named.

    Raises
    ------
    BusyError
        If the edition in place is none that this workbench has, or a later one: who put it there
        and when.  Nothing is changed.
    PrivacyError
        If the run was withdrawn, or its public files are not those that were published.
    TableError
        If a table does not come back as it is in its file.
    """
    run = finished_run(workbench, run_id)
    gone = withdrawn(read_ledger(workbench.reports / LEDGER))
    if run.name in gone:
        raise PrivacyError(
            "The edition {run} was withdrawn ({reason}) and is not shared.",
            run=run.name,
            reason=gone[run.name],
        )
    tables = _tables_of(run, audience)
    made = datetime.fromisoformat(str(read_manifest(run)["written"]))
    with connected(connection) as server:
        check_form(server)
        server.execute("SET LOCAL ROLE lab_operator")
        in_place = _claim(server, workbench, audience, over, made)
        for name in gone:
            _remove(server, name, audience)
        if in_place != run.name or not _same(server, run.name, audience, tables):
            _remove(server, run.name, audience)
            server.execute(
                "INSERT INTO lab.editions (run, audience, made) VALUES (%s, %s, %s)",
                (run.name, audience, made),
            )
            for name, table in tables.items():
                _put(server, run.name, audience, name, table)
            server.execute(
                "UPDATE lab.in_place SET run = %s WHERE audience = %s", (run.name, audience)
            )
    return Shared(run.name, len(tables), sum(map(len, tables.values())))


def pull(
    connection: str, folder: Path, *, audience: Audience = "public", run_id: str = ""
) -> Shared:
    """Write the tables of the edition in place (or of another) into a folder, each checked.

    They are files as those of a run: ``read_table`` reads them.

    Raises
    ------
    SettingsError
        If there is no such edition.
    TableError
        If a table is not the one that was written there, or breaks its contract.
    """
    with connected(connection, reading=True) as server:
        check_form(server)
        run = run_id or _in_place(server, audience)
        told = server.execute(
            "SELECT name, digest, columns FROM lab.tables WHERE run = %s AND audience = %s "
            "ORDER BY name",
            (run, audience),
        ).fetchall()
        if not told:
            raise SettingsError(
                "The shared database has no edition {run} of the audience “{audience}”. "
                "“labtools share push” puts one there.",
                run=run or "—",
                audience=audience,
            )
        tables = {
            name: _proven(read_rows(server, audience, name, run, kinds), name, digest)
            for name, digest, kinds in told
        }
    make_folder(folder, private=audience == "internal")
    for name, table in tables.items():
        lineage = Lineage("share", {f"{audience}/{run}": ""}, "", code_digest())
        write_table(name, table, folder, lineage=lineage)
    return Shared(run, len(tables), sum(map(len, tables.values())))


def put_own(connection: str, name: str, path: Path, *, version: int) -> int:
    """Write a table of one's own under a name; return its new version.

    Parameters
    ----------
    version : int
        The one that was read before it was changed; 0 for a new name.

    Raises
    ------
    BusyError
        If it was written since: by whom and when.  Nothing is changed.
    PrivacyError
        If it belongs to somebody else, or has a column of persons.
    TableError
        If a canonical table of that name breaks its contract.
    """
    told = _read_own(name, path)
    digest = digests_of(told)[0]
    held = io.BytesIO()
    told.to_parquet(held, index=False)
    with connected(connection) as server:
        check_form(server)
        if version == 0:
            done = server.execute(
                "INSERT INTO lab.own (name, version, digest, told) VALUES (%s, 1, %s, %s) "
                "ON CONFLICT (name) DO NOTHING",
                (name, digest, held.getvalue()),
            ).rowcount
        else:
            done = server.execute(
                "UPDATE lab.own SET version = version + 1, digest = %s, told = %s, "
                "written_by = session_user, written_at = now() WHERE name = %s AND version = %s "
                "AND owner = session_user",
                (digest, held.getvalue(), name, version),
            ).rowcount
        if not done:
            _refuse_lost(server, name, version)
    return version + 1


def get_own(connection: str, name: str, path: Path) -> int:
    """Write somebody's own table into a file, and return its version.

    Raises
    ------
    SettingsError
        If there is none of that name.
    TableError
        If it is not the one that was written.
    """
    with connected(connection, reading=True) as server:
        check_form(server)
        found = server.execute(
            "SELECT version, digest, told FROM lab.own WHERE name = %s", (name,)
        ).fetchone()
    if found is None:
        raise SettingsError(
            "The shared database has no table “{name}” of anybody's own. “labtools share list” "
            "names those there are.",
            name=name,
        )
    version, digest, told = found
    table = pd.read_parquet(io.BytesIO(told))
    _proven(table, name, digest, by_contract=name in CONTRACTS)
    make_folder(path.parent)
    with writing(path) as aside:
        aside.write_bytes(told)
    return int(version)


def listed(connection: str) -> list[Mapping[str, Any]]:
    """Return what is in the database: each edition and own table, by whom and since when."""
    with connected(connection, reading=True) as server:
        check_form(server)
        rows = server.execute(
            "SELECT e.audience, e.run, e.written_by, e.written_at, "
            "e.run IS NOT DISTINCT FROM p.run "
            "FROM lab.editions e LEFT JOIN lab.in_place p USING (audience) "
            "UNION ALL SELECT 'own', name || ' ' || version, written_by, written_at, true "
            "FROM lab.own ORDER BY 1, 4"
        ).fetchall()
    keys = ("audience", "name", "by", "at", "in_place")
    return [dict(zip(keys, row, strict=True)) for row in rows]


def _tables_of(run: Path, audience: Audience) -> dict[str, pd.DataFrame]:
    folder = run / "internal" / "city" / "internal"
    if audience == "public":
        files_of_edition(run, "public")
        folder = run / "public" / "tables"
    names = sorted(path.stem for path in folder.glob("*.parquet"))
    return {name: read_table(name, folder) for name in names if name not in _LEFT_OUT}


def _claim(server: Any, workbench: Workbench, audience: str, over: str, made: datetime) -> str:
    """Hold the place of an edition until the transaction ends; refuse to lose an unseen one."""
    row = server.execute(
        "SELECT run FROM lab.in_place WHERE audience = %s FOR UPDATE", (audience,)
    ).fetchone()
    run = (row and row[0]) or ""
    if not run:
        return ""
    by, at, then = server.execute(
        "SELECT written_by, written_at, made FROM lab.editions WHERE run = %s AND audience = %s",
        (run, audience),
    ).fetchone()
    unseen = not (workbench.run(run) / "manifest.json").is_file()
    if (unseen or then > made) and over != run:
        raise BusyError(
            "{by} put the edition {run} in place in the shared database at {at}, and this "
            "workbench has not seen it, or made its own before. Nothing was changed: look at it "
            "(“labtools share pull”), and say --over {run} if yours is to take its place.",
            by=by,
            run=run,
            at=f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
        )
    return str(run)


def _put(server: Any, run: str, audience: Audience, name: str, table: pd.DataFrame) -> None:
    kinds, digest = kinds_of(table), digests_of(table)[0]
    make_room(server, audience, name, kinds)
    write_rows(server, audience, name, run, table)
    _proven(read_rows(server, audience, name, run, kinds), name, digest)
    server.execute(
        "INSERT INTO lab.tables (run, audience, name, digest, columns, rows) "
        "VALUES (%s, %s, %s, %s, %s::json, %s)",
        (run, audience, name, digest, json.dumps(kinds), len(table)),
    )


def _same(server: Any, run: str, audience: Audience, tables: Mapping[str, pd.DataFrame]) -> bool:
    """Tell whether the very rows of an edition are there, by reading them."""
    told = server.execute(
        "SELECT name, columns FROM lab.tables WHERE run = %s AND audience = %s", (run, audience)
    ).fetchall()
    there = dict(told)
    return there.keys() == tables.keys() and all(
        digests_of(read_rows(server, audience, name, run, kinds)) == digests_of(tables[name])
        for name, kinds in there.items()
    )


def _remove(server: Any, run: str, audience: Audience) -> None:
    """Remove an edition, if it is there; none is in its place then."""
    names = server.execute(
        "SELECT name FROM lab.tables WHERE run = %s AND audience = %s", (run, audience)
    ).fetchall()
    for (name,) in names:
        drop_rows(server, audience, name, run)
    server.execute(
        "UPDATE lab.in_place SET run = NULL WHERE run = %s AND audience = %s", (run, audience)
    )
    server.execute("DELETE FROM lab.editions WHERE run = %s AND audience = %s", (run, audience))


def _in_place(server: Any, audience: str) -> str:
    row = server.execute("SELECT run FROM lab.in_place WHERE audience = %s", (audience,)).fetchone()
    return (row and row[0]) or ""


def _proven(
    table: pd.DataFrame, name: str, digest: str, *, by_contract: bool = True
) -> pd.DataFrame:
    if digests_of(table)[0] != digest:
        raise TableError(
            "The table {table} in the shared database is not the one that was written there. "
            "Nothing was taken from it: push it again, and ask who keeps the server.",
            table=name,
        )
    return check_table(name, table) if by_contract else table


def _read_own(name: str, path: Path) -> pd.DataFrame:
    sha256_of(path)  # refused with its reason if it cannot be read
    table = pd.read_parquet(path)
    of_people = [str(column) for column in table.columns if is_of_people(str(column))]
    if of_people:
        raise PrivacyError(
            "“{name}” has the column {column}, which by its name is of persons, homes or plates "
            "({n} such columns). Nothing of them is shared: leave it out.",
            name=name,
            column=of_people[0],
            n=len(of_people),
        )
    return check_table(name, table) if name in CONTRACTS else table


def _refuse_lost(server: Any, name: str, version: int) -> None:
    found = server.execute(
        "SELECT owner, session_user, version, written_by, written_at FROM lab.own WHERE name = %s",
        (name,),
    ).fetchone()
    if found is None:
        raise SettingsError(
            "The shared database has no table “{name}” of anybody's own. “labtools share list” "
            "names those there are.",
            name=name,
        )
    owner, me, now, by, at = found
    if owner != me and version:
        raise PrivacyError(
            "The table “{name}” is {owner}'s own: only they write it. Choose another name.",
            name=name,
            owner=owner,
        )
    raise BusyError(
        "{by} wrote “{name}” at {at}: it is at version {now}, and yours began from {version}. "
        "Nothing was changed: get it (“labtools share get {name}”), put your change in it, and put "
        "it again.",
        by=by,
        name=name,
        at=f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
        now=now,
        version=version,
    )
