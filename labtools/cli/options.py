"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from labtools.errors import SettingsError
from labtools.messages import text
from labtools.paths import Workbench, find_workbench

if TYPE_CHECKING:
    from labtools.workflow.steps import Opened


def workbench_option() -> click.Option:
    """Return ``--workbench``."""
    return click.Option(
        ["--workbench", "-w"],
        type=click.Path(path_type=Path),
        metavar="DIR",
        help=text("Folder with lab.toml; by default the one around the current folder."),
    )


def period_option() -> click.Option:
    """Return ``--period-end``."""
    return click.Option(
        ["--period-end"],
        default="",
        metavar="YYYY-MM",
        help=text("Last month, which must end a quarter; by default the last complete quarter."),
    )


def the_workbench(named: Path | None) -> Workbench:
    """Return the workbench that was named, or the one around the current folder.

    Raises
    ------
    SettingsError
        If there is none.
    """
    found = Workbench(named.resolve()) if named else find_workbench()
    if found is None:
        raise SettingsError(
            "There is no workbench here: no lab.toml in this folder or above it. Name one with "
            "--workbench, or make one with “labtools demo” or “labtools init”."
        )
    return found


def opened(named: Path | None) -> Opened:
    """Return the workbench with its settings read, telling its progress on the terminal."""
    from labtools.workflow.steps import open_workbench  # noqa: PLC0415 - heavy

    return open_workbench(the_workbench(named), click.echo)
