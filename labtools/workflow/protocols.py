"""The protocols of a workbench: ``protocols/<id>.toml``, and their seals in its ledger."""

from __future__ import annotations

import getpass
from dataclasses import dataclass
from pathlib import Path

from labtools.errors import LabError, SettingsError
from labtools.evaluation.protocol import Protocol, digest_of_protocol, read_protocol
from labtools.evaluation.sealing import Sealed, check_sealed
from labtools.paths import Workbench
from labtools.privacy.ledger import LEDGER, Entry, read_ledger, seal
from labtools.tables.store import make_folder

FOLDER = "protocols"


@dataclass(frozen=True, slots=True)
class Planned:
    """A protocol and, if it may be evaluated, its seal; else why it may not.

    Attributes
    ----------
    protocol : Protocol
    sealed : Sealed or None
    refusal : LabError or None
    """

    protocol: Protocol
    sealed: Sealed | None
    refusal: LabError | None


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
            found.append(Planned(protocol, check_sealed(protocol, entries), None))
        except LabError as refusal:
            found.append(Planned(protocol, None, refusal))
    return found


def the_protocol(workbench: Workbench, protocol_id: str) -> Protocol:
    """Return the protocol of that name.

    Raises
    ------
    SettingsError
        If there is none: which there are.
    """
    paths = {path.stem: path for path in protocol_paths(workbench)}
    if protocol_id not in paths:
        raise SettingsError(
            "There is no protocol {id} in {folder}. There are: {known}.",
            id=protocol_id,
            folder=str(workbench.root / FOLDER),
            known=tuple(paths) or ("—",),
        )
    return read_protocol(paths[protocol_id])


def seal_protocol(workbench: Workbench, protocol_id: str) -> Entry:
    """Seal a protocol as it stands, in the ledger, from now on."""
    protocol = the_protocol(workbench, protocol_id)
    make_folder(workbench.reports)
    digest = digest_of_protocol(protocol)
    return seal(workbench.reports / LEDGER, protocol.id, digest, by=getpass.getuser())
