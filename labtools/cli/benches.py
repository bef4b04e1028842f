"""Make a workbench: ``labtools demo`` and ``labtools init``."""

from __future__ import annotations

from pathlib import Path

import click

from labtools.messages import text

# ruff: noqa: PLC0415 - a command imports what it runs when it is called


def demo_command() -> click.Command:
    """Return ``labtools demo``."""

    def demo(folder: Path, seed: int) -> None:
        from labtools.cli.report import tell_run
        from labtools.workflow.everything import run_everything
        from labtools.workflow.steps import open_workbench
        from labtools.workflow.workbenches import make_demo

        workbench = make_demo(folder, seed=seed)
        tell_run(run_everything(open_workbench(workbench, click.echo)))

    help_ = text(
        "Make the workbench of a synthetic municipality in FOLDER (by default ./demo) and run it: "
        "its truth is known, its files look like the suppliers', and nobody lives there."
    )
    params: list[click.Parameter] = [
        click.Argument(["folder"], type=click.Path(path_type=Path), default=Path("demo")),
        click.Option(["--seed"], default=2026, help=text("Another seed makes another city.")),
    ]
    return click.Command("demo", callback=demo, params=params, help=help_)


def init_command() -> click.Command:
    """Return ``labtools init``."""

    def init(folder: Path, *, bare: bool) -> None:
        from labtools.workflow.workbenches import init_workbench

        workbench = init_workbench(folder, bare=bare)
        click.echo(
            text(
                "The workbench is in {folder}. Put the suppliers' files in suppliers/, edit "
                "lab.toml, and run “labtools run --workbench {folder}”.",
                folder=str(workbench.root),
            )
        )

    help_ = text("Make a new workbench in FOLDER: settings to fill in, folders, and secret keys.")
    params: list[click.Parameter] = [
        click.Argument(["folder"], type=click.Path(path_type=Path), required=True),
        click.Option(
            ["--bare"],
            is_flag=True,
            help=text("Without the demo's sources: “labtools new source” adds yours."),
        ),
    ]
    return click.Command("init", callback=init, params=params, help=help_)
