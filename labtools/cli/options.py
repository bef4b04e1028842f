"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from labtools.errors import SettingsError
from labtools.messages import text
from labtools.paths import Workbench, find_workbench

if TYPE_CHECKING:
    from labtools.workflow.notebooks import Choice
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


@contextmanager
def alone(named: Path | None) -> Iterator[Opened]:
    """Open the workbench and hold it while the block runs: nobody else may change it."""
    from labtools.workflow.format import check_format  # noqa: PLC0415 - heavy
    from labtools.workflow.locking import held  # noqa: PLC0415

    bench = opened(named)
    check_format(bench.workbench)
    with held(bench.workbench):
        yield bench


def choice_options() -> list[click.Option]:
    """Return ``--only``, ``--limit``, ``--force`` and ``--scheduler``."""
    return [
        click.Option(
            ["--only"],
            multiple=True,
            metavar="KEY",
            help=text(
                "Execute only these notebooks: the key of a colonia, or of a notebook; * for any "
                "text. Nothing is published then."
            ),
        ),
        click.Option(
            ["--limit"],
            type=click.IntRange(min=1),
            metavar="N",
            help=text("Execute at most so many notebooks. Nothing is published then."),
        ),
        click.Option(
            ["--force"], is_flag=True, help=text("Execute notebooks although nothing changed.")
        ),
        click.Option(
            ["--scheduler"],
            default="",
            metavar="ADDRESS",
            help=text(
                "Execute them on the workers of this Dask scheduler (tcp://…) instead of this "
                "machine's processors."
            ),
        ),
    ]


def choice_of(
    *, only: tuple[str, ...], limit: int | None, force: bool, scheduler: str = ""
) -> Choice:
    """Return what `choice_options` were given."""
    from labtools.workflow.notebooks import Choice  # noqa: PLC0415 - heavy

    return Choice(only=only, limit=limit, force=force, scheduler=scheduler)
