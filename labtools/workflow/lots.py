"""The lots that a staggered start was drawn from: ``protocols/<id>.lots.csv`` of a workbench.

``labtools propose --start`` leaves them as ``lots.csv`` beside the calendar.  A protocol that names
their checksum has its choice drawn again from them, as it was made.
"""

from __future__ import annotations

import io
from hashlib import sha256
from pathlib import Path

import pandas as pd

from labtools.errors import SettingsError
from labtools.evaluation.protocol import Protocol
from labtools.tables.store import writing

ENDING = ".lots.csv"
_KEY = "colonia_id"


def write_lots(lots: pd.DataFrame, path: Path) -> str:
    """Write lots, one column each, the first was taken; return the checksum of the file."""
    with writing(path) as aside:
        lots.rename_axis(_KEY).to_csv(aside, lineterminator="\n")
    return sha256(path.read_bytes()).hexdigest()


def read_lots(folder: Path, protocol: Protocol) -> pd.DataFrame | None:
    """Return the lots of a protocol, wave by colonia; None where it names none.

    Raises
    ------
    SettingsError
        If the file is absent, or is not the one whose checksum was sealed with the protocol.
    """
    if not protocol.units.lots:
        return None
    path = folder / f"{protocol.id}{ENDING}"
    told = path.read_bytes() if path.is_file() else b""
    found = sha256(told).hexdigest()
    if found != protocol.units.lots:
        raise SettingsError(
            "The protocol {id} names lots of checksum {expected}, and {path} is absent or has "
            "{found}. Put there the file lots.csv that was written when the start was drawn.",
            id=protocol.id,
            expected=protocol.units.lots[:12],
            path=str(path),
            found=found[:12],
        )
    return pd.read_csv(io.BytesIO(told), dtype={_KEY: str}).set_index(_KEY)
