"""Run the eight verbs in order, telling what each did with every row."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from labtools.messages import number, plural, text
from labtools.runs.jobs import Outcome
from labtools.tables.account import Account
from labtools.tables.periods import last_month_asked
from labtools.tables.reasons import mended_words, reason_words
from labtools.workflow.analyse import WHOLE, analyse, failure_of_run, plan
from labtools.workflow.declared import refuse_unnamed
from labtools.workflow.intake import clean, collect
from labtools.workflow.locking import held
from labtools.workflow.notebooks import Choice, tell_plan
from labtools.workflow.placing import classify, locate
from labtools.workflow.prepared import Prepared, is_complete, prepare
from labtools.workflow.release import clear_unfinished, point_to, protect, publish
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


def run_everything(opened: Opened, *, period_end: str = "", choice: Choice = WHOLE) -> Path:
    """Return the folder of the run; a run already made is not made again.

    Where `choice` leaves notebooks aside there is no whole edition, and nothing is published:
    the folder is that of the run being made.

    Raises
    ------
    BusyError
        If another process is working on the workbench.
    RunError
        If notebooks failed: where only fichas did, once the others are published.
    """
    with held(opened.workbench):
        return _run(opened, period_end, choice)


def plan_everything(opened: Opened, *, period_end: str = "", choice: Choice = WHOLE) -> int:
    """Do all that comes before the notebooks; tell which must be executed, and why.

    Returns
    -------
    int
        How many notebooks must be executed.
    """
    with held(opened.workbench):
        prepared = _prepared(opened, period_end)
        if is_complete(opened, prepared) and choice == WHOLE:
            _tell_it_stands(opened, prepared)
            return 0
        _, planned = plan(opened, period_end=period_end, choice=choice)
        tell_plan(planned, opened.tell)
        return sum(it.reason is not None for it in planned.notebooks)


def _prepared(opened: Opened, period_end: str) -> Prepared:
    refuse_unnamed(opened)
    if period_end:
        last_month_asked(period_end)  # refused before anything is done
    tell_collected(opened)
    for step in (clean, locate, classify, tabulate):
        tell_accounts(opened, step(opened))
    return prepare(opened, period_end=period_end)


def _run(opened: Opened, period_end: str, choice: Choice) -> Path:
    prepared = _prepared(opened, period_end)
    if is_complete(opened, prepared) and choice == WHOLE:
        point_to(opened.workbench.reports, prepared.run_id)
        clear_unfinished(opened.workbench.reports)
        _tell_it_stands(opened, prepared)
        return opened.workbench.run(prepared.run_id)
    prepared, outcomes = analyse(opened, period_end=period_end, choice=choice)
    made = sum(not outcome.reused for outcome in outcomes)
    opened.tell(text("analyse: {n} notebooks executed", n=made))
    if choice.is_partial:
        _tell_failed(opened, outcomes)
        return prepared.folder
    opened.tell(text("protect: {n} fichas released", n=protect(opened, prepared)))
    run = publish(opened, prepared)
    opened.tell(text("publish: run {run}", run=prepared.run_id))
    _tell_failed(opened, outcomes)
    return run


def _tell_it_stands(opened: Opened, prepared: Prepared) -> None:
    opened.tell(text("Nothing changed since the run {run}: it stands.", run=prepared.run_id))


def _tell_failed(opened: Opened, outcomes: Sequence[Outcome]) -> None:
    """Tell each notebook that failed, now that the others are published.

    Raises
    ------
    RunError
        If there is one.
    """
    failed = [outcome for outcome in outcomes if not outcome.ok]
    for outcome in failed:
        cell = "—" if outcome.cell is None else outcome.cell
        opened.tell(f"{outcome.key} [{cell}] {outcome.error}")
    if failed:
        raise failure_of_run(
            failed,
            len(outcomes),
            plural(
                "One notebook of {total} failed: {key}, cell {cell}: {error}. The others are "
                "published; its colonia keeps the ficha of the last edition, and says so. Run "
                "“labtools run” again to retry.",
                "{n} notebooks of {total} failed; the first is {key}, cell {cell}: {error}. The "
                "others are published; these colonias keep the fichas of the last edition, and "
                "say so. Run “labtools run” again to retry.",
            ),
        )


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
        line = f"{line} ({apart})" if apart else line
        mended = mended_words(account)
        opened.tell(f"{line}; {mended}" if mended else line)
