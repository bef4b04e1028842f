"""Answer for what goes out: ``labtools audit`` and ``labtools release``."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from labtools.cli.options import opened, workbench_option
from labtools.errors import PrivacyError
from labtools.messages import text

if TYPE_CHECKING:
    from labtools.workflow.audit import Audit

# ruff: noqa: PLC0415 - a command imports what it runs when it is called

_SHOWN = 10


def audit_command() -> click.Command:
    """Return ``labtools audit``."""

    def audit(workbench: Path | None) -> None:
        from labtools.workflow.audit import audit as search

        bench = opened(workbench)
        found = search(bench.workbench, public_words=bench.settings.release.public_words)
        _tell(found)
        if not found.ok:
            raise PrivacyError(
                "The audit found {exact} counts known exactly, {narrow} known to one of two "
                "values and {people} signs of people. Withdraw the editions named, and mend what "
                "made them.",
                exact=found.exact,
                narrow=found.narrow,
                people=len(found.people),
            )

    help_ = text(
        "Attack every edition that was published, all together, as somebody would who knows the "
        "method; and search every published byte for names, CURP, RFC, telephones, plates, "
        "addresses and exact points."
    )
    return click.Command("audit", callback=audit, params=[workbench_option()], help=help_)


def release_command() -> click.Command:
    """Return ``labtools release``."""

    def release(
        *,
        workbench: Path | None,
        run: str,
        approve: str,
        withdraw: bool,
        new_key_from: str,
        reason: str,
    ) -> None:
        from labtools.workflow import governance

        bench = opened(workbench)
        run = run or governance.last_decided(bench.workbench)
        if approve:
            governance.sign(bench, run, approve)
        if withdraw:
            governance.pull(bench.workbench, run, reason=reason, by=getpass.getuser())
        if new_key_from:
            governance.rotate_key(bench, new_key_from, reason=reason, by=getpass.getuser())
        for entry in governance.entries(bench.workbench):
            line = f"{entry.number:>4} {entry.decided} {entry.kind:<10} {entry.run} {entry.by}"
            click.echo(line)

    help_ = text(
        "Show the ledger of releases, checked; sign the last decision (--approve NAME, two "
        "reviewers), withdraw an edition (--withdraw --reason …), or give the quarters to come "
        "another rounding key (--new-key-from 2027-01-01 --reason …)."
    )
    params: list[click.Parameter] = [
        workbench_option(),
        click.Option(["--run"], default="", help=text("Run; by default the last one decided.")),
        click.Option(["--approve"], default="", metavar="NAME", help=text("Sign as NAME.")),
        click.Option(["--withdraw"], is_flag=True, help=text("Pull the edition.")),
        click.Option(
            ["--new-key-from"],
            default="",
            metavar="DAY",
            help=text("First day of the quarter from which a new rounding key serves."),
        ),
        click.Option(["--reason"], default="", help=text("Why; readers are told.")),
    ]
    return click.Command("release", callback=release, params=params, help=help_)


def _tell(found: Audit) -> None:
    click.echo(
        text(
            "audit: {editions} editions, {cells} counts attacked: {exact} known exactly, {narrow} "
            "to one of two values; {people} signs of people",
            editions=len(found.editions),
            cells=found.cells,
            exact=found.exact,
            narrow=found.narrow,
            people=len(found.people),
        )
    )
    if found.contradiction:
        click.echo(found.contradiction)
    for _, leak in found.leaks.head(_SHOWN).iterrows():
        click.echo(
            f"  {leak['colonia_id']} {leak['quarter']:%Y-%m} {leak['group']}: "
            f"{leak['low']:.0f}–{leak['high']:.0f}"
        )
    for person in found.people[:_SHOWN]:
        click.echo(f"  {person.what} {person.file}:{person.line} {person.sign}")
