"""Sign a release, or withdraw one: what reviewers do, on record."""

from __future__ import annotations

import html
from pathlib import Path

import pandas as pd

from labtools import messages
from labtools.errors import PrivacyError
from labtools.messages import text
from labtools.paths import Workbench
from labtools.privacy.keys import make_key, read_keyring
from labtools.privacy.ledger import (
    DECISION,
    LEDGER,
    Entry,
    approve,
    read_ledger,
    rotate,
    withdraw,
    withdrawn,
)
from labtools.tables.store import make_folder, writing
from labtools.workflow.audit import WITHDRAWN, published_runs
from labtools.workflow.prepared import ROUNDING_KEY
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


def rotate_key(opened: Opened, first_day: str, *, reason: str, by: str) -> Entry:
    """Make a new rounding key for the quarters from `first_day` on; earlier ones keep theirs.

    Use it on a date in the calendar of the lab, or when the key may have been seen: what was
    published before stays as it is, since a cell drawn twice would tell more.

    Raises
    ------
    PrivacyError
        If `first_day` begins no quarter, was published already, has a key, or no reason is given.
    """
    workbench = opened.workbench
    day = _quarter(first_day)
    seen = max((_end_of(run) for run in published_runs(workbench)), default=pd.Timestamp(0))
    ring = read_keyring(workbench.secrets, ROUNDING_KEY)
    last = max((first for first, _ in ring.keys if first), default="")
    if day < seen or first_day <= last:
        raise PrivacyError(
            "Quarters before {seen} were published, or have their key already: with another key "
            "the same count would be drawn twice, which tells more. Choose a later quarter than "
            "{asked}.",
            seen=f"{max(seen, pd.Timestamp(last or 0)):%Y-%m-%d}",
            asked=first_day,
        )
    entry = rotate(workbench.reports / LEDGER, first_day, reason=reason, by=by)
    make_key(workbench.secrets, f"{ROUNDING_KEY}-{first_day}")
    return entry


def _quarter(first_day: str) -> pd.Timestamp:
    day = pd.to_datetime(first_day, format="%Y-%m-%d", errors="coerce")
    if pd.isna(day) or not day.is_quarter_start:
        raise PrivacyError(
            "{asked} is not the first day of a quarter, written YYYY-MM-DD, such as 2027-01-01.",
            asked=first_day,
        )
    return day


def _end_of(run: Path) -> pd.Timestamp:
    """Return the day after the last month that a run published."""
    return pd.Timestamp(f"{run.name[:7]}-01") + pd.DateOffset(months=1)


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
