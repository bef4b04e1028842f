"""Runs that did not end well: interrupted, or with notebooks that failed."""

from __future__ import annotations

import re

from labtools.paths import Workbench
from labtools.runs.manifest import read_manifest
from labtools.workflow.prepared import failed_in

_BEING_MADE = re.compile(r"\.(\d{4}-\d{2})-[0-9a-f]+(-\d+)?\.partial")


def interrupted(workbench: Workbench) -> str | None:
    """Return the last month of the run that was left half made, the latest if several; or None.

    To go on with it, run that period again: what it had done stands.
    """
    found = {
        path: match[1]
        for path in workbench.reports.glob(".*.partial")
        if (match := _BEING_MADE.fullmatch(path.name))
    }
    latest = max(found, key=lambda path: path.stat().st_mtime, default=None)
    return found[latest] if latest else None


def with_failures(workbench: Workbench) -> str | None:
    """Return the last month of the last run if notebooks of it failed; None if none did."""
    if not failed_in(workbench.latest):
        return None
    return str(read_manifest(workbench.latest)["period_end"])
