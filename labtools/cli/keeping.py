"""Keep a workbench from harm: ``labtools backup``, ``labtools restore``, ``labtools upgrade``."""

from __future__ import annotations

from pathlib import Path

import click

from labtools.cli.options import the_workbench, workbench_option
from labtools.messages import text

# ruff: noqa: PLC0415 - a command imports what it runs when it is called


def backup_command() -> click.Command:
    """Return ``labtools backup``."""

    def backup(workbench: Path | None, folder: Path) -> None:
        from labtools.workflow.backup import back_up

        data, keys = back_up(the_workbench(workbench), folder)
        click.echo(
            text("Written and read back: {path}, {n} files", path=str(data.path), n=data.files)
        )
        click.echo(
            text("Written and read back: {path}, {n} files", path=str(keys.path), n=keys.files)
        )
        click.echo(
            text(
                "The second holds the keys: keep it where the first is not. Whoever has both can "
                "undo part of the rounding; without it nothing can be made again as it was."
            )
        )

    help_ = text(
        "Write a copy of the workbench into the folder TO, on another disk, and read it back: all "
        "that cannot be made again in one file, the keys in another."
    )
    params: list[click.Parameter] = [
        workbench_option(),
        click.Argument(["folder"], metavar="TO", type=click.Path(path_type=Path, file_okay=False)),
    ]
    return click.Command("backup", callback=backup, params=params, help=help_)


def restore_command() -> click.Command:
    """Return ``labtools restore``."""

    def restore(copies: tuple[Path, ...], to: Path) -> None:
        from labtools.workflow.backup import restore as put_back

        n = put_back(copies, to)
        click.echo(text("{n} files are back in {folder}, each as it was.", n=n, folder=str(to)))
        click.echo(text("Next: labtools doctor --workbench {folder}", folder=str(to)))

    help_ = text(
        "Make a workbench again from the files of a backup (both: data and keys), in a folder that "
        "does not exist yet. Every byte is compared before it is put in place."
    )
    params: list[click.Parameter] = [
        click.Argument(
            ["copies"],
            metavar="FILE",
            nargs=-1,
            required=True,
            type=click.Path(path_type=Path, exists=True, dir_okay=False),
        ),
        click.Option(
            ["--to"],
            required=True,
            metavar="DIR",
            type=click.Path(path_type=Path),
            help=text("Folder of the workbench to be made."),
        ),
    ]
    return click.Command("restore", callback=restore, params=params, help=help_)


def upgrade_command() -> click.Command:
    """Return ``labtools upgrade``."""

    def upgrade(workbench: Path | None) -> None:
        from labtools.workflow.format import CURRENT
        from labtools.workflow.format import upgrade as bring_up
        from labtools.workflow.locking import held

        bench = the_workbench(workbench)
        with held(bench):
            for line in bring_up(bench):
                click.echo(line)
        click.echo(text("The files of this workbench have the form {n}.", n=CURRENT))

    help_ = text(
        "Bring the files of a workbench of an earlier version up to this one. Make a backup first; "
        "what was interrupted can be done again."
    )
    return click.Command("upgrade", callback=upgrade, params=[workbench_option()], help=help_)
