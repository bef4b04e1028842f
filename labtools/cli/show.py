"""Open things in a browser: ``labtools serve`` and ``labtools lab``."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import click

from labtools import paths
from labtools.cli.options import the_workbench, workbench_option
from labtools.errors import DependencyError
from labtools.messages import language, text

# ruff: noqa: PLC0415 - a command imports what it runs when it is called


def serve_command() -> click.Command:
    """Return ``labtools serve``."""

    def serve(
        workbench: Path | None,
        host: str,
        port: int,
        also_called: tuple[str, ...],
        sign_on: Path | None,
    ) -> None:
        from labtools.dashboards.door import Proxy
        from labtools.dashboards.server import serve as start

        public = the_workbench(workbench).reports / "latest" / "public"
        start(public, host=host, port=port, proxy=Proxy(also_called, sign_on))

    help_ = text(
        "Serve the dashboards, read-only, from the released tables of the latest run. Stop with "
        "Ctrl-C."
    )
    params: list[click.Parameter] = [
        workbench_option(),
        click.Option(["--host"], default="127.0.0.1", help=text("Address to listen on.")),
        click.Option(["--port"], default=8866, help=text("Port to listen on.")),
        click.Option(
            ["--also-called"],
            multiple=True,
            metavar="NAME",
            help=text("Another name by which readers call it: that of the proxy before it."),
        ),
        click.Option(
            ["--sign-on"],
            type=click.Path(path_type=Path, dir_okay=False),
            metavar="FILE",
            help=text(
                "Serve only readers for whom the proxy before it vouches with the key in this file."
            ),
        ),
    ]
    return click.Command("serve", callback=serve, params=params, help=help_)


def lab_command() -> click.Command:
    """Return ``labtools lab``."""

    def lab(workbench: Path | None, arguments: tuple[str, ...]) -> None:
        bench = the_workbench(workbench)
        if importlib.util.find_spec("jupyterlab") is None:
            raise DependencyError(
                "JupyterLab is not installed. Install it with: pip install 'labtools[lab]'."
            )
        os.environ[paths.ENVIRONMENT_VARIABLE] = str(bench.root)
        from labtools.runs import exporting
        from labtools.runs.launcher import write_extension, write_interface
        from labtools.runs.provisioner import write_kernelspec
        from labtools.workflow.scaffolding import TEMPLATES

        warm = bench.interim("jupyter")
        write_kernelspec(warm)
        write_extension(warm, TEMPLATES / "notebook.json")
        # The desk of one workbench is not that of another.
        os.environ["JUPYTERLAB_WORKSPACES_DIR"] = str(warm / "workspaces")
        clean = exporting.write_settings(warm / "settings")
        write_interface(clean, language())
        os.environ[exporting.ENVIRONMENT_VARIABLE] = exporting.searched_first(clean, os.environ)
        told = os.environ.get("JUPYTER_PATH")
        os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(warm), told]))
        root = f"--ServerApp.root_dir={paths.bundled('notebooks')}"
        # Not beside the notebooks: they belong to the package.
        checkpoints = f"--FileCheckpoints.checkpoint_dir={warm / 'checkpoints'}"
        command = [sys.executable, "-m", "jupyterlab", root, checkpoints, *arguments]
        os.execv(sys.executable, command)  # noqa: S606 - our own interpreter, no shell

    help_ = text(
        "Open JupyterLab on the notebooks, with this workbench. Whatever follows -- is for "
        "JupyterLab."
    )
    params: list[click.Parameter] = [
        workbench_option(),
        click.Argument(["arguments"], nargs=-1),
    ]
    return click.Command("lab", callback=lab, params=params, help=help_)
