"""Run the eight verbs in order, telling what each did with every row."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from labtools.messages import number, text
from labtools.tables.account import Account
from labtools.tables.periods import last_month_asked
from labtools.tables.reasons import reason_words
from labtools.workflow.analyse import analyse, is_complete, prepare
from labtools.workflow.intake import clean, collect
from labtools.workflow.placing import classify, locate
from labtools.workflow.release import point_to, protect, publish
from labtools.workflow.steps import Opened
from labtools.workflow.tabulate import tabulate

VERBS = (
    "collect",
    "clean",
    "locate",
    "classify",
    "tabulate",
    "analyse",
    "protect",
    "publish",
)


def run_everything(opened: Opened, *, period_end: str = "") -> Path:
    """Return the folder of the run; a run already made is not made again."""
    if period_end:
        last_month_asked(period_end)  # refused before anything is done
    tell_collected(opened)
    for step in (clean, locate, classify, tabulate):
        tell_accounts(opened, step(opened))
    prepared = prepare(opened, period_end=period_end)
    if is_complete(opened, prepared):
        point_to(opened.workbench.reports, prepared.run_id)
        opened.tell(text("Nothing changed since the run {run}: it stands.", run=prepared.run_id))
        return opened.workbench.run(prepared.run_id)
    prepared, outcomes = analyse(opened, period_end=period_end)
    opened.tell(text("analyse: {n} notebooks executed", n=len(outcomes)))
    opened.tell(text("protect: {n} fichas released", n=protect(opened, prepared)))
    run = publish(opened, prepared)
    opened.tell(text("publish: run {run}", run=prepared.run_id))
    return run


def tell_collected(opened: Opened) -> None:
    """Collect, and tell each snapshot."""
    for snapshot in collect(opened):
        opened.tell(
            text(
                "collect {source}: {file}, {size} bytes, sha256 {digest}…",
                source=snapshot.source,
                file=snapshot.file,
                size=snapshot.size,
                digest=snapshot.sha256[:8],
            )
        )


def tell_accounts(opened: Opened, accounts: Sequence[Account]) -> None:
    """Tell what a step did with every row: read = kept + apart, by reason."""
    for account in accounts:
        apart = ", ".join(
            f"{reason_words(reason)} {number(n)}" for reason, n in account.rejected.items()
        )
        line = text(
            "{step} {source}: {read} read = {kept} kept + {apart} apart",
            step=account.step,
            source=account.source,
            read=account.read,
            kept=account.kept,
            apart=sum(account.rejected.values()),
        )
        opened.tell(f"{line} ({apart})" if apart else line)
