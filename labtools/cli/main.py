"""``labtools``: one command for each verb, and a few around them.

Nothing heavy is imported here: ``labtools --help`` must answer at once.
"""

from __future__ import annotations

import errno
import gc
import gettext
import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NoReturn

import click

from labtools import __version__, messages
from labtools.errors import LabError, SpaceError
from labtools.messages import mark, say, text

#: Command → its module in this room, and what it does in a line.
COMMANDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "demo": ("benches", mark("Make the synthetic municipality's workbench and run it.")),
        "init": ("benches", mark("Make a new workbench to fill in.")),
        "new": ("new", mark("Add a source, an intervention, a notebook, a dashboard, a model.")),
        "run": ("verbs", mark("Run the eight verbs in order: from raw files to the site.")),
        "collect": ("verbs", mark("1. Keep the suppliers' bytes, with checksum and cut date.")),
        "clean": ("verbs", mark("2. Turn them into typed tables; account for every row.")),
        "locate": ("verbs", mark("3. Give every event its colonia.")),
        "classify": ("verbs", mark("4. Give every event its crime code and group.")),
        "tabulate": ("verbs", mark("5. Count by colonia and month, with explicit zeros.")),
        "analyse": ("verbs", mark("6. Compute results and execute the notebooks.")),
        "protect": ("verbs", mark("7. Check what may be seen, and release it.")),
        "publish": ("verbs", mark("8. Make the site and put the new edition in place.")),
        "plan": ("again", mark("Say which notebooks would be executed, and why.")),
        "resume": ("again", mark("Go on with a run that was interrupted.")),
        "retry": ("again", mark("Execute again the notebooks that failed.")),
        "verify": ("again", mark("Make a run again from the suppliers' bytes, and compare.")),
        "diff": ("again", mark("Say which figures differ between two runs, and why.")),
        "audit": ("governance", mark("Attack all editions together; search them for people.")),
        "release": ("governance", mark("Sign a release, withdraw one, or show the ledger.")),
        "schedule": ("schedule", mark("Make editions at their time; say how they went.")),
        "protocol": ("protocols", mark("Seal the plan of an evaluation, or show the plans.")),
        "deliver": ("outside", mark("Send the edition by e-mail to the lists of lab.toml.")),
        "deposit": ("sharing", mark("Copy the edition to a bucket or disk, whole or not at all.")),
        "fetch": ("sharing", mark("Bring a deposited edition from there, every byte compared.")),
        "share": ("sharing", mark("Share tables with other machines through PostGIS.")),
        "ficha": ("outside", mark("Print fichas: the public's, or the lab's own.")),
        "briefing": ("outside", mark("Print the council's briefing and its slides.")),
        "export": ("outside", mark("Write pages of executed notebooks, to read without Jupyter.")),
        "propose": ("proposals", mark("Write work lists, meeting sheets and a sealed calendar.")),
        "survey": ("surveys", mark("Write forms for the field; read their answers back.")),
        "serve": ("show", mark("Open the dashboards, read-only, from released tables.")),
        "lab": ("show", mark("Open JupyterLab with this workbench.")),
        "doctor": ("care", mark("Say what is wrong here, and the command that mends it.")),
        "backup": ("keeping", mark("Copy the workbench to another disk, and read it back.")),
        "restore": ("keeping", mark("Make a workbench again from its backup.")),
        "upgrade": ("keeping", mark("Bring a workbench of an earlier version up to this one.")),
        "explain": ("care", mark("Walk a file back to the supplier's bytes.")),
    }
)


class Commands(click.Group):
    """Commands whose modules are imported when called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the commands, in the order a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return a command, importing its module."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"labtools.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")()
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands without importing any."""
        with formatter.section(gettext.gettext("Commands")):
            formatter.write_dl([(name, say(line)) for name, (_, line) in COMMANDS.items()])


def speak_clicks_language() -> None:
    """Let click's own words ("Usage", "Options") come from our catalogue, in our language."""
    os.environ["LANGUAGE"] = messages.language()
    gettext.bindtextdomain("click", str(messages.LOCALE_DIR))
    gettext.textdomain("click")


def build() -> click.Group:
    """Return the command line, in the language in force."""
    speak_clicks_language()
    group = Commands(
        "labtools",
        help=text(
            "Workbench of a Laboratorio de Prevención Social: from raw files to a ficha for each "
            "colonia, with honest uncertainty and nobody singled out."
        ),
        params=[],
    )
    return click.version_option(__version__, prog_name="labtools")(group)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; an error that a person can mend is one message and its exit code."""
    # Small matrices on many threads waste the machine, and threads do not survive a fork.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    # Rows by the hundred thousand live to the end: not to be gone through again and again.
    gc.set_threshold(200_000, 50, 100)
    try:
        build()(args=arguments, prog_name="labtools")
    except LabError as error:
        _end(error)
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        _end(
            SpaceError(
                "The disk filled up while {path} was being written. The last edition stands: make "
                "room, and go on with “labtools resume”.",
                path=str(error.filename or "—"),
            )
        )


def _end(error: LabError) -> NoReturn:
    click.echo(text("Error: {message}", message=str(error)), err=True)
    sys.exit(error.exit_code)
