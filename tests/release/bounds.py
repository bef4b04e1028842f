"""Installs with the lowest and with the newest libraries that pyproject.toml allows, and tests.

Run with ``make bounds`` (needs a package index; ten minutes and more for each).  Lowest means the
lowest of what we ask for ourselves; what those ask for in turn is as new as they allow.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "bounds"
EXTRAS = "dash,lab,db,dist,forms,access,schedule,hub,dev"
RESOLUTIONS = ("lowest-direct", "highest")
#: Every room that computes or reads and writes, without whole runs, browsers and real data.
TESTS = (
    "tests/test_errors.py",
    "tests/test_messages.py",
    "tests/test_settings.py",
    "tests/analysis",
    "tests/charts",
    "tests/classify",
    "tests/cli",
    "tests/evaluation",
    "tests/narrative",
    "tests/places",
    "tests/privacy",
    "tests/publish/test_paper.py",
    "tests/runs/test_form.py",
    "tests/runs/test_parameters.py",
    "tests/sources",
    "tests/tables",
    "tests/targeting",
)


def main() -> None:
    """Test each resolution; end with the first that fails."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--only", choices=RESOLUTIONS)
    asked.add_argument("tests", nargs="*", default=TESTS)
    given = asked.parse_args()
    for resolution in [given.only] if given.only else RESOLUTIONS:
        python = installed(resolution)
        words = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *given.tests]
        subprocess.run(words, cwd=ROOT, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"}, check=True)
        sys.stdout.write(f"{resolution}: the tests pass\n")


def installed(resolution: str) -> Path:
    """Return the Python of an environment made anew."""
    uv, home = Path(sys.executable).with_name("uv"), FOLDER / resolution
    python = home / "bin" / "python"
    subprocess.run([uv, "venv", "--clear", "--python", sys.executable, home], check=True)
    words = [uv, "pip", "install", "--python", python, "--resolution", resolution]
    subprocess.run([*words, "--editable", f"{ROOT}[{EXTRAS}]"], check=True)
    return python


if __name__ == "__main__":
    main()
