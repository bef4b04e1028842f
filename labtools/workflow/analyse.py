"""Analyse: city-wide results for each edition, then the notebooks that read them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from labtools.errors import RunError, SpaceError
from labtools.messages import Plural, plural
from labtools.paths import Workbench
from labtools.runs.jobs import Outcome
from labtools.runs.plan import ficha_of
from labtools.tables.store import make_folder, writing
from labtools.workflow.making import write_editions
from labtools.workflow.notebooks import (
    OUTCOMES,
    Choice,
    Plan,
    execute,
    plan_notebooks,
    tell_plan,
)
from labtools.workflow.prepared import Prepared, prepare
from labtools.workflow.steps import Opened

WHOLE = Choice()
_BYTES_AT_LEAST = 64 * 1024**2


def plan(opened: Opened, *, period_end: str = "", choice: Choice = WHOLE) -> tuple[Prepared, Plan]:
    """Make both editions' results, and say which notebooks must be executed and why."""
    again = choice.force and not choice.is_partial
    prepared = prepare(opened, period_end=period_end, again=again)
    return prepared, _planned(opened, prepared, choice)


def _planned(opened: Opened, prepared: Prepared, choice: Choice) -> Plan:
    check_space(opened.workbench)
    make_folder(opened.workbench.reports)
    make_folder(prepared.folder, private=True)
    make_folder(prepared.folder / "internal", private=True)
    write_editions(opened, prepared)
    return plan_notebooks(
        prepared.fichas,
        prepared.folder,
        (prepared.folder, opened.workbench.latest),
        period_end=prepared.window.last_month,
        choice=choice,
    )


def analyse(
    opened: Opened, *, period_end: str = "", choice: Choice = WHOLE
) -> tuple[Prepared, list[Outcome]]:
    """Make both editions' results, and execute the notebooks that what changed asks for.

    A ficha that fails does not stop the others; any other notebook is needed.

    Raises
    ------
    RunError
        If every ficha fails, or another notebook: each is tried, and the message names the
        first.
    SpaceError
        If the disk has no room for the run.
    """
    again = choice.force and not choice.is_partial
    prepared = prepare(opened, period_end=period_end, again=again)
    return prepared, execute_plan(opened, prepared, choice)


def execute_plan(opened: Opened, prepared: Prepared, choice: Choice) -> list[Outcome]:
    """Make the results of a prepared run and execute its notebooks: see `analyse`."""
    planned = _planned(opened, prepared, choice)
    tell_plan(planned, opened.tell)
    outcomes = execute(opened, prepared.folder, planned, choice)
    with writing(prepared.folder / OUTCOMES) as aside:
        aside.write_text(json.dumps([asdict(it) for it in outcomes]), encoding="utf-8")
    failed = [outcome for outcome in outcomes if not outcome.ok]
    fichas = [outcome for outcome in outcomes if ficha_of(outcome.key)]
    needed = [outcome for outcome in failed if not ficha_of(outcome.key)]
    if needed or (fichas and not any(outcome.ok for outcome in fichas)):
        raise failure_of_run(
            failed,
            len(outcomes),
            plural(
                "One notebook of {total} failed: {key}, cell {cell}: {error}. Nothing was "
                "published; the last edition stands.",
                "{n} notebooks of {total} failed; the first is {key}, cell {cell}: {error}. "
                "Nothing was published; the last edition stands.",
            ),
        )
    return outcomes


def failure_of_run(failed: Sequence[Outcome], total: int, sentence: Plural) -> RunError:
    """Return the error that tells of the notebooks that failed; the first is named."""
    return RunError(
        sentence,
        n=len(failed),
        total=total,
        key=failed[0].key,
        cell=failed[0].cell,
        error=failed[0].error or "",
    )


def check_space(workbench: Workbench) -> None:
    """Refuse to begin what the disk cannot hold.

    Raises
    ------
    SpaceError
    """
    latest = workbench.latest
    files = (Path(place, name) for place, _, names in os.walk(latest) for name in names)
    used = sum(path.stat().st_size for path in files if path.is_file())
    needed = max(_BYTES_AT_LEAST, used + used // 2)
    free = shutil.disk_usage(workbench.root).free
    if free < needed:
        raise SpaceError(
            "The disk of {folder} has {free} MB free and this run may need {needed} MB. Nothing "
            "was begun: make room first.",
            folder=str(workbench.root),
            free=free // 1024**2,
            needed=needed // 1024**2,
        )
