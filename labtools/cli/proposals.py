"""From proposals to paper: ``labtools propose``."""

from __future__ import annotations

import math
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from labtools.cli.options import opened, workbench_option
from labtools.messages import number, text

if TYPE_CHECKING:
    from labtools.targeting.meeting import Agreement
    from labtools.workflow.starts import Start

# ruff: noqa: PLC0415 - a command imports what it runs when it is called


def propose_command() -> click.Command:
    """Return ``labtools propose``."""

    def propose(
        workbench: Path | None,
        colonia: tuple[str, ...],
        answers: Path | None,
        start: datetime | None,
        waves: int,
    ) -> None:
        from labtools.workflow.sheets import read_meeting, write_meeting_sheet, write_work_lists

        bench = opened(workbench)
        if answers is not None:
            for (key, meeting), found in read_meeting(bench, answers).items():
                click.echo(meeting_words(key, meeting, found))
        for key in colonia:
            click.echo(text("Written: {path}", path=str(write_meeting_sheet(bench, key))))
        if not (colonia or answers):
            folder = write_work_lists(bench, start=_start(start, waves))
            click.echo(text("Written: {path}", path=str(folder)))

    help_ = text(
        "Write what the latest run proposes: a work list for each agency (XLSX and PDF), the sheet "
        "of a colonia for its network's meeting, a sealed calendar of starts; or read a meeting's "
        "answers and say how far they agree. Internal: nothing is published."
    )
    params: list[click.Parameter] = [
        workbench_option(),
        click.Option(
            ["--colonia"],
            multiple=True,
            metavar="KEY",
            help=text("Write the sheet of this colonia for its network's meeting."),
        ),
        click.Option(
            ["--answers"],
            type=click.Path(path_type=Path, exists=True, dir_okay=False),
            metavar="FILE",
            help=text("Read the answers of meetings (CSV) and say how far they agree."),
        ),
        click.Option(
            ["--start"],
            type=click.DateTime(["%Y-%m-%d"]),
            metavar="YYYY-MM-DD",
            help=text("Also draw by lot who starts when, from this day on, and seal it."),
        ),
        click.Option(
            ["--waves"],
            type=click.IntRange(min=2),
            default=2,
            help=text("With --start: how many waves of starts, six months apart."),
        ),
    ]
    return click.Command("propose", callback=propose, params=params, help=help_)


def _start(day: datetime | None, waves: int) -> Start | None:
    from labtools.workflow.starts import Start

    return None if day is None else Start(day.date(), waves)


def meeting_words(colonia: str, meeting: str, found: Agreement) -> str:
    """Return how far a meeting agreed, in words."""
    from labtools.tables.action_words import need_words
    from labtools.targeting.meeting import FEW

    order = tuple(need_words(need) for need in found.order[:3])
    if math.isnan(found.w) and found.participants >= FEW:
        return text(
            "{colonia}, meeting {meeting}: the {n} participants put no need before another: there "
            "is no order to agree on.",
            colonia=colonia,
            meeting=meeting,
            n=found.participants,
        )
    if math.isnan(found.w):
        return text(
            "{colonia}, meeting {meeting}: {n} participants are too few to tell if they agree.",
            colonia=colonia,
            meeting=meeting,
            n=found.participants,
        )
    return text(
        "{colonia}, meeting {meeting}: {n} participants, agreement W = {w} (p = {p}). Named most: "
        "{order}.",
        colonia=colonia,
        meeting=meeting,
        n=found.participants,
        w=number(found.w, 2),
        p=number(found.p_value, 3),
        order=order,
    )
