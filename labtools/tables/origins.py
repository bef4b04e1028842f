"""Walk a file back, step by step, to the bytes that a supplier gave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from labtools.errors import TableError
from labtools.messages import text
from labtools.paths import Workbench
from labtools.tables.lineage import Lineage, read_lineage, sha256_of

_PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Step:
    """One file on the way back.

    Attributes
    ----------
    depth : int
        Steps from the file that was asked about.
    file : str
        Relative to the workbench.
    made_by : str
        Verb that made it; empty for a supplier's file.
    sha256 : str
    same : bool
        Whether its bytes are those that the next step read.
    """

    depth: int
    file: str
    made_by: str
    sha256: str
    same: bool

    def __str__(self) -> str:
        who = (
            text("made by {verb}", verb=self.made_by)
            if self.made_by
            else text("as the supplier gave it")
        )
        seen = "" if self.same else "  " + text("— CHANGED since it was read")
        return f"{self.file}  [{self.sha256[:12]}…]  {who}{seen}"


def explain(workbench: Workbench, path: Path) -> tuple[Step, ...]:
    """Return the way from a file back to the suppliers' files, each once.

    Raises
    ------
    TableError
        If the file does not exist, or the workbench did not make it.
    """
    found = path if path.is_absolute() else Path.cwd() / path
    if not found.is_file():
        found = workbench.root / path
    if not found.is_file():
        raise TableError(
            "The file {path} does not exist, neither here nor in the workbench.", path=str(path)
        )
    found = found.resolve()
    steps = tuple(_walk(workbench, found, "", 0, set()))
    if len(steps) == 1 and "raw" not in found.parts:
        raise TableError(
            "Nothing is known of where {path} came from: this workbench did not make it.",
            path=str(path),
        )
    return steps


def _walk(
    workbench: Workbench, path: Path, expected: str, depth: int, seen: set[Path]
) -> Iterator[Step]:
    if path in seen:
        return
    seen.add(path)
    digest = sha256_of(path) if path.is_file() else ""
    lineage = _lineage_of(path)
    verb = lineage.step if lineage else ""
    same = bool(digest) and expected in {"", digest}
    yield Step(depth, _named(workbench, path), verb, digest, same)
    if lineage:
        for name, read in lineage.inputs.items():
            yield from _walk(workbench, _find(workbench, path, name), read, depth + 1, seen)


def _lineage_of(path: Path) -> Lineage | None:
    written = read_lineage(path)
    if written is not None:
        return written
    # A ficha or a page: it was made from the released tables of its edition.
    public = next((folder for folder in path.parents if folder.name == _PUBLIC), None)
    if public is None or path.parent.name == "tables" or not (public / "tables").is_dir():
        return None
    tables = sorted((public / "tables").glob("*.parquet"))
    step = "protect" if path.parent.name == "fichas" else "publish"
    return Lineage(step, {str(table): sha256_of(table) for table in tables}, "", "")


def _find(workbench: Workbench, path: Path, name: str) -> Path:
    """Return an input by the name its reader gave it: in the workbench, or in the same run."""
    if Path(name).is_absolute():
        return Path(name)
    run = next((folder for folder in path.parents if folder.parent == workbench.reports), None)
    inside = workbench.root / name
    return inside if inside.exists() or run is None else run / name


def _named(workbench: Workbench, path: Path) -> str:
    try:
        return path.relative_to(workbench.root.resolve()).as_posix()
    except ValueError:
        return path.as_posix()
