"""What was cleaned is put on its shelf: nobody named in it, and no more of it held than a slice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pandas as pd

from labtools.findings import Finding, Severity
from labtools.messages import plural
from labtools.privacy.redaction import Redactor
from labtools.sources.events import clean_in_slices
from labtools.sources.protocol import Cleaned, Intake
from labtools.tables.canonical import CONTRACTS
from labtools.tables.lineage import Lineage
from labtools.tables.schemas.columns import TYPED_IN
from labtools.tables.store import table_in_parts
from labtools.workflow.editions import Daily


def shelve_events(
    intake: Intake, redactor: Redactor, folder: Path, lineage: Lineage
) -> tuple[Cleaned, pd.Series]:
    """Clean a file of events slice by slice into `folder`, and return what was said of it.

    Returns
    -------
    tuple of Cleaned and pandas.Series
        Without tables, as they lie on the disk; and the events of each day.
    """
    daily, found = Daily(), Counter[str]()
    beside = {"origins": "origin", "narratives": "narrative"}
    names = ["events", *(it for it, ours in beside.items() if intake.descriptor.column(ours))]
    with ExitStack() as open_:
        shelves = {
            name: open_.enter_context(
                table_in_parts(name, folder, lineage=lineage, as_name=f"{intake.source}.{name}")
            )
            for name in names
        }

        def put(tables: Mapping[str, pd.DataFrame]) -> None:
            daily.put(tables)
            for name, table in _redacted(tables, redactor, found).items():
                shelves[name](table)

        told = clean_in_slices(intake, put)
    return _told(told, found), daily.counts()


def without_people(cleaned: Cleaned, redactor: Redactor) -> Cleaned:
    """Return cleaned tables in whose typed columns nobody is named, with their account.

    The account says of each kind of sign (name, CURP, telephone…) in how many cells it was.
    """
    found = Counter[str]()
    tables = _redacted(cleaned.tables, redactor, found)
    return _told(replace(cleaned, tables=tables), found)


def _redacted(
    tables: Mapping[str, pd.DataFrame], redactor: Redactor, found: Counter[str]
) -> dict[str, pd.DataFrame]:
    clean = dict(tables)
    for name, table in tables.items():
        contract = CONTRACTS[name].columns
        typed = [c for c in table.columns if (contract[c].metadata or {}).get(TYPED_IN)]
        redacted = {column: redactor.apply(table[column]) for column in typed}
        clean[name] = table.assign(**{column: it.texts for column, it in redacted.items()})
        for one in redacted.values():
            found.update(one.found)
    return clean


def _told(cleaned: Cleaned, found: Counter[str]) -> Cleaned:
    if not found:
        return cleaned
    taken = {f"people_{kind}": n for kind, n in sorted(found.items())}
    account = replace(cleaned.account, changed={**cleaned.account.changed, **taken})
    finding = Finding(
        plural(
            "{source}: a sign of a person was taken out of one cell.",
            "{source}: signs of persons were taken out of {n} cells: {names} names, "
            "{other} others.",
        ),
        Severity.NOTE,
        {
            "source": cleaned.account.source,
            "n": found.total(),
            "names": found["name"],
            "other": found.total() - found["name"],
        },
    )
    return Cleaned(cleaned.tables, account, (*cleaned.findings, finding))
