"""Tables of databases as sources: who may connect is told by the environment, never by a file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from labtools.errors import SettingsError
from labtools.settings import Database, Source
from labtools.sources.database import Wanted, fetch_table, wanted_columns
from labtools.tables.store import make_folder
from labtools.workflow.steps import Opened


@contextmanager
def fetched(opened: Opened, sources: tuple[Source, ...]) -> Iterator[dict[str, Path]]:
    """Give the tables of all sources that have one, as files that are gone afterwards.

    Raises
    ------
    SourceError
        If a table cannot be read.
    SettingsError
        If nobody says how to connect to its database.
    """
    home = make_folder(opened.workbench.root / "data")
    with TemporaryDirectory(prefix=".incoming.", dir=home) as folder:
        yield {
            source.name: _fetch(opened, source, source.database, Path(folder))
            for source in sources
            if source.database
        }


def connection_of(told: Database) -> str:
    """Return how to connect to the database of a source.

    Raises
    ------
    SettingsError
        If the environment does not say it.
    """
    connection = os.environ.get(told.connection, "")
    if not connection:
        raise SettingsError(
            "The table {table} needs the environment variable {variable}, which says how to "
            "connect (service=… or postgresql://…). Set it for the account that runs labtools; "
            "write no password into lab.toml.",
            table=told.table,
            variable=told.connection,
        )
    return connection


def _fetch(opened: Opened, source: Source, told: Database, folder: Path) -> Path:
    """Write the table of a source into `folder`, under the name that it is kept by."""
    descriptor = opened.descriptor(source)
    place = (descriptor.column("lon"), descriptor.column("lat"))
    point = place if told.geometry and descriptor.file.format != "geo" and all(place) else None
    columns = wanted_columns(descriptor, *source.where, *told.columns)
    wanted = Wanted(
        table=told.table,
        columns=tuple(name for name in columns if not point or name not in point),
        timezone=descriptor.timezone,
        geometry=told.geometry,
        point=point,
    )
    target = make_folder(folder / source.name, private=True) / source.path.name
    fetch_table(connection_of(told), wanted, target)
    return target
