"""A table of a PostgreSQL database, kept as a file: only what a descriptor declares, and as it was.

A database has no bytes to keep: here the server writes the declared columns of one table, in a
fixed order, as CSV (or as GeoJSON, where they have polygons), and from there on the file is a
supplier's file like any other, with its checksum.  The same rows give the same bytes.

Nothing can be written: the transaction is read-only, and no text of the settings is ever part of
a command (names are quoted, and looked for in the server's catalogue first).
"""

from __future__ import annotations

import importlib
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labtools.errors import DependencyError, SourceError
from labtools.sources.descriptor import Descriptor

#: A table that is larger as text is asked for in parts.
MAXIMUM_BYTES = 64 * 1024**3

_CONNECT_SECONDS = 15
_MILLISECONDS = 30 * 60 * 1000
_SESSION = (
    f"-c default_transaction_read_only=on -c statement_timeout={_MILLISECONDS} "
    "-c datestyle=ISO -c extra_float_digits=1"
)
#: Degrees to the ninth decimal: a tenth of a millimetre.
_DECIMALS = 9
_COLUMNS = """
SELECT a.attname, format_type(a.atttypid, NULL)
FROM pg_attribute a
WHERE a.attrelid = to_regclass(%s) AND a.attnum > 0 AND NOT a.attisdropped
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is read of a table, and nothing else.

    Attributes
    ----------
    table : str
        ``schema.table``, or a table of the schema ``public``.
    columns : tuple of str
        Columns read, in this order.
    timezone : str
        In which the days of moments with a zone are counted.
    geometry : str
        PostGIS column with points or polygons; empty where there is none.
    point : tuple of (str, str) or None
        Names under which longitude and latitude are written; None for polygons.
    """

    table: str
    columns: tuple[str, ...]
    timezone: str
    geometry: str = ""
    point: tuple[str, str] | None = None


def wanted_columns(descriptor: Descriptor, *more: str) -> tuple[str, ...]:
    """Return the supplier's columns that a descriptor speaks of, each once, and `more`."""
    named = [
        *descriptor.columns.values(),
        *(question.column for question in descriptor.question),
        *(name for it in descriptor.indicator for name in (*it.numerator, *it.denominator)),
        *more,
    ]
    return tuple(dict.fromkeys(name for name in named if name))


def fetch_table(connection: str, wanted: Wanted, target: Path) -> None:
    """Write what is wanted of a table into `target`, as CSV, or as GeoJSON for polygons.

    Parameters
    ----------
    connection : str
        As libpq takes it: ``service=laboratorio``, or ``postgresql://…``.  It is never written
        nor printed.

    Raises
    ------
    SourceError
        If the server cannot be reached, or has no such table or column, or does not allow to
        read it, or its text has more than `MAXIMUM_BYTES`.
    DependencyError
        If the library that speaks with PostgreSQL is not installed.
    """
    psycopg = _driver()
    try:
        with _connected(psycopg, connection) as server:
            kinds = _kinds(psycopg, server, wanted)
            if wanted.geometry and wanted.point is None:
                pieces = _features(psycopg, server, wanted, kinds)
            else:
                pieces = _csv(psycopg, server, wanted, kinds)
            # Closed before the connection is: a server in the middle of a copy hears nothing else.
            with closing(pieces):
                _write(wanted, pieces, target)
    except psycopg.Error as wrong:
        said = wrong.diag.message_primary or (str(wrong).splitlines() or [type(wrong).__name__])[0]
        raise SourceError(
            "The table {table} could not be read from its database ({reason}). Check that the "
            "server answers and that this account may read the table, or ask who keeps it.",
            table=wanted.table,
            reason=said,
        ) from None  # what lies below may hold the connection, and with it a password


def _driver() -> Any:
    try:
        return importlib.import_module("psycopg")
    except ImportError as absent:
        raise DependencyError(
            "Reading a PostgreSQL database needs the extra “db”. Install it: pip install "
            "“labtools[db]”."
        ) from absent


@contextmanager
def _connected(psycopg: Any, connection: str) -> Iterator[Any]:
    with psycopg.connect(
        connection, connect_timeout=_CONNECT_SECONDS, options=_SESSION, autocommit=False
    ) as server:
        # One moment for the whole table, whatever others write meanwhile.
        server.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        server.read_only = True
        yield server


def _kinds(psycopg: Any, server: Any, wanted: Wanted) -> dict[str, str]:
    """Return the types of the columns wanted; refuse what the table does not have."""
    name = _table(psycopg, wanted).as_string(server)
    found = dict(server.execute(_COLUMNS, (name,)).fetchall())
    if not found:
        raise SourceError(
            "The database has no table {table} that this account can see. Correct “table” under "
            "“database” in lab.toml, or ask who keeps it.",
            table=wanted.table,
        )
    named = [*wanted.columns, *([wanted.geometry] if wanted.geometry else [])]
    absent = [column for column in named if column not in found]
    if absent:
        raise SourceError(
            "The table {table} has no column “{column}” ({n} missing). Its columns are: {found}. "
            "Correct the columns in lab.toml or in the descriptor.",
            table=wanted.table,
            column=absent[0],
            n=len(absent),
            found=tuple(list(found)[:40]),
        )
    return found


def _table(psycopg: Any, wanted: Wanted) -> Any:
    return psycopg.sql.Identifier(*wanted.table.split(".", 1))


def _selected(psycopg: Any, wanted: Wanted, kinds: dict[str, str]) -> list[Any]:
    """Return the columns as they are read: moments with a zone become the local hour."""
    sql = psycopg.sql
    local = sql.SQL("{} AT TIME ZONE {} AS {}")
    return [
        local.format(sql.Identifier(name), sql.Literal(wanted.timezone), sql.Identifier(name))
        if kinds[name] == "timestamp with time zone"
        else sql.Identifier(name)
        for name in wanted.columns
    ]


def _degrees(psycopg: Any, wanted: Wanted) -> Any:
    return psycopg.sql.SQL("ST_Transform({}, 4326)").format(
        psycopg.sql.Identifier("kept", wanted.geometry)
    )


def _csv(psycopg: Any, server: Any, wanted: Wanted, kinds: dict[str, str]) -> Generator[bytes]:
    sql = psycopg.sql
    columns = _selected(psycopg, wanted, kinds)
    if wanted.geometry and wanted.point:
        place = _degrees(psycopg, wanted)
        columns += [
            sql.SQL("round({}({})::numeric, {}) AS {}").format(
                sql.SQL(axis), place, sql.Literal(_DECIMALS), sql.Identifier(name)
            )
            for axis, name in zip(("ST_X", "ST_Y"), wanted.point, strict=True)
        ]
    query = sql.SQL(
        "COPY (SELECT t.* FROM (SELECT {} FROM {} AS kept) AS t ORDER BY t::text COLLATE {}) "
        "TO STDOUT WITH (FORMAT csv, HEADER true, ENCODING 'UTF8')"
    ).format(sql.SQL(", ").join(columns), _table(psycopg, wanted), sql.Identifier("C"))
    with server.cursor() as cursor, cursor.copy(query) as copy:
        for piece in copy:
            yield bytes(piece)


def _features(psycopg: Any, server: Any, wanted: Wanted, kinds: dict[str, str]) -> Generator[bytes]:
    sql = psycopg.sql
    query = sql.SQL(
        "SELECT jsonb_build_object('type', 'Feature', 'properties', to_jsonb(t), "
        "'geometry', ST_AsGeoJSON({}, {})::jsonb)::text FROM {} AS kept, LATERAL (SELECT {}) AS t "
        "ORDER BY t::text COLLATE {}"
    ).format(
        _degrees(psycopg, wanted),
        sql.Literal(_DECIMALS),
        _table(psycopg, wanted),
        sql.SQL(", ").join(_selected(psycopg, wanted, kinds)),
        sql.Identifier("C"),
    )
    yield b'{"type": "FeatureCollection", "features": [\n'
    with server.cursor(name="features") as cursor:
        cursor.execute(query)
        between = b""
        for (feature,) in cursor:
            yield between + feature.encode()
            between = b",\n"
    yield b"\n]}\n"


def _write(wanted: Wanted, pieces: Iterator[bytes], target: Path) -> None:
    total = 0
    with target.open("wb") as file:
        for piece in pieces:
            total += len(piece)
            if total > MAXIMUM_BYTES:
                raise SourceError(
                    "The table {table} has more than {limit} bytes as text and was not read. Name "
                    "a view with the years that are wanted.",
                    table=wanted.table,
                    limit=f"{MAXIMUM_BYTES:,}",
                )
            file.write(piece)
