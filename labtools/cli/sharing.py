"""Take editions to where others read them: ``labtools deposit``, ``labtools fetch``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from labtools.cli.options import the_workbench, workbench_option
from labtools.messages import text

# ruff: noqa: PLC0415 - a command imports what it runs when it is called


def deposit_command() -> click.Command:
    """Return ``labtools deposit``."""

    def deposit(workbench: Path | None, url: str, run: str, *, internal: bool) -> None:
        from labtools.workflow.deposit import deposit as put

        audience: Literal["internal", "public"] = "internal" if internal else "public"
        done = put(the_workbench(workbench), url, run_id=run, audience=audience)
        click.echo(
            text(
                "{run} is in place at {url}: {n} files, of which {sent} were sent ({mb} MB), each "
                "read back and compared",
                run=done.run,
                url=url,
                n=done.files,
                sent=done.sent,
                mb=round(done.size / 1e6, 1),
            )
        )
        _tell_removed(done.removed)

    help_ = text(
        "Copy the latest edition to the address URL (s3://bucket/folder, file:///disk): what is "
        "released, and nothing else. It takes the place of the one before there when it is whole."
    )
    params: list[click.Parameter] = [
        workbench_option(),
        click.Argument(["url"], metavar="URL"),
        _run_option(),
        click.Option(
            ["--internal"],
            is_flag=True,
            help=text("The whole run, with true counts, to an address for the lab alone."),
        ),
    ]
    return click.Command("deposit", callback=deposit, params=params, help=help_)


def fetch_command() -> click.Command:
    """Return ``labtools fetch``."""

    def fetch(url: str, to: Path, run: str) -> None:
        from labtools.workflow.fetching import fetch as bring

        done = bring(url, to.resolve(), run_id=run)
        click.echo(
            text(
                "{folder}: {n} files, of which {received} came now, each compared",
                folder=str(done.folder),
                n=done.files,
                received=done.received,
            )
        )
        _tell_removed(done.removed)

    help_ = text(
        "Bring the edition that was deposited at the address URL into a folder, where “latest” "
        "names it once it is whole: for a web server, or for researchers elsewhere."
    )
    params: list[click.Parameter] = [
        click.Argument(["url"], metavar="URL"),
        click.Option(
            ["--to"],
            required=True,
            metavar="DIR",
            type=click.Path(path_type=Path, file_okay=False),
            help=text("Folder with one folder for each edition."),
        ),
        _run_option(),
    ]
    return click.Command("fetch", callback=fetch, params=params, help=help_)


def _run_option() -> click.Option:
    return click.Option(
        ["--run"],
        default="latest",
        metavar="RUN",
        help=text("Name of the edition; by default the latest."),
    )


def _tell_removed(removed: tuple[str, ...]) -> None:
    for run in removed:
        click.echo(text("{run} was withdrawn and is removed there", run=run))
