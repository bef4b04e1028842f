"""Plan an evaluation before its outcomes are read: ``labtools protocol``."""

from __future__ import annotations

from pathlib import Path

import click

from labtools.cli.options import the_workbench, workbench_option
from labtools.messages import text

# ruff: noqa: PLC0415 - a command imports what it runs when it is called


def protocol_command() -> click.Command:
    """Return ``labtools protocol``."""

    def protocol(*, workbench: Path | None, action: str, protocol_id: str) -> None:
        from labtools.workflow import protocols

        bench = the_workbench(workbench)
        if action == "seal" and protocol_id:
            entry = protocols.seal_protocol(bench, protocol_id)
            click.echo(text("{id}: sealed on {day}", id=protocol_id, day=entry.decided[:10]))
            return
        if protocol_id:
            protocols.the_protocol(bench, protocol_id)
        for planned in protocols.planned_evaluations(bench):
            if protocol_id not in ("", planned.protocol.id):
                continue
            click.echo(f"{planned.protocol.id}: {planned.protocol.title}")
            click.echo(f"  {planned.protocol.question}")
            told = planned.refusal or text(
                "sealed on {day}; checksum {digest}",
                day=planned.sealed.sealed_on if planned.sealed else "",
                digest=planned.sealed.digest[:16] if planned.sealed else "",
            )
            click.echo(f"  {told}")

    help_ = text(
        "Plan an evaluation before its outcomes are read: show the protocols and whether they "
        "stand as they were sealed (show), or seal one (seal PROTOCOL). What is not sealed, or "
        "was changed since, is not evaluated."
    )
    params: list[click.Parameter] = [
        workbench_option(),
        click.Argument(["action"], type=click.Choice(["show", "seal"])),
        click.Argument(["protocol_id"], default="", metavar="PROTOCOL"),
    ]
    return click.Command("protocol", callback=protocol, params=params, help=help_)
