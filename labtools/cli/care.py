"""Look after a workbench: ``labtools doctor`` and ``labtools explain``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from labtools.cli.options import the_workbench, workbench_option
from labtools.messages import plural, say, text

# ruff: noqa: PLC0415 - a command imports what it runs when it is called


def doctor_command() -> click.Command:
    """Return ``labtools doctor``."""

    def doctor(workbench: Path | None) -> None:
        from labtools.workflow.doctor import examine

        checks = examine(the_workbench(workbench))
        for check in checks:
            click.echo(f"{'✓' if check.ok else '✗'} {check}")
        wrong = sum(not check.ok for check in checks)
        if wrong:
            click.echo(say(plural("{n} thing to mend.", "{n} things to mend."), n=wrong), err=True)
            sys.exit(1)

    help_ = text(
        "Say what is wrong with this installation, workbench, data and last run, and the command "
        "that mends it."
    )
    return click.Command("doctor", callback=doctor, params=[workbench_option()], help=help_)


def explain_command() -> click.Command:
    """Return ``labtools explain``."""

    def explain(workbench: Path | None, file: Path) -> None:
        from labtools.tables.origins import explain as walk

        for step in walk(the_workbench(workbench), file):
            click.echo(f"{'  ' * step.depth}{step}")

    help_ = text(
        "Walk FILE (a table, a ficha, a page of the site) back, step by step and with checksums, "
        "to the supplier's bytes."
    )
    params: list[click.Parameter] = [
        workbench_option(),
        click.Argument(["file"], type=click.Path(path_type=Path), required=True),
    ]
    return click.Command("explain", callback=explain, params=params, help=help_)
