"""The protocols of a workbench: ``protocols/<id>.toml``, and their seals in its ledger."""

from __future__ import annotations

import getpass
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from labtools import paths
from labtools.errors import LabError, SettingsError
from labtools.evaluation.protocol import Protocol, digest_of_protocol, read_protocol
from labtools.evaluation.sealing import Sealed, check_sealed
from labtools.paths import Workbench
from labtools.privacy.ledger import DECISION, LEDGER, Entry, read_ledger, seal
from labtools.tables.store import make_folder
from labtools.workflow.lots import read_lots

FOLDER = "protocols"
DEMO = "barrios-en-marcha"
_DEMO_DAY = datetime(2022, 10, 3, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Planned:
    """A protocol and, if it may be evaluated, its seal; else why it may not.

    Attributes
    ----------
    protocol : Protocol
    sealed : Sealed or None
    refusal : LabError or None
    lots : pandas.DataFrame or None
        The lots that its choice was drawn from, wave by colonia.
    """

    protocol: Protocol
    sealed: Sealed | None
    refusal: LabError | None
    lots: pd.DataFrame | None = None


def protocol_paths(workbench: Workbench) -> list[Path]:
    """Return the files of the workbench's protocols, in order."""
    return sorted((workbench.root / FOLDER).glob("*.toml"))


def planned_evaluations(workbench: Workbench) -> list[Planned]:
    """Return every protocol of a workbench with its seal, or with the reason to refuse it."""
    entries = read_ledger(workbench.reports / LEDGER)
    found = []
    for path in protocol_paths(workbench):
        protocol = read_protocol(path)
        try:
            sealed = check_sealed(protocol, entries)
            found.append(Planned(protocol, sealed, None, read_lots(path.parent, protocol)))
        except LabError as refusal:
            found.append(Planned(protocol, None, refusal))
    return found


def bring_protocols(workbench: Workbench, run: str, kept: Path, again: Workbench) -> None:
    """Put the protocols that a run kept into another workbench, with the ledger as it stood then.

    Parameters
    ----------
    run : str
        Name of the run; seals that came after its decision do not count.
    kept : pathlib.Path
        Where the run keeps its settings.
    again : Workbench
        The other one.
    """
    if not (kept / FOLDER).is_dir():
        return
    shutil.copytree(kept / FOLDER, again.root / FOLDER)
    entries = read_ledger(workbench.reports / LEDGER)
    decided = [e.number for e in entries if e.kind == DECISION and e.run == run]
    earlier = entries[: decided[-1] - 1] if decided else entries
    lines = (workbench.reports / LEDGER).read_text(encoding="utf-8").splitlines()[: len(earlier)]
    target = make_folder(again.reports) / LEDGER
    target.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    if earlier:
        target.with_suffix(".head").write_text(earlier[-1].sha256 + "\n", encoding="ascii")


def seal_demo(workbench: Workbench) -> None:
    """Give the invented municipality its protocol, sealed on a day of its invented past."""
    source = paths.bundled("data", "reference", "protocols", f"{DEMO}.toml")
    shutil.copyfile(source, make_folder(workbench.root / FOLDER, private=True) / f"{DEMO}.toml")
    protocol = the_protocol(workbench, DEMO)
    ledger = make_folder(workbench.reports) / LEDGER
    if not any(e.run == DEMO for e in read_ledger(ledger)):
        seal(ledger, DEMO, digest_of_protocol(protocol), by="demo", when=_DEMO_DAY)


def the_protocol(workbench: Workbench, protocol_id: str) -> Protocol:
    """Return the protocol of that name.

    Raises
    ------
    SettingsError
        If there is none: which there are.
    """
    known = {path.stem: path for path in protocol_paths(workbench)}
    if protocol_id not in known:
        raise SettingsError(
            "There is no protocol {id} in {folder}. There are: {known}.",
            id=protocol_id,
            folder=str(workbench.root / FOLDER),
            known=tuple(known) or ("—",),
        )
    return read_protocol(known[protocol_id])


def seal_protocol(workbench: Workbench, protocol_id: str) -> Entry:
    """Seal a protocol as it stands, in the ledger, from now on."""
    protocol = the_protocol(workbench, protocol_id)
    make_folder(workbench.root / FOLDER, private=True)
    make_folder(workbench.reports)
    digest = digest_of_protocol(protocol)
    return seal(workbench.reports / LEDGER, protocol.id, digest, by=getpass.getuser())
