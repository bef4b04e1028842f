"""Who opened which supplier's file, when and for what: the log of access to raw data."""

from __future__ import annotations

import getpass
import json
from datetime import UTC, datetime
from pathlib import Path

from labtools.paths import Workbench

NAME = "access.jsonl"


def note_access(workbench: Workbench, verb: str, file: Path, *, sensitivity: str) -> None:
    """Add a line to ``data/access.jsonl``, which only the lab's account may read.

    `sensitivity` is that of the file (``N0`` to ``N3``), so that a review may begin with the rows
    of people.  It stands outside ``data/raw``, whose bytes are part of what a run is made from.
    """
    told = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "who": getpass.getuser(),
        "verb": verb,
        "sensitivity": sensitivity,
        "file": file.relative_to(workbench.root).as_posix(),
    }
    path = workbench.root / "data" / NAME
    path.touch(mode=0o600)
    with path.open("a", encoding="utf-8") as log:
        log.write(json.dumps(told, ensure_ascii=False) + "\n")
