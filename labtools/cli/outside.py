"""Take an edition out of the workbench: ``labtools briefing`` and ``labtools deliver``."""

from __future__ import annotations

from pathlib import Path

import click

from labtools.cli.options import the_workbench, workbench_option
from labtools.messages import text

# ruff: noqa: PLC0415 - a command imports what it runs when it is called


def briefing_command() -> click.Command:
    """Return ``labtools briefing``."""

    def briefing(workbench: Path | None, folder: Path, language: str) -> None:
        from labtools.publish.briefing import print_briefing, released_tables
        from labtools.tables.store import make_folder

        tables = released_tables(the_workbench(workbench).latest / "public")
        make_folder(folder)
        for name, slides in (("briefing", False), ("slides", True)):
            made = folder / f"{name}.pdf"
            made.write_bytes(print_briefing(tables, language=language, slides=slides))
            click.echo(str(made))

    help_ = text(
        "Print the briefing of the council and its slides, from the released tables of the "
        "latest run, into the folder TO."
    )
    params: list[click.Parameter] = [
        workbench_option(),
        click.Argument(["folder"], metavar="TO", type=click.Path(path_type=Path)),
        click.Option(
            ["--language"],
            type=click.Choice(["es_MX", "en"]),
            default="es_MX",
            help=text("Language of the pages."),
        ),
    ]
    return click.Command("briefing", callback=briefing, params=params, help=help_)
