"""What a run tells at its end: where the site is, and the command that opens the dashboards."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from labtools.messages import text

if TYPE_CHECKING:
    from labtools.workflow.notebooks import Choice


def tell_run(run: Path) -> None:
    """Tell where the site of a run is, and how to open the dashboards."""
    latest = run.parent / "latest"
    site = latest / "public" / "site" / "index.html"
    fichas = len(list((run / "public" / "fichas").glob("*.json")))
    bench = os.path.relpath(run.parent.parent)
    click.echo()
    click.echo(text("{n} fichas. Site: {path}", n=fichas, path=os.path.relpath(site)))
    click.echo(text("Dashboards: labtools serve --workbench {folder}", folder=bench))


def tell_made(run: Path, choice: Choice) -> None:
    """Tell where the site is; or, where only some notebooks were wanted, where those are."""
    if not choice.is_partial:
        tell_run(run)
        return
    notebooks = os.path.relpath(run / "internal" / "notebooks")
    click.echo(
        text("Only some notebooks were asked for: nothing was published. {path}", path=notebooks)
    )
