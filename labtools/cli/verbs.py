"""The eight verbs, and ``run``, which runs them in order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labtools.cli.options import (
    alone,
    choice_of,
    choice_options,
    opened,
    period_option,
    workbench_option,
)
from labtools.messages import text

if TYPE_CHECKING:
    from labtools.workflow.steps import Opened

# ruff: noqa: PLC0415 - a command imports what it runs when it is called


def run_command() -> click.Command:
    """Return ``labtools run``."""

    def run(
        workbench: Path | None,
        period_end: str,
        no_execute: bool,  # noqa: FBT001 - click's flag
        **chosen: Any,
    ) -> None:
        from labtools.cli.report import tell_made
        from labtools.workflow.everything import plan_everything, run_everything

        bench, choice = opened(workbench), choice_of(**chosen)
        if no_execute:
            plan_everything(bench, period_end=period_end, choice=choice)
        else:
            tell_made(run_everything(bench, period_end=period_end, choice=choice), choice)

    text_ = text(
        "Run the eight verbs in order, from the suppliers' files to the site of fichas. What did "
        "not change is not made again."
    )
    without = click.Option(
        ["--no-execute"],
        is_flag=True,
        help=text("Stop before the notebooks, and say which would be executed and why."),
    )
    params: list[click.Parameter] = [
        workbench_option(),
        period_option(),
        *choice_options(),
        without,
    ]
    return click.Command("run", callback=run, params=params, help=text_)


def collect_command() -> click.Command:
    """Return ``labtools collect``."""

    def collect(bench: Opened) -> None:
        from labtools.workflow.everything import tell_collected

        tell_collected(bench)

    return _verb(
        "collect",
        collect,
        text("Keep every supplier's bytes untouched, with checksum, licence and cut date."),
    )


def clean_command() -> click.Command:
    """Return ``labtools clean``."""

    def clean(bench: Opened) -> None:
        from labtools.workflow.everything import tell_accounts
        from labtools.workflow.intake import clean as step

        tell_accounts(bench, step(bench))

    return _verb(
        "clean",
        clean,
        text("Turn what was collected into typed tables; every row is kept or accounted for."),
    )


def locate_command() -> click.Command:
    """Return ``labtools locate``."""

    def locate(bench: Opened) -> None:
        from labtools.workflow.everything import tell_accounts
        from labtools.workflow.placing import locate as step

        tell_accounts(bench, step(bench))

    return _verb(
        "locate",
        locate,
        text("Give every event its colonia, by point or by name, and every colonia its residents."),
    )


def classify_command() -> click.Command:
    """Return ``labtools classify``."""

    def classify(bench: Opened) -> None:
        from labtools.workflow.everything import tell_accounts
        from labtools.workflow.placing import classify as step

        tell_accounts(bench, step(bench))

    return _verb("classify", classify, text("Give every event its crime code and group."))


def tabulate_command() -> click.Command:
    """Return ``labtools tabulate``."""

    def tabulate(bench: Opened) -> None:
        from labtools.workflow.everything import tell_accounts
        from labtools.workflow.tabulate import tabulate as step

        tell_accounts(bench, step(bench))

    return _verb(
        "tabulate",
        tabulate,
        text("Count by colonia, month and group, with explicit zeros and known gaps."),
    )


def analyse_command() -> click.Command:
    """Return ``labtools analyse``."""

    def analyse(workbench: Path | None, period_end: str) -> None:
        from labtools.workflow.analyse import analyse as step

        with alone(workbench) as bench:
            prepared, outcomes = step(bench, period_end=period_end)
        click.echo(
            text("analyse {run}: {n} notebooks executed", run=prepared.run_id, n=len(outcomes))
        )

    help_ = text("Compute the results of both editions and execute the notebooks that read them.")
    params: list[click.Parameter] = [workbench_option(), period_option()]
    return click.Command("analyse", callback=analyse, params=params, help=help_)


def protect_command() -> click.Command:
    """Return ``labtools protect``."""

    def protect(workbench: Path | None, period_end: str) -> None:
        from labtools.workflow.prepared import prepare
        from labtools.workflow.release import protect as step

        with alone(workbench) as bench:
            released = step(bench, prepare(bench, period_end=period_end))
        click.echo(text("protect: {n} fichas released", n=released))

    help_ = text(
        "Check every table labelled public against its rule, and release it with a decision on "
        "record."
    )
    params: list[click.Parameter] = [workbench_option(), period_option()]
    return click.Command("protect", callback=protect, params=params, help=help_)


def publish_command() -> click.Command:
    """Return ``labtools publish``."""

    def publish(workbench: Path | None, period_end: str) -> None:
        from labtools.cli.report import tell_run
        from labtools.workflow.prepared import prepare
        from labtools.workflow.release import publish as step

        with alone(workbench) as bench:
            tell_run(step(bench, prepare(bench, period_end=period_end)))

    help_ = text("Make the site from released tables and put the new edition in place.")
    params: list[click.Parameter] = [workbench_option(), period_option()]
    return click.Command("publish", callback=publish, params=params, help=help_)


def _verb(name: str, step: Callable[[Opened], None], help_: str) -> click.Command:
    def call(workbench: Path | None) -> None:
        with alone(workbench) as bench:
            step(bench)

    return click.Command(name, callback=call, params=[workbench_option()], help=help_)
