"""Sign a release, or withdraw one: what reviewers do, on record."""

from __future__ import annotations

import html
from pathlib import Path

from labtools import messages
from labtools.errors import PrivacyError
from labtools.messages import text
from labtools.paths import Workbench
from labtools.privacy.ledger import (
    DECISION,
    LEDGER,
    Entry,
    approve,
    read_ledger,
    withdraw,
    withdrawn,
)
from labtools.tables.store import make_folder, writing
from labtools.workflow.audit import WITHDRAWN, published_runs
from labtools.workflow.release import point_to
from labtools.workflow.steps import Opened


def entries(workbench: Workbench) -> tuple[Entry, ...]:
    """Return the ledger's entries, once its chain proves whole."""
    return read_ledger(workbench.reports / LEDGER)


def last_decided(workbench: Workbench) -> str:
    """Return the run of the last decision; empty where there is none."""
    return next((e.run for e in reversed(entries(workbench)) if e.kind == DECISION), "")


def sign(opened: Opened, run: str, reviewer: str) -> Entry:
    """Add a reviewer's signature to the last decision about a run."""
    path = opened.workbench.reports / LEDGER
    return approve(path, run, reviewer=reviewer, reviewers=opened.settings.release.reviewers)


def pull(workbench: Workbench, run: str, *, reason: str, by: str) -> Entry:
    """Withdraw an edition: its pages say so, and readers get the one before it.

    Its public folder is kept aside for the lab; the ledger says when, by whom and why.

    Raises
    ------
    PrivacyError
        If there is no such release, or no reason.
    """
    folder = workbench.run(run)
    if not run or not (folder / "public" / "tables").is_dir():
        raise PrivacyError(
            "There is no release of {run} to withdraw, or it was withdrawn already.", run=run
        )
    entry = withdraw(workbench.reports / LEDGER, run, reason=reason, by=by)
    kept = folder / WITHDRAWN
    make_folder(kept.parent, private=True)
    (folder / "public").replace(kept)
    kept.chmod(0o700)
    site = make_folder(folder / "public" / "site")
    with writing(site / "index.html") as aside:
        aside.write_text(_notice(reason, entry.decided[:10]), encoding="utf-8")
    standing = [r for r in published_runs(workbench) if r.name not in withdrawn(entries(workbench))]
    if workbench.latest.resolve().name == run and standing:
        point_to(workbench.reports, _newest(standing))
    return entry


def _newest(runs: list[Path]) -> str:
    """Return the run with the latest period; of two, the one made last."""
    return max(runs, key=lambda run: (run.name[:7], run.stat().st_mtime)).name


def _notice(reason: str, day: str) -> str:
    told = text(
        "This edition was withdrawn on {day}: {reason}. Its figures are no longer valid.",
        day=day,
        reason=reason,
    )
    language = messages.language().split("_")[0]
    return (
        f'<!doctype html>\n<html lang="{language}">\n<meta charset="utf-8">\n'
        f"<title>{html.escape(told)}</title>\n<p>{html.escape(told)}</p>\n</html>\n"
    )
