"""Where things lie: the folders of a workbench, and what ships with the package."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

SETTINGS_FILE = "lab.toml"
ENVIRONMENT_VARIABLE = "LABTOOLS_WORKBENCH"


@dataclass(frozen=True, slots=True)
class Workbench:
    """The folders of one workbench; `root` holds its ``lab.toml``."""

    root: Path

    @property
    def settings_file(self) -> Path:
        """The settings of this workbench."""
        return self.root / SETTINGS_FILE

    @property
    def raw(self) -> Path:
        """Suppliers' bytes, untouched; for lab staff only."""
        return self.root / "data" / "raw"

    def interim(self, step: str) -> Path:
        """Tables of individual records after `step`; for lab staff only."""
        return self.root / "data" / "interim" / step

    @property
    def accounts(self) -> Path:
        """What each step did with each row."""
        return self.root / "data" / "interim" / "accounts"

    @property
    def processed(self) -> Path:
        """Tables of counts by colonia, for analysts."""
        return self.root / "data" / "processed"

    def reference(self, name: str) -> Path:
        """Where this workbench may have its own file of reference in place of ours."""
        return self.references / f"{name}.toml"

    @property
    def references(self) -> Path:
        """Folder of this workbench's own files of reference."""
        return self.root / "data" / "reference"

    @property
    def secrets(self) -> Path:
        """Keys of pseudonyms and of keyed rounding; never copied, never printed."""
        return self.root / "data" / "secrets"

    @property
    def schedule(self) -> Path:
        """What was due, what was done about it, and how it went; for lab staff only."""
        return self.root / "data" / "schedule"

    @property
    def reports(self) -> Path:
        """One folder for each run, and ``latest``."""
        return self.root / "reports"

    @property
    def latest(self) -> Path:
        """The last run that was published."""
        return self.reports / "latest"

    def run(self, run_id: str) -> Path:
        """Folder of one run."""
        return self.reports / run_id


def find_workbench(start: Path | None = None) -> Workbench | None:
    """Return the workbench named by the environment, or the nearest one above `start`.

    Use it where a person works inside a workbench's folders: a notebook, the command line.
    """
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    if named:
        return Workbench(Path(named).resolve())
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / SETTINGS_FILE).is_file():
            return Workbench(folder)
    return None


def bundled(*parts: str) -> Path:
    """Return a file or folder that ships with the package (``notebooks``, ``data/reference``…).

    In a checkout they stand beside the package; a wheel carries them inside it.
    """
    package = Path(__file__).parent
    inside = package / "_bundle"
    return (inside if inside.is_dir() else package.parent).joinpath(*parts)
