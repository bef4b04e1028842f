"""The run's manifest: what went in, what came out, with what code, when, and by whom."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from labtools.errors import SettingsError
from labtools.messages import language
from labtools.paths import Workbench
from labtools.runs.jobs import Outcome
from labtools.tables.account import Account
from labtools.tables.lineage import code_digest
from labtools.tables.store import writing

_PACKAGES = ("geopandas", "numpy", "pandas", "papermill", "pyarrow", "scipy", "shapely")
NAME = "manifest.json"


def write_manifest(
    run: Path,
    *,
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
    accounts: Iterable[Account],
    outcomes: Iterable[Outcome],
    facts: Mapping[str, object],
) -> Path:
    """Write ``manifest.json``: the only file of a run that holds times.

    Parameters
    ----------
    inputs : mapping of str to str
        File of the workbench → sha256.
    outputs : mapping of str to str
        File of the run → sha256.
    facts : mapping
        What else tells this run from another: period, seed, colonias.
    """
    told = {
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "code": code_digest(),
        "python": platform.python_version(),
        "language": language(),
        "packages": {name: version(name) for name in _PACKAGES},
        **facts,
        "inputs": dict(inputs),
        "accounts": [asdict(account) for account in accounts],
        "notebooks": [asdict(outcome) for outcome in outcomes],
        "outputs": dict(outputs),
    }
    path = run / NAME
    with writing(path) as aside:
        text = json.dumps(told, indent=1, ensure_ascii=False, default=str)
        aside.write_text(text + "\n", encoding="utf-8")
    return path


def read_manifest(run: Path) -> dict[str, object]:
    """Return a run's manifest."""
    told: dict[str, object] = json.loads((run / NAME).read_text(encoding="utf-8"))
    return told


def finished_run(workbench: Workbench, run_id: str) -> Path:
    """Return the folder of a finished run, ``latest`` among them.

    Raises
    ------
    SettingsError
        If there is none of that name; those there are are named.
    """
    run = workbench.run(run_id).resolve()
    if not (run / NAME).is_file():
        found = sorted(path.parent.name for path in workbench.reports.glob(f"*/{NAME}"))
        raise SettingsError(
            "There is no finished run {run}. Those there are: {runs}.",
            run=run_id,
            runs=tuple(name for name in found if name != "latest") or ("—",),
        )
    return run
