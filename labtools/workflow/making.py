"""Both editions' result tables, made from processed ones and written into the run's folder."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from labtools.privacy.cards import read_cards
from labtools.privacy.keys import read_keyring
from labtools.privacy.registry import OPTIONAL
from labtools.privacy.release import withheld_colonias
from labtools.tables.account import accounts_table, changes_table, read_accounts
from labtools.tables.contracts import empty_table
from labtools.tables.lineage import Lineage, trace
from labtools.tables.store import write_table
from labtools.workflow.edition import Edition
from labtools.workflow.keeping import kept_in
from labtools.workflow.known import Known
from labtools.workflow.prepared import ROUNDING_KEY, Prepared, registry_of
from labtools.workflow.processed import Processed
from labtools.workflow.protocols import planned_evaluations
from labtools.workflow.quality import quality_tables
from labtools.workflow.results import city_results
from labtools.workflow.revising import told_of_sources
from labtools.workflow.steps import Opened
from labtools.workflow.tabulate import PROCESSED
from labtools.workflow.targeting import targeting_tables
from labtools.workflow.unplaced import unplaced_files


def write_editions(opened: Opened, prepared: Prepared) -> None:
    """Write the result tables of both editions into the run's folder."""
    accounts = read_accounts(opened.workbench.accounts)
    tables = {"account": accounts_table(accounts), "changes": changes_table(accounts)}
    told = {**told_of_sources(opened), **quality_tables(opened), **tables}
    processed = Processed(opened, prepared.window, prepared.name)
    made = make_edition(opened, prepared, "internal", processed)
    _write(opened, prepared, "internal", {**made, **told})
    made = make_edition(opened, prepared, "public", processed)
    opened.made[prepared.run_id] = _write(opened, prepared, "public", made)


def make_edition(
    opened: Opened, prepared: Prepared, audience: str, processed: Processed | None = None
) -> dict[str, pd.DataFrame]:
    """Return every result table of an edition of the run, made from processed tables."""
    processed = processed or Processed(opened, prepared.window, prepared.name)
    edition = Edition(
        audience=audience,
        window=prepared.window,
        withheld=withheld_colonias(processed["colonias"], opened.settings.disclosure),
        with_ficha=frozenset(prepared.fichas),
        key=read_keyring(opened.workbench.secrets, ROUNDING_KEY),
        cards=read_cards(opened.workbench.reference("cards")),
        protocols=tuple(planned_evaluations(opened.workbench)),
        recorded=processed.recorded,
        earlier=processed.earlier,
        unplaced=unplaced_files(opened),
        references=opened.workbench.references,
        fits=kept_in(opened.workbench),
    )
    results = city_results(processed, edition, opened.settings)
    made = results | targeting_tables(Known(processed, results, edition, opened.settings))
    return _as_registered(opened, made) if edition.is_public else made


def _as_registered(opened: Opened, made: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return an edition whose optional tables that the registry leaves out have no row."""
    left_out = OPTIONAL - registry_of(opened).tables.keys()
    return {**made, **{name: empty_table(name) for name in left_out & made.keys()}}


def _write(
    opened: Opened, prepared: Prepared, audience: str, tables: Mapping[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    lineage = _lineage(opened, [audience, prepared.run_id])
    folder = prepared.folder / "internal" / "city" / audience
    before = opened.workbench.latest / "internal" / "city" / audience
    return {
        name: write_table(name, it, folder, lineage=lineage, before=before)
        for name, it in tables.items()
    }


def _lineage(opened: Opened, told: list[object]) -> Lineage:
    inputs = [opened.workbench.processed / f"{name}.parquet" for name in PROCESSED]
    return trace("analyse", inputs, root=opened.workbench.root, settings=told)
