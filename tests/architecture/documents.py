"""The documents at the top of the project, taken apart for their tests.

``python tests/architecture/documents.py`` writes the help blocks of both READMEs anew, in
their languages; run it after a change to the command line or to the catalogues.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LABTOOLS = Path(sys.executable).with_name("labtools")
READMES = {"en": ROOT / "README.md", "es_MX": ROOT / "README.es.md"}
DOCUMENTS = (
    *READMES.values(),
    *(
        ROOT / f"{name}.md"
        for name in ("ARCHITECTURE", "CHANGELOG", "CONTRIBUTING", "ESCALA", "SECURITY")
    ),
)

_BLOCK = re.compile(r"^([ ]*)```(\w+)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
_MARK = "<!-- labtools --help -->\n```text\n"


def blocks(document: Path, language: str) -> list[str]:
    """Return the code blocks of a document that are marked with `language`."""
    found = _BLOCK.findall(document.read_text(encoding="utf-8"))
    return [code for _, marked, code in found if marked == language]


def commands(document: Path) -> list[str]:
    """Return the commands of a document's ``sh`` blocks, in order."""
    lines = [line.strip() for code in blocks(document, "sh") for line in code.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def table(document: Path, heading: str) -> list[list[str]]:
    """Return the rows of the first table under a heading, cell by cell, without its head."""
    text = document.read_text(encoding="utf-8").split(f"\n## {heading}\n", 1)[1]
    lines = text.split("\n## ", 1)[0].splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line[:1] == "|"]
    return rows[2:]


def help_block(document: Path) -> str:
    """Return what a README says that ``labtools --help`` answers."""
    return document.read_text(encoding="utf-8").split(_MARK, 1)[1].split("```", 1)[0]


def spoken_help(language: str) -> str:
    """Return what ``labtools --help`` answers in a language, on a terminal of 80 columns."""
    told = subprocess.run(
        [LABTOOLS, "--help"],
        env={**os.environ, "LABTOOLS_LANG": language, "COLUMNS": "80"},
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    return told.stdout


def main() -> None:
    """Write the help blocks anew."""
    for language, document in READMES.items():
        text = document.read_text(encoding="utf-8")
        fresh = text.replace(
            f"{_MARK}{help_block(document)}```", f"{_MARK}{spoken_help(language)}```"
        )
        document.write_text(fresh, encoding="utf-8")


if __name__ == "__main__":
    main()
