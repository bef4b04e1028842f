"""Come back to a run: plan it, go on with it, retry what failed, prove it, compare it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labtools.cli.options import (
    choice_of,
    choice_options,
    opened,
    period_option,
    workbench_option,
)
from labtools.messages import text

# ruff: noqa: PLC0415 - a command imports what it runs when it is called


def plan_command() -> click.Command:
    """Return ``labtools plan``."""

    def plan(workbench: Path | None, period_end: str, **chosen: Any) -> None:
        from labtools.workflow.everything import plan_everything

        plan_everything(opened(workbench), period_end=period_end, choice=choice_of(**chosen))

    help_ = text(
        "Do all that comes before the notebooks, and say which would be executed and why. Nothing "
        "is published."
    )
    params: list[click.Parameter] = [workbench_option(), period_option(), *choice_options()]
    return click.Command("plan", callback=plan, params=params, help=help_)


def resume_command() -> click.Command:
    """Return ``labtools resume``."""

    def resume(workbench: Path | None) -> None:
        from labtools.cli.report import tell_run
        from labtools.workflow.unfinished import interrupted

        bench = opened(workbench)
        _go_on(bench, interrupted(bench.workbench), tell_run)

    help_ = text(
        "Go on with a run that was interrupted: what it had done stands, and only the rest is "
        "executed."
    )
    return click.Command("resume", callback=resume, params=[workbench_option()], help=help_)


def retry_command() -> click.Command:
    """Return ``labtools retry``."""

    def retry(workbench: Path | None) -> None:
        from labtools.cli.report import tell_run
        from labtools.workflow.unfinished import with_failures

        bench = opened(workbench)
        _go_on(bench, with_failures(bench.workbench), tell_run)

    help_ = text("Execute again the notebooks that failed in the last run; the others stand.")
    return click.Command("retry", callback=retry, params=[workbench_option()], help=help_)


def verify_command() -> click.Command:
    """Return ``labtools verify``."""

    def verify(workbench: Path | None, run: str, colonia: str) -> None:
        from labtools.workflow.verify import verify as prove

        bench = opened(workbench)
        n = prove(bench, run, colonia=colonia)
        click.echo(text("Proven: {n} files of the run are what its inputs give.", n=n))

    help_ = text(
        "Make RUN (by default the last) again in an empty folder from the suppliers' bytes that it "
        "used, and compare every byte of what it published. With --colonia, only the notebooks "
        "of one."
    )
    params: list[click.Parameter] = [
        workbench_option(),
        click.Argument(["run"], default="latest"),
        click.Option(
            ["--colonia"], default="", metavar="KEY", help=text("Key of a colonia in the register.")
        ),
    ]
    return click.Command("verify", callback=verify, params=params, help=help_)


def diff_command() -> click.Command:
    """Return ``labtools diff``."""

    def diff(workbench: Path | None, before: str, after: str, audience: str) -> None:
        from labtools.workflow.differences import compare_runs

        bench = opened(workbench)
        for line in compare_runs(bench.workbench, before, after, audience=audience).lines():
            click.echo(line)

    help_ = text("Say which figures differ between two runs, and what changed in their inputs.")
    params: list[click.Parameter] = [
        workbench_option(),
        click.Argument(["before"]),
        click.Argument(["after"], default="latest"),
        click.Option(
            ["--audience"],
            type=click.Choice(["public", "internal"]),
            default="public",
            help=text("Whose edition to compare."),
        ),
    ]
    return click.Command("diff", callback=diff, params=params, help=help_)


def _go_on(bench: Any, period_end: str | None, tell: Any) -> None:
    from labtools.workflow.everything import run_everything

    if period_end is None:
        click.echo(text("There is nothing to do: the last run is whole."))
        return
    tell(run_everything(bench, period_end=period_end))
