"""Where the inputs of other programs' numbers are: data of GPL packages, not copied here."""

from __future__ import annotations

import os
from pathlib import Path

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "oracle" / "data"


def reference_inputs() -> Path:
    """Return the folder that ``LABTOOLS_REFERENCE_INPUTS`` names, or the one beside the project."""
    named = os.environ.get("LABTOOLS_REFERENCE_INPUTS")
    return Path(named) if named else _BESIDE
