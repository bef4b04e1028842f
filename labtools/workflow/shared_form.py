"""The database that several people share: how to reach it, and the form its tables have.

What lies there is in three schemas: ``lab`` (which edition is in place, who wrote what and when),
``lab_public`` and ``lab_internal`` (result tables of each edition, rows and PostGIS shapes as in
the files, and a view of each with the edition in place, for QGIS and SQL).  The form has a
number; what changes it is a step of `STEPS`, done once, in order, in one transaction.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from labtools.errors import DependencyError, SettingsError

#: Environment variable that says how to connect (``service=…`` or ``postgresql://…``).
CONNECTION = "LABTOOLS_SHARE"
SCHEMAS = {"public": "lab_public", "internal": "lab_internal"}
#: Roles without login, to be given to people: what each may do is said in `STEPS`.
ROLES = ("lab_operator", "lab_researcher", "lab_reviewer")
_CONNECT_SECONDS = 15
_LOCK = 7_274_201  # any number: who changes the form holds it

_FIRST = """
CREATE SCHEMA IF NOT EXISTS lab;
CREATE SCHEMA IF NOT EXISTS lab_public;
CREATE SCHEMA IF NOT EXISTS lab_internal;
CREATE TABLE lab.form (number int PRIMARY KEY, since timestamptz NOT NULL DEFAULT now());
CREATE TABLE lab.editions (
  run text, audience text CHECK (audience IN ('public', 'internal')),
  made timestamptz NOT NULL, written_by text NOT NULL DEFAULT session_user,
  written_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (run, audience));
CREATE TABLE lab.tables (
  run text, audience text, name text, digest text NOT NULL, columns json NOT NULL,
  rows bigint NOT NULL, PRIMARY KEY (run, audience, name),
  FOREIGN KEY (run, audience) REFERENCES lab.editions ON DELETE CASCADE);
CREATE TABLE lab.in_place (
  audience text PRIMARY KEY, run text,
  FOREIGN KEY (run, audience) REFERENCES lab.editions DEFERRABLE INITIALLY DEFERRED);
INSERT INTO lab.in_place (audience) VALUES ('public'), ('internal');
GRANT USAGE ON SCHEMA lab, lab_public, lab_internal
  TO lab_operator, lab_researcher, lab_reviewer;
GRANT CREATE ON SCHEMA lab_public, lab_internal TO lab_operator;
GRANT SELECT ON ALL TABLES IN SCHEMA lab TO lab_researcher, lab_reviewer;
GRANT SELECT, INSERT, UPDATE, DELETE ON lab.editions, lab.tables, lab.in_place, lab.form
  TO lab_operator;
"""
_SECOND = """
CREATE TABLE lab.own (
  name text PRIMARY KEY, owner text NOT NULL DEFAULT session_user, version int NOT NULL,
  digest text NOT NULL, told bytea NOT NULL, written_by text NOT NULL DEFAULT session_user,
  written_at timestamptz NOT NULL DEFAULT now());
GRANT SELECT ON lab.own TO lab_operator, lab_researcher, lab_reviewer;
GRANT INSERT, UPDATE ON lab.own TO lab_researcher, lab_operator;
ALTER TABLE lab.own ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody_reads ON lab.own FOR SELECT USING (true);
CREATE POLICY owner_adds ON lab.own FOR INSERT WITH CHECK (owner = session_user);
CREATE POLICY owner_changes ON lab.own FOR UPDATE
  USING (owner = session_user) WITH CHECK (owner = session_user);
"""
#: What brings the form from one number to the next.
STEPS = (_FIRST, _SECOND)
FORM = len(STEPS)


def driver() -> Any:
    """Return the library that speaks with PostgreSQL.

    Raises
    ------
    DependencyError
        If it is not installed.
    """
    try:
        return importlib.import_module("psycopg")
    except ImportError as absent:
        raise DependencyError(
            "A database that several people share needs the extra “db”. Install it: pip install "
            "“labtools[db]”."
        ) from absent


def connection_told() -> str:
    """Return how to connect, as the environment says it.

    Raises
    ------
    SettingsError
        If it does not.
    """
    connection = os.environ.get(CONNECTION, "")
    if not connection:
        raise SettingsError(
            "Nobody said where the shared database is. Set the environment variable {variable} "
            "(service=… or postgresql://…); write no password into lab.toml.",
            variable=CONNECTION,
        )
    return connection


@contextmanager
def connected(connection: str, *, reading: bool = False) -> Iterator[Any]:
    """Give a transaction, committed if the block succeeds; one moment for all that is read.

    Raises
    ------
    SettingsError
        If the server does not answer, or refuses.
    """
    psycopg = driver()
    try:
        with psycopg.connect(connection, connect_timeout=_CONNECT_SECONDS) as server:
            if reading:
                server.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                server.read_only = True
            yield server
    except psycopg.Error as wrong:
        said = wrong.diag.message_primary or (str(wrong).splitlines() or [type(wrong).__name__])[0]
        raise SettingsError(
            "The shared database refused or did not answer ({reason}). Nothing was changed there. "
            "Check the connection and this account's role, or ask who keeps the server.",
            reason=said,
        ) from None  # what lies below may hold the connection, and with it a password


def set_up(connection: str, *, form: int = FORM) -> tuple[int, int]:
    """Bring the database to a form; return the number it had (0: none) and the one it has.

    The account must be allowed to make schemas and roles.

    Raises
    ------
    SettingsError
        If PostGIS is not there, or a later version of the workbench has set it up.
    """
    with connected(connection) as server:
        server.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        _need_postgis(server)
        before = form_of(server)
        _refuse_later(before)
        for role in ROLES if before == 0 else ():
            known = server.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
            if not known:
                server.execute(f"CREATE ROLE {role} NOLOGIN")
        for number, step in enumerate(STEPS[before:form], start=before + 1):
            server.execute(step)
            server.execute("INSERT INTO lab.form (number) VALUES (%s)", (number,))
    return before, max(before, form)


def check_form(server: Any) -> None:
    """Refuse a database of another form than this version's.

    Raises
    ------
    SettingsError
    """
    number = form_of(server)
    _refuse_later(number)
    if number < FORM:
        raise SettingsError(
            "The shared database has the form {found} and this version writes {wanted}. Have its "
            "keeper run “labtools share setup”: what is there stays.",
            found=number,
            wanted=FORM,
        )


def form_of(server: Any) -> int:
    """Return the number of the form that a database has; 0 where it has none."""
    if server.execute("SELECT to_regclass('lab.form')").fetchone()[0] is None:
        return 0
    found = server.execute("SELECT coalesce(max(number), 0) FROM lab.form").fetchone()
    return int(found[0])


def _refuse_later(number: int) -> None:
    if number > FORM:
        raise SettingsError(
            "The shared database has the form {found}, of a later version of the workbench; this "
            "one knows {wanted}. Upgrade the workbench.",
            found=number,
            wanted=FORM,
        )


def _need_postgis(server: Any) -> None:
    there = "SELECT 1 FROM pg_extension WHERE extname = 'postgis'"
    offered = "SELECT 1 FROM pg_available_extensions WHERE name = 'postgis'"
    if server.execute(there).fetchone():
        return
    if not server.execute(offered).fetchone():
        raise SettingsError(
            "The server of the shared database has no PostGIS. Install it there (Debian: "
            "postgresql-postgis), then run this again."
        )
    server.execute("CREATE EXTENSION postgis")
