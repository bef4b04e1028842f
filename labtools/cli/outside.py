"""Take an edition out of the workbench: as paper, as slides, as pages, by e-mail."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from labtools.cli.options import opened, the_workbench, workbench_option
from labtools.errors import RunError
from labtools.messages import text

if TYPE_CHECKING:
    from labtools.workflow.deliver import Delivered

# ruff: noqa: PLC0415 - a command imports what it runs when it is called


def briefing_command() -> click.Command:
    """Return ``labtools briefing``."""

    def briefing(workbench: Path | None, folder: Path, language: str, *, internal: bool) -> None:
        from labtools.publish.briefing import print_briefing, released_tables
        from labtools.publish.council import internal_tables
        from labtools.tables.store import make_folder

        run = the_workbench(workbench).latest
        tables, own = released_tables(run / "public"), internal_tables(run) if internal else None
        make_folder(folder, private=internal)
        for name, slides in (("briefing", False), ("slides", True)):
            made = folder / f"{name}-internal.pdf" if internal else folder / f"{name}.pdf"
            told = print_briefing(tables, language=language, slides=slides, internal=own)
            made.write_bytes(told)
            click.echo(str(made))

    help_ = text(
        "Print the briefing of the council and its slides, from the released tables of the "
        "latest run, into the folder TO."
    )
    params: list[click.Parameter] = [
        workbench_option(),
        click.Argument(["folder"], metavar="TO", type=click.Path(path_type=Path)),
        _language_option(),
        click.Option(
            ["--internal"],
            is_flag=True,
            help=text("With the colonias proposed to enter and what a budget buys: not public."),
        ),
    ]
    return click.Command("briefing", callback=briefing, params=params, help=help_)


def export_command() -> click.Command:
    """Return ``labtools export``."""

    def export(
        workbench: Path | None,
        folder: Path,
        names: tuple[str, ...],
        colonias: tuple[str, ...],
        *,
        code: bool,
    ) -> None:
        from labtools.runs.reading import executed_notebooks, export_notebooks

        run = the_workbench(workbench).latest
        chosen = executed_notebooks(run, names=names, colonias=colonias)
        made = export_notebooks(chosen, folder, with_code=code)
        click.echo(text("{n} pages in {path}", n=len(made), path=str(folder)))

    help_ = text(
        "Write pages of the executed notebooks of the latest run into the folder TO: to read "
        "without JupyterLab, without scripts. Those of the internal edition are not for "
        "publication."
    )
    params: list[click.Parameter] = [
        workbench_option(),
        click.Argument(["folder"], metavar="TO", type=click.Path(path_type=Path)),
        click.Option(
            ["--notebook", "names"],
            multiple=True,
            metavar="NAME",
            help=text("Only the notebooks of this entry of runs.toml; may be repeated."),
        ),
        _colonias_option(),
        click.Option(["--code"], is_flag=True, help=text("With the code of each cell.")),
    ]
    return click.Command("export", callback=export, params=params, help=help_)


def ficha_command() -> click.Command:
    """Return ``labtools ficha``."""

    def ficha(
        workbench: Path | None,
        folder: Path,
        colonias: tuple[str, ...],
        language: str,
        *,
        internal: bool,
    ) -> None:
        from labtools.workflow.papers import print_fichas

        bench = the_workbench(workbench)
        audience: Literal["internal", "public"] = "internal" if internal else "public"
        for made in print_fichas(bench, folder, colonias, language=language, audience=audience):
            click.echo(str(made))

    help_ = text(
        "Print fichas of the latest run into the folder TO: those of the public, or with the "
        "lab's own counts."
    )
    params: list[click.Parameter] = [
        workbench_option(),
        click.Argument(["folder"], metavar="TO", type=click.Path(path_type=Path)),
        _colonias_option(),
        _language_option(),
        click.Option(["--internal"], is_flag=True, help=text("With true counts: not public.")),
    ]
    return click.Command("ficha", callback=ficha, params=params, help=help_)


def _colonias_option() -> click.Option:
    return click.Option(
        ["--colonia", "colonias"],
        multiple=True,
        metavar="KEY",
        help=text("Only this colonia; may be repeated."),
    )


def _language_option() -> click.Option:
    return click.Option(
        ["--language"],
        type=click.Choice(["es_MX", "en"]),
        default="es_MX",
        help=text("Language of the pages."),
    )


def deliver_command() -> click.Command:
    """Return ``labtools deliver``."""

    def deliver(workbench: Path | None, only: tuple[str, ...], *, again: bool) -> None:
        from labtools.workflow.deliver import deliver as send

        done = send(opened(workbench), only=only, again=again)
        for one in done:
            click.echo(_told(one))
        failed = tuple(one.name for one in done if one.sent is not None and not one.sent.ok)
        if failed:
            raise RunError(
                "{n} lists got nothing: {names}. The record reports/delivery.jsonl says why. Mend "
                "it and deliver again: who got it is not sent it twice.",
                n=len(failed),
                names=failed,
            )

    help_ = text(
        "Send the printed fichas and the briefing of the latest edition to the lists of "
        "[delivery] in lab.toml, each once."
    )
    params: list[click.Parameter] = [
        workbench_option(),
        click.Option(["--only"], multiple=True, metavar="LIST", help=text("Only this list.")),
        click.Option(["--again"], is_flag=True, help=text("Also to those who got it already.")),
    ]
    return click.Command("deliver", callback=deliver, params=params, help=help_)


def _told(one: Delivered) -> str:
    if one.sent is None:
        return text("{name}: has it already", name=one.name)
    if one.sent.ok:
        return text("{name}: sent, with {n} files", name=one.name, n=one.files)
    return text(
        "{name}: not sent ({reason})",
        name=one.name,
        reason=" ".join((one.sent.reason, *one.sent.refused)),
    )
