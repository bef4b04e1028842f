"""Editions that are made by themselves: ``labtools schedule``."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from labtools.cli.options import opened, workbench_option
from labtools.errors import BusyError, RunError, SettingsError
from labtools.messages import say, text

if TYPE_CHECKING:
    from labtools.runs.diary import Occasion
    from labtools.workflow.steps import Opened

# ruff: noqa: PLC0415 - a command imports what it runs when it is called


def schedule_command() -> click.Command:
    """Return ``labtools schedule``."""

    def schedule(
        *,
        workbench: Path | None,
        action: str,
        count: int,
        kind: Literal["systemd", "cron"],
        to: Path | None,
    ) -> None:
        bench = opened(workbench)
        if not bench.settings.schedule:
            raise SettingsError(
                "lab.toml has no schedule. Write one under [[schedule]], with name and cron; "
                "lab.example.toml shows how."
            )
        if action == "list":
            _list(bench)
        elif action == "next":
            _next(bench, count)
        elif action == "install":
            _install(bench, kind, to)
        else:
            _run(bench)

    help_ = text(
        "Make editions at their time, without anybody asking: show the schedules of lab.toml and "
        "how they stand (list), when they are due (next), write a timer for the system "
        "(install), or do what is due now (run), which is what the timer calls."
    )
    params: list[click.Parameter] = [
        workbench_option(),
        click.Argument(["action"], type=click.Choice(["list", "next", "install", "run"])),
        click.Option(
            ["--count"],
            type=click.IntRange(min=1, max=100),
            default=5,
            help=text("With next: how many of each."),
        ),
        click.Option(
            ["--kind"],
            type=click.Choice(["systemd", "cron"]),
            default="systemd",
            help=text("With install: for which timer."),
        ),
        click.Option(
            ["--to"],
            type=click.Path(path_type=Path),
            metavar="DIR",
            help=text("With install: where to write it; by default in the workbench."),
        ),
    ]
    return click.Command("schedule", callback=schedule, params=params, help=help_)


def _list(bench: Opened) -> None:
    from labtools.runs.diary import Diary
    from labtools.workflow.schedule_page import (
        last_words,
        next_words,
        rule_words,
        write_schedule_page,
    )

    diary, now = Diary(bench.workbench.schedule), datetime.now(UTC)
    for schedule in bench.settings.schedule:
        click.echo(f"{schedule.name}: {rule_words(schedule)}")
        click.echo(f"  {last_words(schedule, diary)}")
        click.echo(f"  {next_words(schedule, now)}")
    page = write_schedule_page(bench, diary, now)
    click.echo(text("The whole story: {path}", path=str(page)))


def _next(bench: Opened, count: int) -> None:
    from labtools.runs.occasions import last_month_expected, local, next_occasions

    now = datetime.now(UTC)
    due = sorted(
        (when, schedule.name, schedule)
        for schedule in bench.settings.schedule
        for when in next_occasions(schedule, now, count)
    )
    for when, name, schedule in due:
        period = last_month_expected(schedule, when) or "—"
        click.echo(f"{local(schedule, when)} {schedule.time_zone}  {name}  {period}")


def _install(bench: Opened, kind: Literal["systemd", "cron"], to: Path | None) -> None:
    from labtools.runs.occasions import check_schedule
    from labtools.workflow.timers import write_timers

    for schedule in bench.settings.schedule:
        check_schedule(schedule)
    written = write_timers(bench.workbench, kind, to or bench.workbench.schedule / "timer")
    for path in written:
        click.echo(text("Written: {path}", path=str(path)))
    if kind == "cron":
        click.echo(text("Add its line to your crontab:"))
        click.echo(f"  (crontab -l; cat {shlex.quote(str(written[0].resolve()))}) | crontab -")
        return
    click.echo(text("Put it in place with:"))
    service, timer = (shlex.quote(str(path.resolve())) for path in written)
    click.echo(f"  systemctl --user link {service}")
    click.echo(f"  systemctl --user enable --now {timer}")
    click.echo(text("and, so that it looks also while you are not logged in:"))
    click.echo("  loginctl enable-linger")


def _run(bench: Opened) -> None:
    from labtools.publish.delivery import hand_in
    from labtools.workflow.deliver import post_of
    from labtools.workflow.errands import run_errand
    from labtools.workflow.schedule import Desk, look_at_schedules

    post = post_of(bench.settings.delivery)
    desk = Desk(lambda: datetime.now(UTC), run_errand, lambda letter: hand_in(post, letter))
    attended = look_at_schedules(bench, desk)
    for occasion in attended:
        click.echo(_told(bench, occasion))
    _refuse(attended)


def _told(bench: Opened, occasion: Occasion) -> str:
    from labtools.runs.occasions import local
    from labtools.workflow.schedule_page import STATES

    named = {schedule.name: schedule for schedule in bench.settings.schedule}
    when = local(named[occasion.schedule], occasion.due)
    return f"{occasion.schedule} {when}: {say(STATES[occasion.state])}"


def _refuse(attended: tuple[Occasion, ...]) -> None:
    """End with the exit code that tells how it went.

    Raises
    ------
    RunError
        If an occasion failed.
    BusyError
        If one found the workbench in use.
    """
    failed = [it for it in attended if it.state in {"failed", "gave_up"}]
    if failed:
        raise RunError(
            "{n} of what was due is not made; the first is of the schedule {name}: {reason}. "
            "“labtools schedule list” tells more.",
            n=len(failed),
            name=failed[0].schedule,
            reason=str(failed[0].facts.get("reason") or "—"),
        )
    if any(it.state == "busy" for it in attended):
        raise BusyError("The workbench is in use: what is due is made when it is free.")
