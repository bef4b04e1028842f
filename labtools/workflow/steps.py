"""What every verb shares: an opened workbench, its sources, and whether work is up to date."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from labtools.forms import FileFormat
from labtools.paths import Workbench
from labtools.settings import REGISTER, FileOf, Settings, Source, load_settings
from labtools.sources.descriptor import Descriptor, load_descriptor
from labtools.tables.account import Account, read_accounts, write_account
from labtools.tables.lineage import Lineage, is_current, write_lineage
from labtools.tables.released import Released
from labtools.workflow.priced import check_priced


@dataclass(frozen=True, slots=True)
class Opened:
    """A workbench with its settings read.

    Attributes
    ----------
    workbench : Workbench
    settings : Settings
    tell : callable
        Called with each line that the person who started the run should see.
    made : dict
        The public edition's tables of a run, by its name, from the moment that this process
        made them: `protect` compares what lies on the disk with them.
    heads : dict
        The heads of fichas by their file's sha256, from the moment that this process wrote them.
    """

    workbench: Workbench
    settings: Settings
    tell: Callable[[str], None]
    made: dict[str, Mapping[str, pd.DataFrame]] = field(default_factory=dict, compare=False)
    heads: dict[str, Released] = field(default_factory=dict, compare=False)

    def files(self) -> tuple[Source, ...]:
        """Return the register and every source, each with its name."""
        register = self.settings.colonias
        told = {it: getattr(register, it) for it in FileOf.model_fields}
        named = Source.model_construct(register.model_fields_set, name=REGISTER, **told)
        return (named, *self.settings.source)

    def descriptor(self, source: FileOf) -> Descriptor:
        """Return the descriptor of a source, with what ``lab.toml`` says of it put over it."""
        found = load_descriptor(source.descriptor, self.workbench)
        own: dict[str, object] = {
            "columns": {**found.columns, **source.columns},
            "tokens": {**found.tokens, **source.tokens},
            "empty_months": (*found.empty_months, *source.empty_months),
            "beside": (*found.beside, *source.beside),
        }
        if source.file:
            told = {name: getattr(source.file, name) for name in source.file.model_fields_set}
            own["file"] = found.file.model_copy(update=told)
        if source.database:
            own["file"] = FileFormat(format="geo" if found.file.format == "geo" else "csv")
        return found.model_copy(update=own)

    def of_kind(self, *kinds: str) -> tuple[Source, ...]:
        """Return the sources whose descriptor is of one of `kinds`."""
        return tuple(s for s in self.files() if self.descriptor(s).kind in kinds)


def open_workbench(workbench: Workbench, tell: Callable[[str], None] = lambda _: None) -> Opened:
    """Read a workbench's settings."""
    settings = load_settings(workbench)
    check_priced(settings.targeting, workbench.references)
    return Opened(workbench, settings, tell)


def account_file(opened: Opened, step: str, source: str) -> Path:
    """Return where the account of a step and source is kept: its last file, so its mark."""
    return opened.workbench.accounts / f"{step}.{source}.json"


def done(mark: Path, lineage: Lineage, *outputs: Path) -> bool:
    """Tell whether a step's mark and outputs were made from exactly this lineage."""
    return bool(outputs) and all(is_current(path, lineage) for path in (*outputs, mark))


def sign(opened: Opened, account: Account, lineage: Lineage) -> Account:
    """Write a step's account, last of its files, with the lineage that marks it done."""
    path = write_account(account, opened.workbench.accounts)
    write_lineage(path, lineage)
    return account


def recall(opened: Opened, step: str, source: str) -> Account:
    """Return the account that a step wrote earlier for a source."""
    return next(
        account
        for account in read_accounts(opened.workbench.accounts)
        if (account.step, account.source) == (step, source)
    )


def day_or_none(written: str | None) -> pd.Timestamp | None:
    """Return an ISO date as a timestamp."""
    return pd.Timestamp(written) if written else None
