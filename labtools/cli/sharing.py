"""Take editions to where others read them: ``labtools deposit``, ``fetch`` and ``share``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from labtools.cli.options import the_workbench, workbench_option
from labtools.messages import text

if TYPE_CHECKING:
    from labtools.workflow.shared import Shared

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
        _to_option(),
        _run_option(),
    ]
    return click.Command("fetch", callback=fetch, params=params, help=help_)


def share_command() -> click.Group:
    """Return ``labtools share``."""
    help_ = text(
        "Share result tables through a PostGIS database, by the same contracts as in files; "
        "LABTOOLS_SHARE says where it is. An edition changes in one step, and nobody's writing "
        "is lost."
    )
    parts = (_setup, _push, _pull, _put, _get, _list)
    return click.Group(
        "share", commands={it.name or "": it for it in (p() for p in parts)}, help=help_
    )


def _setup() -> click.Command:
    def setup() -> None:
        from labtools.workflow.shared_form import connection_told, set_up

        before, now = set_up(connection_told())
        click.echo(
            text("The shared database had the form {before} and has {now}.", before=before, now=now)
        )

    help_ = text("Make the database's schemas and roles, or bring them up to this version.")
    return click.Command("setup", callback=setup, help=help_)


def _push() -> click.Command:
    def push(workbench: Path | None, run: str, over: str, *, internal: bool) -> None:
        from labtools.workflow.shared import push as put
        from labtools.workflow.shared_form import connection_told

        audience: Literal["internal", "public"] = "internal" if internal else "public"
        bench = the_workbench(workbench)
        done = put(bench, connection_told(), run_id=run, audience=audience, over=over)
        _tell_shared(done)

    over = click.Option(
        ["--over"],
        default="",
        metavar="RUN",
        help=text("Edition of somebody else's that it may take the place of."),
    )
    internal = click.Option(
        ["--internal"], is_flag=True, help=text("The lab's own tables, with true counts.")
    )
    help_ = text("Put the tables of an edition in place there, all at once.")
    params: list[click.Parameter] = [workbench_option(), _run_option(), over, internal]
    return click.Command("push", callback=push, params=params, help=help_)


def _pull() -> click.Command:
    def pull(to: Path, run: str, *, internal: bool) -> None:
        from labtools.workflow.shared import pull as take
        from labtools.workflow.shared_form import connection_told

        audience: Literal["internal", "public"] = "internal" if internal else "public"
        named = "" if run == "latest" else run
        _tell_shared(take(connection_told(), to, audience=audience, run_id=named))

    internal = click.Option(
        ["--internal"], is_flag=True, help=text("The lab's own tables, with true counts.")
    )
    help_ = text("Write the tables of the edition in place there into a folder, each checked.")
    params: list[click.Parameter] = [_to_option(), _run_option(), internal]
    return click.Command("pull", callback=pull, params=params, help=help_)


def _put() -> click.Command:
    def put(name: str, file: Path, version: int) -> None:
        from labtools.workflow.shared import put_own
        from labtools.workflow.shared_form import connection_told

        now = put_own(connection_told(), name, file, version=version)
        click.echo(text("{name} is there, version {n}", name=name, n=now))

    file = click.Argument(["file"], type=click.Path(path_type=Path, dir_okay=False))
    version = click.Option(
        ["--version"],
        type=click.IntRange(min=0),
        default=0,
        help=text("The version that you began from; 0 for a new name."),
    )
    help_ = text("Write a table of your own (Parquet) under a name: only you may change it.")
    params: list[click.Parameter] = [click.Argument(["name"]), file, version]
    return click.Command("put", callback=put, params=params, help=help_)


def _get() -> click.Command:
    def get(name: str, file: Path) -> None:
        from labtools.workflow.shared import get_own
        from labtools.workflow.shared_form import connection_told

        n = get_own(connection_told(), name, file)
        click.echo(text("{path} holds {name}, version {n}", path=str(file), name=name, n=n))

    file = click.Argument(["file"], type=click.Path(path_type=Path, dir_okay=False))
    help_ = text("Write a table that somebody put there into a file.")
    params: list[click.Parameter] = [click.Argument(["name"]), file]
    return click.Command("get", callback=get, params=params, help=help_)


def _list() -> click.Command:
    def list_() -> None:
        from labtools.workflow.shared import listed
        from labtools.workflow.shared_form import connection_told

        for it in listed(connection_told()):
            mark = "→" if it["in_place"] else " "
            click.echo(
                f"{mark} {it['audience']:9}{it['name']}  {it['by']}  {it['at']:%Y-%m-%d %H:%M}"
            )

    help_ = text("Show editions and own tables: whose they are, and since when.")
    return click.Command("list", callback=list_, help=help_)


def _tell_shared(done: Shared) -> None:
    click.echo(
        text(
            "{run}: {n} tables, {rows} rows, each compared",
            run=done.run,
            n=done.tables,
            rows=done.rows,
        )
    )


def _to_option() -> click.Option:
    return click.Option(
        ["--to"],
        required=True,
        metavar="DIR",
        type=click.Path(path_type=Path, file_okay=False),
        help=text("Folder where they are put."),
    )


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
