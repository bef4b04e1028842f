"""Rows of canonical tables in the shared database: what is read is what was written, to the bit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from labtools.runs.context import Audience
from labtools.workflow.shared_form import SCHEMAS, driver

#: What pandas calls a kind → PostgreSQL's.
_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "float64": "double precision",
        "str": "text",
        "Int64": "bigint",
        "int64": "bigint",
        "bool": "boolean",
        "boolean": "boolean",
        "geometry": "geometry(Geometry, 4326)",
    }
)
_MOMENT = "timestamp"
_DEGREES = 4326
_OWN = ("run", "place")  # which edition, and which row of it


def kinds_of(table: pd.DataFrame) -> dict[str, str]:
    """Return the kind of each column, by which a table read there is made the same again."""
    return {str(name): str(kind) for name, kind in table.dtypes.items()}


def make_room(server: Any, audience: Audience, name: str, kinds: Mapping[str, str]) -> None:
    """Make a table's place in the database, and its view of the edition in place.

    Nothing is locked where both are there already: readers go on.
    """
    sql = driver().sql
    place, view = _place(audience, name), sql.Identifier(SCHEMAS[audience], name)
    there = _columns(server, place)
    missing = {column: kind for column, kind in kinds.items() if column not in there}
    if not there:
        made = "CREATE TABLE {} (run text, place bigint, PRIMARY KEY (run, place))"
        server.execute(sql.SQL(made).format(place))
    for column, kind in missing.items():
        add = sql.SQL("ALTER TABLE {} ADD COLUMN {} {}")
        server.execute(add.format(place, sql.Identifier(column), sql.SQL(_sql_kind(kind))))
    if there and _columns(server, view) == list(kinds):
        return
    server.execute(sql.SQL("DROP VIEW IF EXISTS {}").format(view))
    shown = (
        "CREATE VIEW {} AS SELECT {} FROM {} WHERE run = "
        "(SELECT run FROM lab.in_place WHERE audience = {})"
    )
    columns = sql.SQL(", ").join(map(sql.Identifier, kinds))
    server.execute(sql.SQL(shown).format(view, columns, place, sql.Literal(audience)))
    for thing in (place, view):
        server.execute(sql.SQL("GRANT SELECT ON {} TO lab_researcher, lab_reviewer").format(thing))


def _columns(server: Any, thing: Any) -> list[str]:
    query = (
        "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 "
        "AND NOT attisdropped ORDER BY attnum"
    )
    return [name for (name,) in server.execute(query, (thing.as_string(server),)).fetchall()]


def write_rows(server: Any, audience: Audience, name: str, run: str, table: pd.DataFrame) -> None:
    """Write a table's rows as those of an edition."""
    sql = driver().sql
    columns = sql.SQL(", ").join(map(sql.Identifier, [*_OWN, *table.columns]))
    command = sql.SQL("COPY {} ({}) FROM STDIN").format(_place(audience, name), columns)
    with server.cursor() as cursor, cursor.copy(command) as copy:
        for place, row in enumerate(_told(table)):
            copy.write_row((run, place, *row))


def read_rows(
    server: Any, audience: Audience, name: str, run: str, kinds: Mapping[str, str]
) -> pd.DataFrame:
    """Return a table of an edition, in its order and with its kinds."""
    sql = driver().sql
    chosen = [
        sql.SQL("ST_AsBinary({})" if kind == "geometry" else "{}").format(sql.Identifier(column))
        for column, kind in kinds.items()
    ]
    query = sql.SQL("SELECT {} FROM {} WHERE run = %s ORDER BY place").format(
        sql.SQL(", ").join(chosen), _place(audience, name)
    )
    rows = server.execute(query, (run,)).fetchall()
    columns = list(zip(*rows, strict=True)) or [()] * len(kinds)
    told = {
        column: _series(values, kind)
        for (column, kind), values in zip(kinds.items(), columns, strict=True)
    }
    table = pd.DataFrame(told, columns=list(kinds))
    return gpd.GeoDataFrame(table, geometry="geometry") if "geometry" in kinds else table


def drop_rows(server: Any, audience: Audience, name: str, run: str) -> None:
    """Remove a table's rows of an edition."""
    sql = driver().sql
    server.execute(sql.SQL("DELETE FROM {} WHERE run = %s").format(_place(audience, name)), (run,))


def _place(audience: Audience, name: str) -> Any:
    return driver().sql.Identifier(SCHEMAS[audience], f"{name}_editions")


def _sql_kind(kind: str) -> str:
    return _MOMENT if kind.startswith("datetime64") else _KINDS[kind]


def _told(table: pd.DataFrame) -> Iterable[tuple[object, ...]]:
    plain = {}
    for column, kind in kinds_of(table).items():
        values = table[column]
        if kind == "geometry":
            shapes = shapely.set_srid(values.to_numpy(), _DEGREES)
            plain[column] = shapely.to_wkb(shapes, hex=True, include_srid=True)
        else:
            plain[column] = values.astype(object).where(values.notna(), None).to_numpy()
    return zip(*plain.values(), strict=True)


def _series(values: tuple[Any, ...], kind: str) -> pd.Series:
    if kind == "geometry":
        return gpd.GeoSeries(shapely.from_wkb([v and bytes(v) for v in values]), crs=_DEGREES)
    if kind.startswith("datetime64"):
        return pd.Series(pd.to_datetime(pd.Series(values, dtype=object))).astype(kind)
    return pd.Series(values, dtype=kind)
