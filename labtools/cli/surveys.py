"""What the lab asks in the field: ``labtools survey``."""

from __future__ import annotations

from pathlib import Path

import click

from labtools.cli.options import opened, workbench_option
from labtools.errors import SettingsError
from labtools.messages import text

# ruff: noqa: PLC0415 - a command imports what it runs when it is called


def survey_command() -> click.Command:
    """Return ``labtools survey``."""

    def survey(
        workbench: Path | None,
        form: str,
        answers: Path | None,
        sample: Path | None,
        into: Path | None,
    ) -> None:
        from labtools.tables.reasons import reason_words
        from labtools.workflow.field_surveys import read_answers, write_form

        bench = opened(workbench)
        if answers is None:
            for path in write_form(bench, form):
                click.echo(text("Written: {path}", path=str(path)))
            return
        if sample is None or into is None:
            raise SettingsError(
                "Answers need the list of the sample and the file to write: add --sample and "
                "--into."
            )
        found = read_answers(bench, form, answers, sample=sample, into=into)
        kept, read = found.account.kept, found.account.read
        click.echo(text("{kept} of {read} answers stand for somebody.", kept=kept, read=read))
        for reason, n in found.account.rejected.items():
            click.echo(f"  {n}: {reason_words(reason)}")
        for finding in found.findings:
            click.echo(str(finding))
        click.echo(text("Written: {path}", path=str(into)))

    help_ = text(
        "Write a form of the field as XLSForm, for ODK or Kobo, and as PDF, for paper: "
        "perception, cohesion, safety_walk, or one of your own. Or read the answers back with "
        "the design of their sample, as the file of a survey."
    )
    params: list[click.Parameter] = [
        workbench_option(),
        click.Option(["--form"], required=True, metavar="NAME", help=text("Which form.")),
        click.Option(
            ["--answers"],
            type=click.Path(path_type=Path, exists=True, dir_okay=False),
            metavar="FILE",
            help=text("Read the answers that were sent (CSV or XLSX)."),
        ),
        click.Option(
            ["--sample"],
            type=click.Path(path_type=Path, exists=True, dir_okay=False),
            metavar="FILE",
            help=text("With --answers: the visits, with stratum, cluster and weight."),
        ),
        click.Option(
            ["--into"],
            type=click.Path(path_type=Path),
            metavar="FILE",
            help=text("With --answers: the file of the survey to write, in the workbench."),
        ),
    ]
    return click.Command("survey", callback=survey, params=params, help=help_)
