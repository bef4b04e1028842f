"""Add a part that passes the checks as it is made: ``labtools new``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from labtools.cli.options import the_workbench, workbench_option
from labtools.errors import SettingsError
from labtools.messages import text

# ruff: noqa: PLC0415 - a command imports what it runs when it is called

_PARTS = ("source", "intervention", "notebook", "dashboard", "model", "cluster")


def new_command() -> click.Command:
    """Return ``labtools new``."""

    def new(
        *,
        workbench: Path | None,
        part: str,
        name: str,
        title: str,
        file: Path | None,
        kind: Literal["events", "colonias", "survey"],
    ) -> None:
        if part == "source":
            _source(workbench, name, file, kind)
        elif part == "intervention":
            from labtools.workflow.scaffolding import new_intervention

            _tell(new_intervention(the_workbench(workbench), name, title or name))
        elif part == "cluster":
            from labtools.workflow.scaffolding import new_cluster

            _tell(*new_cluster(the_workbench(workbench), name))
        else:
            from labtools.workflow import scaffolding

            make = {
                "notebook": scaffolding.new_notebook,
                "dashboard": scaffolding.new_dashboard,
                "model": scaffolding.new_model,
            }[part]
            _tell(*make(scaffolding.project_root(), name, title or name))

    help_ = text(
        "Add a part called NAME that passes the checks as it is made, to be filled in: a source "
        "(its columns are guessed from --file), an intervention or the recipes of a cluster, to a "
        "workbench; a notebook, a dashboard or a model, to the project's source."
    )
    params: list[click.Parameter] = [
        workbench_option(),
        click.Argument(["part"], type=click.Choice(_PARTS)),
        click.Argument(["name"]),
        click.Option(["--title"], default="", help=text("What people read, in Spanish.")),
        click.Option(
            ["--file"],
            type=click.Path(path_type=Path, exists=True, dir_okay=False),
            metavar="FILE",
            help=text("With source: the supplier's file; it is looked at and not moved."),
        ),
        click.Option(
            ["--kind"],
            type=click.Choice(["events", "colonias", "survey"]),
            default="events",
            help=text("With source: what it holds."),
        ),
    ]
    return click.Command("new", callback=new, params=params, help=help_)


def _source(
    workbench: Path | None,
    name: str,
    file: Path | None,
    kind: Literal["events", "colonias", "survey"],
) -> None:
    from labtools.workflow.new_source import propose_source

    if file is None:
        raise SettingsError(
            "Name the supplier's file with --file: its columns are guessed from it."
        )
    bench = the_workbench(workbench)
    proposal = propose_source(bench, name, file, kind)
    _tell(proposal.descriptor, bench.settings_file)
    for line in proposal.said:
        click.echo(line)
    click.echo(text("Check it, then: labtools run --workbench {folder}", folder=str(bench.root)))


def _tell(*written: Path) -> None:
    for path in written:
        click.echo(text("Written: {path}", path=str(path)))
